"""ReplicationController: the ReplicaSet's ancestor."""

from collections.abc import Mapping
from typing import Annotated

from steersman.api.core.pod import PodTemplateSpec
from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Atomic, Default, Int32, Int64, ListMap, MergeBy, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import Time


class ReplicationControllerSpec(Object, package="k8s.io.api.core.v1"):
    """How many pods are wanted, which ones count, and what new ones are made from."""

    replicas: Annotated[Int32 | None, Wire(1), Default(1)] = None
    minReadySeconds: Annotated[Int32, Wire(4)] = 0
    selector: Annotated[Mapping[str, str], Wire(2), Atomic()] = {}
    template: Annotated[PodTemplateSpec | None, Wire(3)] = None


class ReplicationControllerCondition(Object, package="k8s.io.api.core.v1"):
    """One observation about a ReplicationController."""

    type: Annotated[str, Wire(1), Required()] = always("")
    status: Annotated[str, Wire(2), Required()] = always("")
    lastTransitionTime: Annotated[Time | None, Wire(3)] = None
    reason: Annotated[str, Wire(4)] = ""
    message: Annotated[str, Wire(5)] = ""


class ReplicationControllerStatus(Object, package="k8s.io.api.core.v1"):
    """How many pods exist, are ready and available."""

    replicas: Annotated[Int32, Wire(1), Required()] = always(0)
    fullyLabeledReplicas: Annotated[Int32, Wire(2)] = 0
    readyReplicas: Annotated[Int32, Wire(4)] = 0
    availableReplicas: Annotated[Int32, Wire(5)] = 0
    observedGeneration: Annotated[Int64, Wire(3)] = 0
    conditions: Annotated[tuple[ReplicationControllerCondition, ...], Wire(6), MergeBy("type"), ListMap("type")] = ()


class ReplicationController(Kind, api="v1", package="k8s.io.api.core.v1"):
    """Keeps a number of pods of one template running; Deployments have taken its place."""

    spec: Annotated[ReplicationControllerSpec, Wire(2)] = always(ReplicationControllerSpec)
    status: Annotated[ReplicationControllerStatus, Wire(3)] = always(ReplicationControllerStatus)
