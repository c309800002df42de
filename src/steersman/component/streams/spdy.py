"""SPDY/3.1 sessions over a raw stream: either side opens streams, each reads and writes bytes and may half-close.

What kubectl's older clients, upstream's API server and containerd's streaming server speak for exec, attach and
port-forward. Whoever makes a Session keeps its `run` going.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping

from steersman.component.http.duplex import Duplex
from steersman.component.streams.bytestream import CHUNK_BYTES, ReadBuffer
from steersman.component.streams.spdyframes import (
    FIN,
    HEAD_BYTES,
    UNIDIRECTIONAL,
    FrameHead,
    FrameType,
    HeaderCompressor,
    HeaderDecompressor,
    Headers,
    ProtocolError,
    ResetStatus,
    control_frame,
    data_frame,
    decode_head,
    numbers,
)

MAX_STREAMS = 1000


class StreamRefused(ConnectionError):
    """The other side doesn't take the stream, or the session is gone."""


class SpdyStream:
    """One stream of a session. headers are those it was opened with."""

    def __init__(self, session: "Session", stream_id: int, headers: Headers) -> None:
        self.stream_id = stream_id
        self.headers = headers
        self._session = session
        self._unread = ReadBuffer()
        self._is_replied = asyncio.Event()
        self._is_accepted = False
        self._is_write_ended = False
        self._is_reset = False

    async def read(self, limit: int = CHUNK_BYTES) -> bytes:
        """The next bytes, at most `limit`; empty at the end.

        A reset is an end too: upstream's servers end their streams so, and its clients take it so.
        """
        return await self._unread.read(limit)

    def write(self, data: bytes) -> None:
        """Send; `drain` before sending more. What is written after an end is lost, as on a closed pipe."""
        if not self._is_write_ended:
            for start in range(0, len(data), CHUNK_BYTES):
                self._session.send(data_frame(self.stream_id, data[start : start + CHUNK_BYTES]))

    async def drain(self) -> None:
        """Wait until the connection takes more."""
        await self._session.drain()

    def close_write(self) -> None:
        """Say that nothing more will be sent."""
        if not self._is_write_ended:
            self._is_write_ended = True
            self._session.send(data_frame(self.stream_id, b"", FIN))
            self._forget_if_done()

    def reset(self, status: ResetStatus = ResetStatus.CANCEL) -> None:
        """Drop the stream, both ways."""
        if not self._is_reset:
            self._session.send_reset(self.stream_id, status)
            self.lose()

    async def wait_accepted(self) -> None:
        """Wait for the other side's reply. StreamRefused when it refuses."""
        await self._is_replied.wait()
        if self._is_reset and not self._is_accepted:
            raise StreamRefused(f"stream {self.stream_id} was refused")

    def accept(self) -> None:
        """The other side has replied."""
        self._is_accepted = True
        self._is_replied.set()

    async def feed(self, data: bytes) -> None:
        """Bytes have arrived; waits while too many lie unread."""
        await self._unread.feed(data)

    def end_read(self) -> None:
        """The other side sends no more."""
        self._unread.end()
        self._forget_if_done()

    def lose(self) -> None:
        """The stream is gone."""
        self._is_reset = self._is_write_ended = True
        self._is_replied.set()
        self.end_read()

    def _forget_if_done(self) -> None:
        if self._unread.is_ended and self._is_write_ended:
            self._session.forget(self.stream_id)


