"""Requests and limits: names, amounts, how the two sides relate, and the pod's own against its containers'.

Source: pkg/apis/core/validation: validateResourceRequirements, validatePodResources; pkg/apis/core/helper.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from steersman.api.core.container import ResourceRequirements
from steersman.api.core.pod import Pod, PodSpec
from steersman.api.core.podresources import pod_requests
from steersman.api.core.reference import ResourceClaim
from steersman.api.core.resourcenames import (
    COMPUTE,
    COUNTED,
    HUGE_PAGES,
    check_container_resource_name,
    check_resource_name,
    is_extended,
    may_overcommit,
)
from steersman.api.core.validation.fields import NOT_NEGATIVE, checked
from steersman.apimachinery.fielderrors import (
    FieldErrorType,
    duplicate,
    field_error,
    forbidden_field,
    invalid_value,
    not_supported,
    required,
)
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_label
from steersman.apimachinery.object import replace
from steersman.apimachinery.quantity import Quantity, QuantityError
from steersman.apimachinery.status import Cause

_QOS = frozenset({"cpu", "memory"})
_POD_LEVEL = ("cpu", "hugepages-", "memory")
NameCheck = Callable[[str, Path], list[Cause]]


def validate_amount(name: str, amount: Quantity, path: Path) -> list[Cause]:
    """Zero or more, and whole for what is counted."""
    faults = [invalid_value(path, str(amount), NOT_NEGATIVE)] if amount.value < 0 else []
    if name not in COMPUTE and (name in COUNTED or is_extended(name)) and amount.value != int(amount.value):
        faults.append(invalid_value(path, amount, "must be an integer"))
    return faults


def validate_requirements(
    resources: ResourceRequirements,
    claims: Collection[str],
    path: Path,
    check_name: NameCheck = check_container_resource_name,
) -> list[Cause]:
    """What a container asks for. claims: the names that the pod has claims by."""
    faults: list[Cause] = []
    limits, requests = resources.limits, resources.requests
    for side, amounts in (("limits", limits), ("requests", requests)):
        for name, amount in amounts.items():
            if name not in COMPUTE or check_name is not check_container_resource_name:
                faults += _unusual(name, amount, path.child(side).key(name), check_name)
            elif amount.value < 0:
                faults += validate_amount(name, amount, path.child(side).key(name))
    for name, request in requests.items():
        limit = limits.get(name)
        if limit is None:
            if not may_overcommit(name):
                why = "Limit must be set for non overcommitable resources"
                faults.append(required(path.child("limits"), why))
        elif request.value != limit.value:
            faults += _unequal(name, request, limit, path.child("requests"))
    if not _QOS & (limits.keys() | requests.keys()) and any(
        name.startswith(HUGE_PAGES) for name in (*limits, *requests)
    ):
        faults.append(forbidden_field(path, "HugePages require cpu or memory"))
    return faults + (_claims(resources.claims, claims, path.child("claims")) if resources.claims else [])


def _unusual(name: str, amount: Quantity, path: Path, check_name: NameCheck) -> list[Cause]:
    faults = check_name(name, path) + validate_amount(name, amount, path)
    if name.startswith(HUGE_PAGES) and not _is_divisible(name.removeprefix(HUGE_PAGES), amount):
        faults.append(invalid_value(path, str(amount), f"{amount} is not positive integer multiple of {name}"))
    return faults


def _is_divisible(page: str, amount: Quantity) -> bool:
    try:
        size = Quantity(page)
    except QuantityError:
        return False
    return size.value > 0 and size.value == int(size.value) and amount.value % size.value == 0


def _unequal(name: str, request: Quantity, limit: Quantity, path: Path) -> list[Cause]:
    if not may_overcommit(name):
        return [invalid_value(path, str(request), f"must be equal to {name} limit of {limit}")]
    if request.value > limit.value:
        return [invalid_value(path, str(request), f"must be less than or equal to {name} limit of {limit}")]
    return []


def _claims(claims: Sequence[ResourceClaim], known: Collection[str], path: Path) -> list[Cause]:
    faults: list[Cause] = []
    seen: set[str] = set()
    for position, claim in enumerate(claims):
        where = path.at(position)
        if not claim.name:
            faults.append(required(where))
            continue
        faults += _claim(claim, seen, where)
        if claim.name not in known:
            listed = f": {', '.join(sorted(known))}" if known else " which is empty"
            why = f"must be one of the names in pod.spec.resourceClaims{listed}"
            faults.append(field_error(FieldErrorType.NOT_FOUND, where, claim.name, why))
    return faults


def _claim(claim: ResourceClaim, seen: set[str], path: Path) -> list[Cause]:
    """A claim is used once, as a whole or by its requests."""
    if claim.name in seen:
        return [duplicate(path, claim.name)]
    faults: list[Cause] = []
    key = f"{claim.name}/{claim.request}" if claim.request else claim.name
    if claim.request:
        faults += checked(claim.request, dns1123_label, path, "request")
    if key in seen:
        faults.append(duplicate(path, key))
    elif not claim.request:
        faults += [duplicate(path, claim.name) for other in seen if other.partition("/")[0] == claim.name]
    seen.add(key)
    return faults


def check_pod_resource_name(name: str, path: Path) -> list[Cause]:
    """A resource that a pod may ask for as a whole."""
    if faults := check_resource_name(name, path):
        return faults
    return [] if name in _QOS or name.startswith(HUGE_PAGES) else [not_supported(path, name, _POD_LEVEL)]


def validate_pod_level(spec: PodSpec, resources: ResourceRequirements, path: Path) -> list[Cause]:
    """What the pod asks for as a whole: at least what its containers request, at least each one's limit."""
    faults: list[Cause] = []
    if resources.claims:
        faults.append(forbidden_field(path.child("claims"), "claims cannot be set for Resources at pod-level"))
    faults += validate_requirements(replace(resources, claims=()), (), path, check_pod_resource_name)
    alone = replace(spec, resources=None, overhead={})
    for name, amount in pod_requests(Pod(spec=alone)).items():
        if name not in _QOS and not name.startswith(HUGE_PAGES):
            continue
        own = resources.requests.get(name, Quantity(0))
        if amount > own.value:
            text = Quantity.of(amount, own)
            why = f"must be greater than or equal to aggregate container requests of {text}"
            faults.append(invalid_value(path.child("requests").key(name), str(own), why))
    return faults + _beyond_pod_limits(spec, resources.limits, path)


def _beyond_pod_limits(spec: PodSpec, limits: Mapping[str, Quantity], path: Path) -> list[Cause]:
    faults = []
    for position, container in enumerate(spec.containers):
        for name, limit in container.resources.limits.items():
            own = limits.get(name)
            if own is not None and limit > own:
                where = path.child("containers").at(position).key(name).child("limits")
                faults.append(invalid_value(where, str(limit), f"must be less than or equal to pod limits of {own}"))
    return faults
