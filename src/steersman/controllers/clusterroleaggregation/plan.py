"""What a ClusterRole that adds up others has to allow. Pure.

Source: pkg/controller/clusterroleaggregation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from steersman.api.rbac import ClusterRole, PolicyRule
from steersman.apimachinery.codec.json import to_wire
from steersman.apimachinery.selectors import from_label_selector
from steersman.reconcile.plan import Patch, Plan


@dataclass(frozen=True, slots=True)
class View:
    """A role that adds up others, and all roles there are, in the order of their names."""

    role: ClusterRole
    others: Sequence[ClusterRole]


def plan(view: View) -> Plan:
    """Write the rules if they are others now."""
    rules = added_up(view.role, view.others)
    if rules == view.role.rules:
        return Plan(())
    return Plan((Patch(view.role, {"rules": [to_wire(rule) for rule in rules]}),))


def added_up(role: ClusterRole, others: Iterable[ClusterRole]) -> tuple[PolicyRule, ...]:
    """The rules of all that the role selects, each once: selector by selector, role by role."""
    assert role.aggregationRule is not None, "only such roles are looked at"
    found: dict[PolicyRule, None] = {}
    for selector in map(from_label_selector, role.aggregationRule.clusterRoleSelectors):
        for other in others:
            if other.metadata.name != role.metadata.name and selector.matches(other.metadata.labels):
                found |= dict.fromkeys(other.rules)
    return tuple(found)
