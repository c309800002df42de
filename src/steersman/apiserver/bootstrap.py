"""What a cluster has before anybody makes anything: namespaces, priorities, roles, and the API server as a Service.

Source: pkg/controlplane/controller: systemnamespaces, kubernetesservice; pkg/registry/scheduling/rest.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import TypeVar

from steersman.api.core import (
    ConfigMap,
    EndpointAddress,
    EndpointPort,
    Endpoints,
    EndpointSubset,
    Namespace,
    Service,
    ServicePort,
    ServiceSpec,
)
from steersman.api.discovery import Endpoint, EndpointConditions, EndpointSlice
from steersman.api.discovery import EndpointPort as SlicePort
from steersman.api.meta import Condition, Kind, ObjectMeta
from steersman.api.networking import ServiceCIDR, ServiceCIDRSpec, ServiceCIDRStatus
from steersman.api.networking.serviceranges import DEFAULT_RANGES, READY
from steersman.api.scheduling import PriorityClass
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import AlreadyExists, Conflict, NotFound
from steersman.apiserver.authz.bootstrap.seed import seed_roles
from steersman.client.interface import Client
from steersman.component.log import get_logger

_log = get_logger(__name__)

K = TypeVar("K", bound=Kind)

NAMESPACES = ("kube-system", "kube-public", "kube-node-lease", "default")
FIXED = "Used for system critical pods that must not be moved from their current node."
MOVABLE = "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."
PRIORITIES = (("system-node-critical", 2_000_001_000, FIXED), ("system-cluster-critical", 2_000_000_000, MOVABLE))
LABELS = {"component": "apiserver", "provider": "kubernetes"}
TRIES = 5
RANGES_READY = "Kubernetes default Service CIDR is ready"
AUTHORITIES = "extension-apiserver-authentication"
FRONT_PROXY = "front-proxy-client"
NAME, NAMESPACE, PORT_NAME = "kubernetes", "default", "https"


@dataclass(frozen=True, slots=True)
class Advertised:
    """Where the API server is found: by its own address, and by the first one of the service network."""

    address: str
    port: int
    service_cidr: str

    @property
    def cluster_ip(self) -> str:
        """The address of the Service `kubernetes`."""
        return str(ip_network(self.service_cidrs[0])[1])

    @property
    def service_cidrs(self) -> tuple[str, ...]:
        """The range of Services' addresses, or one for each family."""
        return tuple(self.service_cidr.split(","))


async def bootstrap(client: Client, advertised: Advertised) -> None:
    """Everything is there; what changed meanwhile, like our address, is put right."""
    for name in NAMESPACES:
        await _ensure(client, Namespace(metadata=ObjectMeta(name=name)))
    for name, value, text in PRIORITIES:
        await _ensure(client, PriorityClass(metadata=ObjectMeta(name=name), value=value, description=text))
    await _settled(lambda: seed_roles(client))
    await _settled(lambda: _ensure_ranges(client, advertised))
    await _ensure(client, service(advertised))
    if ip_address(advertised.address).is_loopback:
        # No pod reaches it there, and validation refuses such endpoints.
        return
    await _settled(lambda: _ensure_endpoints(client, endpoints(advertised)))
    await _settled(lambda: _ensure_slice(client, endpoint_slice(advertised)))


async def publish_authorities(client: Client, client_ca_pem: bytes, front_proxy_ca_pem: bytes) -> None:
    """What other API servers need to know users by the same certificates, and this server as their front proxy.

    Source: pkg/controlplane/controller/clusterauthenticationtrust.
    """
    data = {
        "client-ca-file": client_ca_pem.decode(),
        "requestheader-allowed-names": f'["{FRONT_PROXY}"]',
        "requestheader-client-ca-file": front_proxy_ca_pem.decode(),
        "requestheader-extra-headers-prefix": '["X-Remote-Extra-"]',
        "requestheader-group-headers": '["X-Remote-Group"]',
        "requestheader-uid-headers": '["X-Remote-Uid"]',
        "requestheader-username-headers": '["X-Remote-User"]',
    }
    meta = ObjectMeta(name=AUTHORITIES, namespace="kube-system")

    async def written() -> None:
        stored = await _ensure(client, ConfigMap(metadata=meta, data=data))
        if stored.data != data:
            await client.update(replace(stored, data=data))

    await _settled(written)