class Session:
    """A SPDY connection. Clients open streams of odd numbers, servers of even ones."""

    def __init__(self, duplex: Duplex, is_server: bool) -> None:
        self._duplex = duplex
        self._next_id = 2 if is_server else 1
        self._last_seen = 0
        self._streams: dict[int, SpdyStream] = {}
        self._opened: asyncio.Queue[SpdyStream | None] = asyncio.Queue(MAX_STREAMS + 1)
        self._compressor = HeaderCompressor()
        self._decompressor = HeaderDecompressor()
        self._is_ended = False

    async def run(self) -> None:
        """Read frames until the connection ends; then every stream left is gone. ProtocolError."""
        try:
            while head := await self._duplex.read(HEAD_BYTES):
                if len(head) < HEAD_BYTES:
                    head += await self._duplex.read_exactly(HEAD_BYTES - len(head))
                frame = decode_head(head)
                payload = await self._duplex.read_exactly(frame.length)
                if frame.type == FrameType.DATA:
                    await self._on_data(frame, payload)
                else:
                    self._on_control(frame, payload)
        finally:
            self._end()

    def open(self, headers: Mapping[str, str]) -> SpdyStream:
        """Open a stream to the other side; StreamRefused when the session is gone."""
        if self._is_ended:
            raise StreamRefused("the session has ended")
        stream_id, self._next_id = self._next_id, self._next_id + 2
        stream = self._streams[stream_id] = SpdyStream(self, stream_id, headers)
        ids_and_priority = stream_id.to_bytes(4) + bytes(6)
        self.send(control_frame(FrameType.SYN_STREAM, ids_and_priority + self._compressor.encode(headers)))
        return stream

    async def opened(self) -> AsyncGenerator[SpdyStream, None]:
        """The streams the other side opens, each accepted already; ends with the session."""
        while (stream := await self._opened.get()) is not None:
            yield stream

    def close(self) -> None:
        """Say goodbye and close the connection; what was written still goes out."""
        self.send(control_frame(FrameType.GOAWAY, self._last_seen.to_bytes(4) + bytes(4)))
        self._end()
        self._duplex.close()

    def send(self, frame: bytes) -> None:
        """Send a frame of one of the streams."""
        self._duplex.write(frame)

    def send_reset(self, stream_id: int, status: ResetStatus) -> None:
        """Tell the other side that a stream is dropped."""
        self.send(control_frame(FrameType.RST_STREAM, stream_id.to_bytes(4) + status.to_bytes(4)))

    async def drain(self) -> None:
        """Wait until the connection takes more."""
        await self._duplex.drain()

    def forget(self, stream_id: int) -> None:
        """A stream has ended both ways."""
        self._streams.pop(stream_id, None)

    async def _on_data(self, frame: FrameHead, payload: bytes) -> None:
        stream = self._streams.get(frame.stream_id)
        if stream is None:
            # Late bytes to a stream that has ended here; upstream drops them too.
            return
        await stream.feed(payload)
        if frame.flags & FIN:
            stream.end_read()

    def _on_control(self, frame: FrameHead, payload: bytes) -> None:
        match frame.type:
            case FrameType.SYN_STREAM:
                self._on_syn_stream(frame, payload)
            case FrameType.SYN_REPLY | FrameType.HEADERS:
                # Decoded though nobody reads them: later blocks build on this one.
                self._decompressor.decode(payload[4:])
                if (stream := self._stream_of(payload)) is not None:
                    stream.accept()
                    if frame.flags & FIN:
                        stream.end_read()
            case FrameType.RST_STREAM:
                if (stream := self._stream_of(payload)) is not None:
                    stream.lose()
            case FrameType.PING:
                # Answers to pings of ours come back with numbers of our parity.
                if numbers(payload, 1)[0] % 2 != self._next_id % 2:
                    self.send(control_frame(FrameType.PING, payload))
            case _:
                # SETTINGS, WINDOW_UPDATE and GOAWAY (the connection's end follows) ask nothing of us.
                pass

    def _on_syn_stream(self, frame: FrameHead, payload: bytes) -> None:
        stream_id = numbers(payload, 2)[0] & 0x7FFF_FFFF
        headers = self._decompressor.decode(payload[10:])
        if stream_id % 2 == self._next_id % 2 or stream_id <= self._last_seen:
            raise ProtocolError(f"stream {stream_id} was opened out of order")
        self._last_seen = stream_id
        if len(self._streams) >= MAX_STREAMS or self._opened.qsize() >= MAX_STREAMS:
            self.send_reset(stream_id, ResetStatus.REFUSED_STREAM)
            return
        stream = self._streams[stream_id] = SpdyStream(self, stream_id, headers)
        self.send(control_frame(FrameType.SYN_REPLY, stream_id.to_bytes(4) + self._compressor.encode({})))
        if frame.flags & FIN:
            stream.end_read()
        if frame.flags & UNIDIRECTIONAL:
            stream.close_write()
        self._opened.put_nowait(stream)

    def _stream_of(self, payload: bytes) -> SpdyStream | None:
        return self._streams.get(numbers(payload, 1)[0] & 0x7FFF_FFFF)

    def _end(self) -> None:
        if not self._is_ended:
            self._is_ended = True
            for stream in tuple(self._streams.values()):
                stream.lose()
            self._opened.put_nowait(None)
