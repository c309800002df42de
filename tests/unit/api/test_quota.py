"""What counts against a quota, and when a write doesn't fit."""

from datetime import UTC, datetime
from typing import Any

import pytest

from steersman.api.core import Pod, ResourceQuota
from steersman.api.quota.check import QuotaExceeded, Wanted, charged
from steersman.api.quota.scopes import concerns
from steersman.api.quota.usage import usage_of
from steersman.apimachinery.codec.json import from_wire
from steersman.apimachinery.quantity import Quantity

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def pod(requests: dict[str, str] | None = None, limits: dict[str, str] | None = None, **spec: Any) -> Pod:
    resources = {"requests": requests or {}, "limits": limits or {}}
    return from_wire({"spec": {"containers": [{"name": "c", "resources": resources}], **spec}}, Pod)


def quota(hard: dict[str, str], used: dict[str, str] | None = None, **spec: Any) -> ResourceQuota:
    tree = {"metadata": {"name": "q"}, "spec": {"hard": hard, **spec}, "status": {"hard": hard, "used": used or {}}}
    return from_wire(tree, ResourceQuota)


def wanted(obj: Pod) -> Wanted:
    return Wanted(obj, usage_of(obj, "pods", "", NOW), {}, is_new=True)


def test_a_pod_uses_what_it_requests_and_limits() -> None:
    used = usage_of(pod({"cpu": "100m", "example.com/gpu": "2"}, {"memory": "1Gi"}), "pods", "", NOW)
    assert {name: str(amount) for name, amount in used.items()} == {
        "count/pods": "1", "pods": "1", "cpu": "100m", "requests.cpu": "100m", "requests.example.com/gpu": "2",
        "limits.memory": "1Gi",
    }  # fmt: skip


def test_a_pod_that_is_over_uses_only_its_place() -> None:
    over = from_wire({"status": {"phase": "Succeeded"}}, Pod)
    assert usage_of(over, "pods", "", NOW) == {"count/pods": Quantity(1)}


def test_what_fits_is_counted_and_what_does_not_is_refused_in_upstreams_words() -> None:
    limits = quota({"pods": "2", "requests.cpu": "1"}, {"pods": "1", "requests.cpu": "900m"})
    (changed,) = charged([limits], wanted(pod({"cpu": "100m"})))
    assert {name: str(amount) for name, amount in changed.status.used.items()} == {"pods": "2", "requests.cpu": "1"}
    with pytest.raises(QuotaExceeded) as refused:
        charged([limits], wanted(pod({"cpu": "200m"})))
    assert (
        str(refused.value)
        == "exceeded quota: q, requested: requests.cpu=200m, used: requests.cpu=900m, limited: requests.cpu=1"
    )


def test_a_pod_must_say_what_it_needs_of_what_is_limited() -> None:
    with pytest.raises(QuotaExceeded) as refused:
        charged([quota({"limits.cpu": "1", "memory": "1Gi"})], wanted(pod()))
    assert str(refused.value) == "failed quota: q: must specify limits.cpu for: c; memory for: c"


@pytest.mark.parametrize(
    ("scope", "matching", "other"),
    [
        ("Terminating", pod(activeDeadlineSeconds=1), pod()),
        ("NotTerminating", pod(), pod(activeDeadlineSeconds=1)),
        ("BestEffort", pod(), pod({"cpu": "1"})),
        ("NotBestEffort", pod({"cpu": "1"}), pod()),
        ("PriorityClass", pod(priorityClassName="high"), pod()),
    ],
)
def test_a_scope_says_which_pods_count(scope: str, matching: Pod, other: Pod) -> None:
    scoped = quota({"pods": "1"}, scopes=[scope])
    assert (concerns(scoped, matching), concerns(scoped, other)) == (True, False)
