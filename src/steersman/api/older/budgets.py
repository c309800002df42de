"""PodDisruptionBudget of policy/v1beta1: there an empty selector selects nothing, in v1 everything.

Source: pkg/apis/policy/helper.go, pkg/apis/policy/v1beta1/conversion.go.
"""

from typing import Annotated, Any

from steersman.api import policy
from steersman.api.meta import Kind, LabelSelector
from steersman.api.older.trees import edited
from steersman.api.older.variant import variant
from steersman.api.older.version import Older, Tree
from steersman.api.policy.selectors import OLDER_LABEL as LABEL
from steersman.apimachinery.markers import Wire, always

PACKAGE = "k8s.io.api.policy.v1beta1"
# What each version says for want of an empty selector that means the same.
NOTHING = {"matchExpressions": [{"key": LABEL, "operator": "Exists"}]}
EVERYTHING = {"matchExpressions": [{"key": LABEL, "operator": "DoesNotExist"}]}


def budget_type() -> type[Kind]:
    """v1's, but that a strategic patch merges its selector."""
    selector: Any = Annotated[LabelSelector | None, Wire(2)]
    spec = variant(policy.PodDisruptionBudgetSpec, PACKAGE, {"selector": (selector, None)})
    whole: Any = Annotated[spec, Wire(2)]
    made: type[Kind] = variant(
        policy.PodDisruptionBudget, PACKAGE, {"spec": (whole, always(spec))}, api="policy/v1beta1"
    )
    return made


def inward(tree: Tree) -> Tree:
    """As policy/v1 has it."""
    return edited(tree, ("spec", "selector"), _newer)


def outward(tree: Tree) -> Tree:
    """As policy/v1beta1 has it."""
    return edited(tree, ("spec", "selector"), _older)


def _newer(selector: Tree) -> Tree:
    said = _said(selector)
    if not said:
        return NOTHING
    return {} if said == EVERYTHING else selector


def _older(selector: Tree) -> Tree:
    said = _said(selector)
    if not said:
        return EVERYTHING
    return {} if said == NOTHING else selector


def _said(selector: Tree) -> dict[str, Any]:
    """The selector without what is empty."""
    return {name: value for name, value in selector.items() if value}


OLDER = Older(policy.PodDisruptionBudget, inward=inward, outward=outward)
