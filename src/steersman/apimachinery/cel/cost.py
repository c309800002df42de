"""What calls cost when they are evaluated.

Source: cel-go/interpreter/runtimecost.go; apiserver/pkg/cel/library/cost.go.

Everything counts in steps: a variable, a field, a call is one; functions that go through a text or a list cost more.
"""

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any

from steersman.apimachinery.cel.operators import LISTS, MAPS

# Source: apiserver/pkg/apis/cel/config.go: what one expression, and all of a request's together, may cost.
PER_CALL_LIMIT = 1_000_000
RUNTIME_BUDGET = 10_000_000
MATCH_CONDITION_BUDGET = RUNTIME_BUDGET // 4
# Source: cel-go/common/cost.go.
TRAVERSAL, REGEX = 0.1, 0.25
LIST_COST, MAP_COST, STRUCT_COST = 10, 30, 40
# Source: library/cost.go: an expression can ask the authorizer twice.
AUTHORIZATION_COST = 350_000
SELECTOR_REQUIREMENT = 0.5 * (LIST_COST + STRUCT_COST)

CallCost = Callable[[Sequence[Any], Any], int]


def length(value: Any) -> int:
    """Characters, bytes or elements; 1 for what has no size."""
    return len(value) if type(value) in (str, bytes) or type(value) in LISTS or type(value) in MAPS else 1


def _text(factor: float) -> CallCost:
    return lambda args, result: ceil(length(args[0]) * factor)


def _list(args: Sequence[Any], result: Any) -> int:
    """Going through a list, and the texts in it."""
    found = args[0]
    return sum(map(_one, found)) if type(found) in LISTS else _one(found)


def _one(value: Any) -> int:
    return ceil(len(value) * TRAVERSAL) if type(value) in (str, bytes) else 1


def _pattern(args: Sequence[Any], result: Any) -> int:
    return ceil((1 + length(args[0])) * TRAVERSAL) * ceil(length(args[1]) * REGEX)


def _compared(args: Sequence[Any], result: Any) -> int:
    left, right = args
    if type(left) is str or type(left) is bytes or type(left) in LISTS or type(left) in MAPS:
        return ceil(min(length(left), length(right)) * TRAVERSAL)
    return 1


def _ordered(args: Sequence[Any], result: Any) -> int:
    return _compared(args, result) if type(args[0]) in (str, bytes) else 1


def _added(args: Sequence[Any], result: Any) -> int:
    return ceil((len(args[0]) + len(args[1])) * TRAVERSAL) if type(args[0]) in (str, bytes) else 1


def _searched(args: Sequence[Any], result: Any) -> int:
    return length(args[1]) if type(args[1]) in LISTS else 1


def _selector(args: Sequence[Any], result: Any) -> int:
    return LIST_COST + ceil(length(args[1]) * TRAVERSAL) + ceil(length(args[1]) * SELECTOR_REQUIREMENT)


def _contained(args: Sequence[Any], result: Any) -> int:
    return ceil(length(args[0]) * TRAVERSAL) * ceil(length(args[1]) * TRAVERSAL)


def _network(args: Sequence[Any], result: Any) -> int:
    parsed = ceil(len(args[1]) * TRAVERSAL) if type(args[1]) is str else 0
    return parsed + ceil(2 * 16 * TRAVERSAL)


def _products(args: Sequence[Any], result: Any) -> int:
    return length(args[0]) * length(args[1])


_COSTS: dict[str, CallCost] = {
    "check": lambda args, result: AUTHORIZATION_COST,
    "fieldSelector": _selector,
    "labelSelector": _selector,
    **dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf", "includes"), _list),
    **dict.fromkeys(("url", "lowerAscii", "upperAscii", "substring", "trim", "jsonpatch.escapeKey"), _text(TRAVERSAL)),
    **dict.fromkeys(("replace", "split", "ip.isCanonical"), _text(2 * TRAVERSAL)),
    "join": lambda args, result: ceil(length(result) * 2 * TRAVERSAL),
    **dict.fromkeys(("find", "findAll", "matches"), _pattern),
    **dict.fromkeys(
        ("cidr", "isIP", "isCIDR", "ip", "quantity", "isQuantity", "semver", "isSemver", "bytes", "string"),
        _text(TRAVERSAL),
    ),
    "containsIP": _network,
    "containsCIDR": _network,
    "contains": _contained,
    **dict.fromkeys(("startsWith", "endsWith"), lambda args, result: ceil(length(args[1]) * TRAVERSAL)),
    **dict.fromkeys(("_==_", "_!=_"), _compared),
    **dict.fromkeys(("_<_", "_<=_", "_>_", "_>=_"), _ordered),
    "_+_": _added,
    "@in": _searched,
    **dict.fromkeys(("sets.contains", "sets.intersects", "sets.equivalent"), _products),
}


def call_cost(function: str) -> CallCost | None:
    """How a function's calls are counted; None for those that are one step."""
    return _COSTS.get(function)
