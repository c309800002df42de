"""Fills in what `Default` markers declare: on objects for the request pipeline, on wire trees for custom resources.

Computed defaults (an image's pull policy, a service's port) are each kind's own and stand in api.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, get_type_hints

from steersman.apimachinery.codec.json import decode_value
from steersman.apimachinery.object import Object, replace
from steersman.apimachinery.schema import NO_DEFAULT, FieldSchema, Form, TypeSchema, schema_of

T = TypeVar("T", bound=Object)

Defaulter = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Step:
    """What to do about one field: an absent one gets `value`, a present one is gone through by `below`."""

    attribute: str
    absent: Any
    value: Any
    below: Defaulter | None


def apply_defaults(obj: T) -> T:
    """The object with its declared defaults; itself when there was nothing to fill in."""
    if obj.__facts__.structural is not None:
        return obj  # its own strategy sees to it, on the trees within
    for_type: Defaulter | None = _defaulter(type(obj))
    made: T = for_type(obj) if for_type is not None else obj
    return made


@cache
def _defaulter(wanted: type[Object]) -> Defaulter | None:
    """The function for a type, or None when it has no defaults at any depth."""
    if not _has_defaults(schema_of(wanted), set()):
        return None
    made: list[_Step] = []

    def apply(obj: Object) -> Object:
        # Steps are read at the first use, not here: a type may contain itself.
        if not made:
            made.extend(_steps(wanted))
        changes: dict[str, Any] = {}
        for step in made:
            old = getattr(obj, step.attribute)
            if old is None or (step.value is not NO_DEFAULT and old == step.absent):
                new = step.value
            else:
                new = old if step.below is None else step.below(old)
            if new is not old and new is not NO_DEFAULT:
                changes[step.attribute] = new
        return replace(obj, **changes) if changes else obj

    return apply


def _steps(wanted: type[Object]) -> list[_Step]:
    hints = get_type_hints(wanted, include_extras=True)
    empty = wanted()
    made = []
    for field in schema_of(wanted).fields.values():
        value = NO_DEFAULT if field.default is NO_DEFAULT else decode_value(field.default, hints[field.attribute])
        below = _below(field.schema)
        if below is not None or value is not NO_DEFAULT:
            made.append(_Step(field.attribute, getattr(empty, field.attribute), value, below))
    return made


def _below(schema: TypeSchema) -> Defaulter | None:
    if schema.object_type is not None:
        return _defaulter(schema.object_type)
    item = _below(schema.items) if schema.items is not None else None
    if item is None:
        return None
    return _in_map(item) if schema.form is Form.MAP else _in_list(item)


def _in_list(item: Defaulter) -> Defaulter:
    def apply(values: tuple[Any, ...]) -> tuple[Any, ...]:
        made = tuple(map(item, values))
        return values if all(new is old for new, old in zip(made, values, strict=True)) else made

    return apply


def _in_map(item: Defaulter) -> Defaulter:
    def apply(values: Mapping[str, Any]) -> Mapping[str, Any]:
        made = {key: item(value) for key, value in values.items()}
        return values if all(made[key] is value for key, value in values.items()) else made

    return apply


def _has_defaults(schema: TypeSchema, seen: set[int]) -> bool:
    if id(schema) in seen:
        return False
    seen.add(id(schema))
    if schema.items is not None:
        return _has_defaults(schema.items, seen)
    return any(field.default is not NO_DEFAULT or _has_defaults(field.schema, seen) for field in schema.fields.values())


def default_tree(tree: Any, schema: TypeSchema) -> None:
    """Fill in a wire tree, in place. A null counts as absent where the field can't be null."""
    if isinstance(tree, dict) and schema.form is Form.OBJECT:
        for field in schema.fields.values():
            _default_field(tree, field)
    elif isinstance(tree, dict | list) and schema.items is not None:
        for value in tree.values() if isinstance(tree, dict) else tree:
            default_tree(value, schema.items)


def _default_field(tree: dict[str, Any], field: FieldSchema) -> None:
    given = tree.get(field.name)
    if given is None and field.default is not NO_DEFAULT and (field.name not in tree or not field.nullable):
        given = tree[field.name] = copy.deepcopy(field.default)
    if given is not None:
        default_tree(given, field.schema)
