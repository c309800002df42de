"""Path elements: one step from a value to a part of it, as the text FieldsV1 uses for it.

`f:name` is a struct's field or a map's entry, `k:{...}` the item of a list with these keys, `v:...` the item of a set,
`i:0` an item by position. Elements stay in that text form: sets are made and compared without parsing them.
Source: structured-merge-diff, fieldpath: serialized path elements and their order.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from steersman.apimachinery.gotext import html_escaped

# A set's own membership in a FieldsV1 tree: not a path element.
SELF = "."

_KINDS = {"f": 0, "k": 1, "v": 2, "i": 3}
# Numbers go before strings, strings before booleans, then lists, maps and null.
_RANKS = (((bool,), 2), ((int, float), 0), ((str,), 1), ((list,), 3), ((dict,), 4))
_REMEMBERED = 8192


class BadElement(ValueError):
    """The text is no path element."""


def field_element(name: str) -> str:
    """The element of a struct's field or a map's entry."""
    return "f:" + name


@lru_cache(_REMEMBERED, typed=True)
def value_element(value: Any) -> str:
    """The element of a set's item."""
    return "v:" + _write(value)


@lru_cache(_REMEMBERED)
def single_key_element(name: str, value: str) -> str:
    """The element of the item of a list with one key, a string: most lists are."""
    return _write_keys(((name, value),))


def key_element(keys: Mapping[str, Any]) -> str:
    """The element of the item of a list with keys."""
    return _key_element(tuple(sorted(keys.items()))) if _are_scalar(keys) else _write_keys(tuple(sorted(keys.items())))


@lru_cache(_REMEMBERED, typed=True)
def _key_element(keys: tuple[tuple[str, Any], ...]) -> str:
    return _write_keys(keys)


def _are_scalar(keys: Mapping[str, Any]) -> bool:
    # A remembered 1 would answer for true: the cache tells apart the types of its arguments, not what they hold.
    return all(type(value) in (str, int) for value in keys.values())


def _write_keys(keys: tuple[tuple[str, Any], ...]) -> str:
    return "k:{" + ",".join(f"{json.dumps(name, ensure_ascii=False)}:{_write(value)}" for name, value in keys) + "}"


def _write(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    if "<" in text or ">" in text or "&" in text:  # Go's encoder escapes what could be HTML
        text = html_escaped(text)
    return text


def normalize(element: str) -> str | None:
    """The element in its one spelling; None for a kind of element this version doesn't know."""
    if element.startswith("f:"):
        return element
    if len(element) < 2:
        raise BadElement("key must be 2 characters long:")
    if element[1] != ":":
        raise BadElement(f"missing colon: {element}")
    if element[0] not in _KINDS:
        return None
    return _normalize(element)


@lru_cache(_REMEMBERED)
def _normalize(element: str) -> str:
    value = parse(element)
    match element[0]:
        case "k":
            return key_element(value)
        case "v":
            return "v:" + _write(value)
        case _:
            return f"i:{value}"


def parse(element: str) -> Any:
    """What an element names: the field's name, the item's keys, its value or its position."""
    kind, text = element[0], element[2:]
    if kind == "f":
        return text
    try:
        value = int(text) if kind == "i" else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadElement(f"parsing {element}: {error}") from error
    if kind == "k" and not isinstance(value, dict):
        raise BadElement(f"parsing {element}: expected an object")
    return value


@lru_cache(_REMEMBERED)
def order(element: str) -> tuple[Any, ...]:
    """Sorts elements as upstream does: fields, keys, values, positions."""
    kind = _KINDS[element[0]]
    value = parse(element)
    match element[0]:
        case "k":
            return kind, tuple((name, _rank(value[name])) for name in sorted(value))
        case "v":
            return kind, _rank(value)
        case _:
            return kind, value


def _rank(value: Any) -> tuple[int, Any]:
    for types, rank in _RANKS:
        if isinstance(value, types):
            return rank, json.dumps(value, sort_keys=True) if rank > 2 else value
    return 5, None


@lru_cache(_REMEMBERED)
def describe(element: str) -> str:
    """The element as error messages write it: `.name`, `[name="x"]`, `[="x"]`, `[0]`."""
    value = parse(element)
    match element[0]:
        case "f":
            return f".{value}"
        case "k":
            return "[" + ",".join(f"{name}={_show(value[name])}" for name in sorted(value)) + "]"
        case "v":
            return f"[={_show(value)}]"
        case _:
            return f"[{value}]"


def _show(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
