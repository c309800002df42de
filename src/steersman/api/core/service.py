"""Service and Endpoints: a stable address for a set of pods."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from steersman.api.core.container import Protocol
from steersman.api.core.reference import ObjectReference
from steersman.api.meta.kind import Kind
from steersman.api.meta.listmeta import Condition
from steersman.apimachinery.markers import (
    Atomic,
    Default,
    Int32,
    IntOrString,
    ListMap,
    MergeBy,
    OneOf,
    Required,
    Wire,
    always,
)
from steersman.apimachinery.object import Object


class IPFamily(StrEnum):
    """A family of addresses."""

    IPV4 = "IPv4"
    IPV6 = "IPv6"
    IP_FAMILY_UNKNOWN = ""


class IPFamilyPolicy(StrEnum):
    """Whether a Service has addresses of one or of both families."""

    SINGLE_STACK = "SingleStack"
    PREFER_DUAL_STACK = "PreferDualStack"
    REQUIRE_DUAL_STACK = "RequireDualStack"


class ServiceAffinity(StrEnum):
    """Whether a client stays with the pod it got first."""

    CLIENT_IP = "ClientIP"
    NONE = "None"


class ServiceExternalTrafficPolicy(StrEnum):
    """Whether traffic from outside may go to pods of other nodes."""

    CLUSTER = "Cluster"
    LOCAL = "Local"


class ServiceInternalTrafficPolicy(StrEnum):
    """Whether traffic from inside may go to pods of other nodes."""

    CLUSTER = "Cluster"
    LOCAL = "Local"


class ServiceType(StrEnum):
    """How a Service is reached."""

    CLUSTER_IP = "ClusterIP"
    NODE_PORT = "NodePort"
    LOAD_BALANCER = "LoadBalancer"
    EXTERNAL_NAME = "ExternalName"


class ClientIPConfig(Object, package="k8s.io.api.core.v1"):
    """How long a client stays with its pod."""

    timeoutSeconds: Annotated[Int32 | None, Wire(1)] = None


class SessionAffinityConfig(Object, package="k8s.io.api.core.v1"):
    """Settings of session affinity."""

    clientIP: Annotated[ClientIPConfig | None, Wire(1)] = None


class PortStatus(Object, package="k8s.io.api.core.v1"):
    """The state of a port of a load balancer."""

    port: Annotated[Int32, Wire(1), Required()] = always(0)
    protocol: Annotated[str, Wire(2), Required(), OneOf(Protocol)] = always("")
    error: Annotated[str | None, Wire(3)] = None


class LoadBalancerIngress(Object, package="k8s.io.api.core.v1"):
    """An address of a load balancer."""

    ip: Annotated[str, Wire(1)] = ""
    hostname: Annotated[str, Wire(2)] = ""
    ipMode: Annotated[str | None, Wire(3)] = None
    ports: Annotated[tuple[PortStatus, ...], Wire(4), Atomic()] = ()


class LoadBalancerStatus(Object, package="k8s.io.api.core.v1"):
    """The addresses of a load balancer."""

    ingress: Annotated[tuple[LoadBalancerIngress, ...], Wire(1), Atomic()] = ()


class ServiceStatus(Object, package="k8s.io.api.core.v1"):
    """The state of a Service's load balancer."""

    loadBalancer: Annotated[LoadBalancerStatus, Wire(1)] = always(LoadBalancerStatus)
    conditions: Annotated[tuple[Condition, ...], Wire(2), MergeBy("type"), ListMap("type")] = ()


class ServicePort(Object, package="k8s.io.api.core.v1"):
    """A port of a Service, and the port of the pods it leads to."""

    name: Annotated[str, Wire(1)] = ""
    protocol: Annotated[str, Wire(2), Default("TCP"), OneOf(Protocol)] = ""
    appProtocol: Annotated[str | None, Wire(6)] = None
    port: Annotated[Int32, Wire(3), Required()] = always(0)
    targetPort: Annotated[IntOrString | None, Wire(4)] = None
    nodePort: Annotated[Int32, Wire(5)] = 0


