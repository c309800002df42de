"""Protobuf messages to objects: for each type a table of its fields, made when first used. Unknown fields are skipped.

Source: the `Unmarshal` methods in upstream's generated.pb.go.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from functools import lru_cache
from typing import Any, TypeVar

from steersman.apimachinery.codec.json import DecodeError, parse, to_wire
from steersman.apimachinery.codec.protolayout import (
    BYTES,
    FIXED32,
    FIXED64,
    VARINT,
    Choice,
    Layout,
    choice_of,
    layout_of,
)
from steersman.apimachinery.markers import Wrapped
from steersman.apimachinery.object import Object
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.schema import FieldSchema, Form, TypeSchema, schema_of
from steersman.apimachinery.times import MicroTime

T = TypeVar("T", bound=Object)

# The raw value of a field (a number, or bytes) to the value of an attribute.
Read = Callable[[Any], Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Way(Enum):
    """How a field's value joins those read so far."""

    ONE = auto()
    EACH = auto()
    NUMBERS = auto()
    ENTRY = auto()
    INLINED = auto()


_ONE = _Way.ONE  # looked up for every field

# By number: the attribute, how its value is read, and how it joins the others. Of what is inlined, the second is the
# table of its fields.
_Slots = Mapping[int, tuple[str, Any, _Way]]


def read_message(message: bytes, wanted: type[T]) -> T:
    """The object of a message; DecodeError when it is none."""
    try:
        made: T = _reader_of(wanted)(message)
    except DecodeError:
        raise
    except IndexError as error:
        raise DecodeError("proto: unexpected EOF") from error
    except (TypeError, AttributeError, struct.error, ValueError, OverflowError) as error:
        raise DecodeError(f"proto: {error}") from error
    except RecursionError as error:
        raise DecodeError("proto: exceeded maximum recursion depth") from error
    return made


def fields_of(message: bytes) -> Iterator[tuple[int, int, Any]]:
    """Number, wire type and raw value of each field; DecodeError or IndexError when it ends too soon.

    Numbers and sizes of one byte, nearly all there are, are read on the spot: this loop is what decoding takes.
    """
    position, end = 0, len(message)
    while position < end:
        key = message[position]
        position += 1
        if key >= 0x80:
            key, position = _varint(message, position - 1)
        wire_type = key & 7
        if wire_type in (BYTES, VARINT):
            value = message[position]
            position += 1
            if value >= 0x80:
                value, position = _varint(message, position - 1)
            if wire_type == VARINT:
                yield key >> 3, wire_type, value
                continue
            stop = position + value
        elif wire_type in (FIXED64, FIXED32):
            stop = position + (8 if wire_type == FIXED64 else 4)
        else:
            raise DecodeError(f"proto: illegal wireType {wire_type}")
        if stop > end:
            raise DecodeError("proto: unexpected EOF")
        yield key >> 3, wire_type, message[position:stop]
        position = stop


def _varint(message: bytes, start: int) -> tuple[int, int]:
    result = shift = 0
    for position in range(start, len(message)):
        byte = message[position]
        if byte < 0x80:
            return result | byte << shift, position + 1
        result |= (byte & 0x7F) << shift
        shift += 7
        if shift > 63:
            raise DecodeError("proto: integer overflow")
    raise DecodeError("proto: unexpected EOF")


@lru_cache(maxsize=4096)
def _reader_of(wanted: type[Object]) -> Callable[[bytes], Any]:
    slots = _slots(layout_of(wanted))
    lists = tuple(field.attribute for field in schema_of(wanted).fields.values() if field.schema.form is Form.LIST)

    def read(message: bytes) -> Any:
        values: dict[str, Any] = {}
        _read_into(values, message, slots)
        for name in lists:
            if name in values:
                values[name] = tuple(values[name])
        return wanted(**values)

    return read


def _read_into(values: dict[str, Any], message: bytes, slots: _Slots) -> None:
    for number, wire_type, raw in fields_of(message):
        slot = slots.get(number)
        if slot is None:
            continue
        name, read, way = slot
        if way is _ONE:
            value = read(raw)
            if value is not None:
                values[name] = value
        elif way is _Way.ENTRY:
            key, value = read(raw)
            values.setdefault(name, {})[key] = value
        elif way is _Way.INLINED:
            _read_into(values, raw, read)
        elif way is _Way.NUMBERS and wire_type == BYTES:
            values.setdefault(name, []).extend(map(read, _packed(raw)))
        else:
            values.setdefault(name, []).append(read(raw))


def _packed(raw: bytes) -> Iterator[int]:
    position = 0
    while position < len(raw):
        number, position = _varint(raw, position)
        yield number


def _slots(layout: Layout) -> _Slots:
    made = {number: _slot(field) for number, field in layout.fields.items()}
    return made | {number: ("", _slots(inner), _Way.INLINED) for number, inner in layout.inlined.items()}


