"""Equality, order and arithmetic of values. Source: the CEL specification; cel-go/common/types."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from steersman.apimachinery.cel.times import MAX_SECONDS, MIN_SECONDS, NANOS
from steersman.apimachinery.cel.values import (
    MAX_INT,
    MAX_UINT,
    MIN_INT,
    Duration,
    EvaluationError,
    Fields,
    NoSuchOverload,
    Opaque,
    Optional,
    Timestamp,
    TypeValue,
    UInt,
)
from steersman.apimachinery.cel.views import ListView, MapView, ObjectView

NUMBERS = frozenset({int, UInt, float})
LISTS = frozenset({list, tuple, ListView})
MAPS = frozenset({dict, MapView})
_NAMES = {
    type(None): "null_type", bool: "bool", int: "int", UInt: "uint", float: "double", str: "string", bytes: "bytes",
    list: "list", tuple: "list", ListView: "list", dict: "map", MapView: "map", Duration: "google.protobuf.Duration",
    Timestamp: "google.protobuf.Timestamp", TypeValue: "type", Optional: "optional_type",
}  # fmt: skip


def type_name(value: object) -> str:
    """What `type(value)` is called."""
    known = _NAMES.get(type(value))
    if known is not None:
        return known
    if isinstance(value, ObjectView):
        return value.kind.name
    if isinstance(value, Opaque):
        return value.type_name
    return "map" if isinstance(value, Mapping) else "list" if isinstance(value, Sequence) else type(value).__name__


def equal(left: Any, right: Any) -> bool:
    """`==`: numbers of all types compare by what they mean, other types differ from each other."""
    kind, other = type(left), type(right)
    if kind in NUMBERS:
        return other in NUMBERS and left == right
    if kind in LISTS:
        return other in LISTS and _equal_lists(left, right)
    if kind in MAPS:
        return other in MAPS and _equal_maps(left, right)
    if kind is ObjectView:
        return other is ObjectView and _equal_objects(left, right)
    if kind is Optional:
        return other is Optional and left.has_value == right.has_value and equal(left.value, right.value)
    return kind is other and bool(left == right)


def _equal_lists(left: Any, right: Any) -> bool:
    if len(left) != len(right):
        return False
    kind = left.kind if type(left) is ListView else None
    if kind is not None and kind.list_type == "set":
        return all(contains(right, one) for one in left)
    if kind is not None and kind.list_type == "map":
        return _equal_keyed(left.raw, right.raw if type(right) is ListView else right, left, right, kind.map_keys)
    return all(equal(one, other) for one, other in zip(left, right, strict=True))


def _equal_keyed(raw: Any, other_raw: Any, left: Any, right: Any, keys: tuple[str, ...]) -> bool:
    others = {_key(one, keys): position for position, one in enumerate(other_raw)}
    for position, one in enumerate(raw):
        there = others.get(_key(one, keys))
        if there is None or not equal(left[position], right[there]):
            return False
    return True


def _key(raw: Any, keys: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(raw.get(key) for key in keys) if isinstance(raw, Mapping) else (str(raw),)


def _equal_maps(left: Any, right: Any) -> bool:
    if len(left) != len(right):
        return False
    return all(key in right and equal(value, right[key]) for key, value in left.items())


def _equal_objects(left: ObjectView, right: ObjectView) -> bool:
    if left.raw.keys() != right.raw.keys():
        return False
    fields = left.kind.fields or {}
    return all(equal(left.get(name), right.get(name)) for name in fields if left.has(name))


def contains(collection: Any, value: Any) -> bool:
    """`value in collection`."""
    kind = type(collection)
    if kind in LISTS:
        if type(value) is str and kind is not ListView:
            return value in collection
        return any(equal(one, value) for one in collection)
    if kind in MAPS:
        return _hashable(value) and value in collection
    raise NoSuchOverload


def _hashable(value: Any) -> bool:
    return type(value) in (str, bool, int, UInt, float)


def less(left: Any, right: Any) -> bool:
    """`<`."""
    kind, other = type(left), type(right)
    if (kind in NUMBERS and other in NUMBERS) or (kind is other and kind in (str, bytes, bool, Duration, Timestamp)):
        return bool(left < right)
    raise NoSuchOverload


def less_or_equal(left: Any, right: Any) -> bool:
    """`<=`, which for numbers that are none is not the contrary of `>`."""
    kind, other = type(left), type(right)
    if (kind in NUMBERS and other in NUMBERS) or (kind is other and kind in (str, bytes, bool, Duration, Timestamp)):
        return bool(left <= right)
    raise NoSuchOverload


def checked(number: int, kind: type = int) -> Any:
    """A result within 64 bits. EvaluationError."""
    if kind is UInt:
        if 0 <= number <= MAX_UINT:
            return UInt(number)
        raise EvaluationError("unsigned integer overflow")
    if MIN_INT <= number <= MAX_INT:
        return number
    raise EvaluationError("integer overflow")


def _duration(nanos: int) -> Duration:
    if MIN_INT <= nanos <= MAX_INT:
        return Duration(nanos)
    raise EvaluationError("integer overflow")


def _moment(nanos: int) -> Timestamp:
    if MIN_SECONDS * NANOS <= nanos <= (MAX_SECONDS + 1) * NANOS - 1:
        return Timestamp(nanos)
    raise EvaluationError("timestamp overflow")


def add(left: Any, right: Any) -> Any:
    """`+`."""
    kind, other = type(left), type(right)
    if kind is other:
        if kind is int or kind is UInt:
            return checked(int(left) + int(right), kind)
        if kind in (str, bytes, float):
            return left + right
        if kind is Duration:
            return _duration(left.nanos + right.nanos)
    if kind in LISTS and other in LISTS:
        return added_lists(left, right)
    if {kind, other} == {Timestamp, Duration}:
        return _moment(left.nanos + right.nanos)
    raise NoSuchOverload


def added_lists(left: Any, right: Any) -> Any:
    """Lists one after the other; of sets the union, of keyed lists the later one's elements win.

    Source: apiserver/pkg/cel/common/values.go: unstructuredSetList.Add, unstructuredMapList.Add.
    """
    kind = left.kind if type(left) is ListView else None
    if kind is None or type(right) is not ListView or kind.list_type not in ("set", "map"):
        return [*left, *right]
    if kind.list_type == "set":
        return ListView([*left.raw, *(one for one in right.raw if one not in left.raw)], kind)
    merged = {_key(one, kind.map_keys): one for one in left.raw}
    merged.update({_key(one, kind.map_keys): one for one in right.raw})
    return ListView(list(merged.values()), kind)


def subtract(left: Any, right: Any) -> Any:
    """`-`."""
    kind, other = type(left), type(right)
    if kind is other:
        if kind is int or kind is UInt:
            return checked(int(left) - int(right), kind)
        if kind is float:
            return left - right
        if kind in (Duration, Timestamp):
            return _duration(left.nanos - right.nanos)
    if kind is Timestamp and other is Duration:
        return _moment(left.nanos - right.nanos)
    raise NoSuchOverload


def multiply(left: Any, right: Any) -> Any:
    """`*`."""
    kind = type(left)
    if kind is type(right):
        if kind is int or kind is UInt:
            return checked(int(left) * int(right), kind)
        if kind is float:
            return left * right
    raise NoSuchOverload


def divide(left: Any, right: Any) -> Any:
    """`/`: whole numbers lose their fraction."""
    kind = type(left)
    if kind is not type(right):
        raise NoSuchOverload
    if kind is float:
        if right == 0:
            return math.nan if left == 0 or left != left else math.copysign(math.inf, left) * math.copysign(1, right)
        return left / right
    if kind is int or kind is UInt:
        if right == 0:
            raise EvaluationError("division by zero")
        quotient = abs(int(left)) // abs(int(right))
        return checked(quotient if (left < 0) == (right < 0) else -quotient, kind)
    raise NoSuchOverload


def remainder(left: Any, right: Any) -> Any:
    """`%`, with the sign of the dividend."""
    kind = type(left)
    if kind is not type(right) or kind not in (int, UInt):
        raise NoSuchOverload
    if right == 0:
        raise EvaluationError("modulus by zero")
    rest = abs(int(left)) % abs(int(right))
    return checked(-rest if left < 0 else rest, kind)


def negate(value: Any) -> Any:
    """`-x`."""
    if type(value) is int:
        return checked(-value)
    if type(value) is float:
        return -value
    if type(value) is Duration:
        return _duration(-value.nanos)
    raise NoSuchOverload


def index(collection: Any, key: Any) -> Any:
    """`collection[key]`. EvaluationError when there is no such element."""
    kind = type(collection)
    if kind in LISTS:
        if type(key) is float and key.is_integer():
            key = int(key)
        if type(key) not in (int, UInt):
            raise NoSuchOverload
        if 0 <= key < len(collection):
            return collection[int(key)]
        raise EvaluationError(f"index out of bounds: {int(key)}")
    if kind in MAPS:
        if not _hashable(key):
            raise NoSuchOverload
        if key in collection:
            return collection[key]
        raise EvaluationError(f"no such key: {key}")
    if isinstance(collection, Fields):
        return collection.get(key)
    raise NoSuchOverload


def size(value: Any) -> int:
    """Characters, bytes, or elements."""
    if type(value) in (str, bytes) or type(value) in LISTS or type(value) in MAPS:
        return len(value)
    raise NoSuchOverload
