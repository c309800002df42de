"""The streams of exec and attach, over SPDY or over WebSocket channels, and the bridge between two sets of them.

Source: pkg/util/remotecommand, client-go/tools/remotecommand; the channels' numbers are those of channel.k8s.io.
"""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from steersman.component.streams.bytestream import CHUNK_BYTES, ByteStream, ReadBuffer, copy
from steersman.component.streams.spdy import Session, SpdyStream
from steersman.component.streams.websocket import WebSocket

# Both carry the error stream as a Status; the fifth also tells that a channel is closed, and is WebSocket's only.
SPDY_PROTOCOLS = ("v4.channel.k8s.io",)
WEBSOCKET_PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
CLOSING_PROTOCOL = "v5.channel.k8s.io"
CLOSE_CHANNEL = 255
STREAM_TYPE = "streamtype"
# Source: remotecommand.DefaultStreamCreationTimeout.
CREATION_TIMEOUT = timedelta(seconds=30)


class StreamName(StrEnum):
    """The streams of a command, in the order of their channels."""

    STDIN = "stdin"
    STDOUT = "stdout"
    STDERR = "stderr"
    ERROR = "error"
    RESIZE = "resize"


CHANNELS = tuple(StreamName)
FROM_CLIENT = frozenset({StreamName.STDIN, StreamName.RESIZE})
Streams = Mapping[StreamName, ByteStream]


@dataclass(frozen=True, slots=True)
class CommandOptions:
    """What was asked for in the URL."""

    stdin: bool = False
    stdout: bool = False
    stderr: bool = False
    tty: bool = False

    @property
    def names(self) -> tuple[StreamName, ...]:
        """The streams this takes, in the order clients open them; a terminal has no stderr of its own."""
        wanted = {
            StreamName.ERROR: True,
            StreamName.STDIN: self.stdin,
            StreamName.STDOUT: self.stdout,
            StreamName.STDERR: self.stderr and not self.tty,
            StreamName.RESIZE: self.tty,
        }
        return tuple(name for name, is_wanted in wanted.items() if is_wanted)


def choose_protocol(offered: str, known: Collection[str]) -> str | None:
    """The first of the client's protocols that is known here; `offered` is a header's value."""
    return next((name for part in offered.split(",") if (name := part.strip()) in known), None)


class Channel:
    """One channel of a WebSocket: each message begins with the channel's number."""

    def __init__(self, websocket: WebSocket, number: int, tells_close: bool) -> None:
        self._websocket = websocket
        self._number = bytes((number,))
        self._tells_close = tells_close
        self.unread = ReadBuffer()

    async def read(self, limit: int = CHUNK_BYTES) -> bytes:
        """The next bytes; empty at the end."""
        return await self.unread.read(limit)

    def write(self, data: bytes) -> None:
        """Send a message; one without bytes greets the client."""
        self._websocket.send(self._number + data)

    async def drain(self) -> None:
        """Wait until the connection takes more."""
        await self._websocket.drain()

    def close_write(self) -> None:
        """Say that nothing more will be sent, where the protocol can: version 5, and for stdin only."""
        if self._tells_close and self._number[0] == CHANNELS.index(StreamName.STDIN):
            self._websocket.send(bytes((CLOSE_CHANNEL,)) + self._number)


class ChannelSocket:
    """A command's channels over a WebSocket. Whoever makes one keeps its `run` going."""

    def __init__(self, websocket: WebSocket, protocol: str, names: Collection[StreamName]) -> None:
        self._websocket = websocket
        self.channels = {name: Channel(websocket, CHANNELS.index(name), protocol == CLOSING_PROTOCOL) for name in names}

    async def run(self) -> None:
        """Hand messages to their channels until the connection ends. WebSocketError."""
        try:
            while (message := await self._websocket.receive()) is not None:
                if message.data[:1] == bytes((CLOSE_CHANNEL,)):
                    if (channel := self._channel(message.data[1:2])) is not None:
                        channel.unread.end()
                elif (channel := self._channel(message.data[:1])) is not None:
                    await channel.unread.feed(message.data[1:])
        finally:
            for channel in self.channels.values():
                channel.unread.end()

    def greet(self) -> None:
        """An empty message on the lowest channel to the client tells it that the connection stands, as upstream's."""
        for name in CHANNELS:
            if name in self.channels and name not in FROM_CLIENT:
                self.channels[name].write(b"")
                return

    def _channel(self, number: bytes) -> Channel | None:
        if not number or number[0] >= len(CHANNELS):
            return None
        return self.channels.get(CHANNELS[number[0]])


async def accept_streams(session: Session, names: Collection[StreamName]) -> Streams:
    """The streams a SPDY client opens, once all are there. TimeoutError; ConnectionError when it ends before."""
    streams: dict[StreamName, ByteStream] = {}
    async with asyncio.timeout(CREATION_TIMEOUT.total_seconds()), aclosing(session.opened()) as opened:
        async for stream in opened:
            kind = stream.headers.get(STREAM_TYPE, "")
            if kind in names:
                streams[StreamName(kind)] = stream
            else:
                stream.reset()
            if len(streams) == len(names):
                return streams
    raise ConnectionError("the client left before it had opened its streams")


async def open_streams(session: Session, names: Collection[StreamName]) -> Streams:
    """Open a command's streams to a SPDY server. TimeoutError; StreamRefused."""
    streams: dict[StreamName, SpdyStream] = {}
    async with asyncio.timeout(CREATION_TIMEOUT.total_seconds()):
        for name in names:
            streams[name] = session.open({STREAM_TYPE: name.value})
            await streams[name].wait_accepted()
    return dict(streams)


async def bridge(client: Streams, command: Streams) -> None:
    """Carry a command's streams to the client, and the client's input to the command, until the command is done."""
    async with asyncio.TaskGroup() as group:
        inputs = [group.create_task(copy(client[name], command[name])) for name in FROM_CLIENT & client.keys()]
        outputs = [group.create_task(copy(command[name], client[name])) for name in client.keys() - FROM_CLIENT]
        await asyncio.wait(outputs)
        # What the client still types reaches nobody.
        for task in inputs:
            task.cancel()
