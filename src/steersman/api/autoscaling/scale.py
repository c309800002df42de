"""Scale: the number of replicas of anything that has replicas."""

from typing import Annotated

from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Int32, Required, Wire, always
from steersman.apimachinery.object import Object


class ScaleSpec(Object, package="k8s.io.api.autoscaling.v1"):
    """How many replicas are wanted."""

    replicas: Annotated[Int32, Wire(1)] = 0


class ScaleStatus(Object, package="k8s.io.api.autoscaling.v1"):
    """How many replicas there are, and which pods they are."""

    replicas: Annotated[Int32, Wire(1), Required()] = always(0)
    selector: Annotated[str, Wire(2)] = ""


class Scale(Kind, api="autoscaling/v1", package="k8s.io.api.autoscaling.v1"):
    """The number of replicas of an object, read and written in the same way for every kind."""

    spec: Annotated[ScaleSpec, Wire(2)] = always(ScaleSpec)
    status: Annotated[ScaleStatus, Wire(3)] = always(ScaleStatus)
