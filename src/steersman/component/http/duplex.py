"""A raw byte stream in both directions: what a connection becomes after an upgrade."""

import asyncio
import socket
from collections.abc import Callable
from typing import cast

READ_LIMIT_BYTES = 256 * 1024
CHUNK_BYTES = 64 * 1024


class Duplex:
    """Read and write bytes over a transport, with back-pressure both ways and half-close.

    Whoever owns the transport's protocol feeds it: `feed`, `feed_eof`, `pause_writing`, `resume_writing`.
    """

    def __init__(self, transport: asyncio.Transport, buffered: bytes = b"") -> None:
        self._transport = transport
        self._buffer = bytearray(buffered)
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._is_reading_paused = False
        self._eof = False
        self.closed = asyncio.Event()

    async def read(self, limit: int = CHUNK_BYTES) -> bytes:
        """The next bytes, at most `limit`; empty at the end of the stream."""
        while not self._buffer and not self._eof:
            self._readable.clear()
            await self._readable.wait()
        data = bytes(self._buffer[:limit])
        del self._buffer[: len(data)]
        if self._is_reading_paused and len(self._buffer) < READ_LIMIT_BYTES:
            self._is_reading_paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()
        return data

    async def read_exactly(self, count: int) -> bytes:
        """Exactly `count` bytes; ConnectionError when the stream ends before."""
        parts = bytearray()
        while len(parts) < count:
            part = await self.read(count - len(parts))
            if not part:
                raise ConnectionError("the stream ended in the middle of a frame")
            parts += part
        return bytes(parts)

    def unread(self, data: bytes) -> None:
        """Put bytes back to be read first."""
        self._buffer[:0] = data

    @property
    def is_finished(self) -> bool:
        """The other side sends no more, or we have closed."""
        return self._eof or self._transport.is_closing()

    @property
    def unread_bytes(self) -> int:
        """What has come and wasn't read."""
        return len(self._buffer)

    def write(self, data: bytes) -> None:
        """Send; what can't go out at once is buffered: `drain` before sending more."""
        if not self._transport.is_closing():
            self._transport.write(data)

    async def drain(self) -> None:
        """Wait until the buffer has room again."""
        await self._writable.wait()

    def write_eof(self) -> None:
        """Say that nothing more will be sent. TLS can't say so and closes instead, once what was written is out."""
        if self._transport.is_closing():
            return
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()

    def close(self) -> None:
        """Close both ways; what was written still goes out."""
        self._transport.close()

    def feed(self, data: bytes) -> None:
        """Bytes have arrived."""
        self._buffer += data
        self._readable.set()
        if len(self._buffer) >= READ_LIMIT_BYTES and not (self._is_reading_paused or self._transport.is_closing()):
            self._is_reading_paused = True
            self._transport.pause_reading()

    def feed_eof(self) -> None:
        """The other side sends no more."""
        self._eof = True
        self._readable.set()

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The transport's buffer has room."""
        self._writable.set()

    def connection_lost(self) -> None:
        """The connection is gone."""
        self.feed_eof()
        self._writable.set()
        self.closed.set()


def keep_alive(transport: asyncio.BaseTransport) -> None:
    """Have the kernel find out when the peer is gone without a word. Source of the seconds: Go's net package."""
    link = transport.get_extra_info("socket")
    if link is not None and link.family in (socket.AF_INET, socket.AF_INET6):
        link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 15)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 9)


class DuplexProtocol(asyncio.Protocol):
    """Turns a fresh connection into a Duplex."""

    def __init__(self) -> None:
        self.duplex: Duplex | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The stream begins."""
        self._is_tls = transport.get_extra_info("ssl_object") is not None
        self.duplex = Duplex(cast("asyncio.Transport", transport))

    def data_received(self, data: bytes) -> None:
        """Bytes in."""
        if self.duplex is not None:
            self.duplex.feed(data)

    def eof_received(self) -> bool:
        """The other side is done; ours goes on, if the transport can: TLS has no half-close."""
        if self.duplex is not None:
            self.duplex.feed_eof()
        return not self._is_tls

    def pause_writing(self) -> None:
        """Back-pressure."""
        if self.duplex is not None:
            self.duplex.pause_writing()

    def resume_writing(self) -> None:
        """Back-pressure ends."""
        if self.duplex is not None:
            self.duplex.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end."""
        if self.duplex is not None:
            self.duplex.connection_lost()


async def tunnel(one: Duplex, other: Duplex, on_bytes: Callable[[], None] | None = None) -> None:
    """Copy both ways until both directions have ended or one side is gone; then both are closed."""
    try:
        async with asyncio.TaskGroup() as group:
            there = group.create_task(_copy(one, other, on_bytes))
            back = group.create_task(_copy(other, one, on_bytes))
            hangups = [
                group.create_task(_hang_up_with(one, there, other)),
                group.create_task(_hang_up_with(other, back, one)),
            ]
            await asyncio.wait([there, back])
            for task in hangups:
                task.cancel()
    finally:
        one.close()
        other.close()


async def _copy(source: Duplex, target: Duplex, on_bytes: Callable[[], None] | None) -> None:
    while data := await source.read():
        target.write(data)
        await target.drain()
        if on_bytes is not None:
            on_bytes()
    target.write_eof()


async def _hang_up_with(gone: Duplex, last_words: "asyncio.Task[None]", other: Duplex) -> None:
    """A peer that is gone takes nothing any more, so the other one is let go once it has all that was said."""
    await gone.closed.wait()
    await asyncio.wait([last_words])
    other.close()
