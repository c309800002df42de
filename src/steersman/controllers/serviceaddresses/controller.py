"""The controller that puts right what is noted of Services' addresses."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from steersman.api.core import Service
from steersman.api.networking import IPAddress, ServiceCIDR
from steersman.api.networking.serviceranges import is_of_service
from steersman.apimachinery.cidrs import address_of
from steersman.apimachinery.status import NotFound
from steersman.client.cache import ObjectKey, key_of
from steersman.controllers.serviceaddresses.plan import AddressView, ServiceView, View, addresses_of, plan
from steersman.reconcile.controller import Reader, Watch
from steersman.reconcile.plan import Plan

# What is written together comes by two watches: one of them is first.
APART = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Key:
    """Of a Service, or of an address, which has no namespace."""

    kind: type[Service] | type[IPAddress]
    object: ObjectKey


class ServiceAddressController:
    """Looks at Services that come or change, and at addresses."""

    name = "ipallocator-repair-controller"

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """Services, addresses, and the ranges they are to be in."""
        return (
            Watch(Service, _changed_service, delay=APART),
            Watch(IPAddress, _changed_address, delay=APART),
            Watch(ServiceCIDR, _nobody),
        )

    async def observe(self, reader: Reader, key: Key) -> View | None:
        """See the views. What looks wrong by the caches is read from the API."""
        if key.kind is Service:
            service = reader.get(Service, key.object)
            return None if service is None else await _service_view(reader, service)
        address = reader.get(IPAddress, key.object)
        parent = None if address is None else address.spec.parentRef
        if address is None or parent is None:
            return None
        owner = reader.get(Service, ObjectKey(parent.namespace, parent.name))
        if owner is None or address.metadata.name not in addresses_of(owner):
            owner = await _live(reader, Service, ObjectKey(parent.namespace, parent.name))
        return AddressView(address, owner)

    def plan(self, view: View, now: datetime) -> Plan:
        """See `plan`."""
        return plan(view, now)


async def _service_view(reader: Reader, service: Service) -> ServiceView:
    noted: dict[str, IPAddress] = {}
    owners: dict[str, Service] = {}
    for text in addresses_of(service):
        address = address_of(text)
        if address is None:
            continue
        key = ObjectKey("", str(address))
        found = reader.get(IPAddress, key)
        if found is None or not is_of_service(found, service.metadata.namespace, service.metadata.name):
            found = await _live(reader, IPAddress, key)
        if found is None:
            continue
        noted[str(address)] = found
        parent = found.spec.parentRef
        if parent is None or is_of_service(found, service.metadata.namespace, service.metadata.name):
            continue
        owner = await _live(reader, Service, ObjectKey(parent.namespace, parent.name))
        if owner is not None:
            owners[str(address)] = owner
    return ServiceView(service, tuple(reader.cache(ServiceCIDR)), noted, owners)


async def _live(reader: Reader, kind: type[Any], key: ObjectKey) -> Any:
    try:
        return await reader.live.get(kind, key.name, key.namespace or None)
    except NotFound:
        return None


def _changed_service(_: Reader, old: Service | None, new: Service | None) -> Iterable[Key]:
    if new is not None and (old is None or addresses_of(old) != addresses_of(new)):
        yield Key(Service, key_of(new))


def _changed_address(_: Reader, old: IPAddress | None, new: IPAddress | None) -> Iterable[Key]:
    """The address; and the Service it was of, which may have to have it back."""
    if new is not None:
        yield Key(IPAddress, key_of(new))
    if old is None or old.spec.parentRef is None or new == old:
        return
    parent = old.spec.parentRef
    if (parent.group, parent.resource) == ("", "services"):
        yield Key(Service, ObjectKey(parent.namespace, parent.name))


def _nobody(_: Reader, __: ServiceCIDR | None, ___: ServiceCIDR | None) -> tuple[Key, ...]:
    """Ranges are only looked up."""
    return ()
