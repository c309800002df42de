"""Kubernetes' protobuf bodies: objects, lists and watch frames around the messages that `protowrite` makes.

A body is four bytes of magic, then a runtime.Unknown: what the object is (1), its message (2), an encoding and a type
of content that are always empty (3, 4). A list has its items in field 2 too. So one object's message, tagged as field
2, is made once and stands as it is in an answer of its own and in every list: that is what `contents` gives.

Source: apimachinery/pkg/runtime/serializer/protobuf; framer.go: a frame's size comes first, in four bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from steersman.apimachinery.codec.json import DecodeError, to_wire
from steersman.apimachinery.codec.protolayout import BYTES, sized, tag, varint
from steersman.apimachinery.codec.protoread import fields_of, read_message
from steersman.apimachinery.codec.protowrite import write_message
from steersman.apimachinery.object import Object

T = TypeVar("T", bound=Object)

MAGIC = b"k8s\0"
# The empty content encoding and content type.
_END = b"\x1a\0\x22\0"
_FRAME_SIZE_BYTES = 4


@dataclass(frozen=True, slots=True)
class Envelope:
    """What stands around an object: what it says it is, and its message."""

    api_version: str
    kind: str
    message: bytes

    def decode(self, wanted: type[T]) -> T:
        """The object inside; DecodeError when it is none of this type."""
        return read_message(self.message, wanted)


def read_envelope(data: bytes) -> Envelope:
    """The envelope of a body; DecodeError when it is none."""
    if not data:
        raise DecodeError("empty data")
    if not data.startswith(MAGIC):
        raise DecodeError("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    if len(data) == len(MAGIC):
        raise DecodeError("empty body")
    try:
        parts = {number: value for number, _, value in fields_of(data[len(MAGIC) :])}
        named = {number: value.decode() for number, _, value in fields_of(parts.get(1, b""))}
        return Envelope(named.get(1, ""), named.get(2, ""), bytes(parts.get(2, b"")))
    except (AttributeError, IndexError, TypeError, UnicodeDecodeError) as error:
        raise DecodeError(f"proto: {error}") from error


def decode(data: bytes, wanted: type[T]) -> T:
    """The object of a body, envelope included."""
    return read_envelope(data).decode(wanted)


def encode(obj: Object) -> bytes:
    """The body of a kind's object."""
    gvk = type(obj).__facts__.gvk
    assert gvk is not None, f"{type(obj).__name__} declares no api"
    return enveloped(gvk.api_version, gvk.kind, contents(obj))


def contents(obj: Object) -> bytes:
    """The object's message as field 2: of an envelope, and of a list."""
    return contents_of(to_wire(obj), type(obj))


def contents_of(tree: Mapping[str, Any], wanted: type[Object]) -> bytes:
    """The same, of the object's wire tree."""
    return sized(2, write_message(tree, wanted))


def enveloped(api_version: str, kind: str, contents: bytes) -> bytes:
    """The body of what `contents` gave."""
    return b"".join((_head(api_version, kind), contents, _END))


def listed(api_version: str, kind: str, metadata: Object, items: Sequence[bytes]) -> list[bytes]:
    """A list's body in parts; items are as `contents` gave them."""
    meta = sized(1, write_message(to_wire(metadata), type(metadata)))
    size = len(meta) + sum(map(len, items))
    return [_head(api_version, kind), tag(2, BYTES), varint(size), meta, *items, _END]


def frame(change: str, body: bytes) -> bytes:
    """One event of a watch: metav1.WatchEvent, whose object is a body in a RawExtension."""
    event = sized(1, change.encode()) + sized(2, sized(1, body))
    return len(event).to_bytes(_FRAME_SIZE_BYTES) + event


@lru_cache(maxsize=1024)
def _head(api_version: str, kind: str) -> bytes:
    return MAGIC + sized(1, sized(1, api_version.encode()) + sized(2, kind.encode()))
