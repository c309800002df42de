"""What Go's JSON decoder says of a value of the wrong type: it names structs and Go types, and clients' tests know it.

Source: encoding/json: UnmarshalTypeError; metav1.Time, resource.Quantity, intstr.IntOrString: UnmarshalJSON.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from steersman.apimachinery.gotext import quote
from steersman.apimachinery.quantity import Quantity, QuantityError
from steersman.apimachinery.schema import Form, TypeSchema

SCALAR_TYPES = {Form.STRING: "string", Form.BOOLEAN: "bool", Form.NUMBER: "float64", Form.BYTES: "[]uint8"}
NESTED_LISTS = {Form.TIME: "v1.Time", Form.MICRO_TIME: "v1.MicroTime", Form.QUANTITY: "resource.Quantity"}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the decoder stands: the innermost struct's name, and the names of the fields on the way (no indexes)."""

    struct: str = ""
    fields: tuple[str, ...] = ()


def type_error(tree: Any, schema: TypeSchema) -> str | None:
    """The message for the first value of a wrong type, or None if there is none."""
    return _look(tree, schema, _Place())


def _look(tree: Any, schema: TypeSchema, place: _Place) -> str | None:
    if tree is None or schema.form is Form.ANY or (schema.is_structural and schema.object_type is None):
        return None
    match schema.form:
        case Form.OBJECT | Form.MAP if isinstance(tree, dict):
            return _look_in_object(tree, schema, place)
        case Form.LIST if isinstance(tree, list) and schema.items is not None:
            errors = (_look(value, schema.items, place) for value in tree)
            return next((error for error in errors if error), None)
        case Form.STRING | Form.BYTES if isinstance(tree, str):
            return None
        case Form.BOOLEAN if isinstance(tree, bool):
            return None
        case Form.NUMBER if _is_number(tree):
            return None
        case Form.INTEGER if _is_integer(tree, schema.bits):
            return None
        case Form.QUANTITY:
            return _quantity_error(tree)
        case Form.TIME | Form.MICRO_TIME if isinstance(tree, str):
            return _time_error(tree, schema.form)
        case Form.INT_OR_STRING if isinstance(tree, str) or _is_integer(tree, 32):
            return None
    return _mismatch(tree, schema, place)


def _look_in_object(tree: dict[str, Any], schema: TypeSchema, place: _Place) -> str | None:
    struct = schema.object_type.__name__ if schema.object_type else place.struct
    for name, value in tree.items():
        if schema.form is Form.MAP:
            below, inner = schema.items, place
        else:
            field = schema.fields.get(name)
            below, inner = (field.schema if field else None), _Place(struct, (*place.fields, name))
        error = _look(value, below, inner) if below is not None else None
        if error:
            return error
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: Any, bits: int) -> bool:
    return _is_number(value) and float(value).is_integer() and -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)


def _mismatch(tree: Any, schema: TypeSchema, place: _Place) -> str:
    target = go_type(schema)
    if place.fields:
        into = f"Go struct field {place.struct}.{'.'.join(place.fields)} of type {target}"
    else:
        into = f"Go value of type {target}"
    return f"json: cannot unmarshal {_describe(tree, schema)} into {into}"


def _describe(value: Any, schema: TypeSchema) -> str:
    match value:
        case bool():
            return "bool"
        case str():
            return "string"
        case dict():
            return "object"
        case list():
            return "array"
        case _:
            # A number that doesn't fit an integer is named; any number where none belongs is just "number".
            return f"number {value}" if schema.form in (Form.INTEGER, Form.INT_OR_STRING) else "number"


def go_type(schema: TypeSchema) -> str:
    """The type's name in Go, with its package's short name."""
    match schema.form:
        case Form.OBJECT:
            package = schema.facts.package.rpartition(".")[2]
            name = schema.object_type.__name__ if schema.object_type else "Object"
            return f"{package}.{name}" if package else name
        case Form.LIST if schema.items is not None:
            return f"[]{go_type(schema.items)}"
        case Form.MAP if schema.items is not None:
            return f"map[string]{go_type(schema.items)}"
        case Form.INTEGER | Form.INT_OR_STRING:
            return "int32" if schema.bits == 32 or schema.form is Form.INT_OR_STRING else "int64"
        case form if form in NESTED_LISTS:
            return NESTED_LISTS[form]
        case form:
            return SCALAR_TYPES.get(form, "string")


def _quantity_error(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return QUANTITY_RULE
    try:
        Quantity(value)
    except QuantityError as error:
        return str(error)
    return None


QUANTITY_RULE = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


def _time_error(text: str, form: Form) -> str | None:
    try:
        if datetime.fromisoformat(text).tzinfo is not None:
            return None
    except ValueError:
        pass
    layout = "2006-01-02T15:04:05.000000Z07:00" if form is Form.MICRO_TIME else "2006-01-02T15:04:05Z07:00"
    return f"parsing time {quote(text)} as {quote(layout)}: cannot parse {quote(text)} as {quote('2006')}"
