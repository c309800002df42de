"""That every address of a Service is noted as its own, and that no address is noted that nobody has. Pure.

The API server writes both in one transaction; this puts right what people and older versions leave.
Source: pkg/registry/core/service/ipallocator/controller/repairip.go.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from steersman.api.core import Service
from steersman.api.networking import IPAddress, ServiceCIDR
from steersman.api.networking.serviceranges import (
    FAMILY_LABEL,
    family_of,
    is_managed,
    is_of_service,
    is_within,
    networks_of,
    service_address,
)
from steersman.apimachinery.cidrs import Address, address_of
from steersman.reconcile.plan import NOTHING, Action, Create, Delete, Emit, EventKind, Note, Plan

# A Service may still be on its way when its address is there already.
GRACE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class ServiceView:
    """A Service, the ranges, what is noted of its addresses, and the Services that those notes name instead."""

    service: Service
    ranges: tuple[ServiceCIDR, ...]
    noted: Mapping[str, IPAddress]
    owners: Mapping[str, Service]


@dataclass(frozen=True, slots=True)
class AddressView:
    """A noted address, and the Service it names."""

    address: IPAddress
    service: Service | None


View = ServiceView | AddressView


def plan(view: View, now: datetime) -> Plan:
    """What is wrong, told and put right."""
    return _of_service(view) if isinstance(view, ServiceView) else _of_address(view, now)


def addresses_of(service: Service) -> tuple[str, ...]:
    """The addresses that a Service has."""
    texts = service.spec.clusterIPs or (service.spec.clusterIP,)
    return () if service.spec.type == "ExternalName" else tuple(text for text in texts if text not in ("", "None"))


def _of_service(view: ServiceView) -> Plan:
    actions: list[Action] = []
    for text in addresses_of(view.service):
        address = address_of(text)
        if address is None:
            why = f"Cluster IP {text} is not a valid IP; please recreate Service"
            actions.append(_warning(view.service, "ClusterIPNotValid", why))
        else:
            actions += _of_cluster_ip(view, address)
    return Plan(tuple(actions))


def _of_cluster_ip(view: ServiceView, address: Address) -> list[Action]:
    service, meta = view.service, view.service.metadata
    shown, where = f"[{family_of(address)}]: {address}", f"Service {meta.namespace}/{meta.name}"
    if not any(is_within(network, address) for one in view.ranges for network in networks_of(one)):
        why = f"Cluster IP {shown} is not within any configured Service CIDR; please recreate service"
        return [_warning(service, "ClusterIPOutOfRange", why)]
    noted = view.noted.get(str(address))
    made = Create(service_address(address, meta.namespace, meta.name))
    if noted is None:
        return [_warning(service, "ClusterIPNotAllocated", f"Cluster IP {shown} is not allocated; repairing"), made]
    if not is_of_service(noted, meta.namespace, meta.name):
        owner = view.owners.get(str(address))
        if owner is None:
            why = f"the ClusterIP {shown} for {where} has a wrong reference; repairing"
            return [_warning(service, "ClusterIPNotAllocated", why), Delete(noted), made]
        if str(address) in addresses_of(owner):
            shown = f"[{family_of(address)}]:{address}"
            why = f"Cluster IP {shown} was assigned to multiple services; please recreate service"
            return [_warning(service, "ClusterIPAlreadyAllocated", why)]
    if not is_managed(noted) or noted.metadata.labels.get(FAMILY_LABEL) != family_of(address):
        return [Delete(noted), made]
    return []


def _of_address(view: AddressView, now: datetime) -> Plan:
    address, service = view.address, view.service
    parent = address.spec.parentRef
    if parent is None or not is_managed(address):
        return NOTHING
    name = address.metadata.name
    if (parent.group, parent.resource) != ("", "services"):
        fields = f"Group:{parent.group},Resource:{parent.resource},Namespace:{parent.namespace},Name:{parent.name},"
        why = f"appears to have been modified, not referencing a Service &ParentReference{{{fields}}}: cleaning up"
        return _cleaned(address, "IPAddressNotAllocated", f"IPAddress {name} {why}")
    where = f"IPAddress: {name} for Service {parent.namespace}/{parent.name}"
    if service is None:
        made_at = address.metadata.creationTimestamp
        left = timedelta(0) if made_at is None else made_at + GRACE - now
        if left > timedelta(0):
            return Plan(requeue_after=left)
        return _cleaned(address, "IPAddressNotAllocated", f"{where} appears to have leaked: cleaning up")
    if name in addresses_of(service):
        return NOTHING
    return _cleaned(address, "IPAddressWrongReference", f"{where} has a wrong reference; cleaning up")


def _cleaned(address: IPAddress, reason: str, message: str) -> Plan:
    return Plan((_warning(address, reason, message), Delete(address)))


def _warning(about: Service | IPAddress, reason: str, message: str) -> Emit:
    return Emit(Note(about, EventKind.WARNING, reason, message))
