"""Optional values. Source: cel-go/cel/library.go: optionalLib."""

from typing import Any

from steersman.apimachinery.cel.operators import LISTS, MAPS
from steersman.apimachinery.cel.signatures import Function
from steersman.apimachinery.cel.values import NOTHING, Duration, EvaluationError, Optional


def _is_zero(value: Any) -> bool:
    if type(value) in LISTS or type(value) in MAPS:
        return not len(value)
    return value is None or value in (False, 0, 0.0, "", b"", Duration(0))


def _value(found: Optional) -> Any:
    if not found.has_value:
        raise EvaluationError("optional.none() dereference")
    return found.value


FUNCTIONS = (
    Function("optional\\.of(A): optional<A>", lambda value: Optional(True, value)),
    Function("optional\\.none(): optional<A>", lambda: NOTHING),
    Function(
        "optional\\.ofNonZeroValue(A): optional<A>",
        lambda value: NOTHING if _is_zero(value) else Optional(True, value),
    ),
    Function("optional<A>.value(): A", _value),
    Function("optional<A>.hasValue(): bool", lambda found: found.has_value),
    Function("optional<A>.or(optional<A>): optional<A>", lambda found, other: found if found.has_value else other),
    Function("optional<A>.orValue(A): A", lambda found, other: found.value if found.has_value else other),
)
