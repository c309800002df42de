"""The controller of the ranges that Services get their addresses from."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from steersman.api.networking import IPAddress, ServiceCIDR
from steersman.api.networking.serviceranges import is_managed
from steersman.apimachinery.cidrs import address_of
from steersman.client.cache import ObjectKey, key_of
from steersman.controllers.servicecidrs.plan import View, containing, overlapping, plan
from steersman.reconcile.controller import Reader, Watch
from steersman.reconcile.plan import Plan


class ServiceCIDRController:
    """Says whether ranges are ready, and keeps one that is in use from going."""

    name = "service-cidr-controller"

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """Ranges, and the addresses in them."""
        return (Watch(ServiceCIDR, _concerned), Watch(IPAddress, _ranges_of))

    async def observe(self, reader: Reader, key: ObjectKey) -> View | None:
        """The range, and what may keep it."""
        ranges = reader.get(ServiceCIDR, key)
        if ranges is None:
            return None
        is_deleted = ranges.metadata.deletionTimestamp is not None
        return View(ranges, tuple(reader.cache(ServiceCIDR)), tuple(reader.cache(IPAddress)) if is_deleted else ())

    def plan(self, view: View, now: datetime) -> Plan:
        """See `plan`."""
        return plan(view, now)


def _concerned(reader: Reader, old: ServiceCIDR | None, new: ServiceCIDR | None) -> Iterable[ObjectKey]:
    """Itself; one that comes may let others go that it overlaps."""
    ranges = new if new is not None else old
    if ranges is None:
        return
    yield key_of(ranges)
    if old is None or new is None:
        for name in overlapping(reader.cache(ServiceCIDR), ranges):
            yield ObjectKey("", name)


def _ranges_of(reader: Reader, old: IPAddress | None, new: IPAddress | None) -> Iterable[ObjectKey]:
    """Those that are being deleted, and may have to wait for an address that came, or no longer for one that went."""
    if old is not None and new is not None:
        return
    one = new if new is not None else old
    address = address_of(one.metadata.name) if one is not None and is_managed(one) else None
    if address is not None:
        leaving = (found for found in reader.cache(ServiceCIDR) if found.metadata.deletionTimestamp is not None)
        for name in containing(leaving, address):
            yield ObjectKey("", name)
