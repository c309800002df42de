"""PersistentVolumeClaim: a wish for storage."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from steersman.api.core.reference import TypedLocalObjectReference, TypedObjectReference
from steersman.api.meta.kind import Kind
from steersman.api.meta.objectmeta import LabelSelector
from steersman.apimachinery.markers import Atomic, Granular, ListMap, MergeBy, OneOf, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.times import Time


class ClaimResourceStatus(StrEnum):
    """How far the growing of a claim has come."""

    CONTROLLER_RESIZE_IN_PROGRESS = "ControllerResizeInProgress"
    CONTROLLER_RESIZE_INFEASIBLE = "ControllerResizeInfeasible"
    NODE_RESIZE_PENDING = "NodeResizePending"
    NODE_RESIZE_IN_PROGRESS = "NodeResizeInProgress"
    NODE_RESIZE_INFEASIBLE = "NodeResizeInfeasible"


class PersistentVolumeAccessMode(StrEnum):
    """By how many nodes or pods a volume may be used, and whether written."""

    READ_WRITE_ONCE = "ReadWriteOnce"
    READ_ONLY_MANY = "ReadOnlyMany"
    READ_WRITE_MANY = "ReadWriteMany"
    READ_WRITE_ONCE_POD = "ReadWriteOncePod"


class PersistentVolumeClaimModifyVolumeStatus(StrEnum):
    """How far a change of a volume's attributes has come."""

    PENDING = "Pending"
    IN_PROGRESS = "InProgress"
    INFEASIBLE = "Infeasible"


class PersistentVolumeClaimPhase(StrEnum):
    """Whether a claim waits, is bound, or has lost its volume."""

    PENDING = "Pending"
    BOUND = "Bound"
    LOST = "Lost"


class PersistentVolumeMode(StrEnum):
    """Whether a volume holds a file system or is used raw."""

    BLOCK = "Block"
    FILESYSTEM = "Filesystem"


class VolumeHealthStatusType(StrEnum):
    """Whether a volume is healthy."""

    INACCESSIBLE = "Inaccessible"
    DATA_LOSS = "DataLoss"
    DEGRADED = "Degraded"


class VolumeResourceRequirements(Object, package="k8s.io.api.core.v1"):
    """How much storage is wanted, and how much at most."""

    limits: Annotated[Mapping[str, Quantity], Wire(1)] = {}
    requests: Annotated[Mapping[str, Quantity], Wire(2)] = {}


class PersistentVolumeClaimSpec(Object, package="k8s.io.api.core.v1"):
    """How much storage of which class is wanted, and how it will be used."""

    accessModes: Annotated[tuple[str, ...], Wire(1), Atomic()] = ()
    selector: Annotated[LabelSelector | None, Wire(4)] = None
    resources: Annotated[VolumeResourceRequirements, Wire(2)] = always(VolumeResourceRequirements)
    volumeName: Annotated[str, Wire(3)] = ""
    storageClassName: Annotated[str | None, Wire(5)] = None
    volumeMode: Annotated[str | None, Wire(6), OneOf(PersistentVolumeMode)] = None
    dataSource: Annotated[TypedLocalObjectReference | None, Wire(7)] = None
    dataSourceRef: Annotated[TypedObjectReference | None, Wire(8)] = None
    volumeAttributesClassName: Annotated[str | None, Wire(9)] = None


class ModifyVolumeStatus(Object, package="k8s.io.api.core.v1"):
    """How far a change of a volume's attributes has come."""

    targetVolumeAttributesClassName: Annotated[str, Wire(1)] = ""
    status: Annotated[str, Wire(2), Required(), OneOf(PersistentVolumeClaimModifyVolumeStatus)] = always("")


class PersistentVolumeClaimCondition(Object, package="k8s.io.api.core.v1"):
    """One observation about a claim."""

    type: Annotated[str, Wire(1), Required()] = always("")
    status: Annotated[str, Wire(2), Required()] = always("")
    lastProbeTime: Annotated[Time | None, Wire(3)] = None
    lastTransitionTime: Annotated[Time | None, Wire(4)] = None
    reason: Annotated[str, Wire(5)] = ""
    message: Annotated[str, Wire(6)] = ""


class VolumeHealthCondition(Object, package="k8s.io.api.core.v1"):
    """One observation about a volume's health."""

    status: Annotated[str, Wire(1), Required(), OneOf(VolumeHealthStatusType)] = always("")
    reason: Annotated[str, Wire(2), Required()] = always("")
    message: Annotated[str, Wire(3)] = ""


class VolumeHealthStatus(Object, package="k8s.io.api.core.v1"):
    """What is known of a volume's health."""

    healthConditions: Annotated[
        tuple[VolumeHealthCondition, ...], Wire(1), MergeBy("status"), ListMap("status", "reason")
    ] = ()
    lastTransitionTime: Annotated[Time | None, Wire(2)] = None


class PersistentVolumeClaimStatus(Object, package="k8s.io.api.core.v1"):
    """Whether a claim is bound, and how large its volume is."""

    phase: Annotated[str, Wire(1), OneOf(PersistentVolumeClaimPhase)] = ""
    accessModes: Annotated[tuple[str, ...], Wire(2), Atomic()] = ()
    capacity: Annotated[Mapping[str, Quantity], Wire(3)] = {}
    conditions: Annotated[tuple[PersistentVolumeClaimCondition, ...], Wire(4), MergeBy("type"), ListMap("type")] = ()
    allocatedResources: Annotated[Mapping[str, Quantity], Wire(5)] = {}
    allocatedResourceStatuses: Annotated[Mapping[str, str], Wire(7), Granular()] = {}
    currentVolumeAttributesClassName: Annotated[str | None, Wire(8)] = None
    modifyVolumeStatus: Annotated[ModifyVolumeStatus | None, Wire(9)] = None
    healthStatus: Annotated[VolumeHealthStatus | None, Wire(10)] = None


class PersistentVolumeClaim(Kind, api="v1", package="k8s.io.api.core.v1"):
    """A wish for storage, which is bound to a volume that fulfils it."""

    spec: Annotated[PersistentVolumeClaimSpec, Wire(2)] = always(PersistentVolumeClaimSpec)
    status: Annotated[PersistentVolumeClaimStatus, Wire(3)] = always(PersistentVolumeClaimStatus)
