"""One of several byte streams over one connection, whatever the protocol below."""

import asyncio
from typing import Protocol

# A stream nobody reads holds its connection up from here on, as neither protocol has flow control of streams.
BUFFER_BYTES = 256 * 1024
CHUNK_BYTES = 32 * 1024


class ByteStream(Protocol):
    """What remote commands need of a stream; SPDY's streams and WebSocket's channels both are one."""

    async def read(self, limit: int = CHUNK_BYTES) -> bytes:
        """The next bytes, at most `limit`; empty at the end."""
        ...

    def write(self, data: bytes) -> None:
        """Send; `drain` before sending more."""
        ...

    async def drain(self) -> None:
        """Wait until the connection takes more."""
        ...

    def close_write(self) -> None:
        """Say that nothing more will be sent."""
        ...


class ReadBuffer:
    """Bytes that have come and wait for their reader."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._changed = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self.is_ended = False

    async def read(self, limit: int) -> bytes:
        """The next bytes, at most `limit`; empty at the end."""
        while not self._data and not self.is_ended:
            self._changed.clear()
            await self._changed.wait()
        data = bytes(self._data[:limit])
        del self._data[: len(data)]
        if len(self._data) < BUFFER_BYTES:
            self._has_room.set()
        return data

    async def feed(self, data: bytes) -> None:
        """Bytes have arrived; waits while too many lie unread."""
        if self.is_ended:
            return
        self._data += data
        self._changed.set()
        if len(self._data) >= BUFFER_BYTES:
            self._has_room.clear()
            await self._has_room.wait()

    def end(self) -> None:
        """No more will come."""
        self.is_ended = True
        self._changed.set()
        self._has_room.set()


async def read_all(stream: ByteStream, limit: int) -> bytes:
    """Everything up to the end; what goes past the limit is dropped."""
    data = bytearray()
    while part := await stream.read():
        data += part[: limit - len(data)]
    return bytes(data)


async def copy(source: ByteStream, target: ByteStream) -> None:
    """Everything from one to the other, and then the end."""
    while data := await source.read():
        target.write(data)
        await target.drain()
    target.close_write()
