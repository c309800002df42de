"""The protobuf form of records, derived from the numbers on their fields: for gRPC without generated code.

A record class becomes a message descriptor, which upb parses by, and two functions to and from
plain values. Every integer, enumeration and instant is declared int64: varints of other widths
read and write the same for the values that CRI and etcd have.
"""

import functools
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from types import NoneType
from typing import Annotated, Any, TypeVar

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

Record = TypeVar("Record")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WRAPPED = "WrappedInteger"
_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS: Mapping[type, Any] = {
    str: _Field.TYPE_STRING,
    bytes: _Field.TYPE_BYTES,
    bool: _Field.TYPE_BOOL,
    int: _Field.TYPE_INT64,
}


@dataclass(frozen=True, slots=True)
class _Slot:
    """One field: how it is declared, and how its value is turned both ways."""

    name: str
    number: int
    scalar: type | None
    """The scalar that is declared, of a map its values'; None for a message."""
    message: str
    """The message that is declared; empty for a scalar."""
    label: str
    """`one`, `many` or `map`."""
    put: Callable[[Any], Any]
    take: Callable[[Any], Any]


class Codec:
    """Encodes and decodes the given records and all that they contain; make one and keep it."""

    def __init__(self, package: str, records: Iterable[type]) -> None:
        """Derive the descriptors."""
        self._slots: dict[type, dict[str, _Slot]] = {}
        for record in records:
            self._learn(record)
        file = _file(package, self._slots)
        pool = descriptor_pool.DescriptorPool()
        pool.AddSerializedFile(file.SerializeToString())
        self._classes: dict[type, type[Message]] = {
            record: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{record.__name__}"))
            for record in self._slots
        }

    def encode(self, record: object) -> bytes:
        """The record's bytes."""
        return self._classes[type(record)](**self._tree(record)).SerializeToString()

    def decode(self, data: bytes, record: type[Record]) -> Record:
        """A record from its bytes; unknown fields are skipped."""
        return typing.cast(Record, self._read(record, self._classes[record].FromString(data)))

    def decoder(self, record: type[Record]) -> Callable[[bytes], Record]:
        """`decode` for one class, as gRPC takes it."""
        return functools.partial(self.decode, record=record)

    def viewer(self, record: type[Record]) -> Callable[[bytes], Record]:
        """Parses without turning anything: what comes has the record's attributes, and is to be read only.

        For big answers of plain fields. An absent message reads as an empty one; repeated fields aren't tuples.
        """
        return typing.cast(Callable[[bytes], Record], self._classes[record].FromString)

    def _learn(self, record: type) -> None:
        if record in self._slots:
            return
        slots = self._slots[record] = {}
        for name, hint in typing.get_type_hints(record, include_extras=True).items():
            if typing.get_origin(hint) is Annotated:
                declared, number = typing.get_args(hint)
                slots[name] = self._slot(name, number, declared)

    def _slot(self, name: str, number: int, declared: Any) -> _Slot:
        origin, arguments = typing.get_origin(declared), typing.get_args(declared)
        if origin is tuple:
            one = self._slot(name, number, arguments[0])
            put = functools.partial(_each, one.put)
            take = functools.partial(_each, one.take)
            return _Slot(name, number, one.scalar, one.message, "many", put, take)
        if origin is Mapping or (origin and issubclass(origin, Mapping)):
            return _Slot(name, number, arguments[1], "", "map", dict, dict)
        if NoneType in arguments:
            declared = next(each for each in arguments if each is not NoneType)
            if declared is int:
                return _Slot(name, number, None, _WRAPPED, "one", _wrap, _unwrap)
        if is_dataclass(declared):
            record = typing.cast(type, declared)
            self._learn(record)
            read = functools.partial(self._read, record)
            return _Slot(name, number, None, record.__name__, "one", self._tree, read)
        if declared is datetime:
            return _Slot(name, number, int, "", "one", _nanoseconds, _instant)
        if issubclass(declared, IntEnum):
            member = functools.partial(_member, declared)
            return _Slot(name, number, int, "", "one", int, member)
        return _Slot(name, number, declared, "", "one", _same, _same)

    def _tree(self, record: Any) -> dict[str, Any]:
        """What upb's constructor takes."""
        tree = {}
        for name, slot in self._slots[type(record)].items():
            value = getattr(record, name)
            if value is not None:
                tree[name] = slot.put(value)
        return tree

    def _read(self, record: type, message: Message) -> Any:
        slots = self._slots[record]
        # Only what is set: an absent field is the record's default, as in proto3.
        return record(**{field.name: slots[field.name].take(value) for field, value in message.ListFields()})


def _file(package: str, records: Mapping[type, Mapping[str, _Slot]]) -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    wrapped = file.message_type.add(name=_WRAPPED)
    wrapped.field.add(name="value", number=1, type=_SCALARS[int], label=_Field.LABEL_OPTIONAL)
    for record, slots in records.items():
        message = file.message_type.add(name=record.__name__)
        for slot in slots.values():
            _declare(package, message, slot)
    return file


def _declare(package: str, message: descriptor_pb2.DescriptorProto, slot: _Slot) -> None:
    field = message.field.add(name=slot.name, number=slot.number)
    field.label = _Field.LABEL_OPTIONAL if slot.label == "one" else _Field.LABEL_REPEATED
    if slot.label == "map":
        # A map is a repeated message of key and value, named after its field (protobuf's rule).
        entry = message.nested_type.add(name=slot.name.title().replace("_", "") + "Entry")
        entry.options.map_entry = True
        assert slot.scalar is not None
        for name, number, scalar in (("key", 1, str), ("value", 2, slot.scalar)):
            entry.field.add(name=name, number=number, type=_SCALARS[scalar], label=_Field.LABEL_OPTIONAL)
        field.type = _Field.TYPE_MESSAGE
        field.type_name = f".{package}.{message.name}.{entry.name}"
    elif slot.scalar is None:
        field.type = _Field.TYPE_MESSAGE
        field.type_name = f".{package}.{slot.message}"
    else:
        field.type = _SCALARS[slot.scalar]


def _same(value: Any) -> Any:
    return value


def _each(turn: Callable[[Any], Any], values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(map(turn, values))


def _wrap(value: int) -> dict[str, int]:
    return {"value": value}


def _unwrap(message: Any) -> int:
    return int(message.value)


def _nanoseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1) * 1000


def _instant(nanoseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)


def _member(enumeration: type[IntEnum], number: int) -> IntEnum:
    try:
        return enumeration(number)
    except ValueError:
        # A value of a later version: the last member is the catch-all wherever there is one.
        return list(enumeration)[-1]
