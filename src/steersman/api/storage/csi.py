"""CSI: storage drivers, and what nodes and places offer."""

from typing import Annotated

from steersman.api.meta.kind import Kind
from steersman.api.meta.objectmeta import LabelSelector
from steersman.api.storage.storageclass import StorageHealth
from steersman.apimachinery.markers import Atomic, Int32, Int64, ListMap, ListSet, MergeBy, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.quantity import Quantity


class TokenRequest(Object, package="k8s.io.api.storage.v1"):
    """A token that a driver wants for each pod that mounts its volumes."""

    audience: Annotated[str, Wire(1), Required()] = always("")
    expirationSeconds: Annotated[Int64 | None, Wire(2)] = None


class CSIDriverSpec(Object, package="k8s.io.api.storage.v1"):
    """What a driver needs and can do."""

    attachRequired: Annotated[bool | None, Wire(1)] = None
    podInfoOnMount: Annotated[bool | None, Wire(2)] = None
    volumeLifecycleModes: Annotated[tuple[str, ...], Wire(3), ListSet()] = ()
    storageCapacity: Annotated[bool | None, Wire(4)] = None
    fsGroupPolicy: Annotated[str | None, Wire(5)] = None
    tokenRequests: Annotated[tuple[TokenRequest, ...], Wire(6), Atomic()] = ()
    requiresRepublish: Annotated[bool | None, Wire(7)] = None
    seLinuxMount: Annotated[bool | None, Wire(8)] = None
    nodeAllocatableUpdatePeriodSeconds: Annotated[Int64 | None, Wire(9)] = None
    serviceAccountTokenInSecrets: Annotated[bool | None, Wire(10)] = None
    preventPodSchedulingIfMissing: Annotated[bool | None, Wire(11)] = None


class CSIDriver(Kind, api="storage.k8s.io/v1", package="k8s.io.api.storage.v1"):
    """A storage driver that is installed in the cluster."""

    spec: Annotated[CSIDriverSpec, Wire(2), Required()] = always(CSIDriverSpec)


class VolumeNodeResources(Object, package="k8s.io.api.storage.v1"):
    """How many volumes of a driver a node can have."""

    count: Annotated[Int32 | None, Wire(1)] = None


class CSINodeDriver(Object, package="k8s.io.api.storage.v1"):
    """A driver on a node: its own name for the node, and its topology."""

    name: Annotated[str, Wire(1), Required()] = always("")
    nodeID: Annotated[str, Wire(2), Required()] = always("")
    topologyKeys: Annotated[tuple[str, ...], Wire(3), Atomic()] = always(())
    allocatable: Annotated[VolumeNodeResources | None, Wire(4)] = None


class CSINodeSpec(Object, package="k8s.io.api.storage.v1"):
    """The drivers on a node."""

    drivers: Annotated[tuple[CSINodeDriver, ...], Wire(1), Required(), MergeBy("name"), ListMap("name")] = always(())


class CSINodeStatus(Object, package="k8s.io.api.storage.v1"):
    """How the drivers' storage is doing, seen from a node."""

    storageHealth: Annotated[tuple[StorageHealth, ...], Wire(1), MergeBy("name"), ListMap("name")] = ()


class CSINode(Kind, api="storage.k8s.io/v1", package="k8s.io.api.storage.v1"):
    """What a node knows of its storage drivers."""

    spec: Annotated[CSINodeSpec, Wire(2), Required()] = always(CSINodeSpec)
    status: Annotated[CSINodeStatus, Wire(3)] = always(CSINodeStatus)


class CSIStorageCapacity(Kind, api="storage.k8s.io/v1", package="k8s.io.api.storage.v1"):
    """How much storage of a class there is in a part of the topology."""

    nodeTopology: Annotated[LabelSelector | None, Wire(2)] = None
    storageClassName: Annotated[str, Wire(3), Required()] = always("")
    capacity: Annotated[Quantity | None, Wire(4)] = None
    maximumVolumeSize: Annotated[Quantity | None, Wire(5)] = None
