"""Pod: containers that share a network, volumes and a fate."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from steersman.api.core.affinity import Affinity, TopologySpreadConstraint
from steersman.api.core.container import (
    Container,
    ContainerExtendedResourceRequest,
    ContainerStatus,
    EphemeralContainer,
    ResourceRequirements,
)
from steersman.api.core.persistentvolumeclaim import VolumeHealthCondition
from steersman.api.core.reference import LocalObjectReference, Toleration
from steersman.api.core.security import PodSecurityContext
from steersman.api.core.volume import Volume
from steersman.api.meta.kind import Kind
from steersman.api.meta.objectmeta import ObjectMeta
from steersman.apimachinery.markers import (
    Atomic,
    Int32,
    Int64,
    ListMap,
    ListSet,
    MergeBy,
    OneOf,
    Required,
    RetainKeys,
    Wire,
    always,
)
from steersman.apimachinery.object import Object
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.times import Time


class DNSPolicy(StrEnum):
    """Whether a pod asks the cluster's DNS, its node's, or what it is told."""

    CLUSTER_FIRST_WITH_HOST_NET = "ClusterFirstWithHostNet"
    CLUSTER_FIRST = "ClusterFirst"
    DEFAULT = "Default"
    NONE = "None"


class PodPhase(StrEnum):
    """A pod's stage of life."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    UNKNOWN = "Unknown"


class PodQOSClass(StrEnum):
    """How well a pod is protected when its node runs short."""

    GUARANTEED = "Guaranteed"
    BURSTABLE = "Burstable"
    BEST_EFFORT = "BestEffort"


class PreemptionPolicy(StrEnum):
    """Whether a pod may displace pods of lower priority."""

    PREEMPT_LOWER_PRIORITY = "PreemptLowerPriority"
    NEVER = "Never"


class RestartPolicy(StrEnum):
    """Whether containers that end are started again."""

    ALWAYS = "Always"
    ON_FAILURE = "OnFailure"
    NEVER = "Never"


class PodVolumeHealth(Object, package="k8s.io.api.core.v1"):
    """The health of a pod's volume."""

    name: Annotated[str, Wire(1), Required()] = always("")
    healthConditions: Annotated[
        tuple[VolumeHealthCondition, ...], Wire(2), MergeBy("status"), ListMap("status", "reason")
    ] = ()
    lastTransitionTime: Annotated[Time | None, Wire(3)] = None


class PodCondition(Object, package="k8s.io.api.core.v1"):
    """One observation about a pod, such as whether it is ready."""

    type: Annotated[str, Wire(1), Required()] = always("")
    observedGeneration: Annotated[Int64, Wire(7)] = 0
    status: Annotated[str, Wire(2), Required()] = always("")
    lastProbeTime: Annotated[Time | None, Wire(3)] = None
    lastTransitionTime: Annotated[Time | None, Wire(4)] = None
    reason: Annotated[str, Wire(5)] = ""
    message: Annotated[str, Wire(6)] = ""


class PodReadinessGate(Object, package="k8s.io.api.core.v1"):
    """A condition that must be true before the pod counts as ready."""

    conditionType: Annotated[str, Wire(1), Required()] = always("")


class EvictionResponder(Object, atomic=True, package="k8s.io.api.core.v1"):
    """Who is to answer when the pod is to be evicted."""

    name: Annotated[str, Wire(1), Required()] = always("")
    priority: Annotated[Int32 | None, Wire(2), Required()] = None


class HostAlias(Object, package="k8s.io.api.core.v1"):
    """A line of the pod's /etc/hosts."""

    ip: Annotated[str, Wire(1), Required()] = always("")
    hostnames: Annotated[tuple[str, ...], Wire(2), Atomic()] = ()


class PodDNSConfigOption(Object, package="k8s.io.api.core.v1"):
    """An option of the pod's resolver."""

    name: Annotated[str, Wire(1)] = ""
    value: Annotated[str | None, Wire(2)] = None


class PodDNSConfig(Object, package="k8s.io.api.core.v1"):
    """Servers, search list and options of the pod's resolver, added to what its policy gives."""

    nameservers: Annotated[tuple[str, ...], Wire(1), Atomic()] = ()
    searches: Annotated[tuple[str, ...], Wire(2), Atomic()] = ()
    options: Annotated[tuple[PodDNSConfigOption, ...], Wire(3), Atomic()] = ()


class PodOS(Object, package="k8s.io.api.core.v1"):
    """The operating system that the pod's containers are made for."""

    name: Annotated[str, Wire(1), Required()] = always("")


class PodResourceClaim(Object, package="k8s.io.api.core.v1"):
    """A claim on devices that the pod's containers may refer to."""

    name: Annotated[str, Wire(1), Required()] = always("")
    resourceClaimName: Annotated[str | None, Wire(3)] = None
    resourceClaimTemplateName: Annotated[str | None, Wire(4)] = None


