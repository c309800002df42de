"""Whether a schema is structural: what a CustomResourceDefinition may write in it. Works on its JSON form.

Source: apiextensions-apiserver/pkg/apiserver/schema/validation.go; pkg/apis/apiextensions/validation:
ValidateCustomResourceDefinitionOpenAPISchema.
"""

from collections.abc import Iterable, Mapping
from enum import Enum, auto
from typing import Any

from steersman.apimachinery.fielderrors import forbidden_field, invalid_value, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.regex import RegexError, compile_pattern
from steersman.apimachinery.schemachecks import check
from steersman.apimachinery.status import Cause
from steersman.apimachinery.structural import (
    EMBEDDED,
    INT_OR_STRING,
    KEEPS_UNKNOWN,
    LIST_KEYS,
    LIST_TYPE,
    MAP_TYPE,
    Written,
)

TYPES = ("array", "boolean", "integer", "number", "object", "string")
# What stands beside a value's structure, never inside anyOf and such.
ONLY_OUTSIDE: Mapping[str, str] = {
    "type": "must be empty to be structural",
    "additionalProperties": "must be undefined to be structural",
    "default": "must be undefined to be structural",
    "title": "must be empty to be structural",
    "description": "must be empty to be structural",
    "nullable": "must be false to be structural",
    KEEPS_UNKNOWN: "must be false to be structural",
    EMBEDDED: "must be false to be structural",
    INT_OR_STRING: "must be false to be structural",
    LIST_KEYS: "must be empty to be structural",
    LIST_TYPE: "must be undefined to be structural",
    MAP_TYPE: "must be undefined to be structural",
    "x-kubernetes-validations": "must be empty to be structural",
}
UNSUPPORTED = ("definitions", "dependencies", "patternProperties", "$ref")
EITHER = [{"type": "integer"}, {"type": "string"}]


class Level(Enum):
    """Where a schema stands."""

    ROOT = auto()
    ITEM = auto()
    FIELD = auto()


_TYPE_NEEDED = {
    Level.ROOT: "must not be empty at the root",
    Level.ITEM: "must not be empty for specified array items",
    Level.FIELD: "must not be empty for specified object fields",
}


def structural_faults(schema: Written, path: Path, level: Level = Level.ROOT) -> list[Cause]:
    """Everything that keeps a schema from being structural."""
    found = [*_type_faults(schema, path, level), *_extension_faults(schema, path), *_value_faults(schema, path)]
    found += [forbidden_field(path.child(name), f"{name} is not supported") for name in UNSUPPORTED if schema.get(name)]
    if schema.get("uniqueItems"):
        why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        found.append(forbidden_field(path.child("uniqueItems"), why))
    if schema.get("type") == "array" and not schema.get("items"):
        found.append(required(path.child("items"), "must be specified"))
    found += _below(schema, path, level)
    if schema.get("default") is not None and level is not Level.ROOT:
        found += [_default_fault(one, path, schema["default"]) for one in check(schema["default"], schema)]
    return found


def _type_faults(schema: Written, path: Path, level: Level) -> Iterable[Cause]:
    kind, where = schema.get("type") or "", path.child("type")
    if kind and kind not in TYPES:
        yield not_supported(where, kind, TYPES)
    if schema.get(EMBEDDED) and kind != "object":
        why = f"must be object if {EMBEDDED} is true"
        yield invalid_value(where, kind, why) if kind else required(where, why)
    elif not kind and not schema.get(INT_OR_STRING) and not schema.get(KEEPS_UNKNOWN):
        yield required(where, _TYPE_NEEDED[level])
    if level is Level.ROOT and kind not in ("", "object"):
        yield invalid_value(where, kind, "must be object at the root")
    if level is Level.ROOT and schema.get("nullable"):
        yield forbidden_field(path.child("nullable"), "nullable cannot be true at the root")
    if schema.get(EMBEDDED) and not schema.get(KEEPS_UNKNOWN) and not schema.get("properties"):
        why = f"must not be empty if {EMBEDDED} is true without {KEEPS_UNKNOWN}"
        yield required(path.child("properties"), why)


def _extension_faults(schema: Written, path: Path) -> Iterable[Cause]:
    kind = schema.get("type") or ""
    if schema.get(KEEPS_UNKNOWN) is False:
        yield invalid_value(path.child(KEEPS_UNKNOWN), False, "must be true or undefined")
    if schema.get(INT_OR_STRING):
        for name in (KEEPS_UNKNOWN, EMBEDDED):
            if schema.get(name):
                yield invalid_value(path.child(name), True, f"must be false if {INT_OR_STRING} is true")
    for name, wanted, allowed in (
        (MAP_TYPE, "object", ("atomic", "granular")),
        (LIST_TYPE, "array", ("atomic", "set", "map")),
    ):
        value = schema.get(name)
        if value is None:
            continue
        if kind != wanted:
            why = f"must be {wanted} if {name} is specified"
            yield invalid_value(path.child("type"), kind, why) if kind else required(path.child("type"), why)
        if value not in allowed:
            yield not_supported(path.child(name), value, allowed)
    yield from _list_map_faults(schema, path)


