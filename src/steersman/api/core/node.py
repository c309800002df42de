"""Node: a machine that runs pods."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from steersman.api.core.reference import Taint
from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import (
    Atomic,
    Int32,
    Int64,
    ListMap,
    ListSet,
    MergeBy,
    OneOf,
    Required,
    Wire,
    always,
)
from steersman.apimachinery.object import Object
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.times import Time


class NodePhase(StrEnum):
    """A node's stage of life; no longer set."""

    PENDING = "Pending"
    RUNNING = "Running"
    TERMINATED = "Terminated"


class ConfigMapNodeConfigSource(Object, package="k8s.io.api.core.v1"):
    """A kubelet's configuration in a ConfigMap; no longer used."""

    namespace: Annotated[str, Wire(1), Required()] = always("")
    name: Annotated[str, Wire(2), Required()] = always("")
    uid: Annotated[str, Wire(3)] = ""
    resourceVersion: Annotated[str, Wire(4)] = ""
    kubeletConfigKey: Annotated[str, Wire(5), Required()] = always("")


class NodeConfigSource(Object, package="k8s.io.api.core.v1"):
    """Where a kubelet's configuration came from; no longer used."""

    configMap: Annotated[ConfigMapNodeConfigSource | None, Wire(2)] = None


class NodePodPreemptionPolicy(Object, package="k8s.io.api.core.v1"):
    """Whether pods on the node may be displaced."""

    disableResizePreemption: Annotated[tuple[str, ...], Wire(1), ListSet()] = ()


class NodeSpec(Object, package="k8s.io.api.core.v1"):
    """What is wanted of a node: its pod networks, taints, and whether it takes new pods."""

    podCIDR: Annotated[str, Wire(1)] = ""
    podCIDRs: Annotated[tuple[str, ...], Wire(7), MergeBy(), ListSet()] = ()
    providerID: Annotated[str, Wire(3)] = ""
    unschedulable: Annotated[bool, Wire(4)] = False
    taints: Annotated[tuple[Taint, ...], Wire(5), Atomic()] = ()
    configSource: Annotated[NodeConfigSource | None, Wire(6)] = None
    externalID: Annotated[str, Wire(2)] = ""
    podPreemptionPolicy: Annotated[NodePodPreemptionPolicy | None, Wire(8)] = None


class DaemonEndpoint(Object, package="k8s.io.api.core.v1"):
    """The port that a daemon listens on."""

    Port: Annotated[Int32, Wire(1), Required()] = always(0)


class NodeDaemonEndpoints(Object, package="k8s.io.api.core.v1"):
    """The ports of a node's daemons."""

    kubeletEndpoint: Annotated[DaemonEndpoint, Wire(1)] = always(DaemonEndpoint)


class NodeRuntimeHandlerFeatures(Object, package="k8s.io.api.core.v1"):
    """What a runtime handler can do."""

    recursiveReadOnlyMounts: Annotated[bool | None, Wire(1)] = None
    userNamespaces: Annotated[bool | None, Wire(2)] = None


class NodeRuntimeHandler(Object, package="k8s.io.api.core.v1"):
    """A way to run containers that the node offers, and what it can do."""

    name: Annotated[str, Wire(1)] = always("")
    features: Annotated[NodeRuntimeHandlerFeatures | None, Wire(2)] = None


class NodeFeatures(Object, package="k8s.io.api.core.v1"):
    """What the node's container runtime can do."""

    supplementalGroupsPolicy: Annotated[bool | None, Wire(1)] = None


class NodeSwapStatus(Object, package="k8s.io.api.core.v1"):
    """How much swap a node has."""

    capacity: Annotated[Int64 | None, Wire(1)] = None


