"""WebSocket (RFC 6455) over a raw stream: the handshake's key and messages, for servers and clients."""

import base64
import hashlib
import os
import struct
from dataclasses import dataclass
from enum import IntEnum

from steersman.component.http.duplex import Duplex

# Source: RFC 6455, section 1.3.
KEY_SUFFIX = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
# Messages of remote commands are of 32 KiB; upstream's limit is far above it.
MAX_MESSAGE_BYTES = 4 * 1024 * 1024
FINAL = 0x80
MASKED = 0x80
CONTROL = 0x08


class Opcode(IntEnum):
    """What a frame is."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class CloseCode(IntEnum):
    """Why a connection is closed."""

    NORMAL = 1000
    PROTOCOL_ERROR = 1002
    TOO_BIG = 1009
    INTERNAL_ERROR = 1011


class WebSocketError(ConnectionError):
    """The other side breaks the protocol; `code` is what it is told."""

    def __init__(self, message: str, code: CloseCode = CloseCode.PROTOCOL_ERROR) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Message:
    """One message, or one ping, pong or close."""

    opcode: Opcode
    data: bytes


def accept_key(key: str) -> str:
    """The server's Sec-WebSocket-Accept for a client's Sec-WebSocket-Key."""
    return base64.b64encode(hashlib.sha1(key.encode() + KEY_SUFFIX, usedforsecurity=False).digest()).decode()


def mask(data: bytes, key: bytes) -> bytes:
    """The data with the client's mask laid on, or taken off."""
    # As one number: a loop over bytes would cost a hundred times as much.
    repeated = (key * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data, "little") ^ int.from_bytes(repeated, "little")).to_bytes(len(data), "little")


class WebSocket:
    """Messages both ways. Pings are answered on reading; what a client sends is masked."""

    def __init__(self, duplex: Duplex, is_server: bool) -> None:
        self._duplex = duplex
        self._is_server = is_server
        self._is_closing = False

    async def receive(self) -> Message | None:
        """The next whole message; None when the other side has closed or is gone. WebSocketError."""
        try:
            return await self._receive()
        except WebSocketError as error:
            self.close(error.code)
            raise
        except ConnectionError:
            return None

    async def _receive(self) -> Message | None:
        parts = bytearray()
        kind: Opcode | None = None
        while True:
            is_final, frame = await self._read_frame(MAX_MESSAGE_BYTES - len(parts))
            if frame.opcode is Opcode.CLOSE:
                self.close(CloseCode.NORMAL)
                return None
            if frame.opcode is Opcode.PING:
                self._send(Opcode.PONG, frame.data)
            elif frame.opcode is not Opcode.PONG:
                if (frame.opcode is Opcode.CONTINUATION) != (kind is not None):
                    raise WebSocketError("a message's parts are out of order")
                kind = kind or frame.opcode
                parts += frame.data
                if is_final:
                    return Message(kind, bytes(parts))

    async def _read_frame(self, limit: int) -> tuple[bool, Message]:
        first, second = await self._duplex.read_exactly(2)
        length = second & 0x7F
        if first & 0x70:
            raise WebSocketError("no extension was agreed on")
        if bool(second & MASKED) != self._is_server:
            raise WebSocketError("clients mask, servers don't")
        if first & CONTROL and (length > 125 or not first & FINAL):
            raise WebSocketError("a control frame is of one short piece")
        try:
            opcode = Opcode(first & 0x0F)
        except ValueError as error:
            raise WebSocketError("the opcode is unknown") from error
        if length == 126:
            (length,) = struct.unpack(">H", await self._duplex.read_exactly(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", await self._duplex.read_exactly(8))
        if length > limit and not first & CONTROL:
            raise WebSocketError("the message is too long", CloseCode.TOO_BIG)
        key = await self._duplex.read_exactly(4) if second & MASKED else b""
        data = await self._duplex.read_exactly(length)
        return bool(first & FINAL), Message(opcode, mask(data, key) if key else data)

    def send(self, data: bytes, opcode: Opcode = Opcode.BINARY) -> None:
        """Send a message; `drain` before sending more."""
        self._send(opcode, data)

    def ping(self) -> None:
        """Ask whether the other side is alive; the answer is taken on reading."""
        self._send(Opcode.PING, b"")

    async def drain(self) -> None:
        """Wait until the connection takes more."""
        await self._duplex.drain()

    def close(self, code: CloseCode = CloseCode.NORMAL, reason: str = "") -> None:
        """Say goodbye, once, and close the connection; what was written still goes out."""
        if not self._is_closing:
            self._send(Opcode.CLOSE, struct.pack(">H", code) + reason.encode()[:123])
            self._is_closing = True
            self._duplex.close()

    def _send(self, opcode: Opcode, data: bytes) -> None:
        if self._is_closing:
            return
        masked = 0 if self._is_server else MASKED
        head = bytes((FINAL | opcode,))
        if len(data) < 126:
            head += bytes((masked | len(data),))
        elif len(data) < 1 << 16:
            head += struct.pack(">BH", masked | 126, len(data))
        else:
            head += struct.pack(">BQ", masked | 127, len(data))
        if masked:
            key = os.urandom(4)
            head, data = head + key, mask(data, key)
        self._duplex.write(head + data)
