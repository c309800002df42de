"""StatefulSet: pods with names, order and storage of their own."""

from enum import StrEnum
from typing import Annotated

from steersman.api.core.persistentvolumeclaim import PersistentVolumeClaim
from steersman.api.core.pod import PodTemplateSpec
from steersman.api.meta.kind import Kind
from steersman.api.meta.objectmeta import LabelSelector
from steersman.apimachinery.markers import (
    Atomic,
    Int32,
    Int64,
    IntOrString,
    ListMap,
    MergeBy,
    OneOf,
    Required,
    Wire,
    always,
)
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import Time


class PodManagementPolicyType(StrEnum):
    """Whether pods are made and ended one after the other, or all at once."""

    ORDERED_READY = "OrderedReady"
    PARALLEL = "Parallel"


class StatefulSetUpdateStrategyType(StrEnum):
    """Whether pods of an old template are replaced by themselves or when deleted."""

    ROLLING_UPDATE = "RollingUpdate"
    ON_DELETE = "OnDelete"
    RECREATE = "Recreate"


class StatefulSetOrdinals(Object, package="k8s.io.api.apps.v1"):
    """From which number on the pods are counted."""

    start: Annotated[Int32, Wire(1)] = always(0)


class StatefulSetPersistentVolumeClaimRetentionPolicy(Object, package="k8s.io.api.apps.v1"):
    """What becomes of the claims when the set shrinks or is deleted."""

    whenDeleted: Annotated[str, Wire(1)] = ""
    whenScaled: Annotated[str, Wire(2)] = ""


class RollingUpdateStatefulSetStrategy(Object, package="k8s.io.api.apps.v1"):
    """From which number on pods are replaced, and how many at a time."""

    partition: Annotated[Int32 | None, Wire(1)] = None
    maxUnavailable: Annotated[IntOrString | None, Wire(2)] = None


class StatefulSetUpdateStrategy(Object, package="k8s.io.api.apps.v1"):
    """How a change of the template reaches the pods."""

    type: Annotated[str, Wire(1), OneOf(StatefulSetUpdateStrategyType)] = ""
    rollingUpdate: Annotated[RollingUpdateStatefulSetStrategy | None, Wire(2)] = None


class StatefulSetSpec(Object, package="k8s.io.api.apps.v1"):
    """How many pods of which template, which claims each gets, and in what order they come and go."""

    replicas: Annotated[Int32 | None, Wire(1)] = None
    selector: Annotated[LabelSelector | None, Wire(2), Required()] = None
    template: Annotated[PodTemplateSpec, Wire(3), Required()] = always(PodTemplateSpec)
    volumeClaimTemplates: Annotated[tuple[PersistentVolumeClaim, ...], Wire(4), Atomic()] = ()
    serviceName: Annotated[str, Wire(5)] = always("")
    podManagementPolicy: Annotated[str, Wire(6), OneOf(PodManagementPolicyType)] = ""
    updateStrategy: Annotated[StatefulSetUpdateStrategy, Wire(7)] = always(StatefulSetUpdateStrategy)
    revisionHistoryLimit: Annotated[Int32 | None, Wire(8)] = None
    minReadySeconds: Annotated[Int32, Wire(9)] = 0
    persistentVolumeClaimRetentionPolicy: Annotated[
        StatefulSetPersistentVolumeClaimRetentionPolicy | None, Wire(10)
    ] = None
    ordinals: Annotated[StatefulSetOrdinals | None, Wire(11)] = None


class StatefulSetCondition(Object, package="k8s.io.api.apps.v1"):
    """One observation about a StatefulSet."""

    type: Annotated[str, Wire(1)] = always("")
    status: Annotated[str, Wire(2)] = always("")
    lastTransitionTime: Annotated[Time | None, Wire(3)] = None
    reason: Annotated[str, Wire(4)] = ""
    message: Annotated[str, Wire(5)] = ""


class StatefulSetStatus(Object, package="k8s.io.api.apps.v1"):
    """How many pods exist, are ready, and are of which revision."""

    observedGeneration: Annotated[Int64, Wire(1)] = 0
    replicas: Annotated[Int32, Wire(2), Required()] = always(0)
    readyReplicas: Annotated[Int32, Wire(3)] = 0
    currentReplicas: Annotated[Int32, Wire(4)] = 0
    updatedReplicas: Annotated[Int32, Wire(5)] = 0
    currentRevision: Annotated[str, Wire(6)] = ""
    updateRevision: Annotated[str, Wire(7)] = ""
    collisionCount: Annotated[Int32 | None, Wire(9)] = None
    conditions: Annotated[tuple[StatefulSetCondition, ...], Wire(10), MergeBy("type"), ListMap("type")] = ()
    availableReplicas: Annotated[Int32, Wire(11)] = always(0)


class StatefulSet(Kind, api="apps/v1", package="k8s.io.api.apps.v1"):
    """Keeps numbered pods, each with a lasting name and claims of its own."""

    spec: Annotated[StatefulSetSpec, Wire(2), Required()] = always(StatefulSetSpec)
    status: Annotated[StatefulSetStatus, Wire(3)] = always(StatefulSetStatus)
