"""scale"""

from typing import Annotated

from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Int32, Required, Wire, always
from steersman.apimachinery.object import Object


class ScaleSpec(Object, package="k8s.io.api.autoscaling.v1"):
    """Scale spec."""

    replicas: Annotated[Int32, Wire(1)] = 0


class ScaleStatus(Object, package="k8s.io.api.autoscaling.v1"):
    """Scale status."""

    replicas: Annotated[Int32, Wire(1), Required()] = always(0)
    selector: Annotated[str, Wire(2)] = ""


class Scale(Kind, api="autoscaling/v1", package="k8s.io.api.autoscaling.v1"):
    """Scale."""

    spec: Annotated[ScaleSpec, Wire(2)] = always(ScaleSpec)
    status: Annotated[ScaleStatus, Wire(3)] = always(ScaleStatus)