def _slot(field: FieldSchema) -> tuple[str, Any, _Way]:
    schema, name, owner = field.schema, field.attribute, field.owner
    if schema.form is Form.LIST and schema.items is not None:
        if field.marker(Wrapped):
            return name, _list_reader(schema, owner), _Way.ONE
        has_numbers = schema.items.form in (Form.INTEGER, Form.BOOLEAN)
        return name, _value_reader(schema.items, owner), _Way.NUMBERS if has_numbers else _Way.EACH
    if schema.form is Form.MAP and schema.items is not None:
        return name, _entry_reader(schema.items, owner), _Way.ENTRY
    return name, _value_reader(schema, owner), _Way.ONE


def _entry_reader(items: TypeSchema, owner: type[Object]) -> Callable[[bytes], tuple[str, Any]]:
    read = _value_reader(items, owner) if items.form is not Form.LIST else _list_reader(items, owner)
    empty: Any = 0 if items.form in (Form.INTEGER, Form.BOOLEAN) else b""

    def read_entry(message: bytes) -> tuple[str, Any]:
        parts = {number: value for number, _, value in fields_of(message)}
        return parts.get(1, b"").decode(), read(parts.get(2, empty))

    return read_entry


def _list_reader(schema: TypeSchema, owner: type[Object]) -> Read:
    """A list as a map's value, which protobuf doesn't have, or as Wrapped."""
    assert schema.items is not None, "a list without items"
    read = _value_reader(schema.items, owner)
    return lambda raw: tuple(read(value) for number, _, value in fields_of(raw) if number == 1)


def _value_reader(schema: TypeSchema, owner: type[Object]) -> Read:
    match schema.form:
        case Form.OBJECT if schema.object_type is not None:
            return _object_reader(schema.object_type)
        case Form.INTEGER:
            return _signed32 if schema.bits == 32 else _signed
        case Form.ANY:
            choice = choice_of(schema)
            return _raw if choice is None else _choice_reader(choice, owner)
        case _:
            return _READERS[schema.form]


def _object_reader(wanted: type[Object]) -> Read:
    """Looks the type's own reader up when first used: types may contain themselves."""
    read_object: Read | None = None

    def read(raw: bytes) -> Any:
        nonlocal read_object
        if read_object is None:
            read_object = _reader_of(wanted)
        return read_object(raw)

    return read


def _signed(number: int) -> int:
    """Negative numbers are written as 64 bits of two's complement."""
    number &= (1 << 64) - 1
    return number - (1 << 64) if number >= 1 << 63 else number


def _signed32(number: int) -> int:
    """Of more bits, Go keeps the lower 32."""
    number &= (1 << 32) - 1
    return number - (1 << 32) if number >= 1 << 31 else number


def _double(raw: bytes) -> float:
    value: float = struct.unpack("<d", raw)[0]
    return value


@lru_cache(maxsize=4096)
def _time(message: bytes) -> datetime | None:
    """Source: time_proto.go: an empty message is the zero time, our none; parts of a second are dropped."""
    if not message:
        return None
    parts = {number: _signed(value) for number, _, value in fields_of(message)}
    return _EPOCH + timedelta(seconds=parts.get(1, 0))


def _micro_time(message: bytes) -> datetime | None:
    if not message:
        return None
    parts = {number: _signed(value) for number, _, value in fields_of(message)}
    return MicroTime.of(_EPOCH + timedelta(seconds=parts.get(1, 0), microseconds=parts.get(2, 0) // 1000))


@lru_cache(maxsize=4096)
def _quantity(message: bytes) -> Quantity:
    return Quantity(_first(message, b"0").decode())


def _int_or_string(message: bytes) -> int | str:
    parts = {number: value for number, _, value in fields_of(message)}
    if parts.get(1, 0):
        text: bytes = parts.get(3, b"")
        return text.decode()
    return _signed32(parts.get(2, 0))


def _first(message: bytes, otherwise: bytes = b"") -> bytes:
    found = otherwise
    for number, _, value in fields_of(message):
        if number == 1:
            found = value
    return found


def _raw(message: bytes) -> Any:
    """RawExtension, JSON and FieldsV1: JSON text in the first field."""
    text = _first(message)
    return parse(text) if text else None


_READERS: Mapping[Form, Read] = {
    Form.STRING: bytes.decode, Form.BOOLEAN: bool, Form.NUMBER: _double, Form.BYTES: bytes, Form.TIME: _time,
    Form.MICRO_TIME: _micro_time, Form.QUANTITY: _quantity, Form.INT_OR_STRING: _int_or_string,
}  # fmt: skip


def _choice_reader(choice: Choice, schema_type: type[Object]) -> Read:
    def schema(message: bytes) -> Any:
        return to_wire(read_message(message, schema_type))

    def read(message: bytes) -> Any:
        found: dict[int, list[Any]] = {1: [], 2: []}
        for number, _, value in fields_of(message):
            found.setdefault(number, []).append(value)
        if choice is Choice.BOOL:
            return schema(found[2][-1]) if found[2] else bool(found[1] and found[1][-1])
        if found[1]:
            return schema(found[1][-1])
        return [schema(one) if choice is Choice.ARRAY else one.decode() for one in found[2]]

    return read
