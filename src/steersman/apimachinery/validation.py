"""Checks that follow from a field's markers: Required, OneOf, Range, DNSLabel, DNSSubdomain.

Cross-field rules are each kind's own and stand in api. A kind whose upstream validation words an empty required field
otherwise (`Invalid value`) names that type in `without_required`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from steersman.apimachinery import formats
from steersman.apimachinery.fielderrors import invalid_value, invalid_values, not_supported, required
from steersman.apimachinery.fieldpath import ROOT, Path
from steersman.apimachinery.markers import DNSLabel, DNSSubdomain, OneOf, Range
from steersman.apimachinery.object import Object
from steersman.apimachinery.schema import FieldSchema, Form, TypeSchema, schema_of
from steersman.apimachinery.status import Cause

Check = Callable[[Any, Path], list[Cause]]


@dataclass(frozen=True, slots=True)
class _Checked:
    """A field that has checks of its own or below."""

    name: str
    attribute: str
    is_required: bool
    check: Check | None
    below: TypeSchema | None


def check_markers(
    obj: Object, path: Path = ROOT, without_required: frozenset[type[Object]] = frozenset()
) -> list[Cause]:
    """Everything in an object that its markers forbid."""
    return _check(obj, schema_of(type(obj)), path, without_required)


def _check(value: Any, schema: TypeSchema, path: Path, without: frozenset[type[Object]]) -> list[Cause]:
    found: list[Cause] = []
    match schema.form:
        case Form.OBJECT:
            wants_required = schema.object_type not in without
            for field in _checked_fields(schema):
                below = getattr(value, field.attribute)
                if below is None:
                    continue
                where = path.child(field.name)
                if field.is_required and wants_required and below == "":
                    found.append(required(where))
                elif field.check is not None:
                    found += field.check(below, where)
                if field.below is not None and below:
                    found += _check(below, field.below, where, without)
        case Form.LIST if schema.items is not None:
            for position, item in enumerate(value):
                found += _check(item, schema.items, path.at(position), without)
        case Form.MAP if schema.items is not None and isinstance(value, Mapping):
            for key, item in value.items():
                found += _check(item, schema.items, path.key(key), without)
    return found


@cache
def _checked_fields(schema: TypeSchema) -> tuple[_Checked, ...]:
    made = []
    for field in schema.fields.values():
        check = _check_of(field)
        is_required = field.is_required and field.schema.form is Form.STRING
        below = field.schema if _has_checks(field.schema, set()) else None
        if check or is_required or below:
            made.append(_Checked(field.name, field.attribute, is_required, check, below))
    return tuple(made)


def _has_checks(schema: TypeSchema, seen: set[int]) -> bool:
    if id(schema) in seen:
        return False
    seen.add(id(schema))
    if schema.items is not None:
        return _has_checks(schema.items, seen)
    return any(
        _check_of(field) or (field.is_required and field.schema.form is Form.STRING) or _has_checks(field.schema, seen)
        for field in schema.fields.values()
    )


def _check_of(field: FieldSchema) -> Check | None:
    for marker in field.markers:
        match marker:
            case OneOf() if field.schema.form is Form.STRING:
                return _one_of(marker)
            case Range():
                return _within(marker)
            case DNSLabel():
                return _formatted(formats.dns1123_label)
            case DNSSubdomain():
                return _formatted(formats.dns1123_subdomain)
    return None


def _one_of(marker: OneOf) -> Check:
    supported = tuple(sorted(marker.values))

    def check(value: Any, path: Path) -> list[Cause]:
        # An empty string is an absent field; whether it must be there is for Required to say.
        return [] if value in supported or value == "" else [not_supported(path, value, supported)]

    return check


def _within(marker: Range) -> Check:
    def check(value: Any, path: Path) -> list[Cause]:
        if marker.low is not None and marker.high is not None:
            return invalid_values(path, value, formats.in_range(value, marker.low, marker.high))
        if marker.low is not None and value < marker.low:
            return [invalid_value(path, value, f"must be greater than or equal to {marker.low}")]
        if marker.high is not None and value > marker.high:
            return [invalid_value(path, value, f"must be less than or equal to {marker.high}")]
        return []

    return check


def _formatted(errors_of: Callable[[str], list[str]]) -> Check:
    def check(value: Any, path: Path) -> list[Cause]:
        return invalid_values(path, value, errors_of(value)) if value else []

    return check
