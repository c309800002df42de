"""Cluster IPs and node ports of Services: given out when one is written, given back when it is gone.

The Services themselves are the record: the pools are filled from them at start. One server writes at a time.
Source: pkg/registry/core/service/storage/alloc.go.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from random import Random

from steersman.api.core import Service, ServicePort, ServiceSpec
from steersman.api.meta import Kind
from steersman.apimachinery.fielderrors import invalid_value
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Cause, internal_error, invalid
from steersman.apiserver.allocators.pool import Full, Pool, reserved_of
from steersman.apiserver.reservations import Reservation

HEADLESS = "None"
WITH_NODE_PORTS = ("NodePort", "LoadBalancer")
TAKEN_ADDRESS = "provided IP is already allocated"
TAKEN_PORT = "provided port is already allocated"


@dataclass(frozen=True, slots=True)
class Taken:
    """A place in one of the pools, and where the object says so."""

    pool: Pool
    place: int


class ServiceReservation(Reservation):
    """Remembers what it took and, for when the write is done, what the object no longer needs."""

    def __init__(self, obj: Service, taken: list[Taken], dropped: list[Taken]) -> None:
        super().__init__(obj)
        self._taken, self._dropped = taken, dropped

    def keep(self) -> None:
        """What was taken stays taken; what the old object had and the new one hasn't is free."""
        self._taken = []
        for one in self._dropped:
            one.pool.give_back(one.place)

    def __exit__(self, *_: object) -> None:
        for one in self._taken:
            one.pool.give_back(one.place)


class ServiceReserver:
    """The Reserver of Services; other kinds pass."""

    def __init__(self, network: IPv4Network | IPv6Network, ports: tuple[int, int], random: Random) -> None:
        self._network = network
        # Neither the network's own address nor the broadcast address is given out.
        size = min(network.num_addresses - 2, 1 << 16 if network.version == 6 else 1 << 24)
        self._addresses = Pool(size, reserved_of(size, 16, 16, 256), random)
        self._first_port, self._last_port = ports
        count = ports[1] - ports[0] + 1
        self._ports = Pool(count, reserved_of(count, 16, 32, 128), random)

    def fill(self, services: Iterable[Service]) -> None:
        """Take what existing Services have."""
        for service in services:
            for one in self._held(service):
                one.pool.take(one.place)

    def reserve(self, obj: Kind, old: Kind | None, dry_run: bool) -> Reservation:
        """See Reserver."""
        if not isinstance(obj, Service):
            return Reservation(obj)
        before = old if isinstance(old, Service) else None
        if before is not None:
            obj = _with_what_it_had(obj, before)
        had = self._held(before) if before is not None else []
        taken: list[Taken] = []
        try:
            spec = self._with_ports(obj, self._with_address(obj, taken, had), taken, had)
        except BaseException:
            ServiceReservation(obj, taken, []).__exit__()
            raise
        made = replace(obj, spec=spec)
        held = {(id(one.pool), one.place) for one in self._held(made)}
        reservation = ServiceReservation(made, taken, [one for one in had if (id(one.pool), one.place) not in held])
        if dry_run:
            reservation.__exit__()
            return Reservation(made)
        return reservation

    def release(self, obj: Kind) -> None:
        """See Reserver."""
        if isinstance(obj, Service):
            for one in self._held(obj):
                one.pool.give_back(one.place)

    def _held(self, service: Service) -> list[Taken]:
        """What an object has taken, of what these pools give out."""
        spec = service.spec
        held = []
        for address in dict.fromkeys((spec.clusterIP, *spec.clusterIPs)):
            place = self._address_place(address)
            if place is not None:
                held.append(Taken(self._addresses, place))
        numbers = [port.nodePort for port in spec.ports] + [spec.healthCheckNodePort]
        for number in dict.fromkeys(numbers):
            if self._first_port <= number <= self._last_port:
                held.append(Taken(self._ports, number - self._first_port))
        return held

    def _address_place(self, text: str) -> int | None:
        try:
            address = ip_address(text)
        except ValueError:
            return None
        if address not in self._network:
            return None
        place = int(address) - int(self._network.network_address) - 1
        return place if 0 <= place < self._network.num_addresses - 2 else None

    def _with_address(self, service: Service, taken: list[Taken], had: list[Taken]) -> ServiceSpec:
        spec = service.spec
        wanted = spec.clusterIP or next(iter(spec.clusterIPs), "")
        if spec.type == "ExternalName" or wanted == HEADLESS:
            return spec if spec.type == "ExternalName" else replace(spec, clusterIP=HEADLESS, clusterIPs=(HEADLESS,))
        if wanted:
            place = self._address_place(wanted)
            if place is None:
                why = f"the provided network does not match the current range {self._network}"
                raise _refused_address(service, wanted, f"failed to allocate IP {wanted}: {why}")
            self._take(self._addresses, place, taken, had, lambda: _refused_address(
                service, wanted, f"failed to allocate IP {wanted}: {TAKEN_ADDRESS}",
            ))  # fmt: skip
        else:
            place = self._take_any(self._addresses, taken, "failed to allocate a serviceIP: range is full")
            wanted = str(self._network.network_address + 1 + place)
        family = f"IPv{self._network.version}"
        return replace(
            spec,
            clusterIP=wanted,
            clusterIPs=(wanted,),
            ipFamilies=spec.ipFamilies or (family,),
            ipFamilyPolicy=spec.ipFamilyPolicy or "SingleStack",
        )

    def _with_ports(self, service: Service, spec: ServiceSpec, taken: list[Taken], had: list[Taken]) -> ServiceSpec:
        if spec.type not in WITH_NODE_PORTS:
            return spec
        if spec.type == "LoadBalancer" and spec.allocateLoadBalancerNodePorts is False:
            given = tuple(port for port in spec.ports if port.nodePort)
        else:
            given = spec.ports
        # A port number served over two protocols gets one node port for both.
        by_number: dict[int, int] = {}
        ports: list[ServicePort] = []
        for position, port in enumerate(spec.ports):
            if port not in given or (port.nodePort and port.nodePort == by_number.get(port.port)):
                ports.append(port)
                continue
            number = port.nodePort or by_number.get(port.port) or self._any_port(taken)
            if port.nodePort:
                self._certain_port(service, f"spec.ports[{position}].nodePort", number, taken, had)
            by_number.setdefault(port.port, number)
            ports.append(replace(port, nodePort=number))
        return self._with_health_port(service, replace(spec, ports=tuple(ports)), taken, had)

    def _with_health_port(
        self, service: Service, spec: ServiceSpec, taken: list[Taken], had: list[Taken]
    ) -> ServiceSpec:
        if spec.type != "LoadBalancer" or spec.externalTrafficPolicy != "Local":
            return spec
        if not spec.healthCheckNodePort:
            return replace(spec, healthCheckNodePort=self._any_port(taken))
        self._certain_port(service, "spec.healthCheckNodePort", spec.healthCheckNodePort, taken, had)
        return spec

    def _any_port(self, taken: list[Taken]) -> int:
        place = self._take_any(self._ports, taken, "failed to allocate a nodePort: range is full")
        return self._first_port + place

    def _certain_port(self, service: Service, field: str, number: int, taken: list[Taken], had: list[Taken]) -> None:
        def refused(why: str) -> Exception:
            return invalid("Service", service.metadata.name, [invalid_value(field, number, why)])

        if not self._first_port <= number <= self._last_port:
            known = f"{self._first_port}-{self._last_port}"
            raise refused(f"provided port is not in the valid range. The range of valid ports is {known}")
        place = number - self._first_port
        if not any(one.pool is self._ports and one.place == place for one in taken):
            self._take(self._ports, place, taken, had, lambda: refused(TAKEN_PORT))

    def _take(
        self, pool: Pool, place: int, taken: list[Taken], had: list[Taken], refusal: Callable[[], Exception]
    ) -> None:
        if any(one.pool is pool and one.place == place for one in had):
            return
        if not pool.take(place):
            raise refusal()
        taken.append(Taken(pool, place))

    def _take_any(self, pool: Pool, taken: list[Taken], why: str) -> int:
        try:
            place = pool.take_any()
        except Full as error:
            raise internal_error(why) from error
        taken.append(Taken(pool, place))
        return place


