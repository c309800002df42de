"""Whether a range of Services' addresses is ready, and when one that is deleted may go. Pure.

Source: pkg/controller/servicecidrs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from steersman.api.meta import Condition
from steersman.api.networking import IPAddress, ServiceCIDR
from steersman.api.networking.serviceranges import READY, is_managed, is_within, networks_of
from steersman.apimachinery.cidrs import Address, Network, address_of
from steersman.apimachinery.codec.json import to_wire
from steersman.apimachinery.object import replace
from steersman.apimachinery.times import to_time
from steersman.reconcile.plan import NOTHING, EventKind, Note, Patch, Plan, Told

FINALIZER = "networking.k8s.io/service-cidr-finalizer"
# So long the API servers may go on to give out addresses: they haven't heard yet.
DELETION_GRACE = timedelta(seconds=10)
IN_USE = "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR"


@dataclass(frozen=True, slots=True)
class View:
    """One range object, all of them, and all addresses."""

    ranges: ServiceCIDR
    all_ranges: tuple[ServiceCIDR, ...]
    addresses: tuple[IPAddress, ...]


def plan(view: View, now: datetime) -> Plan:
    """Finalizer and condition; when it is deleted and nobody needs it, the finalizer goes."""
    ranges = view.ranges
    finalizers = ranges.metadata.finalizers
    deleted_at = ranges.metadata.deletionTimestamp
    if deleted_at is None:
        held = () if FINALIZER in finalizers else (_with_finalizers(ranges, (*finalizers, FINALIZER)),)
        ready = _judged(ranges, Condition(type=READY, status="True", message="Kubernetes Service CIDR is ready"), now)
        return Plan((*held, *ready))
    if FINALIZER not in finalizers:
        return NOTHING
    if _is_needed(view):
        waiting = Condition(type=READY, status="False", reason="Terminating", message=IN_USE)
        return Plan(_judged(ranges, waiting, now))
    left = deleted_at + DELETION_GRACE - now
    if left > timedelta(0):
        return Plan(requeue_after=left)
    return Plan((_with_finalizers(ranges, tuple(name for name in finalizers if name != FINALIZER)),))


def containing(all_ranges: Iterable[ServiceCIDR], address: Address) -> tuple[str, ...]:
    """The names of those that an address may have been given out from."""
    return tuple(
        one.metadata.name for one in all_ranges if any(is_within(network, address) for network in networks_of(one))
    )


def overlapping(all_ranges: Iterable[ServiceCIDR], ranges: ServiceCIDR) -> tuple[str, ...]:
    """The names of those that one more, or one less, concerns."""
    mine = networks_of(ranges)
    return tuple(
        one.metadata.name
        for one in all_ranges
        if any(_contains(left, right) or _contains(right, left) for left in networks_of(one) for right in mine)
    )


def _is_needed(view: View) -> bool:
    """Addresses would be left in no range at all."""
    name = view.ranges.metadata.name
    if all(_has_parent(view, network) for network in networks_of(view.ranges)):
        return False
    managed = (address_of(one.metadata.name) for one in view.addresses if is_managed(one))
    return any(containing(view.all_ranges, address) == (name,) for address in managed if address is not None)


def _has_parent(view: View, network: Network) -> bool:
    name = view.ranges.metadata.name
    return any(
        _contains(other, network) for one in view.all_ranges if one.metadata.name != name for other in networks_of(one)
    )


def _contains(outer: Network, inner: Network) -> bool:
    if outer.version != inner.version or outer.prefixlen > inner.prefixlen:
        return False
    return int(outer.network_address) <= int(inner.network_address) <= int(outer.broadcast_address)


def _with_finalizers(ranges: ServiceCIDR, finalizers: tuple[str, ...]) -> Patch:
    return Patch(ranges, {"metadata": {"finalizers": list(finalizers)}})


def _judged(ranges: ServiceCIDR, wanted: Condition, now: datetime) -> tuple[Patch, ...]:
    """The condition, unless it says so already: whoever said that first may have had more to say."""
    if any((one.type, one.status) == (wanted.type, wanted.status) for one in ranges.status.conditions):
        return ()
    others = [to_wire(one) for one in ranges.status.conditions if one.type != wanted.type]
    said = to_wire(replace(wanted, lastTransitionTime=to_time(now)))
    message = f"The ServiceCIDR Status can not be set to Ready={wanted.status}"
    told = Told(failed=Note(ranges, EventKind.WARNING, "KubernetesServiceCIDRError", message))
    return (Patch(ranges, {"status": {"conditions": [*others, said]}}, "status", any_version=True, told=told),)
