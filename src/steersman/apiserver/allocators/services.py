"""Cluster IPs and node ports of Services: chosen when one is written, and noted in the same transaction.

Source: pkg/registry/core/service/storage/alloc.go, storage.go: patchAllocatedValues.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from random import Random

from steersman.api.core import Service, ServicePort, ServiceSpec
from steersman.api.core.servicefields import HEADLESS, WITH_NODE_PORTS, needs_health_check
from steersman.api.meta import Kind
from steersman.api.networking.serviceranges import family_of
from steersman.apimachinery.cidrs import address_of
from steersman.apimachinery.fielderrors import invalid_value
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import StatusError, internal_error, invalid
from steersman.apiserver.allocators.families import keeps_preference, with_families
from steersman.apiserver.allocators.places import Band, free_place, reserved_of
from steersman.apiserver.allocators.ranges import Ranges
from steersman.apiserver.allocators.records import Records, port_key
from steersman.apiserver.reservations import Along, Reservation
from steersman.storage.interface import Compare

OTHER_NETWORK = "the provided network does not match the current range"
TAKEN_ADDRESS = "provided IP is already allocated"
TAKEN_PORT = "provided port is already allocated"
FULL = "range is full"


@dataclass(frozen=True, slots=True)
class Allocation:
    """What addresses and ports are chosen by. catch_up waits until everything written so far can be read."""

    ranges: Ranges
    ports: tuple[int, int]
    records: Records
    catch_up: Callable[[], Awaitable[None]]
    random: Random

    @property
    def port_band(self) -> Band:
        """The node ports."""
        first, last = self.ports
        return Band(first, last, reserved_of(last - first + 1, 16, 32, 128))


class ServiceReservation(Reservation):
    """Keeps what it chose from others that choose meanwhile, and chooses anew what another server was faster with."""

    def __init__(self, reserver: "ServiceReserver", service: Service, old: Service | None) -> None:
        super().__init__(service)
        self._reserver, self._service, self._old = reserver, service, old
        self._lost: set[str] = set()
        self._chosen: set[str] = set()
        self._choose()

    async def again(self, lost: str) -> None:
        """See Reservation."""
        self.__exit__()
        self._lost.add(lost)
        await self._reserver.allocation.catch_up()
        self._choose()

    def __exit__(self, *_: object) -> None:
        self._reserver.chosen -= self._chosen

    def _choose(self) -> None:
        self.object, self.along = self._reserver.chosen_for(self._service, self._old, self._lost)
        self._chosen = {one.key for one in self.along.compares if not one.revision}
        self._reserver.chosen |= self._chosen


class ServiceReserver:
    """The Reserver of Services; other kinds pass."""

    def __init__(self, allocation: Allocation) -> None:
        self.allocation = allocation
        # What writes on their way have chosen, by key: without it they would often choose the same.
        self.chosen: set[str] = set()

    async def reserve(self, obj: Kind, old: Kind | None, dry_run: bool) -> Reservation:
        """See Reserver."""
        if not isinstance(obj, Service):
            return Reservation(obj)
        before = old if isinstance(old, Service) else None
        if before is not None:
            obj = with_what_it_had(obj, before)
        try:
            reservation = ServiceReservation(self, obj, before)
        except StatusError:
            # What is refused may have been given back, through another server.
            await self.allocation.catch_up()
            reservation = ServiceReservation(self, obj, before)
        if dry_run:
            reservation.__exit__()
        return reservation

    def release(self, obj: Kind) -> Along:
        """See Reserver."""
        if not isinstance(obj, Service):
            return Along()
        records = self.allocation.records
        return Along(*records.removed(records.keys_of(obj), obj))

    def chosen_for(self, service: Service, old: Service | None, lost: set[str]) -> tuple[Service, Along]:
        """The Service with what was chosen for it, and what is to be written along. lost: keys that others have."""
        records = self.allocation.records
        had = records.keys_of(old) if old is not None else set()
        choice = Choice(self.allocation, service, had, self.chosen | lost)
        made = replace(service, spec=choice.spec(old))
        wanted = records.of(made)
        new = [wanted[key] for key in sorted(wanted.keys() - had)]
        compares, removals = records.removed(had - wanted.keys(), old) if old is not None else ((), ())
        return made, Along((*(Compare(one.key, 0) for one in new), *compares), (*new, *removals))


class Choice:
    """Chooses for one Service. had: the keys of what it has; taken: those of what others are about to have."""

    def __init__(self, allocation: Allocation, service: Service, had: set[str], taken: set[str]) -> None:
        self._allocation, self._service = allocation, service
        self._had, self._taken = had, taken
        self._own: set[str] = set()

    def spec(self, old: Service | None) -> ServiceSpec:
        """The spec with addresses and ports."""
        spec = with_families(self._service, old, self._allocation.ranges.families)
        return self._with_ports(self._with_addresses(spec, old), is_new=old is None)

    def _with_addresses(self, spec: ServiceSpec, old: Service | None) -> ServiceSpec:
        if spec.type == "ExternalName" or keeps_preference(spec, old):
            return spec
        if HEADLESS in (spec.clusterIP, *spec.clusterIPs[:1]):
            return replace(spec, clusterIP=HEADLESS, clusterIPs=(HEADLESS,))
        before = None if old is None or old.spec.type == "ExternalName" else old.spec
        if before is not None and (before.clusterIPs[:1] == (HEADLESS,) or not _is_upgraded(spec, before)):
            return spec
        wanted = [*spec.clusterIPs, *[""] * len(spec.ipFamilies)][: len(spec.ipFamilies)]
        given = [self._address(family, text, spec) for family, text in zip(spec.ipFamilies, wanted, strict=True)]
        return replace(spec, clusterIP=given[0], clusterIPs=tuple(given))

    def _address(self, family: str, wanted: str, spec: ServiceSpec) -> str:
        ranges, records = self._allocation.ranges, self._allocation.records
        if not wanted:
            return self._any_address(IPv4Address if family == "IPv4" else IPv6Address)
        address = address_of(wanted)
        if address is None or records.address_key(address) in self._had:
            return wanted
        why = ""
        if not ranges.contain(address):
            why = OTHER_NETWORK
        elif self._is_taken(records.address_key(address)):
            why = TAKEN_ADDRESS
        if why:
            fault = invalid_value("spec.clusterIPs", spec.clusterIPs, f"failed to allocate IP {wanted}: {why}")
            raise invalid("Service", self._service.metadata.name, [fault])
        return wanted

    def _any_address(self, made: type[IPv4Address] | type[IPv6Address]) -> str:
        ranges, records, random = self._allocation.ranges, self._allocation.records, self._allocation.random
        for band in ranges.bands(family_of(made(0))):
            place = free_place(band, lambda number: self._is_taken(records.address_key(made(number))), random)
            if place is not None:
                return str(made(place))
        raise internal_error(f"failed to allocate a serviceIP: {FULL}")

    def _with_ports(self, spec: ServiceSpec, *, is_new: bool) -> ServiceSpec:
        if spec.type in WITH_NODE_PORTS:
            spec = replace(spec, ports=self._new_ports(spec) if is_new else self._changed_ports(spec))
        if needs_health_check(spec):
            spec = replace(spec, healthCheckNodePort=self._health_port(spec.healthCheckNodePort))
        return spec

    def _new_ports(self, spec: ServiceSpec) -> tuple[ServicePort, ...]:
        """A port number served over two protocols gets one node port for both."""
        by_number: dict[int, int] = {}
        ports: list[ServicePort] = []
        for position, port in enumerate(spec.ports):
            if not port.nodePort and not _gives_ports(spec):
                ports.append(port)
                continue
            number = by_number.get(port.port, 0)
            if not number:
                asked = (one.nodePort for one in spec.ports if one.port == port.port and one.nodePort)
                number = next(asked, 0)
                number = self._certain_port(position, number) if number else self._any_port("nodePort")
                by_number[port.port] = number
            elif port.nodePort and port.nodePort != number:
                number = self._certain_port(position, port.nodePort)
            ports.append(replace(port, nodePort=number))
        return tuple(ports)

    def _changed_ports(self, spec: ServiceSpec) -> tuple[ServicePort, ...]:
        ports = []
        # First those that are asked for: none of them may be given to another port.
        for position, port in enumerate(spec.ports):
            if port.nodePort:
                self._certain_port(position, port.nodePort)
        for port in spec.ports:
            is_to_get = not port.nodePort and _gives_ports(spec)
            ports.append(replace(port, nodePort=self._any_port("nodePort")) if is_to_get else port)
        return tuple(ports)

    def _health_port(self, wanted: int) -> int:
        if not wanted:
            return self._any_port("HealthCheck NodePort")
        why = self._port_fault(wanted)
        if why:
            raise internal_error(f"failed to allocate requested HealthCheck NodePort {wanted}: {why}")
        return wanted

    def _any_port(self, what: str) -> int:
        band = self._allocation.port_band
        place = free_place(band, lambda port: self._is_taken(port_key(port)), self._allocation.random)
        if place is None:
            raise internal_error(f"failed to allocate a {what}: {FULL}")
        self._own.add(port_key(place))
        return place

    def _certain_port(self, position: int, number: int) -> int:
        why = self._port_fault(number)
        if why:
            fault = invalid_value(f"spec.ports[{position}].nodePort", number, why)
            raise invalid("Service", self._service.metadata.name, [fault])
        return number

    def _port_fault(self, number: int) -> str:
        key = port_key(number)
        if key in self._had or key in self._own:
            return ""
        if number not in self._allocation.port_band:
            first, last = self._allocation.ports
            return f"provided port is not in the valid range. The range of valid ports is {first}-{last}"
        if self._is_taken(key):
            return TAKEN_PORT
        self._own.add(key)
        return ""

    def _is_taken(self, key: str) -> bool:
        return (
            key in self._taken or key in self._own or key in self._had
            or self._allocation.records.noted(key) is not None
        )  # fmt: skip


def _gives_ports(spec: ServiceSpec) -> bool:
    return spec.type == "NodePort" or spec.allocateLoadBalancerNodePorts is not False


def _is_upgraded(spec: ServiceSpec, before: ServiceSpec) -> bool:
    return len(before.ipFamilies) == 1 and len(spec.ipFamilies) > 1


def with_what_it_had(new: Service, old: Service) -> Service:
    """What the server gave an object stays, when an update leaves it out. Source: patchAllocatedValues."""
    spec, before = new.spec, old.spec
    if "ExternalName" not in (spec.type, before.type):
        spec = replace(
            spec, clusterIP=spec.clusterIP or before.clusterIP, clusterIPs=spec.clusterIPs or before.clusterIPs
        )
    if spec.type in WITH_NODE_PORTS and before.type in WITH_NODE_PORTS:
        known = {port.name: port.nodePort for port in before.ports}
        used = {port.nodePort for port in spec.ports}
        ports = [
            port if port.nodePort or (kept := known.get(port.name, 0)) in used else replace(port, nodePort=kept)
            for port in spec.ports
        ]
        spec = replace(spec, ports=tuple(ports))
    if needs_health_check(spec) and needs_health_check(before) and not spec.healthCheckNodePort:
        spec = replace(spec, healthCheckNodePort=before.healthCheckNodePort)
    return replace(new, spec=spec)
