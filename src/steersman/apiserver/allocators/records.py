"""What is written of addresses and node ports that Services have: an IPAddress each, and a key for each port.

A port's key isn't an object of the API. Upstream keeps all ports in one value; with a key each, Services that are made
at the same time never wait for each other.
"""

from collections.abc import Iterable
from random import Random
from uuid import UUID

import msgspec

from steersman.api.core import Service
from steersman.api.networking import IPAddress
from steersman.api.networking.serviceranges import is_of_service, service_address
from steersman.apimachinery.cidrs import Address, address_of
from steersman.apimachinery.object import replace
from steersman.apimachinery.times import to_time
from steersman.apiserver.collection import ROOT, Collection, metadata_facts
from steersman.component.clock import Clock
from steersman.storage.cached import CachedObject
from steersman.storage.cacher import Cacher
from steersman.storage.interface import Compare, Delete, Put, Write

PORTS = f"{ROOT}servicenodeports/"


class _Owner(msgspec.Struct, frozen=True):
    namespace: str
    name: str


class _PortRecord(msgspec.Struct, frozen=True):
    """Whose a port is, in the form that caches ask for."""

    metadata: _Owner


def port_cache() -> Cacher:
    """A cache of the ports that are taken, by their numbers; facts are of the Services that have them."""
    return Cacher(PORTS, metadata_facts)


def port_key(port: int) -> str:
    """Where a node port is noted."""
    return f"{PORTS}{port}"


def node_ports(service: Service) -> tuple[int, ...]:
    """Those that a Service has, each once."""
    numbers = [port.nodePort for port in service.spec.ports] + [service.spec.healthCheckNodePort]
    return tuple(number for number in dict.fromkeys(numbers) if number)


def cluster_ips(service: Service) -> tuple[Address, ...]:
    """The addresses that a Service has."""
    if service.spec.type == "ExternalName":
        return ()
    texts = dict.fromkeys((service.spec.clusterIP, *service.spec.clusterIPs))
    return tuple(address for text in texts if (address := address_of(text)) is not None)


class Records:
    """Reads what is noted, and makes what is to be written."""

    def __init__(self, addresses: Collection[IPAddress], ports: Cacher, clock: Clock, random: Random) -> None:
        self._addresses, self._ports = addresses, ports
        self._clock, self._random = clock, random

    def address_key(self, address: Address) -> str:
        """Where an address is noted."""
        return self._addresses.key("", str(address))

    def noted(self, key: str) -> CachedObject | None:
        """What is noted at a key."""
        return (self._ports if key.startswith(PORTS) else self._addresses.cacher).get(key)

    def of(self, service: Service) -> dict[str, Put]:
        """What is to be noted of a Service, by key."""
        meta = service.metadata
        made = {}
        for address in cluster_ips(service):
            key = self.address_key(address)
            made[key] = Put(key, self._addresses.stored(self._identified(address, service)))
        for port in node_ports(service):
            record = _PortRecord(_Owner(meta.namespace, meta.name))
            made[port_key(port)] = Put(port_key(port), msgspec.json.encode(record))
        return made

    def keys_of(self, service: Service) -> set[str]:
        """Where what a Service has is noted."""
        return {*map(self.address_key, cluster_ips(service)), *map(port_key, node_ports(service))}

    def is_of(self, noted: CachedObject, service: Service) -> bool:
        """What is noted is this Service's."""
        meta = service.metadata
        if noted.key.startswith(PORTS):
            return (noted.facts.namespace, noted.facts.name) == (meta.namespace, meta.name)
        return is_of_service(self._addresses.decoded(noted), meta.namespace, meta.name)

    def removed(self, keys: Iterable[str], service: Service) -> tuple[tuple[Compare, ...], tuple[Write, ...]]:
        """What takes away those of the keys that are the Service's. One that somebody holds by a finalizer stays."""
        gone = [
            noted
            for key in sorted(keys)
            if (noted := self.noted(key)) is not None and self.is_of(noted, service) and not self._is_held(noted)
        ]
        return tuple(Compare(one.key, one.revision) for one in gone), tuple(Delete(one.key) for one in gone)

    def _is_held(self, noted: CachedObject) -> bool:
        return not noted.key.startswith(PORTS) and bool(self._addresses.decoded(noted).metadata.finalizers)

    def _identified(self, address: Address, service: Service) -> IPAddress:
        made = service_address(address, service.metadata.namespace, service.metadata.name)
        uid = str(UUID(int=self._random.getrandbits(128), version=4))
        return replace(made, metadata=replace(made.metadata, uid=uid, creationTimestamp=to_time(self._clock.now())))
