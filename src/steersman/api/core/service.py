"""service"""

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
    """Ip family."""

    IPV4 = "IPv4"
    IPV6 = "IPv6"
    IP_FAMILY_UNKNOWN = ""


class IPFamilyPolicy(StrEnum):
    """Ip family policy."""

    SINGLE_STACK = "SingleStack"
    PREFER_DUAL_STACK = "PreferDualStack"
    REQUIRE_DUAL_STACK = "RequireDualStack"


class ServiceAffinity(StrEnum):
    """Service affinity."""

    CLIENT_IP = "ClientIP"
    NONE = "None"


class ServiceExternalTrafficPolicy(StrEnum):
    """Service external traffic policy."""

    CLUSTER = "Cluster"
    LOCAL = "Local"


class ServiceInternalTrafficPolicy(StrEnum):
    """Service internal traffic policy."""

    CLUSTER = "Cluster"
    LOCAL = "Local"


class ServiceType(StrEnum):
    """Service type."""

    CLUSTER_IP = "ClusterIP"
    NODE_PORT = "NodePort"
    LOAD_BALANCER = "LoadBalancer"
    EXTERNAL_NAME = "ExternalName"


class ClientIPConfig(Object, package="k8s.io.api.core.v1"):
    """Client ip config."""

    timeoutSeconds: Annotated[Int32 | None, Wire(1)] = None


class SessionAffinityConfig(Object, package="k8s.io.api.core.v1"):
    """Session affinity config."""

    clientIP: Annotated[ClientIPConfig | None, Wire(1)] = None


class PortStatus(Object, package="k8s.io.api.core.v1"):
    """Port status."""

    port: Annotated[Int32, Wire(1), Required()] = always(0)
    protocol: Annotated[str, Wire(2), Required(), OneOf(Protocol)] = always("")
    error: Annotated[str | None, Wire(3)] = None


class LoadBalancerIngress(Object, package="k8s.io.api.core.v1"):
    """Load balancer ingress."""

    ip: Annotated[str, Wire(1)] = ""
    hostname: Annotated[str, Wire(2)] = ""
    ipMode: Annotated[str | None, Wire(3)] = None
    ports: Annotated[tuple[PortStatus, ...], Wire(4), Atomic()] = ()


class LoadBalancerStatus(Object, package="k8s.io.api.core.v1"):
    """Load balancer status."""

    ingress: Annotated[tuple[LoadBalancerIngress, ...], Wire(1), Atomic()] = ()


class ServiceStatus(Object, package="k8s.io.api.core.v1"):
    """Service status."""

    loadBalancer: Annotated[LoadBalancerStatus, Wire(1)] = always(LoadBalancerStatus)
    conditions: Annotated[tuple[Condition, ...], Wire(2), MergeBy("type"), ListMap("type")] = ()


class ServicePort(Object, package="k8s.io.api.core.v1"):
    """Service port."""

    name: Annotated[str, Wire(1)] = ""
    protocol: Annotated[str, Wire(2), Default("TCP"), OneOf(Protocol)] = ""
    appProtocol: Annotated[str | None, Wire(6)] = None
    port: Annotated[Int32, Wire(3), Required()] = always(0)
    targetPort: Annotated[IntOrString | None, Wire(4)] = None
    nodePort: Annotated[Int32, Wire(5)] = 0


class ServiceSpec(Object, package="k8s.io.api.core.v1"):
    """Service spec."""

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
    """Service."""

    spec: Annotated[ServiceSpec, Wire(2)] = always(ServiceSpec)
    status: Annotated[ServiceStatus, Wire(3)] = always(ServiceStatus)


class EndpointAddress(Object, atomic=True, package="k8s.io.api.core.v1"):
    """Endpoint address."""

    ip: Annotated[str, Wire(1), Required()] = always("")
    hostname: Annotated[str, Wire(3)] = ""
    nodeName: Annotated[str | None, Wire(4)] = None
    targetRef: Annotated[ObjectReference | None, Wire(2)] = None


class EndpointPort(Object, atomic=True, package="k8s.io.api.core.v1"):
    """Endpoint port."""

    name: Annotated[str, Wire(1)] = ""
    port: Annotated[Int32, Wire(2), Required()] = always(0)
    protocol: Annotated[str, Wire(3), OneOf(Protocol)] = ""
    appProtocol: Annotated[str | None, Wire(4)] = None


class EndpointSubset(Object, package="k8s.io.api.core.v1"):
    """Endpoint subset."""

    addresses: Annotated[tuple[EndpointAddress, ...], Wire(1), Atomic()] = ()
    notReadyAddresses: Annotated[tuple[EndpointAddress, ...], Wire(2), Atomic()] = ()
    ports: Annotated[tuple[EndpointPort, ...], Wire(3), Atomic()] = ()


class Endpoints(Kind, api="v1", package="k8s.io.api.core.v1"):
    """Endpoints."""

    subsets: Annotated[tuple[EndpointSubset, ...], Wire(2), Atomic()] = ()