class PodSchedulingGate(Object, package="k8s.io.api.core.v1"):
    """Something that has to be lifted before the pod is scheduled."""

    name: Annotated[str, Wire(1), Required()] = always("")


class PodSchedulingGroup(Object, package="k8s.io.api.core.v1"):
    """The group that the pod is scheduled with."""

    podGroupName: Annotated[str | None, Wire(1)] = None


class PodSpec(Object, package="k8s.io.api.core.v1"):
    """What runs in a pod, where it may run, and what it shares."""

    volumes: Annotated[tuple[Volume, ...], Wire(1), MergeBy("name"), RetainKeys(), ListMap("name")] = ()
    initContainers: Annotated[tuple[Container, ...], Wire(20), MergeBy("name"), ListMap("name")] = ()
    containers: Annotated[tuple[Container, ...], Wire(2), Required(), MergeBy("name"), ListMap("name")] = always(())
    ephemeralContainers: Annotated[tuple[EphemeralContainer, ...], Wire(34), MergeBy("name"), ListMap("name")] = ()
    restartPolicy: Annotated[str, Wire(3), OneOf(RestartPolicy)] = ""
    terminationGracePeriodSeconds: Annotated[Int64 | None, Wire(4)] = None
    activeDeadlineSeconds: Annotated[Int64 | None, Wire(5)] = None
    dnsPolicy: Annotated[str, Wire(6), OneOf(DNSPolicy)] = ""
    nodeSelector: Annotated[Mapping[str, str], Wire(7), Atomic()] = {}
    serviceAccountName: Annotated[str, Wire(8)] = ""
    serviceAccount: Annotated[str, Wire(9)] = ""
    automountServiceAccountToken: Annotated[bool | None, Wire(21)] = None
    nodeName: Annotated[str, Wire(10)] = ""
    hostNetwork: Annotated[bool, Wire(11)] = False
    hostPID: Annotated[bool, Wire(12)] = False
    hostIPC: Annotated[bool, Wire(13)] = False
    shareProcessNamespace: Annotated[bool | None, Wire(27)] = None
    securityContext: Annotated[PodSecurityContext | None, Wire(14)] = None
    imagePullSecrets: Annotated[tuple[LocalObjectReference, ...], Wire(15), MergeBy("name"), ListMap("name")] = ()
    hostname: Annotated[str, Wire(16)] = ""
    subdomain: Annotated[str, Wire(17)] = ""
    affinity: Annotated[Affinity | None, Wire(18)] = None
    schedulerName: Annotated[str, Wire(19)] = ""
    tolerations: Annotated[tuple[Toleration, ...], Wire(22), Atomic()] = ()
    hostAliases: Annotated[tuple[HostAlias, ...], Wire(23), MergeBy("ip"), ListMap("ip")] = ()
    priorityClassName: Annotated[str, Wire(24)] = ""
    priority: Annotated[Int32 | None, Wire(25)] = None
    dnsConfig: Annotated[PodDNSConfig | None, Wire(26)] = None
    readinessGates: Annotated[tuple[PodReadinessGate, ...], Wire(28), Atomic()] = ()
    runtimeClassName: Annotated[str | None, Wire(29)] = None
    enableServiceLinks: Annotated[bool | None, Wire(30)] = None
    preemptionPolicy: Annotated[str | None, Wire(31), OneOf(PreemptionPolicy)] = None
    overhead: Annotated[Mapping[str, Quantity], Wire(32)] = {}
    topologySpreadConstraints: Annotated[
        tuple[TopologySpreadConstraint, ...],
        Wire(33),
        MergeBy("topologyKey"),
        ListMap("topologyKey", "whenUnsatisfiable"),
    ] = ()
    setHostnameAsFQDN: Annotated[bool | None, Wire(35)] = None
    os: Annotated[PodOS | None, Wire(36)] = None
    hostUsers: Annotated[bool | None, Wire(37)] = None
    schedulingGates: Annotated[tuple[PodSchedulingGate, ...], Wire(38), MergeBy("name"), ListMap("name")] = ()
    resourceClaims: Annotated[
        tuple[PodResourceClaim, ...], Wire(39), MergeBy("name"), RetainKeys(), ListMap("name")
    ] = ()
    resources: Annotated[ResourceRequirements | None, Wire(40)] = None
    hostnameOverride: Annotated[str | None, Wire(41)] = None
    schedulingGroup: Annotated[PodSchedulingGroup | None, Wire(43)] = None
    evictionResponders: Annotated[tuple[EvictionResponder, ...], Wire(44), MergeBy("name"), ListMap("name")] = ()


class PodResourceClaimStatus(Object, package="k8s.io.api.core.v1"):
    """Which claim was made for an entry of the pod."""

    name: Annotated[str, Wire(1), Required()] = always("")
    resourceClaimName: Annotated[str | None, Wire(2)] = None


