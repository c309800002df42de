"""Types of what a structural schema describes. Source: apiserver/pkg/cel/common/schemas.go: SchemaDeclType."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    Type,
    list_of,
    map_of,
)
from steersman.apimachinery.cel.views import escaped

Written = Mapping[str, Any]
# Source: apiserver/pkg/apis/cel/config.go; apiserver/pkg/cel/limits.go.
REQUEST_BYTES = 3 * 1024 * 1024
LONGEST_TEXT = REQUEST_BYTES - 2
TIME_BYTES, DATE_BYTES, DURATION_BYTES = 32, 12, 3
TEXT_BYTES, BOOL_BYTES, NUMBER_BYTES = 2, 4, 1
# What a code point may take.
POINT_BYTES = 4
_META: Written = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "generateName": {"type": "string"}},
}


@dataclass(frozen=True, slots=True)
class Declared:
    """A type, and the least bytes that a value takes in a request."""

    kind: Type
    least: int


def with_metadata(schema: Written) -> Written:
    """A schema of whole objects: kind, apiVersion and the name can always be seen."""
    text = {"type": "string"}
    own = schema.get("properties") or {}
    if all(_is_of(own.get(name), "string") for name in ("kind", "apiVersion")) and _is_metadata(own.get("metadata")):
        return schema
    return {**schema, "properties": {**own, "kind": text, "apiVersion": text, "metadata": _META}}


def _is_of(schema: Any, kind: str) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") == kind


def _is_metadata(schema: Any) -> bool:
    below = (schema.get("properties") or {}) if _is_of(schema, "object") else {}
    return all(_is_of(below.get(name), "string") for name in _META["properties"])


def declared(schema: Written, *, is_root: bool = False, name: str = "object") -> Declared | None:
    """The type of a schema's values; None for what expressions can't see: fields that are kept without a schema."""
    if schema.get("x-kubernetes-int-or-string"):
        return Declared(Type("dyn", size=LONGEST_TEXT), TEXT_BYTES)
    if is_root or schema.get("x-kubernetes-embedded-resource"):
        schema = with_metadata(schema)
    match schema.get("type"):
        case "array":
            return _list(schema, name)
        case "object":
            return _object(schema, name)
        case "string":
            return _string(schema)
        case "boolean":
            return Declared(BOOL, BOOL_BYTES)
        case "number":
            return Declared(DOUBLE, NUMBER_BYTES)
        case "integer":
            return Declared(INT, NUMBER_BYTES)
        case _:
            return None


def _list(schema: Written, name: str) -> Declared | None:
    items = schema.get("items")
    element = declared(items, name=f"{name}.@idx") if isinstance(items, Mapping) else None
    if element is None:
        return None
    most = schema.get("maxItems")
    size = max(most, 0) if most is not None else LONGEST_TEXT // (element.least + 1)
    kind = list_of(element.kind, size)
    list_type = schema.get("x-kubernetes-list-type") or ""
    keys = tuple(schema.get("x-kubernetes-list-map-keys") or ())
    return Declared(Type(kind.name, kind.params, size=size, list_type=list_type, map_keys=keys), 2)


def _object(schema: Written, name: str) -> Declared | None:
    others = schema.get("additionalProperties")
    if isinstance(others, Mapping) and others:
        value = declared(others, name=f"{name}.@prop")
        if value is None:
            return None
        most = schema.get("maxProperties")
        size = max(most, 0) if most is not None else LONGEST_TEXT // (value.least + 6)
        return Declared(map_of(Type("string", size=LONGEST_TEXT), value.kind, size), 2)
    needed, least = set(schema.get("required") or ()), 2
    fields: dict[str, Type] = {}
    for field, below in (schema.get("properties") or {}).items():
        found = declared(below, name=f"{name}.{field}")
        if found is None:
            continue
        if field in needed and "default" not in below:
            least += len(field) + found.least + 4
        if (called := escaped(field)) is not None:
            fields[called] = found.kind
    return Declared(Type(name, fields=fields), least)


def _string(schema: Written) -> Declared:
    longest, form = schema.get("maxLength"), schema.get("format")
    match form:
        case "byte":
            size = max(longest, 0) if longest is not None else LONGEST_TEXT
            return Declared(_sized(BYTES, size), TEXT_BYTES)
        case "duration":
            return Declared(_sized(DURATION, TIME_BYTES), DURATION_BYTES)
        case "date":
            return Declared(_sized(TIMESTAMP, DATE_BYTES), DATE_BYTES)
        case "date-time":
            return Declared(_sized(TIMESTAMP, TIME_BYTES), TIME_BYTES - 11)
    if longest is not None:
        return Declared(_sized(STRING, max(longest, 0) * POINT_BYTES), TEXT_BYTES)
    if listed := schema.get("enum"):
        return Declared(
            _sized(STRING, max((len(one) for one in listed if isinstance(one, str)), default=0)), TEXT_BYTES
        )
    return Declared(_sized(STRING, LONGEST_TEXT), TEXT_BYTES)


def _sized(kind: Type, size: int) -> Type:
    return Type(kind.name, size=size)