class ServiceSpec(Object, package="k8s.io.api.core.v1"):
    """Which pods stand behind a Service, and how it is reached."""

    ports: Annotated[tuple[ServicePort, ...], Wire(1), MergeBy("port"), ListMap("port", "protocol")] = ()
    selector: Annotated[Mapping[str, str], Wire(2), Atomic()] = {}
    clusterIP: Annotated[str, Wire(3)] = ""
    clusterIPs: Annotated[tuple[str, ...], Wire(18), Atomic()] = ()
    type: Annotated[str, Wire(4), OneOf(ServiceType)] = ""
    externalIPs: Annotated[tuple[str, ...], Wire(5), Atomic()] = ()
    sessionAffinity: Annotated[str, Wire(7), OneOf(ServiceAffinity)] = ""
    loadBalancerIP: Annotated[str, Wire(8)] = ""
    loadBalancerSourceRanges: Annotated[tuple[str, ...], Wire(9), Atomic()] = ()
    externalName: Annotated[str, Wire(10)] = ""
    externalTrafficPolicy: Annotated[str, Wire(11), OneOf(ServiceExternalTrafficPolicy)] = ""
    healthCheckNodePort: Annotated[Int32, Wire(12)] = 0
    publishNotReadyAddresses: Annotated[bool, Wire(13)] = False
    sessionAffinityConfig: Annotated[SessionAffinityConfig | None, Wire(14)] = None
    ipFamilies: Annotated[tuple[str, ...], Wire(19), Atomic()] = ()
    ipFamilyPolicy: Annotated[str | None, Wire(17), OneOf(IPFamilyPolicy)] = None
    allocateLoadBalancerNodePorts: Annotated[bool | None, Wire(20)] = None
    loadBalancerClass: Annotated[str | None, Wire(21)] = None
    internalTrafficPolicy: Annotated[str | None, Wire(22), OneOf(ServiceInternalTrafficPolicy)] = None
    trafficDistribution: Annotated[str | None, Wire(23)] = None


class Service(Kind, api="v1", package="k8s.io.api.core.v1"):
    """A stable name and address for a set of pods."""

    spec: Annotated[ServiceSpec, Wire(2)] = always(ServiceSpec)
    status: Annotated[ServiceStatus, Wire(3)] = always(ServiceStatus)


class EndpointAddress(Object, atomic=True, package="k8s.io.api.core.v1"):
    """An address that stands behind a Service, and whose it is."""

    ip: Annotated[str, Wire(1), Required()] = always("")
    hostname: Annotated[str, Wire(3)] = ""
    nodeName: Annotated[str | None, Wire(4)] = None
    targetRef: Annotated[ObjectReference | None, Wire(2)] = None


class EndpointPort(Object, atomic=True, package="k8s.io.api.core.v1"):
    """A port that stands behind a Service."""

    name: Annotated[str, Wire(1)] = ""
    port: Annotated[Int32, Wire(2), Required()] = always(0)
    protocol: Annotated[str, Wire(3), OneOf(Protocol)] = ""
    appProtocol: Annotated[str | None, Wire(4)] = None


class EndpointSubset(Object, package="k8s.io.api.core.v1"):
    """Addresses and ports that belong together, ready and not."""

    addresses: Annotated[tuple[EndpointAddress, ...], Wire(1), Atomic()] = ()
    notReadyAddresses: Annotated[tuple[EndpointAddress, ...], Wire(2), Atomic()] = ()
    ports: Annotated[tuple[EndpointPort, ...], Wire(3), Atomic()] = ()


class Endpoints(Kind, api="v1", package="k8s.io.api.core.v1"):
    """All addresses behind a Service in one object; EndpointSlices have taken its place."""

    subsets: Annotated[tuple[EndpointSubset, ...], Wire(2), Atomic()] = ()
