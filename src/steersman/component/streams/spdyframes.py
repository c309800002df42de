"""SPDY/3.1 frames: what goes over the wire, and the header blocks compressed across frames.

Source: the SPDY/3.1 draft. Flow control is left out: upstream's side (spdystream) has none either.
"""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from steersman.component.streams.spdydictionary import spdy_dictionary

VERSION = 3
FIN = 0x01
UNIDIRECTIONAL = 0x02
HEAD_BYTES = 8
# The length is of 24 bits.
MAX_PAYLOAD_BYTES = (1 << 24) - 1
MAX_HEADER_BYTES = 256 * 1024

Headers = Mapping[str, str]


class ProtocolError(ConnectionError):
    """The other side doesn't speak SPDY/3.1."""


class FrameType(IntEnum):
    """The control frames in use."""

    DATA = 0
    SYN_STREAM = 1
    SYN_REPLY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PING = 6
    GOAWAY = 7
    HEADERS = 8
    WINDOW_UPDATE = 9


class ResetStatus(IntEnum):
    """Why a stream was reset."""

    PROTOCOL_ERROR = 1
    INVALID_STREAM = 2
    REFUSED_STREAM = 3
    CANCEL = 5


@dataclass(frozen=True, slots=True)
class FrameHead:
    """The first eight bytes. type is a number, as unknown ones are to be skipped; stream_id is of DATA frames only."""

    type: int
    stream_id: int
    flags: int
    length: int


def decode_head(data: bytes) -> FrameHead:
    """What kind of frame follows, and how long it is."""
    word, rest = struct.unpack(">II", data)
    flags, length = rest >> 24, rest & MAX_PAYLOAD_BYTES
    if not word & 0x8000_0000:
        return FrameHead(FrameType.DATA, word, flags, length)
    if (version := (word >> 16) & 0x7FFF) != VERSION:
        raise ProtocolError(f"SPDY version {version} isn't spoken here")
    return FrameHead(word & 0xFFFF, 0, flags, length)


def control_frame(kind: FrameType, payload: bytes, flags: int = 0) -> bytes:
    """A control frame."""
    return struct.pack(">HHI", 0x8000 | VERSION, kind, flags << 24 | len(payload)) + payload


def data_frame(stream_id: int, data: bytes, flags: int = 0) -> bytes:
    """A data frame."""
    return struct.pack(">II", stream_id, flags << 24 | len(data)) + data


def numbers(payload: bytes, count: int) -> tuple[int, ...]:
    """The 32-bit numbers a control frame begins with."""
    if len(payload) < 4 * count:
        raise ProtocolError("a control frame is too short")
    return struct.unpack_from(f">{count}I", payload)


class HeaderCompressor:
    """Header blocks out; one for a connection, as each block builds on those before it."""

    def __init__(self) -> None:
        self._zlib = zlib.compressobj(zdict=spdy_dictionary())

    def encode(self, headers: Headers) -> bytes:
        """A compressed block; names go out in lower case."""
        parts = [struct.pack(">I", len(headers))]
        for name, value in headers.items():
            for text in (name.lower(), value):
                data = text.encode("latin-1")
                parts.append(struct.pack(">I", len(data)) + data)
        return self._zlib.compress(b"".join(parts)) + self._zlib.flush(zlib.Z_SYNC_FLUSH)


class HeaderDecompressor:
    """Header blocks in; one for a connection."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(zdict=spdy_dictionary())

    def decode(self, block: bytes) -> dict[str, str]:
        """The headers, names in lower case; several values of a name are joined with a comma."""
        try:
            data = self._zlib.decompress(block, MAX_HEADER_BYTES)
        except zlib.error as error:
            raise ProtocolError(f"a header block is broken: {error}") from error
        if self._zlib.unconsumed_tail:
            raise ProtocolError("a header block is too large")
        texts = _texts(data)
        return {name.lower(): value.replace("\0", ", ") for name, value in zip(texts[::2], texts[1::2], strict=True)}


def _texts(data: bytes) -> list[str]:
    (count,) = numbers(data, 1)
    texts, position = [], 4
    for _ in range(2 * count):
        (length,) = numbers(data[position : position + 4], 1)
        end = position + 4 + length
        if end > len(data):
            raise ProtocolError("a header block is cut short")
        texts.append(data[position + 4 : end].decode("latin-1"))
        position = end
    return texts