class PodExtendedResourceClaimStatus(Object, package="k8s.io.api.core.v1"):
    """Which claim was made for the pod's extended resources."""

    requestMappings: Annotated[tuple[ContainerExtendedResourceRequest, ...], Wire(1), Required(), Atomic()] = always(())
    resourceClaimName: Annotated[str, Wire(2), Required()] = always("")


class PodIP(Object, package="k8s.io.api.core.v1"):
    """An address of a pod."""

    ip: Annotated[str, Wire(1), Required()] = always("")


class HostIP(Object, package="k8s.io.api.core.v1"):
    """An address of a pod's node."""

    ip: Annotated[str, Wire(1), Required()] = always("")


class NodeAllocatableMappedResources(Object, package="k8s.io.api.core.v1"):
    """What of the node's resources a device claim stands for."""

    name: Annotated[str, Wire(1), Required()] = always("")
    quantity: Annotated[Quantity | None, Wire(2), Required()] = None


class NodeAllocatableOverheadResources(Object, package="k8s.io.api.core.v1"):
    """What of the node's resources a device claim needs besides."""

    name: Annotated[str, Wire(1), Required()] = always("")
    perPod: Annotated[Quantity | None, Wire(2)] = None
    perContainer: Annotated[Quantity | None, Wire(3)] = None


class NodeAllocatableResourceClaimStatus(Object, package="k8s.io.api.core.v1"):
    """What of the node's resources the pod's device claims take."""

    resourceClaimName: Annotated[str, Wire(1), Required()] = always("")
    containers: Annotated[tuple[str, ...], Wire(2), ListSet()] = ()
    mapping: Annotated[tuple[NodeAllocatableMappedResources, ...], Wire(4), MergeBy("name"), ListMap("name")] = ()
    overhead: Annotated[tuple[NodeAllocatableOverheadResources, ...], Wire(5), MergeBy("name"), ListMap("name")] = ()


class PodStatus(Object, package="k8s.io.api.core.v1"):
    """How a pod is doing: phase, conditions, addresses and the state of each container."""

    observedGeneration: Annotated[Int64, Wire(17)] = 0
    phase: Annotated[str, Wire(1), OneOf(PodPhase)] = ""
    conditions: Annotated[tuple[PodCondition, ...], Wire(2), MergeBy("type"), ListMap("type")] = ()
    message: Annotated[str, Wire(3)] = ""
    reason: Annotated[str, Wire(4)] = ""
    nominatedNodeName: Annotated[str, Wire(11)] = ""
    hostIP: Annotated[str, Wire(5)] = ""
    hostIPs: Annotated[tuple[HostIP, ...], Wire(16), MergeBy("ip"), Atomic()] = ()
    podIP: Annotated[str, Wire(6)] = ""
    podIPs: Annotated[tuple[PodIP, ...], Wire(12), MergeBy("ip"), ListMap("ip")] = ()
    startTime: Annotated[Time | None, Wire(7)] = None
    initContainerStatuses: Annotated[tuple[ContainerStatus, ...], Wire(10), Atomic()] = ()
    containerStatuses: Annotated[tuple[ContainerStatus, ...], Wire(8), Atomic()] = ()
    qosClass: Annotated[str, Wire(9), OneOf(PodQOSClass)] = ""
    ephemeralContainerStatuses: Annotated[tuple[ContainerStatus, ...], Wire(13), Atomic()] = ()
    resize: Annotated[str, Wire(14)] = ""
    resourceClaimStatuses: Annotated[
        tuple[PodResourceClaimStatus, ...], Wire(15), MergeBy("name"), RetainKeys(), ListMap("name")
    ] = ()
    extendedResourceClaimStatus: Annotated[PodExtendedResourceClaimStatus | None, Wire(18)] = None
    allocatedResources: Annotated[Mapping[str, Quantity], Wire(19)] = {}
    resources: Annotated[ResourceRequirements | None, Wire(20)] = None
    nodeAllocatableResourceClaimStatuses: Annotated[
        tuple[NodeAllocatableResourceClaimStatus, ...],
        Wire(21),
        MergeBy("resourceClaimName"),
        ListMap("resourceClaimName"),
    ] = ()
    volumeHealth: Annotated[tuple[PodVolumeHealth, ...], Wire(22), ListMap("name")] = ()


class Pod(Kind, api="v1", package="k8s.io.api.core.v1"):
    """Containers that run together on one node and share a network address and volumes."""

    spec: Annotated[PodSpec, Wire(2)] = always(PodSpec)
    status: Annotated[PodStatus, Wire(3)] = always(PodStatus)


class PodTemplateSpec(Object, package="k8s.io.api.core.v1"):
    """What pods are made from: metadata and spec."""

    metadata: Annotated[ObjectMeta, Wire(1)] = always(ObjectMeta)
    spec: Annotated[PodSpec, Wire(2)] = always(PodSpec)
