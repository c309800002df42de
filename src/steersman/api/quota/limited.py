"""What may be used only where a quota covers it, by the administrator's word.

Source: apiserver/pkg/admission/plugin/resourcequota/controller.go: limitedByDefault, getMatchedLimitedScopes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from steersman.api.core import ResourceQuota, ScopedResourceSelectorRequirement
from steersman.api.quota.check import ZERO, QuotaExceeded, Wanted
from steersman.api.quota.scopes import concerns, meets, requirements_of
from steersman.apimachinery.gotext import plain


class ScopesUncovered(Exception):
    """No quota has the scopes that the object needs one for; the text is for the client."""


@dataclass(frozen=True, slots=True)
class LimitedResource:
    """Of objects of a resource: which names of what they use, and which scopes they are in, need a quota."""

    group: str
    plural: str
    contains: tuple[str, ...] = ()
    scopes: tuple[ScopedResourceSelectorRequirement, ...] = ()


def check_covered(
    limited: Sequence[LimitedResource], quotas: Iterable[ResourceQuota], wanted: Wanted, plural: str, group: str
) -> None:
    """QuotaExceeded or ScopesUncovered for what no quota is about."""
    if not limited:
        return
    quotas = tuple(quotas)
    parts = tuple(part for one in limited if (one.group, one.plural) == (group, plural) for part in one.contains)
    used = {name for name, amount in wanted.after.items() if amount > ZERO and any(part in name for part in parts)}
    covered = {name for quota in quotas if concerns(quota, wanted.object) for name in quota.status.hard}
    if used - covered:
        raise QuotaExceeded(f"insufficient quota to consume: {','.join(sorted(used - covered))}")
    needed = [scope for one in limited for scope in one.scopes if meets(scope, wanted.object)]
    had = {one.scopeName for quota in quotas for one in requirements_of(quota) if meets(one, wanted.object)}
    missing = [scope for scope in needed if scope.scopeName not in had]
    if missing:
        listed = " ".join(f"{{{one.scopeName} {one.operator} {plain(one.values)}}}" for one in missing)
        raise ScopesUncovered(f"insufficient quota to match these scopes: [{listed}]")
