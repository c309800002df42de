"""Which field stands under which number in a type's protobuf message, and the few sizes and marks of the wire format.

Source: protobuf's encoding guide; the numbers are the types' `Wire` markers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from steersman.apimachinery.object import Object
from steersman.apimachinery.schema import FieldSchema, TypeSchema, schema_of

# Wire types.
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
# Numbers, and so sizes, of one byte.
SMALL = tuple(bytes((number,)) for number in range(0x80))


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A message: its own fields by number, and under theirs the messages of structs that stand flat in JSON."""

    fields: Mapping[int, FieldSchema]
    inlined: Mapping[int, "Layout"]


@lru_cache(maxsize=4096)
def layout_of(wanted: type[Object]) -> Layout:
    """The layout of a type's message; the same value each time."""
    schema = schema_of(wanted)
    place = schema.facts.inline
    own = {
        field.number: field
        for field in schema.fields.values()
        if field.number is not None and (place is None or field.owner is wanted)
    }
    # What is inlined is the base class, which may inline another in turn.
    return Layout(own, {} if place is None else {place: layout_of(wanted.__mro__[1])})


class Choice(Enum):
    """Types of which JSON shows one of two forms without saying which; a message has a field for each.

    Source: apiextensions/v1: JSONSchemaPropsOrArray, JSONSchemaPropsOrBool, JSONSchemaPropsOrStringArray.
    """

    ARRAY = "OrArray"
    BOOL = "OrBool"
    STRINGS = "OrStringArray"


def choice_of(schema: TypeSchema) -> Choice | None:
    """Which of these a value of any form is, told by the name of its definition."""
    return next((choice for choice in Choice if schema.named.endswith(choice.value)), None)


def varint(number: int) -> bytes:
    """A number as the wire has it; negative ones as 64 bits of two's complement."""
    if 0 <= number < 0x80:
        return SMALL[number]
    number &= (1 << 64) - 1
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    made.append(number)
    return bytes(made)


def tag(number: int, wire_type: int) -> bytes:
    """What stands before a field's value."""
    return varint(number << 3 | wire_type)


def sized(number: int, data: bytes) -> bytes:
    """A field of bytes: a string or a message."""
    return tag(number, BYTES) + varint(len(data)) + data
