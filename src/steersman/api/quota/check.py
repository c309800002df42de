"""Whether a write fits into a namespace's quotas, and what they then say is used.

Source: apiserver/pkg/admission/plugin/resourcequota/controller.go: CheckRequest.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from steersman.api.core import Container, Pod, ResourceQuota
from steersman.api.meta import Kind
from steersman.api.quota.scopes import concerns
from steersman.api.quota.usage import HUGE_PAGES, NATIVE_COMPUTE, Amounts
from steersman.apimachinery.object import replace
from steersman.apimachinery.quantity import Quantity

ZERO = Quantity(0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A write: the object, what it would use and what it used before (nothing, when it is new)."""

    object: Kind
    after: Amounts
    before: Amounts
    is_new: bool


class QuotaExceeded(Exception):
    """The write doesn't fit; the text is for the client."""


def charged(quotas: Iterable[ResourceQuota], wanted: Wanted) -> list[ResourceQuota]:
    """The quotas that change, with the write counted in; QuotaExceeded when it fits into one not."""
    changed = []
    for quota in quotas:
        limited = {name: hard for name, hard in quota.status.hard.items() if _is_about(name, wanted)}
        if not limited or not concerns(quota, wanted.object):
            continue
        if wanted.is_new or isinstance(wanted.object, Pod):
            _check_specified(quota, wanted.object, limited)
        delta = {name: wanted.after.get(name, ZERO) - wanted.before.get(name, ZERO) for name in limited}
        delta = {name: amount for name, amount in delta.items() if amount}
        if not wanted.is_new and all(amount < ZERO for amount in delta.values()):
            continue  # a write that gives back is counted by the controller
        if delta:
            changed.append(_charged(quota, delta))
    return changed


def _is_about(name: str, wanted: Wanted) -> bool:
    if name in wanted.after or name in wanted.before:
        return True
    return isinstance(wanted.object, Pod) and _compute_name(name) is not None


def _charged(quota: ResourceQuota, delta: Mapping[str, Quantity]) -> ResourceQuota:
    used = {name: quota.status.used.get(name, ZERO) for name in delta}
    after = {name: used[name] + amount for name, amount in delta.items()}
    hard = quota.status.hard
    over = sorted(name for name, amount in delta.items() if amount > ZERO and after[name] > hard[name])
    if over:
        raise QuotaExceeded(
            f"exceeded quota: {quota.metadata.name}, requested: {_listed(delta, over)}, "
            f"used: {_listed(used, over)}, limited: {_listed(hard, over)}"
        )
    return replace(quota, status=replace(quota.status, used={**quota.status.used, **after}))


def _listed(amounts: Mapping[str, Quantity], names: Sequence[str]) -> str:
    return ",".join(f"{name}={amounts[name]}" for name in names)


def _compute_name(name: str) -> tuple[str, str] | None:
    """`requests` or `limits` and the compute resource that a quota's name is about; None for what isn't compute."""
    side, dot, rest = name.partition(".")
    if not dot or side not in ("requests", "limits"):
        side, rest = "requests", name
    return (side, rest) if rest in NATIVE_COMPUTE or rest.startswith(HUGE_PAGES) else None


def _check_specified(quota: ResourceQuota, obj: Kind, limited: Iterable[str]) -> None:
    """A pod must say what it needs of whatever is limited, or nothing could be counted."""
    if not isinstance(obj, Pod):
        return
    missing: dict[str, list[str]] = {}
    for name in limited:
        compute = _compute_name(name)
        if compute is None or compute[1] not in ("cpu", "memory"):
            continue
        for container in (*obj.spec.containers, *obj.spec.initContainers):
            if not _says(container, *compute) and not _pod_says(obj, *compute):
                missing.setdefault(name, []).append(container.name)
    if missing:
        listed = "; ".join(f"{name} for: {','.join(sorted(missing[name]))}" for name in sorted(missing))
        raise QuotaExceeded(f"failed quota: {quota.metadata.name}: must specify {listed}")


def _says(container: Container, side: str, name: str) -> bool:
    return name in getattr(container.resources, side)


def _pod_says(pod: Pod, side: str, name: str) -> bool:
    return pod.spec.resources is not None and name in getattr(pod.spec.resources, side)
