"""Wire trees to protobuf messages: for each type one function, put together of one for each field when first used.

A tree is what an object's JSON decodes to, so stored bytes become protobuf without becoming an object. Written as Go
writes it, to the byte: fields in order of their numbers, a map's keys sorted, what isn't a pointer in Go also when it
is empty. One difference: a zero time that isn't a pointer is left out, which reads as the same.
Source: the `MarshalToSizedBuffer` methods in upstream's generated.pb.go.
"""

import struct
from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from steersman.apimachinery.codec.json import encode as encode_json
from steersman.apimachinery.codec.protolayout import (
    BYTES,
    FIXED64,
    SMALL,
    VARINT,
    Choice,
    Layout,
    choice_of,
    layout_of,
    sized,
    tag,
    varint,
)
from steersman.apimachinery.markers import Wrapped
from steersman.apimachinery.object import Object
from steersman.apimachinery.schema import FieldSchema, Form, TypeSchema

# A field's value, or a whole object, as its JSON has it, to bytes.
Write = Callable[[Any], bytes]
Tree = Mapping[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_SECONDS = 86_400


def write_message(tree: Tree, wanted: type[Object]) -> bytes:
    """The message of an object, without anything that says what it is. What the type doesn't know is left out."""
    return _writer_of(wanted)(tree)


@lru_cache(maxsize=4096)
def _writer_of(wanted: type[Object]) -> Write:
    return _message_writer(layout_of(wanted))


def _message_writer(layout: Layout) -> Write:
    """Fields that are left out are told by what stands ready for them; the tree says what to put in its place."""
    numbers = sorted([*layout.fields, *layout.inlined])
    ready = [_empty(layout.fields[number]) if number in layout.fields else b"" for number in numbers]
    slots = {field.name: (numbers.index(number), _field_writer(field)) for number, field in layout.fields.items()}
    inlined = [
        (numbers.index(number), _sized_by(number, _message_writer(inner))) for number, inner in layout.inlined.items()
    ]

    find = slots.get

    def write(tree: Tree) -> bytes:
        made = ready.copy()
        for name, value in tree.items():
            slot = find(name)
            if slot is not None and value is not None:
                place, write_field = slot
                made[place] = write_field(value)
        if inlined:
            for place, write_inlined in inlined:
                # Its fields stand among the others.
                made[place] = write_inlined(tree)
        return b"".join(made)

    return write


def _empty(field: FieldSchema) -> bytes:
    """What Go writes of a field that isn't set: nothing only of pointers, lists, maps and bytes."""
    number, schema = field.number or 0, field.schema
    if field.nullable:
        return b""
    match schema.form:
        case Form.STRING:
            return tag(number, BYTES) + b"\0"
        case Form.INTEGER | Form.BOOLEAN:
            return tag(number, VARINT) + b"\0"
        case Form.OBJECT:
            return _field_writer(field)({})
        case Form.QUANTITY:
            return _field_writer(field)("0")
        case Form.INT_OR_STRING:
            return _field_writer(field)(0)
        case Form.ANY:
            return sized(number, b"")
        case _:
            return b""


def _field_writer(field: FieldSchema) -> Write:
    assert field.number is not None, f"{field.name} has no number"
    schema, number, owner = field.schema, field.number, field.owner
    if schema.form is Form.LIST and schema.items is not None:
        if field.marker(Wrapped):
            return _wrapped_writer(number, schema.items, owner)
        write = _value_writer(number, schema.items, owner)
        return lambda values: b"".join([write(value) for value in values])
    if schema.form is Form.MAP and schema.items is not None:
        return _map_writer(number, schema.items, owner)
    write = _value_writer(number, schema, owner)
    # Empty bytes are Go's nil.
    return (lambda value: write(value) if value else b"") if schema.form is Form.BYTES else write


def _wrapped_writer(number: int, items: TypeSchema, owner: type[Object]) -> Write:
    write = _value_writer(1, items, owner)
    return _sized_by(number, lambda values: b"".join([write(value) for value in values]))


def _map_writer(number: int, items: TypeSchema, owner: type[Object]) -> Write:
    write_key = _text_writer(1)
    if items.form is Form.LIST and items.items is not None:
        # Protobuf has no lists as map values: such a list is a message with the items in its first field.
        write_value = _wrapped_writer(2, items.items, owner)
    else:
        write_value = _value_writer(2, items, owner)
    write_entry = _sized_by(number, lambda entry: write_key(entry[0]) + write_value(entry[1]))
    return lambda values: b"".join([write_entry((key, values[key])) for key in sorted(values)])


def _value_writer(number: int, schema: TypeSchema, owner: type[Object]) -> Write:
    """One value with its tag. owner is the type that has the field: what a Choice is a choice of."""
    match schema.form:
        case Form.OBJECT if schema.object_type is not None:
            return _object_writer(number, schema.object_type)
        case Form.STRING:
            return _text_writer(number)
        case Form.INTEGER | Form.BOOLEAN:
            before = tag(number, VARINT)
            return lambda value: before + (SMALL[value] if 0 <= value < 0x80 else varint(value))
        case Form.NUMBER:
            before_double = tag(number, FIXED64)
            return lambda value: before_double + struct.pack("<d", value)
        case Form.ANY:
            choice = choice_of(schema)
            return _sized_by(number, _raw if choice is None else _choice_writer(choice, owner))
        case _:
            return _sized_by(number, _CONTENTS[schema.form])


def _sized_by(number: int, content: Write) -> Write:
    before = tag(number, BYTES)

    def write(value: Any) -> bytes:
        data = content(value)
        size = len(data)
        return before + (SMALL[size] if size < 0x80 else varint(size)) + data

    return write


def _text_writer(number: int) -> Write:
    before = tag(number, BYTES)

    def write(value: str) -> bytes:
        data = value.encode()
        size = len(data)
        return before + (SMALL[size] if size < 0x80 else varint(size)) + data

    return write


def _object_writer(number: int, wanted: type[Object]) -> Write:
    """Looks the type's own writer up when first used: types may contain themselves."""
    before = tag(number, BYTES)
    write_object: Write | None = None

    def write(tree: Tree) -> bytes:
        nonlocal write_object
        if write_object is None:
            write_object = _writer_of(wanted)
        data = write_object(tree)
        size = len(data)
        return before + (SMALL[size] if size < 0x80 else varint(size)) + data

    return write


@lru_cache(maxsize=4096)
def _time(text: str | None) -> bytes:
    """Source: time_proto.go: whole seconds; both fields are always there, neither of a zero time in a map."""
    if text is None:
        return b""
    since = datetime.fromisoformat(text) - _EPOCH
    return b"\x08" + varint(since.days * _DAY_SECONDS + since.seconds) + b"\x10\0"


def _micro_time(text: str | None) -> bytes:
    if text is None:
        return b""
    since = datetime.fromisoformat(text) - _EPOCH
    return b"\x08" + varint(since.days * _DAY_SECONDS + since.seconds) + b"\x10" + varint(since.microseconds * 1000)


@lru_cache(maxsize=4096)
def _quantity(text: str) -> bytes:
    return sized(1, text.encode())


def _int_or_string(value: int | str) -> bytes:
    """All three fields are always there: which it is, the number, the text."""
    if isinstance(value, str):
        return b"\x08\x01\x10\0" + sized(3, value.encode())
    return b"\x08\0\x10" + varint(value) + b"\x1a\0"


_CONTENTS: Mapping[Form, Write] = {
    Form.BYTES: b64decode, Form.TIME: _time, Form.MICRO_TIME: _micro_time, Form.QUANTITY: _quantity,
    Form.INT_OR_STRING: _int_or_string,
}  # fmt: skip


def _raw(value: Any) -> bytes:
    """RawExtension, JSON and FieldsV1: JSON text in the first field."""
    return sized(1, encode_json(value))


def _choice_writer(choice: Choice, schema_type: type[Object]) -> Write:
    def schema(tree: Tree) -> bytes:
        return write_message(tree, schema_type)

    def write(tree: Any) -> bytes:
        match choice, tree:
            case Choice.BOOL, bool():
                return b"\x08" + varint(tree)
            case Choice.BOOL, _:
                return b"\x08\x01" + sized(2, schema(tree))
            case Choice.ARRAY, list():
                return b"".join(sized(2, schema(one)) for one in tree)
            case Choice.STRINGS, list():
                return b"".join(sized(2, str(one).encode()) for one in tree)
            case _:
                return sized(1, schema(tree))

    return write
