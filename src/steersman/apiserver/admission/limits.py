"""What a namespace's LimitRanges give to pods that don't say what they need, and what they refuse. Pure.

Source: plugin/pkg/admission/limitranger.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from steersman.api.core import Container, LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod
from steersman.api.core.limitrange import CLAIM, CONTAINER, POD
from steersman.api.core.podresources import is_sidecar
from steersman.apimachinery.object import replace
from steersman.apimachinery.quantity import Quantity

ANNOTATION = "kubernetes.io/limit-ranger"
# Of a pod's own resources only these stand for its containers'.
POD_LEVEL = ("cpu", "memory")
SIX_DECIMALS = Decimal("0.000001")

Amounts = Mapping[str, Quantity]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a pod, a container or a claim asks for."""

    requests: Amounts
    limits: Amounts

    def same(self, other: "Asked | None", name: str) -> bool:
        """Both ask for the same of a resource."""
        if other is None:
            return False
        return self.requests.get(name) == other.requests.get(name) and self.limits.get(name) == other.limits.get(name)


def with_defaults(pod: Pod, limits: LimitRange) -> Pod:
    """The pod whose containers have what the range gives to those that say nothing; an annotation tells of it."""
    requests: dict[str, Quantity] = {}
    maxima: dict[str, Quantity] = {}
    for item in limits.spec.limits:
        if item.type == CONTAINER:
            requests |= item.defaultRequest
            maxima |= item.default
    given = Asked(requests, maxima)
    told: list[str] = []
    containers = tuple(_filled(one, given, "container", told) for one in pod.spec.containers)
    inits = tuple(_filled(one, given, "init container", told) for one in pod.spec.initContainers)
    if not told:
        return pod
    annotations = {**pod.metadata.annotations, ANNOTATION: f"LimitRanger plugin set: {'; '.join(told)}"}
    return replace(
        pod,
        metadata=replace(pod.metadata, annotations=annotations),
        spec=replace(pod.spec, containers=containers, initContainers=inits),
    )


def _filled(container: Container, given: Asked, what: str, told: list[str]) -> Container:
    resources = container.resources
    for side, default in (("requests", given.requests), ("limits", given.limits)):
        has: Amounts = getattr(resources, side)
        missing = sorted(name for name in default if name not in has)
        if missing:
            resources = replace(resources, **{side: {**has, **{name: default[name] for name in missing}}})
            told.append(f"{', '.join(missing)} {side[:-1]} for {what} {container.name}")
    return container if resources is container.resources else replace(container, resources=resources)


def pod_violations(pod: Pod, old: Pod | None, limits: LimitRange) -> list[str]:
    """What the range refuses of a pod. What a stored pod has already is left alone."""
    found: list[str] = []
    for item in limits.spec.limits:
        if item.type == CONTAINER:
            for field in ("containers", "initContainers"):
                before = {one.name: _asked(one) for one in getattr(old.spec, field)} if old is not None else {}
                for container in getattr(pod.spec, field):
                    found += _violations(item, _asked(container), before.get(container.name))
        elif item.type == POD:
            found += _violations(item, pod_asks(pod), pod_asks(old) if old is not None else None)
    return found


def claim_violations(claim: PersistentVolumeClaim, old: PersistentVolumeClaim | None, limits: LimitRange) -> list[str]:
    """What the range refuses of a claim: only its requests count."""
    requests = claim.spec.resources.requests
    before: Amounts = old.spec.resources.requests if old is not None else {}
    found: list[str | None] = []
    for item in limits.spec.limits:
        if item.type != CLAIM:
            continue
        changed = [name for name in item.min if name not in requests or requests[name] != before.get(name)]
        found += [_too_little(item, name, Asked(requests, {})) for name in changed]
        changed = [name for name in item.max if name not in requests or requests[name] != before.get(name)]
        found += [_request_too_much(item, name, requests) for name in changed]
    return [one for one in found if one is not None]


def pod_asks(pod: Pod) -> Asked:
    """The sums over a pod's containers; its overhead isn't what it asks for."""
    spec = pod.spec
    sums = []
    for side in ("requests", "limits"):
        amounts = _summed(spec.containers, spec.initContainers, side)
        if spec.resources is not None:
            own: Amounts = getattr(spec.resources, side)
            amounts |= {name: own[name] for name in POD_LEVEL if name in own}
        sums.append(amounts)
    return Asked(*sums)


def _summed(containers: Sequence[Container], inits: Sequence[Container], side: str) -> dict[str, Quantity]:
    running = _sum(getattr(one.resources, side) for one in (*containers, *filter(is_sidecar, inits)))
    sidecars: dict[str, Quantity] = {}
    for container in inits:
        own = _sum((sidecars, getattr(container.resources, side)))
        if is_sidecar(container):
            sidecars = own
        running |= {name: amount for name, amount in own.items() if name not in running or amount > running[name]}
    return running


def _sum(parts: Iterable[Amounts]) -> dict[str, Quantity]:
    total: dict[str, Quantity] = {}
    for part in parts:
        for name, amount in part.items():
            total[name] = total[name] + amount if name in total else amount
    return total


def _asked(container: Container) -> Asked:
    return Asked(container.resources.requests, container.resources.limits)


def _violations(item: LimitRangeItem, asked: Asked, before: Asked | None) -> list[str]:
    found = [
        check(item, name, asked)
        for bounds, check in (
            (item.min, _too_little),
            (item.max, _too_much),
            (item.maxLimitRequestRatio, _too_far_apart),
        )
        for name in bounds
        if not asked.same(before, name)
    ]
    return [one for one in found if one is not None]


def _too_little(item: LimitRangeItem, name: str, asked: Asked) -> str | None:
    bound, request, limit = item.min[name], asked.requests.get(name), asked.limits.get(name)
    rule = f"minimum {name} usage per {item.type} is {bound}"
    if request is None:
        return f"{rule}.  No request is specified"
    if request < bound:
        return f"{rule}, but request is {request}"
    return f"{rule}, but limit is {limit}" if limit is not None and limit < bound else None


def _too_much(item: LimitRangeItem, name: str, asked: Asked) -> str | None:
    bound, request, limit = item.max[name], asked.requests.get(name), asked.limits.get(name)
    rule = f"maximum {name} usage per {item.type} is {bound}"
    if limit is None:
        return f"{rule}.  No limit is specified"
    if limit > bound:
        return f"{rule}, but limit is {limit}"
    return f"{rule}, but request is {request}" if request is not None and request > bound else None


def _request_too_much(item: LimitRangeItem, name: str, requests: Amounts) -> str | None:
    bound, request = item.max[name], requests.get(name)
    rule = f"maximum {name} usage per {item.type} is {bound}"
    if request is None:
        return f"{rule}.  No request is specified"
    return f"{rule}, but request is {request}" if request > bound else None


def _too_far_apart(item: LimitRangeItem, name: str, asked: Asked) -> str | None:
    bound, request, limit = item.maxLimitRequestRatio[name], asked.requests.get(name), asked.limits.get(name)
    rule = f"{name} max limit to request ratio per {item.type} is {bound}"
    if not request:
        return f"{rule}, but no request is specified or request is 0"
    if not limit:
        return f"{rule}, but no limit is specified or limit is 0"
    ratio = abs(limit.value) / abs(request.value)
    if abs(limit.value) <= abs(request.value) * bound.value:
        return None
    return f"{rule}, but provided ratio is {ratio.quantize(SIX_DECIMALS, ROUND_HALF_EVEN)}"
