"""What makes the addresses of Services, and the ranges they come from, wrong, in upstream's words.

Source: pkg/apis/networking/validation/validation.go.
"""

from steersman.api.meta.fieldrules import immutable
from steersman.api.networking.address import IPAddress, ParentReference, ServiceCIDR
from steersman.api.networking.ingressvalidation import segment_faults
from steersman.apimachinery.cidrs import canonical_cidr, network_of
from steersman.apimachinery.fielderrors import invalid_value, invalid_values, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_subdomain, path_segment_name
from steersman.apimachinery.status import Cause

PARENT, CIDRS = Path("spec.parentRef"), Path("spec.cidrs")
FAMILIES = 2
ONE_EACH = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"
STAYS = "field is immutable"


def validate_address(address: IPAddress) -> list[Cause]:
    """A new address: whose it is. Its name, which is the address, is looked at with metadata."""
    parent = address.spec.parentRef
    return [required(PARENT)] if parent is None else _parent_faults(parent)


def validate_address_update(address: IPAddress, old: IPAddress) -> list[Cause]:
    """A changed address: it stays whose it is."""
    return [*validate_address(address), *immutable(address.spec.parentRef, old.spec.parentRef, PARENT)]


def _parent_faults(parent: ParentReference) -> list[Cause]:
    faults: list[Cause] = []
    if parent.group:
        faults += invalid_values(PARENT.child("group"), parent.group, dns1123_subdomain(parent.group))
    faults += segment_faults(parent.resource, PARENT.child("resource"))
    faults += segment_faults(parent.name, PARENT.child("name"))
    if parent.namespace:
        where = PARENT.child("namespace")
        faults += invalid_values(where, parent.namespace, path_segment_name(parent.namespace))
    return faults


def validate_service_cidr(ranges: ServiceCIDR) -> list[Cause]:
    """One range, or one for each family of addresses."""
    cidrs = ranges.spec.cidrs
    if not cidrs:
        return [required(CIDRS, "at least one CIDR required")]
    if len(cidrs) > FAMILIES:
        # Upstream shows the whole spec here, under the names it has in Go.
        return [invalid_value(CIDRS, {"CIDRs": list(cidrs)}, "may only hold up to 2 values")]
    faults: list[Cause] = []
    for position, one in enumerate(cidrs):
        faults += invalid_values(CIDRS.at(position), one, canonical_cidr(one))
    networks = [network for one in cidrs if (network := network_of(one)) is not None]
    if len(networks) == FAMILIES and networks[0].version == networks[1].version:
        faults.append(invalid_value(CIDRS, list(cidrs), ONE_EACH))
    return faults


def validate_service_cidr_update(ranges: ServiceCIDR, old: ServiceCIDR) -> list[Cause]:
    """Ranges stay; a second one may come."""
    new, before = ranges.spec.cidrs, old.spec.cidrs
    if len(new) == len(before):
        changed = [position for position, one in enumerate(new) if one != before[position]]
        return [invalid_value(CIDRS.at(position), new[position], STAYS) for position in changed]
    if (len(before), len(new)) == (1, FAMILIES):
        faults = [] if new[0] == before[0] else [invalid_value(CIDRS.at(0), new[0], STAYS)]
        return faults + validate_service_cidr(ranges)
    return [invalid_value(CIDRS, list(new) or None, STAYS)]
