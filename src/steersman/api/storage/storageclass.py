"""StorageClass: kinds of storage to be had."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from steersman.api.core.persistentvolume import PersistentVolumeReclaimPolicy
from steersman.api.core.persistentvolumeclaim import PersistentVolumeAccessMode, PersistentVolumeMode
from steersman.api.core.reference import TopologySelectorTerm
from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Atomic, OneOf, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import Time


class StorageHealthStatusType(StrEnum):
    """Whether a storage backend is healthy."""

    STORAGE_UNREACHABLE = "StorageUnreachable"
    STORAGE_DEGRADED = "StorageDegraded"


class VolumeBindingMode(StrEnum):
    """Whether a claim is bound at once, or when a pod needs it."""

    IMMEDIATE = "Immediate"
    WAIT_FOR_FIRST_CONSUMER = "WaitForFirstConsumer"


class StorageClass(Kind, api="storage.k8s.io/v1", package="k8s.io.api.storage.v1"):
    """A kind of storage, and who makes volumes of it."""

    provisioner: Annotated[str, Wire(2), Required()] = always("")
    parameters: Annotated[Mapping[str, str], Wire(3)] = {}
    reclaimPolicy: Annotated[str | None, Wire(4), OneOf(PersistentVolumeReclaimPolicy)] = None
    mountOptions: Annotated[tuple[str, ...], Wire(5), Atomic()] = ()
    allowVolumeExpansion: Annotated[bool | None, Wire(6)] = None
    volumeBindingMode: Annotated[str | None, Wire(7), OneOf(VolumeBindingMode)] = None
    allowedTopologies: Annotated[tuple[TopologySelectorTerm, ...], Wire(8), Atomic()] = ()


class StorageHealthCondition(Object, package="k8s.io.api.storage.v1"):
    """One observation about a storage backend."""

    status: Annotated[str, Wire(1), Required(), OneOf(StorageHealthStatusType)] = always("")
    reason: Annotated[str, Wire(2), Required()] = always("")
    message: Annotated[str, Wire(3)] = ""
    accessMode: Annotated[str | None, Wire(4), OneOf(PersistentVolumeAccessMode)] = None
    volumeMode: Annotated[str | None, Wire(5), OneOf(PersistentVolumeMode)] = None
    lastTransitionTime: Annotated[Time | None, Wire(6)] = None


class StorageHealth(Object, package="k8s.io.api.storage.v1"):
    """What is known of a storage backend's health."""

    name: Annotated[str, Wire(1), Required()] = always("")
    healthConditions: Annotated[tuple[StorageHealthCondition, ...], Wire(2), Atomic()] = ()


class VolumeAttributesClass(Kind, api="storage.k8s.io/v1", package="k8s.io.api.storage.v1"):
    """Attributes of volumes that can be changed while they are used."""

    driverName: Annotated[str, Wire(2), Required()] = always("")
    parameters: Annotated[Mapping[str, str], Wire(3)] = {}
