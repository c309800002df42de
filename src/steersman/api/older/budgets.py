"""PodDisruptionBudget of policy/v1beta1: there an empty selector selects nothing, in v1 everything.

Source: pkg/apis/policy/helper.go, pkg/apis/policy/v1beta1/conversion.go.
"""

from typing import Any

from steersman.api import policy
from steersman.api.older.trees import edited, without
from steersman.api.older.version import Older, Tree

LABEL = "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match"
# What each version says for want of an empty selector that means the same.
NOTHING = {"matchExpressions": [{"key": LABEL, "operator": "Exists"}]}
EVERYTHING = {"matchExpressions": [{"key": LABEL, "operator": "DoesNotExist"}]}


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
    return {} if said == EVERYTHING else _plain(selector)


def _older(selector: Tree) -> Tree:
    said = _said(selector)
    if not said:
        return EVERYTHING
    return {} if said == NOTHING else _plain(selector)


def _said(selector: Tree) -> dict[str, Any]:
    """The selector without what is empty."""
    return {name: value for name, value in selector.items() if value}


def _plain(selector: Tree) -> Tree:
    """The label never stands beside a user's own requirements."""
    given = selector.get("matchExpressions") or []
    kept = [one for one in given if not (isinstance(one, dict) and one.get("key") == LABEL)]
    if len(kept) == len(given):
        return selector
    return {**selector, "matchExpressions": kept} if kept else without(selector, "matchExpressions")


OLDER = Older(policy.PodDisruptionBudget, inward=inward, outward=outward)
