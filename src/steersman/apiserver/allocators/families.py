"""Which families of addresses a Service has: as it says, or as the cluster's ranges allow. Pure.

Source: pkg/registry/core/service/storage/alloc.go: initIPFamilyFields; KEP-563.
"""

from steersman.api.core import Service, ServiceSpec
from steersman.api.core.servicefields import HEADLESS
from steersman.api.core.validation.serviceaddresses import validate_cluster_ips
from steersman.apimachinery.fielderrors import invalid_value
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Cause, invalid

SINGLE, PREFER, REQUIRE = "SingleStack", "PreferDualStack", "RequireDualStack"
POLICY, FAMILIES, ADDRESSES = Path("spec.ipFamilyPolicy"), Path("spec.ipFamilies"), Path("spec.clusterIPs")
OTHER = {"IPv4": "IPv6", "IPv6": "IPv4"}
BOTH = 2


def with_families(service: Service, old: Service | None, configured: tuple[str, ...]) -> ServiceSpec:
    """The spec with policy and families filled in; configured: those of the cluster, its default first. Invalid."""
    spec = service.spec
    if spec.type == "ExternalName" or keeps_preference(spec, old):
        return spec
    spec = replace(spec, ipFamilyPolicy=spec.ipFamilyPolicy or _policy(spec, old))
    _refuse(service, validate_cluster_ips(spec))
    faults: list[Cause] = []
    if old is not None:
        spec, faults = _reduced(spec, old.spec)
    faults += _too_many(spec)
    spec, unknown = _inferred(spec, configured)
    _refuse(service, faults + unknown)
    if spec.clusterIP == HEADLESS and not spec.selector:
        return _completed(spec, configured[0], is_dual=True)
    _refuse(service, _not_configured(spec, configured))
    return _completed(spec, configured[0], is_dual=len(configured) == BOTH)


def keeps_preference(spec: ServiceSpec, old: Service | None) -> bool:
    """Both families were preferred and still are: what it has doesn't follow the cluster's ranges as they change."""
    if old is None or spec.type == "ExternalName" or spec.type != old.spec.type:
        return False
    before = old.spec
    is_preferred = spec.ipFamilyPolicy == PREFER and before.ipFamilyPolicy in (PREFER, None)
    return is_preferred and spec.clusterIPs == before.clusterIPs and spec.ipFamilies == before.ipFamilies


def _policy(spec: ServiceSpec, old: Service | None) -> str:
    if old is not None and old.spec.ipFamilyPolicy is not None:
        return old.spec.ipFamilyPolicy
    return REQUIRE if spec.clusterIP == HEADLESS and not spec.selector else SINGLE


def _reduced(spec: ServiceSpec, before: ServiceSpec) -> tuple[ServiceSpec, list[Cause]]:
    """The second address goes by the policy, not by leaving it out."""
    if spec.ipFamilyPolicy == SINGLE:
        if spec.clusterIPs == before.clusterIPs:
            spec = replace(spec, clusterIPs=spec.clusterIPs[:1])
        if spec.ipFamilies == before.ipFamilies:
            spec = replace(spec, ipFamilies=spec.ipFamilies[:1])
        return spec, []
    faults = []
    if 0 < len(spec.clusterIPs) < len(before.clusterIPs):
        why = "must be 'SingleStack' to release the secondary cluster IP"
        faults.append(invalid_value(POLICY, spec.ipFamilyPolicy, why))
    if 0 < len(spec.ipFamilies) < len(before.ipFamilies):
        why = "must be 'SingleStack' to release the secondary IP family"
        faults.append(invalid_value(POLICY, spec.ipFamilyPolicy, why))
    return spec, faults


def _too_many(spec: ServiceSpec) -> list[Cause]:
    if spec.ipFamilyPolicy != SINGLE:
        return []
    counted = ((len(spec.clusterIPs), "cluster IPs"), (len(spec.ipFamilies), "IP families"))
    return [
        invalid_value(
            POLICY,
            spec.ipFamilyPolicy,
            f"must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified",
        )
        for count, what in counted
        if count == BOTH
    ]


def _inferred(spec: ServiceSpec, configured: tuple[str, ...]) -> tuple[ServiceSpec, list[Cause]]:
    """Addresses say of which family they are."""
    families, faults = list(spec.ipFamilies), []
    for position, address in enumerate(spec.clusterIPs):
        if address == HEADLESS or position < len(families):
            continue
        family = "IPv6" if ":" in address else "IPv4"
        if family in configured:
            families.append(family)
        else:
            why = f"{family} is not configured on this cluster"
            faults.append(invalid_value(ADDRESSES.at(position), spec.clusterIPs, why))
    return replace(spec, ipFamilies=tuple(families)), faults


def _not_configured(spec: ServiceSpec, configured: tuple[str, ...]) -> list[Cause]:
    faults = []
    if spec.ipFamilyPolicy == REQUIRE and len(configured) < BOTH:
        why = "this cluster is not configured for dual-stack services"
        faults.append(invalid_value(POLICY, spec.ipFamilyPolicy, why))
    return faults + [
        invalid_value(FAMILIES.at(position), family, "not configured on this cluster")
        for position, family in enumerate(spec.ipFamilies)
        if family not in configured
    ]


def _completed(spec: ServiceSpec, default: str, *, is_dual: bool) -> ServiceSpec:
    families = spec.ipFamilies or (default,)
    if is_dual and spec.ipFamilyPolicy != SINGLE and len(families) == 1:
        families = (*families, OTHER[families[0]])
    return replace(spec, ipFamilies=families)


def _refuse(service: Service, faults: list[Cause]) -> None:
    if faults:
        raise invalid("Service", service.metadata.name, faults)
