"""Objects out of Kubernetes' protobuf: the wire format read by the `Wire` numbers of a type's schema, to a wire tree.

Source: apimachinery/pkg/runtime/serializer/protobuf: four bytes of magic, then runtime.Unknown around the object.
"""

import struct
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from steersman.apimachinery.codec.json import DecodeError, from_wire, parse
from steersman.apimachinery.object import Object
from steersman.apimachinery.schema import FieldSchema, Form, TypeSchema, schema_of
from steersman.apimachinery.times import format_micro_time, format_time

T = TypeVar("T", bound=Object)

MAGIC = b"k8s\0"
# Wire types. Source: protobuf's encoding guide.
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Field = tuple[int, int, Any]


@dataclass(frozen=True, slots=True)
class Envelope:
    """What stands around an object: what it says it is, and its message."""

    api_version: str
    kind: str
    message: bytes


def read_envelope(data: bytes) -> Envelope:
    """The envelope of a body; DecodeError when it is none."""
    if not data.startswith(MAGIC):
        raise DecodeError("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    parts = {number: value for number, _, value in _fields(data[len(MAGIC) :])}
    named = {number: value.decode() for number, _, value in _fields(parts.get(1, b""))}
    message = parts.get(2, b"")
    return Envelope(named.get(1, ""), named.get(2, ""), message)


def decode(data: bytes, wanted: type[T]) -> T:
    """The object of a body, envelope included."""
    return from_wire(tree_of(read_envelope(data), wanted), wanted)


def tree_of(envelope: Envelope, wanted: type[Object]) -> dict[str, Any]:
    """The wire tree of an object."""
    try:
        tree = _read_object(envelope.message, schema_of(wanted))
    except (IndexError, struct.error, UnicodeDecodeError, OverflowError) as error:
        raise DecodeError(f"proto: {error}") from error
    named = {"kind": envelope.kind, "apiVersion": envelope.api_version}
    return {name: value for name, value in named.items() if value} | tree


@dataclass(frozen=True, slots=True)
class _Layout:
    """Fields of a message by number; inlined structs are messages of their own whose fields stand flat in JSON."""

    fields: dict[int, FieldSchema]
    inlined: dict[int, "_Layout"]


@cache
def _layout(schema: TypeSchema) -> _Layout:
    own: dict[int, FieldSchema] = {}
    inlined: dict[int, _Layout] = {}
    for field in schema.fields.values():
        if field.number is None:
            continue
        # Declared on the type that inlines: what it inherits stands in a message of this number.
        place = schema.facts.inline if field.owner is not schema.object_type else None
        if place is None:
            own[field.number] = field
        else:
            inlined.setdefault(place, _Layout({}, {})).fields[field.number] = field
    return _Layout(own, inlined)


def _read_object(message: bytes, schema: TypeSchema) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    _read_into(tree, message, _layout(schema))
    return tree


def _read_into(tree: dict[str, Any], message: bytes, layout: _Layout) -> None:
    for number, wire_type, value in _fields(message):
        field = layout.fields.get(number)
        if field is not None:
            _put(tree, field, wire_type, value)
        elif number in layout.inlined:
            _read_into(tree, value, layout.inlined[number])


def _put(tree: dict[str, Any], field: FieldSchema, wire_type: int, value: Any) -> None:
    schema = field.schema
    match schema.form:
        case Form.LIST if schema.items is not None:
            items = tree.setdefault(field.name, [])
            items.extend(_items(schema.items, wire_type, value))
        case Form.MAP if schema.items is not None:
            key, item = _map_entry(schema.items, value)
            tree.setdefault(field.name, {})[key] = item
        case _:
            read = _value(schema, value)
            # A zero time is Go's way to say that there is none.
            if read is not None:
                tree[field.name] = read


def _items(items: TypeSchema, wire_type: int, value: Any) -> Iterator[Any]:
    if wire_type == BYTES and items.form in (Form.INTEGER, Form.BOOLEAN):
        position = 0
        while position < len(value):
            number, position = _varint(value, position)
            yield _value(items, number)
    else:
        yield _value(items, value)


def _map_entry(items: TypeSchema, message: bytes) -> tuple[str, Any]:
    parts = {number: value for number, _, value in _fields(message)}
    key = parts.get(1, b"").decode()
    if items.form is Form.LIST and items.items is not None:
        # Protobuf has no lists as map values: such a list is a message with the items in its first field.
        return key, [_value(items.items, value) for _, _, value in _fields(parts.get(2, b""))]
    return key, _value(items, parts.get(2, b"" if items.form is not Form.INTEGER else 0))


def _value(schema: TypeSchema, value: Any) -> Any:
    match schema.form:
        case Form.STRING:
            return value.decode()
        case Form.INTEGER:
            return _signed(value)
        case Form.BOOLEAN:
            return bool(value)
        case Form.NUMBER:
            return struct.unpack("<d", value)[0]
        case Form.BYTES:
            return b64encode(value).decode()
        case Form.TIME | Form.MICRO_TIME:
            return _time(value, schema.form)
        case Form.QUANTITY:
            return next((text.decode() for number, _, text in _fields(value) if number == 1), "0")
        case Form.INT_OR_STRING:
            return _int_or_string(value)
        case Form.ANY:
            raw = next((data for number, _, data in _fields(value) if number == 1), b"")
            return parse(raw) if raw else None
        case _:
            return _read_object(value, schema)


def _time(message: bytes, form: Form) -> str | None:
    parts = {number: _signed(value) for number, _, value in _fields(message)}
    seconds, nanos = parts.get(1, 0), parts.get(2, 0)
    if not seconds and not nanos:
        return None
    moment = _EPOCH + timedelta(seconds=seconds, microseconds=nanos // 1000)
    return format_micro_time(moment) if form is Form.MICRO_TIME else format_time(moment)


def _int_or_string(message: bytes) -> int | str:
    parts = {number: value for number, _, value in _fields(message)}
    if parts.get(1, 0):
        text: bytes = parts.get(3, b"")
        return text.decode()
    return _signed(parts.get(2, 0))


def _signed(number: int) -> int:
    """Negative numbers are written as 64 bits of two's complement."""
    return number - (1 << 64) if number >= 1 << 63 else number


def _fields(message: bytes) -> Iterator[Field]:
    """Number, wire type and raw value of each field."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        number, wire_type = tag >> 3, tag & 7
        match wire_type:
            case 0:
                value, position = _varint(message, position)
                yield number, wire_type, value
            case 2:
                size, position = _varint(message, position)
                if position + size > len(message):
                    raise DecodeError("proto: unexpected EOF")
                yield number, wire_type, message[position : position + size]
                position += size
            case 1 | 5:
                size = 8 if wire_type == FIXED64 else 4
                yield number, wire_type, message[position : position + size]
                position += size
            case _:
                raise DecodeError(f"proto: illegal wireType {wire_type}")


def _varint(message: bytes, position: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        if position >= len(message):
            raise DecodeError("proto: unexpected EOF")
        byte = message[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
        shift += 7
        if shift > 63:
            raise DecodeError("proto: integer overflow")
