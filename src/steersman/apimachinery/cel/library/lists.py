"""Lists and sets. Source: apiserver/pkg/cel/library/lists.go; cel-go/ext/sets.go."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from steersman.apimachinery.cel import operators
from steersman.apimachinery.cel.signatures import Function
from steersman.apimachinery.cel.values import Duration, EvaluationError, UInt

ORDERED = ("int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes")
SUMMED = {"int": 0, "uint": UInt(0), "double": 0.0, "duration": Duration(0)}


def _is_sorted(found: Sequence[Any]) -> bool:
    values = list(found)
    return all(operators.less_or_equal(one, other) for one, other in itertools.pairwise(values))


def _sum(nothing: Any) -> Callable[[Sequence[Any]], Any]:
    def total(found: Sequence[Any]) -> Any:
        result = nothing
        for position, one in enumerate(found):
            result = one if position == 0 else operators.add(result, one)
        return result

    return total


def _extreme(name: str, is_better: Callable[[Any, Any], bool]) -> Callable[[Sequence[Any]], Any]:
    def extreme(found: Sequence[Any]) -> Any:
        if not len(found):
            raise EvaluationError(f"{name} called on empty list")
        values = iter(found)
        best = next(values)
        for one in values:
            best = one if is_better(one, best) else best
        return best

    return extreme


_MIN = _extreme("min", operators.less)
_MAX = _extreme("max", lambda one, other: operators.less(other, one))


def _index_of(found: Sequence[Any], value: Any) -> int:
    return next((position for position, one in enumerate(found) if operators.equal(one, value)), -1)


def _last_index_of(found: Sequence[Any], value: Any) -> int:
    for position in range(len(found) - 1, -1, -1):
        if operators.equal(found[position], value):
            return position
    return -1


def _includes(found: Any, value: Any) -> bool:
    """A list has the value; what is no list is compared itself, as claims may be either."""
    if type(found) in operators.LISTS:
        return operators.contains(found, value)
    return operators.equal(found, value)


def _has_all(found: Sequence[Any], others: Sequence[Any]) -> bool:
    return all(operators.contains(found, one) for one in others)


def _intersects(found: Sequence[Any], others: Sequence[Any]) -> bool:
    return any(operators.contains(found, one) for one in others)


FUNCTIONS = (
    *(Function(f"list<{one}>.isSorted(): bool", _is_sorted) for one in ORDERED),
    *(Function(f"list<{one}>.sum(): {one}", _sum(nothing)) for one, nothing in SUMMED.items()),
    *(Function(f"list<{one}>.min(): {one}", _MIN) for one in ORDERED),
    *(Function(f"list<{one}>.max(): {one}", _MAX) for one in ORDERED),
    Function("list<A>.indexOf(A): int", _index_of),
    Function("list<A>.lastIndexOf(A): int", _last_index_of),
    Function("dyn.includes(dyn): bool", _includes),
    Function("sets\\.contains(list<A>, list<A>): bool", _has_all),
    Function("sets\\.intersects(list<A>, list<A>): bool", _intersects),
    Function(
        "sets\\.equivalent(list<A>, list<A>): bool", lambda one, other: _has_all(one, other) and _has_all(other, one)
    ),
)
