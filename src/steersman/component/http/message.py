"""Requests and responses as handlers see them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from steersman.component.http.duplex import Duplex

Headers = Mapping[str, str]


class BodyTooLarge(Exception):
    """The body passes the handler's limit."""


class ClientGone(Exception):
    """The connection closed before the body was complete."""


class BodyReader:
    """The bytes of a request's body as they arrive.

    `on_wanted` is called when somebody begins to read a body that isn't whole yet.
    """

    __slots__ = ("_changed", "_is_lost", "_parts", "is_complete", "on_wanted", "size_bytes")

    def __init__(self, data: bytes = b"", is_complete: bool = True) -> None:
        self._parts = [data] if data else []
        self._changed: asyncio.Event | None = None
        self._is_lost = False
        self.size_bytes = len(data)
        self.is_complete = is_complete
        self.on_wanted: Callable[[], None] | None = None

    @property
    def is_wanted(self) -> bool:
        """Somebody has begun to read."""
        return self._changed is not None

    async def read(self, limit: int) -> bytes:
        """The whole body. BodyTooLarge as soon as it passes the limit, ClientGone when it will never be whole."""
        if not self.is_complete:
            self._changed = asyncio.Event()
            if self.on_wanted is not None:
                self.on_wanted()
            await self._wait_complete(limit, self._changed)
        if self.size_bytes > limit:
            raise BodyTooLarge
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    async def _wait_complete(self, limit: int, changed: asyncio.Event) -> None:
        while self.size_bytes <= limit and not self.is_complete:
            if self._is_lost:
                raise ClientGone
            changed.clear()
            await changed.wait()

    def feed(self, data: bytes) -> None:
        """Bytes have arrived."""
        self._parts.append(data)
        self.size_bytes += len(data)
        self._notify()

    def complete(self) -> None:
        """The body is whole."""
        self.is_complete = True
        self._notify()

    def lose(self) -> None:
        """The connection is gone."""
        self._is_lost = True
        self._notify()

    def _notify(self) -> None:
        if self._changed is not None:
            self._changed.set()


Upgrade = Callable[[Headers], Duplex]


@dataclass(slots=True)
class Request:
    """One request. path and query are raw (not decoded); header names are in lower case.

    repeated: the values of headers that came several times, apart; `headers` has them joined by commas.
    """

    method: str
    path: str
    query: str = ""
    headers: Headers = field(default_factory=dict)
    reader: BodyReader = field(default_factory=BodyReader)
    peer_cert_der: bytes | None = None
    peer_address: str = ""
    is_tls: bool = False
    upgrader: Upgrade | None = None
    repeated: Mapping[str, Sequence[str]] | None = None

    @property
    def target(self) -> str:
        """Path and query as they came."""
        return f"{self.path}?{self.query}" if self.query else self.path

    async def body(self, limit: int) -> bytes:
        """The whole body. BodyTooLarge, ClientGone."""
        return await self.reader.read(limit)

    def upgrade(self, headers: Headers) -> Duplex:
        """Answer 101 with these headers; the connection is a raw stream from here on.

        The handler returns UPGRADED when it is done with the stream, and the connection closes.
        """
        if self.upgrader is None:
            raise RuntimeError("this request doesn't ask for an upgrade")
        return self.upgrader(headers)


class BodyWriter(Protocol):
    """A response body that is written bit by bit."""

    @property
    def is_closed(self) -> bool:
        """The client is gone."""
        ...

    @property
    def buffered_bytes(self) -> int:
        """What was written and hasn't gone out."""
        ...

    def write(self, chunk: bytes) -> None:
        """Send a chunk."""
        ...

    async def drain(self) -> None:
        """Wait until the client has taken enough."""
        ...


BodyStream = Callable[[BodyWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Response:
    """One answer. A sequence of parts is sent as one body; a stream is sent in chunks as it is written.

    lines: more headers, as they go over the wire: those that many answers share are made once.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | Sequence[bytes] | BodyStream = b""
    lines: bytes = b""


# What a handler returns after `request.upgrade`: the connection is no longer HTTP's.
UPGRADED = Response(101)

Handler = Callable[[Request], Response | Awaitable[Response]]