def _refused_address(service: Service, address: str, why: str) -> Exception:
    cause: Cause = invalid_value("spec.clusterIPs", (address,), why)
    return invalid("Service", service.metadata.name, [cause])


def _with_what_it_had(new: Service, old: Service) -> Service:
    """What the server gave an object stays, when an update leaves it out. Source: patchAllocatedValues."""
    spec, before = new.spec, old.spec
    if spec.type != "ExternalName" and before.type != "ExternalName" and not spec.clusterIP:
        spec = replace(spec, clusterIP=before.clusterIP, clusterIPs=spec.clusterIPs or before.clusterIPs)
    if spec.type == "ExternalName" and before.type != "ExternalName" and spec.clusterIP == before.clusterIP:
        spec = replace(spec, clusterIP="", clusterIPs=(), ipFamilies=(), ipFamilyPolicy=None)
    if spec.type in WITH_NODE_PORTS and before.type in WITH_NODE_PORTS:
        known = {(port.protocol, port.port): port.nodePort for port in before.ports}
        used = {port.nodePort for port in spec.ports}
        ports = [
            replace(port, nodePort=kept)
            if not port.nodePort and (kept := known.get((port.protocol, port.port), 0)) and kept not in used
            else port
            for port in spec.ports
        ]
        spec = replace(spec, ports=tuple(ports))
    elif spec.type not in WITH_NODE_PORTS and before.type in WITH_NODE_PORTS:
        # Node ports that were the server's idea don't survive the type; ones the client now asks for are refused.
        had = {port.nodePort for port in before.ports}
        kept_ports = tuple(replace(port, nodePort=0) if port.nodePort in had else port for port in spec.ports)
        spec = replace(spec, ports=kept_ports)
    if spec.healthCheckNodePort == 0 and spec.externalTrafficPolicy == "Local" == before.externalTrafficPolicy:
        spec = replace(spec, healthCheckNodePort=before.healthCheckNodePort)
    return replace(new, spec=spec)
