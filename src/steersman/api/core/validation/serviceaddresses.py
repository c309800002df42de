"""A Service's addresses and their families, and how they may change.

Source: pkg/apis/core/validation: ValidateServiceClusterIPsRelatedFields, ValidateServiceUpdate.
"""

from steersman.api.core.service import Service, ServiceSpec
from steersman.api.core.servicefields import HEADLESS, is_headless
from steersman.api.core.validation.fields import is_dual_stack, is_ipv6, maybe_one_of, valid_ip
from steersman.apimachinery.fielderrors import duplicate, forbidden_field, invalid_value, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.status import Cause

FAMILIES = ("IPv4", "IPv6")
FAMILY_POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
_ADDRESSES, _FAMILIES = Path("spec.clusterIPs"), Path("spec.ipFamilies")
_POLICY = Path("spec.ipFamilyPolicy")
_FIXED = "may not change once set"


def validate_cluster_ips(spec: ServiceSpec) -> list[Cause]:
    """clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy, against each other."""
    faults = _synced(spec)
    for position, family in enumerate(spec.ipFamilies):
        if family not in FAMILIES:
            faults.append(not_supported(_FAMILIES.at(position), family, FAMILIES))
        if family in spec.ipFamilies[:position]:
            faults.append(duplicate(_FAMILIES.at(position), family))
    faults += maybe_one_of(spec.ipFamilyPolicy, FAMILY_POLICIES, _POLICY)
    wrong = _addresses(spec)
    if len(spec.clusterIPs) > 2:
        wrong_count = [invalid_value(_ADDRESSES, spec.clusterIPs, "may only hold up to 2 values")]
    else:
        wrong_count = []
    faults += wrong + wrong_count
    if wrong:
        # What isn't an address has no family; more messages would mislead.
        return faults
    if len(spec.clusterIPs) > 1 and not is_dual_stack(spec.clusterIPs):
        why = "may specify no more than one IP for each IP family"
        faults.append(invalid_value(_ADDRESSES, spec.clusterIPs, why))
    return faults + ([] if is_headless(spec) else _families_match(spec))


def _synced(spec: ServiceSpec) -> list[Cause]:
    if not spec.clusterIP:
        if not spec.clusterIPs:
            return []
        return [invalid_value(_ADDRESSES, spec.clusterIPs, "must be empty when `clusterIP` is not specified")]
    if not spec.clusterIPs:
        return [required(_ADDRESSES)]
    if spec.clusterIPs[0] != spec.clusterIP:
        return [invalid_value(_ADDRESSES, spec.clusterIPs, "first value must match `clusterIP`")]
    return []


def _addresses(spec: ServiceSpec) -> list[Cause]:
    faults: list[Cause] = []
    for position, address in enumerate(spec.clusterIPs):
        if position == 0 and address == HEADLESS:
            if len(spec.clusterIPs) > 1:
                faults.append(invalid_value(_ADDRESSES, spec.clusterIPs, "'None' must be the first and only value"))
        else:
            faults += valid_ip(address, _ADDRESSES.at(position))
    return faults


def _families_match(spec: ServiceSpec) -> list[Cause]:
    return [
        invalid_value(
            _ADDRESSES.at(position), address, f"expected an {family} value as indicated by `ipFamilies[{position}]`"
        )
        for position, (address, family) in enumerate(zip(spec.clusterIPs, spec.ipFamilies, strict=False))
        if family in FAMILIES and (family == "IPv6") != is_ipv6(address)
    ]


def validate_service_change(service: Service, old: Service) -> list[Cause]:
    """Addresses and families stay, but that a second one may be added or given up; so does a load balancer's class."""
    faults: list[Cause] = []
    new, was = service.spec, old.spec
    if "ExternalName" not in (new.type, was.type):
        faults += _address_change(new, was) + _family_change(new, was)
    if new.type == was.type == "LoadBalancer":
        if new.loadBalancerClass != was.loadBalancerClass:
            faults.append(invalid_value(Path("spec.loadBalancerClass"), new.loadBalancerClass, _FIXED))
        local = new.externalTrafficPolicy == was.externalTrafficPolicy == "Local"
        if local and new.healthCheckNodePort != was.healthCheckNodePort:
            faults.append(forbidden_field(Path("spec.healthCheckNodePort"), "field is immutable"))
    return faults


def _address_change(new: ServiceSpec, was: ServiceSpec) -> list[Cause]:
    if is_headless(new) and is_headless(was):
        return []
    ours, theirs = new.clusterIPs, was.clusterIPs
    if len(ours) == len(theirs):
        moved = [position for position, address in enumerate(theirs) if address != ours[position]]
        return [invalid_value(_ADDRESSES.at(position), ours, _FIXED) for position in moved]
    faults = []
    if len(theirs) > len(ours):
        if not ours:
            faults.append(invalid_value(_ADDRESSES.at(0), ours, "primary clusterIP can not be unset"))
        elif ours[0] != theirs[0]:
            faults.append(invalid_value(_ADDRESSES.at(0), ours, _FIXED))
        if len(ours) == 1 and new.ipFamilyPolicy != "SingleStack":
            why = "must be set to 'SingleStack' when releasing the secondary clusterIP"
            faults.append(invalid_value(_POLICY, new.ipFamilyPolicy, why))
    elif theirs and ours[0] != theirs[0]:
        faults.append(invalid_value(_ADDRESSES.at(0), ours, _FIXED))
    return faults


def _family_change(new: ServiceSpec, was: ServiceSpec) -> list[Cause]:
    if is_headless(new) or is_headless(was):
        return []
    ours, theirs = new.ipFamilies, was.ipFamilies
    if len(ours) == len(theirs):
        moved = sum(mine != before for mine, before in zip(ours, theirs, strict=True))
        return [invalid_value(_FAMILIES.at(0), ours, _FIXED)] * moved
    faults = []
    if ours and theirs and ours[0] != theirs[0]:
        faults.append(invalid_value(_FAMILIES.at(0), ours, _FIXED))
    if len(theirs) > len(ours):
        if not new.clusterIPs:
            faults.append(invalid_value(_FAMILIES.at(0), ours, "primary ipFamily can not be unset"))
        if len(ours) == 1 and new.ipFamilyPolicy != "SingleStack":
            why = "must be set to 'SingleStack' when releasing the secondary ipFamily"
            faults.append(invalid_value(_POLICY, new.ipFamilyPolicy, why))
    return faults
