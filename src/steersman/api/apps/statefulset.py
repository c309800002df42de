"""statefulset"""

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
    """Pod management policy type."""

    ORDERED_READY = "OrderedReady"
    PARALLEL = "Parallel"


class StatefulSetUpdateStrategyType(StrEnum):
    """Stateful set update strategy type."""

    ROLLING_UPDATE = "RollingUpdate"
    ON_DELETE = "OnDelete"
    RECREATE = "Recreate"


class StatefulSetOrdinals(Object, package="k8s.io.api.apps.v1"):
    """Stateful set ordinals."""

    start: Annotated[Int32, Wire(1)] = always(0)


class StatefulSetPersistentVolumeClaimRetentionPolicy(Object, package="k8s.io.api.apps.v1"):
    """Stateful set persistent volume claim retention policy."""

    whenDeleted: Annotated[str, Wire(1)] = ""
    whenScaled: Annotated[str, Wire(2)] = ""


class RollingUpdateStatefulSetStrategy(Object, package="k8s.io.api.apps.v1"):
    """Rolling update stateful set strategy."""

    partition: Annotated[Int32 | None, Wire(1)] = None
    maxUnavailable: Annotated[IntOrString | None, Wire(2)] = None


class StatefulSetUpdateStrategy(Object, package="k8s.io.api.apps.v1"):
    """Stateful set update strategy."""

    type: Annotated[str, Wire(1), OneOf(StatefulSetUpdateStrategyType)] = ""
    rollingUpdate: Annotated[RollingUpdateStatefulSetStrategy | None, Wire(2)] = None


class StatefulSetSpec(Object, package="k8s.io.api.apps.v1"):
    """Stateful set spec."""

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
    """Stateful set condition."""

    type: Annotated[str, Wire(1)] = always("")
    status: Annotated[str, Wire(2)] = always("")
    lastTransitionTime: Annotated[Time | None, Wire(3)] = None
    reason: Annotated[str, Wire(4)] = ""
    message: Annotated[str, Wire(5)] = ""


class StatefulSetStatus(Object, package="k8s.io.api.apps.v1"):
    """Stateful set status."""

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
    """Stateful set."""

    spec: Annotated[StatefulSetSpec, Wire(2), Required()] = always(StatefulSetSpec)
    status: Annotated[StatefulSetStatus, Wire(3)] = always(StatefulSetStatus)