def service(advertised: Advertised) -> Service:
    """The Service `default/kubernetes`."""
    port = ServicePort(name=PORT_NAME, protocol="TCP", port=443, targetPort=advertised.port)
    spec = ServiceSpec(
        type="ClusterIP",
        clusterIP=advertised.cluster_ip,
        clusterIPs=(advertised.cluster_ip,),
        ipFamilies=("IPv6" if ":" in advertised.cluster_ip else "IPv4",),
        ipFamilyPolicy="SingleStack",
        ports=(port,),
    )
    return Service(metadata=ObjectMeta(name=NAME, namespace=NAMESPACE, labels=LABELS), spec=spec)


def endpoints(advertised: Advertised) -> Endpoints:
    """Its Endpoints: this server."""
    subset = EndpointSubset(
        addresses=(EndpointAddress(ip=advertised.address),),
        ports=(EndpointPort(name=PORT_NAME, port=advertised.port, protocol="TCP"),),
    )
    labels = {"endpointslice.kubernetes.io/skip-mirror": "true"}
    return Endpoints(metadata=ObjectMeta(name=NAME, namespace=NAMESPACE, labels=labels), subsets=(subset,))


def endpoint_slice(advertised: Advertised) -> EndpointSlice:
    """Its EndpointSlice: this server."""
    return EndpointSlice(
        metadata=ObjectMeta(name=NAME, namespace=NAMESPACE, labels={"kubernetes.io/service-name": NAME}),
        addressType="IPv4",
        endpoints=(Endpoint(addresses=(advertised.address,), conditions=EndpointConditions(ready=True)),),
        ports=(SlicePort(name=PORT_NAME, port=advertised.port, protocol="TCP"),),
    )


async def _ensure(client: Client, wanted: K) -> K:
    """What is there, made if nothing was. Asked for first: a Service is refused for its address before its name."""
    name, namespace = wanted.metadata.name, wanted.metadata.namespace or None
    try:
        return await client.get(type(wanted), name, namespace)
    except NotFound:
        try:
            return await client.create(wanted)
        except AlreadyExists:
            return await client.get(type(wanted), name, namespace)


async def _settled(write: Callable[[], Awaitable[None]]) -> None:
    """Another server that starts too may write first."""
    for _ in range(TRIES - 1):
        try:
            return await write()
        except Conflict:
            continue
    return await write()


async def _ensure_ranges(client: Client, advertised: Advertised) -> None:
    """The default ranges are those of the server's flags; a second family may come to a cluster that had one.

    Source: pkg/controlplane/controller/defaultservicecidr.
    """
    cidrs = advertised.service_cidrs
    spec = ServiceCIDRSpec(cidrs=cidrs)
    stored = await _ensure(client, ServiceCIDR(metadata=ObjectMeta(name=DEFAULT_RANGES), spec=spec))
    if stored.spec.cidrs == cidrs[:1] != cidrs:
        stored = await client.update(replace(stored, spec=spec))
    if stored.spec.cidrs != cidrs:
        _log.warning("the default ServiceCIDR isn't what the flags say", has=stored.spec.cidrs, flags=cidrs)
    elif not any(one.type == READY for one in stored.status.conditions):
        ready = Condition(
            type=READY, status="True", message=RANGES_READY, lastTransitionTime=stored.metadata.creationTimestamp
        )
        await client.update(replace(stored, status=ServiceCIDRStatus(conditions=(ready,))), subresource="status")


async def _ensure_endpoints(client: Client, wanted: Endpoints) -> None:
    stored = await _ensure(client, wanted)
    if stored.subsets != wanted.subsets:
        await client.update(replace(stored, subsets=wanted.subsets))


async def _ensure_slice(client: Client, wanted: EndpointSlice) -> None:
    stored = await _ensure(client, wanted)
    if (stored.endpoints, stored.ports) != (wanted.endpoints, wanted.ports):
        await client.update(replace(stored, endpoints=wanted.endpoints, ports=wanted.ports))
