"""ClusterRoles that add up others."""

from typing import Any

from steersman.api.rbac import ClusterRole, PolicyRule
from steersman.apimachinery.codec.json import from_wire
from steersman.apimachinery.object import replace
from steersman.controllers.clusterroleaggregation.controller import ClusterRoleAggregationController
from steersman.controllers.clusterroleaggregation.plan import View, added_up, plan

from .world import World, key


def role(name: str, *resources: str, labels: dict[str, str] | None = None, **more: Any) -> ClusterRole:
    rules = [{"apiGroups": [""], "resources": [one], "verbs": ["get"]} for one in resources]
    return from_wire({"metadata": {"name": name, "labels": labels or {}}, "rules": rules, **more}, ClusterRole)


def selecting(name: str, *labels: dict[str, str]) -> ClusterRole:
    return role(name, aggregationRule={"clusterRoleSelectors": [{"matchLabels": one} for one in labels]})


def resources(rules: tuple[PolicyRule, ...]) -> list[str]:
    return [one for rule in rules for one in rule.resources]


def test_rules_come_selector_by_selector_and_once() -> None:
    whole = selecting("whole", {"to": "x"}, {"to": "y"})
    others = (
        role("a", "pods", labels={"to": "y"}),
        role("b", "secrets", "pods", labels={"to": "x"}),
        role("c", "nodes"),
    )
    assert resources(added_up(whole, (*others, whole))) == ["secrets", "pods"]


def test_a_role_does_not_add_up_itself() -> None:
    whole = replace(selecting("whole", {}), rules=role("x", "pods").rules)
    assert added_up(whole, (whole,)) == ()


def test_what_is_added_is_there_and_what_is_taken_away_goes() -> None:
    whole, part = selecting("whole", {"to": "x"}), role("a", "pods", labels={"to": "x"})
    world, controller = World(whole, part), ClusterRoleAggregationController()

    def held() -> list[str]:
        world.settle(controller, key("whole", ""))
        found = world.get(ClusterRole, "whole", "")
        assert found is not None
        return resources(found.rules)

    assert held() == ["pods"]
    world.delete(part)
    assert held() == []


def test_nothing_is_written_when_nothing_changes() -> None:
    whole = replace(selecting("whole", {"to": "x"}), rules=role("a", "pods").rules)
    assert plan(View(whole, (role("a", "pods", labels={"to": "x"}), whole))).actions == ()
