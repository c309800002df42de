"""What a quota's status should say. Pure.

Source: pkg/controller/resourcequota/resource_quota_controller.go: syncResourceQuota.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from steersman.api.core import ResourceQuota, ResourceQuotaStatus
from steersman.api.meta import Kind
from steersman.api.quota.scopes import concerns
from steersman.api.quota.usage import usage_of
from steersman.api.resources import Resource
from steersman.apimachinery.object import replace
from steersman.apimachinery.quantity import Quantity
from steersman.reconcile.plan import Plan, update_status

ZERO = Quantity(0)
# How long a write takes from being counted to being stored and seen, amply.
SETTLES = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class View:
    """A quota, and the objects of its namespace that it may count, by resource.

    is_settled: nothing was counted in lately. What admission has counted in may be stored a moment later, so that
    until then less than the status says is no proof that less is used.
    """

    quota: ResourceQuota
    objects: Mapping[Resource, tuple[Kind, ...]]
    is_settled: bool = True


def plan(view: View, now: datetime) -> Plan:
    """Write down what is used, if it isn't what the status says."""
    quota = view.quota
    hard = quota.spec.hard
    used = dict.fromkeys(hard, ZERO)
    for resource, objects in view.objects.items():
        for obj in objects:
            if not concerns(quota, obj):
                continue
            for name, amount in usage_of(obj, resource.plural, resource.group, now).items():
                if name in used:
                    used[name] += amount
    has_less = any(amount < quota.status.used.get(name, ZERO) for name, amount in used.items())
    if has_less and not view.is_settled:
        used = {name: max(amount, quota.status.used.get(name, ZERO)) for name, amount in used.items()}
    status = ResourceQuotaStatus(hard=hard, used=used)
    actions = () if status == quota.status else (update_status(replace(quota, status=status)),)
    return Plan(actions, requeue_after=SETTLES if has_less and not view.is_settled else None)


def counted_resources(quota: ResourceQuota, resources: tuple[Resource, ...]) -> tuple[Resource, ...]:
    """The resources whose objects the quota's names are about."""
    return tuple(one for one in resources if any(_is_about(name, one) for name in quota.spec.hard))


def _is_about(name: str, resource: Resource) -> bool:
    if name.startswith("count/"):
        return name == f"count/{resource.group_resource}"
    if resource.group:
        return False
    match resource.plural:
        case "services":
            return name == "services" or name.startswith("services.")
        case "persistentvolumeclaims":
            is_class = name.endswith(("/requests.storage", "/persistentvolumeclaims"))
            return name in ("persistentvolumeclaims", "requests.storage") or is_class
        case "pods":
            others = ("services", "persistentvolumeclaims", "requests.storage")
            compute = ("cpu", "memory", "ephemeral-storage", "pods")
            if name in others:
                return False
            return name in compute or name.startswith(("requests.", "limits.", "hugepages-"))
        case plural:
            return name == plural
