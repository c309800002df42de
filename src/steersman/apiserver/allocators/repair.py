"""Puts right what is noted of Services' addresses and ports: of Services made before there were notes, above all.

At the start both are noted; from then on ports are looked at now and then, addresses by a controller, which sees them.
Source: pkg/registry/core/service/portallocator/controller/repair.go, ipallocator/controller/repairip.go.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from steersman.api.core import Service
from steersman.apiserver.allocators.records import PORTS, Records, node_ports, port_key
from steersman.apiserver.allocators.services import Allocation
from steersman.apiserver.collection import Collection
from steersman.client.recorder import EventRecorder
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.storage.cacher import Cacher
from steersman.storage.interface import Compare, CompareFailed, Delete, Put, Store, StoreError

_log = get_logger(__name__)

INTERVAL_SECONDS = 180.0
COMPONENT = "portallocator-repair-controller"
# etcd takes 128 operations a transaction.
PUTS_A_TRANSACTION = 100


@dataclass(frozen=True, slots=True)
class Told:
    """An Event about a Service."""

    service: Service
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class PortFindings:
    """What is to be noted, and told; the keys of what nobody has."""

    missing: tuple[Put, ...]
    told: tuple[Told, ...]
    leaked: tuple[str, ...]


def find_ports(
    services: Iterable[Service], noted: frozenset[str], records: Records, ports: tuple[int, int]
) -> PortFindings:
    """Compare what Services have with what is noted. Pure. noted: the keys of all ports that are."""
    missing: dict[str, Put] = {}
    told: list[Told] = []
    held: set[str] = set()
    for service in services:
        wanted = records.of(service)
        for port in node_ports(service):
            key, why = port_key(port), ""
            if key in held:
                why = f"Port {port} was assigned to multiple services; please recreate service"
                told.append(Told(service, "PortAlreadyAllocated", why))
                continue
            held.add(key)
            if not ports[0] <= port <= ports[1]:
                why = f"Port {port} is not within the port range {ports[0]}-{ports[1]}; please recreate service"
                told.append(Told(service, "PortOutOfRange", why))
            elif key not in noted:
                why = f"Port {port} is not allocated; repairing"
                told.append(Told(service, "PortNotAllocated", why))
            if key not in noted:
                missing[key] = wanted[key]
    return PortFindings(tuple(missing.values()), tuple(told), tuple(sorted(noted - held)))


class Repair:
    """Looks at once, and now and then."""

    def __init__(
        self, store: Store, services: Collection[Service], ports: Cacher, allocation: Allocation, clock: Clock
    ) -> None:
        self._store, self._services, self._ports = store, services, ports
        self.allocation, self._clock = allocation, clock

    async def begin(self) -> None:
        """Everything that Services have is noted: only then may more be given out. The caches must be filled."""
        records, missing = self.allocation.records, dict[str, Put]()
        for service in self._all():
            for key in records.keys_of(service):
                if records.noted(key) is None and key not in missing:
                    missing[key] = records.of(service)[key]
        await self._note(tuple(missing.values()))

    async def run(self, recorder: EventRecorder) -> None:
        """Look at the ports now and then, until cancelled."""
        while True:
            await self._clock.sleep(INTERVAL_SECONDS)
            try:
                await self.look(recorder)
            except StoreError as error:
                _log.warning("node ports can't be looked at; trying again later", error=str(error))

    async def look(self, recorder: EventRecorder) -> None:
        """Once."""
        noted = {one.key: one.revision for one in self._ports.under(PORTS)}
        allocation = self.allocation
        found = find_ports(self._all(), frozenset(noted), allocation.records, allocation.ports)
        for told in found.told:
            recorder.event(told.service, "Warning", told.reason, told.message)
        await self._note(found.missing)
        for key in found.leaked:
            _log.warning("a node port appears to have leaked: cleaning up", key=key)
            try:
                await self._store.txn((Compare(key, noted[key]),), (Delete(key),))
            except CompareFailed:
                continue  # somebody has it now

    def _all(self) -> list[Service]:
        cacher = self._services.cacher
        return [self._services.decoded(one) for one in cacher.under(cacher.prefix)]

    async def _note(self, missing: tuple[Put, ...]) -> None:
        for start in range(0, len(missing), PUTS_A_TRANSACTION):
            some = missing[start : start + PUTS_A_TRANSACTION]
            try:
                await self._store.txn(tuple(Compare(put.key, 0) for put in some), some)
            except CompareFailed:
                await self._note_each(some)

    async def _note_each(self, some: tuple[Put, ...]) -> None:
        for put in some:
            try:
                await self._store.txn((Compare(put.key, 0),), (put,))
            except CompareFailed:
                continue  # another server that starts was faster