def _list_map_faults(schema: Written, path: Path) -> Iterable[Cause]:
    keys, kind, items = schema.get(LIST_KEYS) or (), schema.get(LIST_TYPE), schema.get("items") or {}
    if keys and kind != "map":
        why = f"must be map if {LIST_KEYS} is non-empty"
        yield required(path.child(LIST_TYPE), why) if kind is None else invalid_value(path.child(LIST_TYPE), kind, why)
    if kind == "set" and items.get("type") == "object" and items.get(MAP_TYPE) != "atomic":
        why = f"must be atomic as item of a list with {LIST_TYPE}=set"
        yield invalid_value(path.child("items", MAP_TYPE), items.get(MAP_TYPE), why)
    if kind != "map":
        return
    if not keys:
        yield required(path.child(LIST_KEYS), f"must not be empty if {LIST_TYPE} is map")
    if items.get("type") != "object":
        why = f"must be object if parent array's {LIST_TYPE} is map"
        yield invalid_value(path.child("items", "type"), items.get("type") or "", why)
        return
    declared, mandatory = items.get("properties") or {}, items.get("required") or ()
    for key in keys:
        if key not in declared:
            yield invalid_value(path.child(LIST_KEYS), list(keys), "entries must all be names of item properties")
            continue
        where = path.child("items", "properties").key(key)
        if declared[key].get("type") in ("array", "object"):
            why = f"must be a scalar type if parent array's {LIST_TYPE} is map"
            yield invalid_value(where.child("type"), items["type"], why)
        if key not in mandatory and declared[key].get("default") is None:
            why = f"this property is in {LIST_KEYS}, so it must have a default or be a required property"
            yield required(where.child("default"), why)


def _value_faults(schema: Written, path: Path) -> Iterable[Cause]:
    pattern = schema.get("pattern")
    if pattern:
        try:
            compile_pattern(pattern)
        except RegexError as error:
            why = f"must be a valid regular expression, but isn't: {error}"
            yield invalid_value(path.child("pattern"), pattern, why)
    for name in ("anyOf", "allOf", "oneOf"):
        if name == "anyOf" and schema.get(INT_OR_STRING) and schema.get(name) == EITHER:
            continue
        for position, one in enumerate(schema.get(name) or ()):
            is_either = name == "allOf" and position == 0 and bool(schema.get(INT_OR_STRING))
            yield from _nested_faults(one, path.child(name).at(position), is_either=is_either)
    if schema.get("not"):
        yield from _nested_faults(schema["not"], path.child("not"))


def _nested_faults(schema: Written, path: Path, *, is_either: bool = False) -> Iterable[Cause]:
    """A schema inside anyOf and such: constraints on values alone."""
    inner = {name: value for name, value in schema.items() if name != "anyOf"} if is_either else schema
    yield from _value_faults(inner, path)
    for name, why in ONLY_OUTSIDE.items():
        if schema.get(name) not in (None, "", False, [], {}):
            yield forbidden_field(path.child(name), why)
    if isinstance(schema.get("items"), Mapping):
        yield from _nested_faults(schema["items"], path.child("items"))
    for name, one in (schema.get("properties") or {}).items():
        yield from _nested_faults(one, path.child("properties").key(name))
    if "metadata" in (schema.get("properties") or {}):
        yield forbidden_field(path.child("properties").key("metadata"), "must not be specified in a nested context")


def _below(schema: Written, path: Path, level: Level) -> Iterable[Cause]:
    properties, others = schema.get("properties") or {}, schema.get("additionalProperties")
    if others is not None:
        where = path.child("additionalProperties")
        if level is Level.ROOT:
            yield forbidden_field(where, "must not be used at the root")
        if properties and others is not True:
            yield forbidden_field(where, "additionalProperties and properties are mutual exclusive")
        if schema.get(EMBEDDED):
            yield forbidden_field(where, f"must not be used if {EMBEDDED} is set")
        if isinstance(others, Mapping):
            yield from structural_faults(others, where, Level.FIELD)
    if isinstance(schema.get("items"), Mapping):
        yield from structural_faults(schema["items"], path.child("items"), Level.ITEM)
    is_object = level is Level.ROOT or bool(schema.get(EMBEDDED))
    for name, one in properties.items():
        where = path.child("properties").key(name)
        if is_object and name in ("kind", "apiVersion", "metadata"):
            yield from _envelope_faults(name, one, where, level)
        else:
            yield from structural_faults(one, where, Level.FIELD)


def _envelope_faults(name: str, schema: Written, path: Path, level: Level) -> Iterable[Cause]:
    wanted = "object" if name == "metadata" else "string"
    if schema.get("type") != wanted:
        yield invalid_value(path.child("type"), schema.get("type") or "", f"must be {wanted}")
    others = schema.keys() - {"type", "properties", "description"}
    others |= (schema.get("properties") or {}).keys() - {"name", "generateName"}
    if name == "metadata" and level is Level.ROOT and others:
        why = "must not specify anything other than name and generateName, but metadata is implicitly specified"
        yield forbidden_field(path, why)
    if schema.get("default") is not None and level is Level.ROOT:
        yield forbidden_field(path.child("default"), f"must not be set in top-level {name}")


def _default_fault(cause: Cause, path: Path, default: Any) -> Cause:
    where = path.child("default")
    below = cause.field if cause.field != "<nil>" else ""
    field = f"{where}.{below}" if below and not below.startswith("[") else f"{where}{below}"
    return Cause(cause.reason, cause.message, field)