class NodeSystemInfo(Object, package="k8s.io.api.core.v1"):
    """A machine's identity, and the versions of what runs on it."""

    machineID: Annotated[str, Wire(1), Required()] = always("")
    systemUUID: Annotated[str, Wire(2), Required()] = always("")
    bootID: Annotated[str, Wire(3), Required()] = always("")
    kernelVersion: Annotated[str, Wire(4), Required()] = always("")
    osImage: Annotated[str, Wire(5), Required()] = always("")
    containerRuntimeVersion: Annotated[str, Wire(6), Required()] = always("")
    kubeletVersion: Annotated[str, Wire(7), Required()] = always("")
    kubeProxyVersion: Annotated[str, Wire(8), Required()] = always("")
    operatingSystem: Annotated[str, Wire(9), Required()] = always("")
    architecture: Annotated[str, Wire(10), Required()] = always("")
    swap: Annotated[NodeSwapStatus | None, Wire(11)] = None
    runningInUserNamespace: Annotated[bool | None, Wire(12)] = None


class NodeConfigStatus(Object, package="k8s.io.api.core.v1"):
    """Which configuration a kubelet uses; no longer set."""

    assigned: Annotated[NodeConfigSource | None, Wire(1)] = None
    active: Annotated[NodeConfigSource | None, Wire(2)] = None
    lastKnownGood: Annotated[NodeConfigSource | None, Wire(3)] = None
    error: Annotated[str, Wire(4)] = ""


class AttachedVolume(Object, package="k8s.io.api.core.v1"):
    """A volume that is attached to a node, and by which device."""

    name: Annotated[str, Wire(1), Required()] = always("")
    devicePath: Annotated[str, Wire(2), Required()] = always("")


class ContainerImage(Object, package="k8s.io.api.core.v1"):
    """An image that a node has, by all its names."""

    names: Annotated[tuple[str, ...], Wire(1), Atomic()] = always(())
    sizeBytes: Annotated[Int64, Wire(2)] = 0


class NodeAddress(Object, package="k8s.io.api.core.v1"):
    """An address that a node is reached at."""

    type: Annotated[str, Wire(1), Required()] = always("")
    address: Annotated[str, Wire(2), Required()] = always("")


class NodeCondition(Object, package="k8s.io.api.core.v1"):
    """One observation about a node, such as whether it is ready."""

    type: Annotated[str, Wire(1), Required()] = always("")
    status: Annotated[str, Wire(2), Required()] = always("")
    lastHeartbeatTime: Annotated[Time | None, Wire(3)] = None
    lastTransitionTime: Annotated[Time | None, Wire(4)] = None
    reason: Annotated[str, Wire(5)] = ""
    message: Annotated[str, Wire(6)] = ""


class NodeStatus(Object, package="k8s.io.api.core.v1"):
    """What a node has, how it is doing, and how it is reached."""

    capacity: Annotated[Mapping[str, Quantity], Wire(1)] = {}
    allocatable: Annotated[Mapping[str, Quantity], Wire(2)] = {}
    phase: Annotated[str, Wire(3), OneOf(NodePhase)] = ""
    conditions: Annotated[tuple[NodeCondition, ...], Wire(4), MergeBy("type"), ListMap("type")] = ()
    addresses: Annotated[tuple[NodeAddress, ...], Wire(5), MergeBy("type"), ListMap("type")] = ()
    daemonEndpoints: Annotated[NodeDaemonEndpoints, Wire(6)] = always(NodeDaemonEndpoints)
    nodeInfo: Annotated[NodeSystemInfo, Wire(7)] = always(NodeSystemInfo)
    images: Annotated[tuple[ContainerImage, ...], Wire(8), Atomic()] = ()
    volumesInUse: Annotated[tuple[str, ...], Wire(9), Atomic()] = ()
    volumesAttached: Annotated[tuple[AttachedVolume, ...], Wire(10), Atomic()] = ()
    config: Annotated[NodeConfigStatus | None, Wire(11)] = None
    runtimeHandlers: Annotated[tuple[NodeRuntimeHandler, ...], Wire(12), Atomic()] = ()
    features: Annotated[NodeFeatures | None, Wire(13)] = None
    declaredFeatures: Annotated[tuple[str, ...], Wire(14), Atomic()] = ()


class Node(Kind, api="v1", package="k8s.io.api.core.v1"):
    """A machine of the cluster; its kubelet registers it and tells how it is doing."""

    spec: Annotated[NodeSpec, Wire(2)] = always(NodeSpec)
    status: Annotated[NodeStatus, Wire(3)] = always(NodeStatus)
