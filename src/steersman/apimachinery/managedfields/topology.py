"""`Topology`: what server-side apply has to know of a type, read once off its TypeSchema.

A value is a scalar, is replaced as a whole (atomic), or has parts that different managers can own.
Source: kube-openapi, schemaconv: how OpenAPI's list and map types become structured-merge-diff's schema.
"""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from steersman.apimachinery.markers import Atomic
from steersman.apimachinery.schema import NO_DEFAULT, FieldSchema, Form, TypeSchema


class Absent(Enum):
    """A value that isn't there, which differs from null."""

    ABSENT = auto()


ABSENT = Absent.ABSENT
_NO_KEYS: dict[str, Any] = {}


class Shape(Enum):
    """How the parts of a value are owned."""

    SCALAR = auto()
    ATOMIC = auto()
    MAP = auto()
    """A struct or map; each field or entry by itself."""
    KEYED = auto()
    """A list whose items are told apart by keys."""
    SET = auto()
    """A list of distinct scalars."""
    UNTYPED = auto()
    """No schema: maps are merged, lists replaced."""


@dataclass(slots=True, eq=False)
class Topology:
    """A type as apply sees it; filled in two steps because types may contain themselves, then never changed.

    form: the Form of the value, to check what clients send. fields: declared ones. element: type of a list's items, a
    map's values and a struct's undeclared fields; None where there are none. keys: with the default of each, or ABSENT.
    empties: fields that a present struct always has in upstream's Go types, with the value they have when not set.
    """

    shape: Shape
    form: Form
    fields: dict[str, "Topology"] = field(default_factory=dict)
    element: "Topology | None" = None
    keys: dict[str, Any] = field(default_factory=dict)
    empties: dict[str, Any] = field(default_factory=dict)


UNTYPED = Topology(Shape.UNTYPED, Form.ANY)
_ATOMIC_ANY = Topology(Shape.ATOMIC, Form.ANY)


def topology_of(schema: TypeSchema) -> Topology:
    """The topology of a kind. Keep it: making it visits the whole type."""
    return _Reader().read(schema, is_declared=False)


class _Reader:
    """Reads each object type once, so that types may contain themselves."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, bool], Topology] = {}

    def read(self, schema: TypeSchema, *, is_declared: bool, is_atomic: bool = False) -> Topology:
        """is_declared: inside a built-in type, where a value of any form is atomic, as upstream's RawExtension."""
        match schema.form:
            case Form.OBJECT:
                return self._read_object(schema, is_atomic)
            case Form.MAP:
                element = self._read_element(schema, is_declared)
                return Topology(Shape.ATOMIC if is_atomic else Shape.MAP, Form.MAP, element=element)
            case Form.LIST:
                return Topology(Shape.ATOMIC, Form.LIST, element=self._read_element(schema, is_declared))
            case Form.ANY:
                return _ATOMIC_ANY if is_declared or is_atomic else UNTYPED
            case _:
                return Topology(Shape.SCALAR, schema.form)

    def _read_element(self, schema: TypeSchema, is_declared: bool) -> Topology | None:
        if schema.items is None:
            return None
        return self.read(schema.items, is_declared=is_declared, is_atomic=schema.items.facts.atomic)

    def _read_object(self, schema: TypeSchema, is_atomic: bool) -> Topology:
        known = self._known.get((id(schema), is_atomic))
        if known is not None:
            return known
        made = Topology(Shape.ATOMIC if is_atomic else Shape.MAP, Form.OBJECT)
        self._known[id(schema), is_atomic] = made
        is_declared = schema.object_type is not None
        made.element = self._read_element(schema, is_declared)
        for name, one in schema.fields.items():
            made.fields[name] = self._read_field(one, is_declared)
            if is_declared and (empty := _empty_value(one)) is not ABSENT:
                made.empties[name] = empty
        return made

    def _read_field(self, one: FieldSchema, is_declared: bool) -> Topology:
        if one.schema.form is not Form.LIST:
            return self.read(one.schema, is_declared=is_declared, is_atomic=one.is_atomic)
        made = self.read(one.schema, is_declared=is_declared)
        if one.marker(Atomic) is not None or made.element is None:
            return made
        if one.list_keys is not None and one.schema.items is not None:
            made.shape = Shape.KEYED
            made.keys = {key: _key_default(one.schema.items, key) for key in one.list_keys}
        elif one.is_set:
            made.shape = Shape.SET
        return made


def _key_default(items: TypeSchema, key: str) -> Any:
    declared = items.fields.get(key)
    if declared is None or declared.default is NO_DEFAULT:
        return ABSENT
    return declared.default


def _empty_value(one: FieldSchema) -> Any:
    if one.schema.form is Form.OBJECT and not one.nullable:
        return _NO_KEYS
    if one.written_empty and one.schema.form in (Form.LIST, Form.MAP):
        return None
    return ABSENT
