"""ReplicaSet: a number of pods of one template."""

from typing import Annotated

from steersman.api.core.pod import PodTemplateSpec
from steersman.api.meta.kind import Kind
from steersman.api.meta.objectmeta import LabelSelector
from steersman.apimachinery.markers import Int32, Int64, ListMap, MergeBy, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import Time


class ReplicaSetSpec(Object, package="k8s.io.api.apps.v1"):
    """How many pods are wanted, which ones count, and what new ones are made from."""

    replicas: Annotated[Int32 | None, Wire(1)] = None
    minReadySeconds: Annotated[Int32, Wire(4)] = 0
    selector: Annotated[LabelSelector | None, Wire(2), Required()] = None
    template: Annotated[PodTemplateSpec, Wire(3)] = always(PodTemplateSpec)


class ReplicaSetCondition(Object, package="k8s.io.api.apps.v1"):
    """One observation about a ReplicaSet."""

    type: Annotated[str, Wire(1)] = always("")
    status: Annotated[str, Wire(2)] = always("")
    lastTransitionTime: Annotated[Time | None, Wire(3)] = None
    reason: Annotated[str, Wire(4)] = ""
    message: Annotated[str, Wire(5)] = ""


class ReplicaSetStatus(Object, package="k8s.io.api.apps.v1"):
    """How many pods exist, match the template, are ready and available."""

    replicas: Annotated[Int32, Wire(1), Required()] = always(0)
    fullyLabeledReplicas: Annotated[Int32, Wire(2)] = 0
    readyReplicas: Annotated[Int32, Wire(4)] = 0
    availableReplicas: Annotated[Int32, Wire(5)] = 0
    terminatingReplicas: Annotated[Int32 | None, Wire(7)] = None
    observedGeneration: Annotated[Int64, Wire(3)] = 0
    conditions: Annotated[tuple[ReplicaSetCondition, ...], Wire(6), MergeBy("type"), ListMap("type")] = ()


class ReplicaSet(Kind, api="apps/v1", package="k8s.io.api.apps.v1"):
    """Keeps a number of pods of one template running; Deployments make one for each template."""

    spec: Annotated[ReplicaSetSpec, Wire(2), Required()] = always(ReplicaSetSpec)
    status: Annotated[ReplicaSetStatus, Wire(3)] = always(ReplicaSetStatus)
