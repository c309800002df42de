"""The Service `default/kubernetes` and its endpoints: every API server that lives.

Of several servers on one store each holds a lease there, which ends by itself when its server doesn't renew it, and
puts all that hold one into the endpoints.
Source: pkg/controlplane/controller/kubernetesservice, pkg/controlplane/reconcilers/lease.go.
"""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from steersman.api.core import (
    EndpointAddress,
    EndpointPort,
    Endpoints,
    EndpointSubset,
    Service,
    ServicePort,
    ServiceSpec,
)
from steersman.api.discovery import Endpoint, EndpointConditions, EndpointSlice
from steersman.api.discovery import EndpointPort as SlicePort
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.codec.json import encode
from steersman.apimachinery.object import replace
from steersman.apiserver.collection import ROOT
from steersman.apiserver.ensure import ensured, settled
from steersman.client.interface import Client
from steersman.storage.interface import Delete, Put, Store

NAME, NAMESPACE, PORT_NAME = "kubernetes", "default", "https"
LABELS = {"component": "apiserver", "provider": "kubernetes"}
LEASES = f"{ROOT}masterleases/"
# Source: pkg/controlplane/instance.go: DefaultEndpointReconcilerInterval, DefaultEndpointReconcilerTTL.
INTERVAL_SECONDS = 10.0
LEASE_SECONDS = 15.0
NOBODY = "no API server IP addresses were listed in storage, refusing to erase all endpoints for the kubernetes Service"


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


class NobodyServesError(Exception):
    """No server holds a lease: the endpoints are left as they are."""

    def __init__(self) -> None:
        super().__init__(NOBODY)


class ServerLeases:
    """Which servers live, by their addresses, as the store they share knows it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def renew(self, address: str) -> None:
        """The server at this address lives for a while more. StoreError."""
        value = encode(Endpoints(subsets=(EndpointSubset(addresses=(EndpointAddress(ip=address),)),)))
        await self._store.txn((), (Put(LEASES + address, value, LEASE_SECONDS),))

    async def leave(self, address: str) -> None:
        """The server at this address goes. StoreError."""
        await self._store.txn((), (Delete(LEASES + address),))

    async def addresses(self) -> tuple[str, ...]:
        """Where servers live. StoreError."""
        page = await self._store.list(LEASES)
        return tuple(sorted(entry.key.removeprefix(LEASES) for entry in page.entries))


class ServerEndpoints:
    """Keeps what leads to the API servers. leases: None where there can't be another server."""

    def __init__(self, client: Client, advertised: Advertised, leases: ServerLeases | None) -> None:
        self._client, self._advertised, self._leases = client, advertised, leases

    @property
    def are_shared(self) -> bool:
        """There may be other servers."""
        return self._leases is not None

    async def keep(self) -> None:
        """The Service is there, and this server among those it leads to. StatusError, StoreError."""
        await ensured(self._client, service(self._advertised))
        address = self._advertised.address
        if ip_address(address).is_loopback:
            # No pod reaches it there, and validation refuses such endpoints.
            return
        if self._leases is not None:
            await self._leases.renew(address)
        await self._publish()

    async def leave(self) -> None:
        """Others need not wait until our lease ends. NobodyServesError when this was the last one."""
        if self._leases is not None:
            await self._leases.leave(self._advertised.address)
            await self._publish()

    async def _publish(self) -> None:
        addresses = (self._advertised.address,) if self._leases is None else await self._leases.addresses()
        if not addresses:
            raise NobodyServesError
        port = self._advertised.port
        await settled(lambda: self._put_endpoints(endpoints(addresses, port)))
        await settled(lambda: self._put_slice(endpoint_slice(addresses, port)))

    async def _put_endpoints(self, wanted: Endpoints) -> None:
        stored = await ensured(self._client, wanted)
        if stored.subsets != wanted.subsets:
            await self._client.update(replace(stored, subsets=wanted.subsets))

    async def _put_slice(self, wanted: EndpointSlice) -> None:
        stored = await ensured(self._client, wanted)
        if (stored.endpoints, stored.ports) != (wanted.endpoints, wanted.ports):
            await self._client.update(replace(stored, endpoints=wanted.endpoints, ports=wanted.ports))


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


def endpoints(addresses: tuple[str, ...], port: int) -> Endpoints:
    """Its Endpoints: these servers."""
    subset = EndpointSubset(
        addresses=tuple(EndpointAddress(ip=address) for address in addresses),
        ports=(EndpointPort(name=PORT_NAME, port=port, protocol="TCP"),),
    )
    labels = {"endpointslice.kubernetes.io/skip-mirror": "true"}
    return Endpoints(metadata=ObjectMeta(name=NAME, namespace=NAMESPACE, labels=labels), subsets=(subset,))


def endpoint_slice(addresses: tuple[str, ...], port: int) -> EndpointSlice:
    """Its EndpointSlice: these servers."""
    ready = EndpointConditions(ready=True)
    return EndpointSlice(
        metadata=ObjectMeta(name=NAME, namespace=NAMESPACE, labels={"kubernetes.io/service-name": NAME}),
        addressType="IPv6" if ":" in addresses[0] else "IPv4",
        endpoints=tuple(Endpoint(addresses=(address,), conditions=ready) for address in addresses),
        ports=(SlicePort(name=PORT_NAME, port=port, protocol="TCP"),),
    )
