"""An HTTP/1.1 client: a pool of keep-alive connections to one server, streamed bodies, upgrades."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from datetime import timedelta
from typing import Protocol

import httptools

from steersman.component.http.duplex import Duplex, DuplexProtocol, keep_alive

CONNECT_TIMEOUT = timedelta(seconds=10)
MAX_IDLE = 16
# Sent again although the server may have acted on them: doing these twice is doing them once. Source: net/http.
REPLAYABLE = frozenset({"GET", "HEAD", "OPTIONS"})
READ_BYTES = 256 * 1024


# A header with several values is sent as often.
SentHeaders = Mapping[str, str | tuple[str, ...]]


class HTTPClientError(Exception):
    """Base of what goes wrong below HTTP."""


class TooLong(HTTPClientError):
    """The answer is longer than it may be."""


class ConnectFailed(HTTPClientError, ConnectionError):
    """No connection could be made."""


class ConnectionLost(HTTPClientError, ConnectionError):
    """The connection broke. was_answered: some of the answer had come, so the server has acted."""

    def __init__(self, message: str, was_answered: bool) -> None:
        super().__init__(message)
        self.was_answered = was_answered


class Connect(Protocol):
    """Opens a connection; replaced to reach into other network namespaces."""

    def __call__(
        self, host: str, port: int, ssl_context: ssl.SSLContext | None, server_hostname: str | None
    ) -> Awaitable[Duplex]:
        """A connected stream. OSError when there is none to be had."""
        ...


async def connect_tcp(
    host: str, port: int, ssl_context: ssl.SSLContext | None = None, server_hostname: str | None = None
) -> Duplex:
    """A TCP connection, with TLS when a context is given."""
    name = (server_hostname or host) if ssl_context is not None else None
    transport, protocol = await asyncio.get_running_loop().create_connection(
        DuplexProtocol, host, port, ssl=ssl_context, server_hostname=name
    )
    keep_alive(transport)
    assert protocol.duplex is not None
    return protocol.duplex


class ClientResponse:
    """An answer whose head is here; its body is read or streamed once."""

    def __init__(self, duplex: Duplex, release: Callable[[Duplex, bool], None]) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self._duplex = duplex
        self._release = release
        self._parts: list[bytes] = []
        self._is_complete = False
        self._has_head = False
        self._is_bodiless = False
        self._keeps_alive = False
        self.rest = b""
        self._parser = httptools.HttpResponseParser(self)

    async def read(self, most: int | None = None) -> bytes:
        """The whole body. TooLong when it has more bytes than these."""
        parts: list[bytes] = []
        length = 0
        async with aclosing(self.chunks()) as chunks:
            async for chunk in chunks:
                parts.append(chunk)
                length += len(chunk)
                if most is not None and length > most:
                    raise TooLong(f"the body has more than {most} bytes")
        return b"".join(parts)

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body's bytes as they come; ConnectionLost when it breaks off."""
        try:
            while True:
                while self._parts:
                    yield self._parts.pop(0)
                if self._is_complete:
                    break
                await self._feed()
        finally:
            self.close()

    def close(self) -> None:
        """Give the connection back; it is dropped when the body wasn't read to its end."""
        self._release(self._duplex, self._is_complete and self._keeps_alive)
        self._release = _released

    async def begin(self, method: str) -> None:
        """Read the head."""
        self._is_bodiless = method == "HEAD"
        while not self._has_head:
            await self._feed()
        if self._is_bodiless:
            self._is_complete = True

    async def _feed(self) -> None:
        data = await self._duplex.read(READ_BYTES)
        if not data:
            was_answered = self.status != 0
            if (
                self._has_head
                and not self._is_complete
                and "content-length" not in self.headers
                and not self._is_chunked
            ):
                # A body without a length ends with the connection.
                self._is_complete = True
                return
            raise ConnectionLost("the server closed the connection", was_answered)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.rest = data[upgrade.args[0] :]
        except httptools.HttpParserError as error:
            raise ConnectionLost(f"the server's answer isn't HTTP: {error}", True) from error

    @property
    def _is_chunked(self) -> bool:
        return "chunked" in self.headers.get("transfer-encoding", "")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, from the parser."""
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        known = self.headers.get(key)
        self.headers[key] = text if known is None else f"{known}, {text}"

    def on_headers_complete(self) -> None:
        """The head is whole, from the parser; an interim answer (100) isn't it."""
        status = self._parser.get_status_code()
        if status == 100:
            self.headers.clear()
            return
        self.status, self._has_head, self._keeps_alive = status, True, self._parser.should_keep_alive()

    def on_body(self, data: bytes) -> None:
        """A piece of the body, from the parser."""
        self._parts.append(data)

    def on_message_complete(self) -> None:
        """The answer is whole, from the parser."""
        if self._has_head:
            self._is_complete = True


class HTTPPool:
    """Connections to one server: one request at a time each, as many as needed, a few idle ones kept."""

    def __init__(  # what it takes to name a server
        self,
        host: str,
        port: int,
        *,
        ssl_context: ssl.SSLContext | None = None,
        server_hostname: str | None = None,
        connect: Connect = connect_tcp,
    ) -> None:
        self._host = host
        self._port = port
        self._ssl = ssl_context
        self._server_hostname = server_hostname
        self._connect = connect
        self._idle: list[Duplex] = []
        self._busy: set[Duplex] = set()
        self._is_closed = False
        self.authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def request(self, method: str, target: str, headers: SentHeaders, body: bytes = b"") -> ClientResponse:
        """Send and read the answer's head.

        What changes nothing is sent again when a kept connection turns out to have been closed under our hands.
        """
        message = self._encode(method, target, headers, body)
        while True:
            duplex, is_fresh = await self._take()
            response = ClientResponse(duplex, self._give_back)
            try:
                duplex.write(message)
                await response.begin(method)
            except ConnectionLost as error:
                response.close()
                if is_fresh or error.was_answered or method not in REPLAYABLE:
                    raise
                continue
            except BaseException:
                response.close()
                raise
            return response

    async def upgrade(self, method: str, target: str, headers: SentHeaders) -> tuple[ClientResponse, Duplex | None]:
        """Ask for another protocol: the answer, and the raw stream if it is 101 (the caller's to close)."""
        duplex = await self._open()
        response = ClientResponse(duplex, self._give_back)
        duplex.write(self._encode(method, target, headers, b""))
        try:
            await response.begin(method)
        except BaseException:
            response.close()
            raise
        if response.status != 101:
            return response, None
        self._busy.discard(duplex)
        duplex.unread(response.rest)
        return response, duplex

    async def close(self) -> None:
        """Close every connection."""
        self._is_closed = True
        for duplex in (*self._idle, *self._busy):
            duplex.close()
        self._idle.clear()
        self._busy.clear()

    async def _take(self) -> tuple[Duplex, bool]:
        while self._idle:
            duplex = self._idle.pop()
            # Bytes nobody asked for would be taken for the next answer.
            if not duplex.is_finished and not duplex.unread_bytes:
                self._busy.add(duplex)
                return duplex, False
            duplex.close()
        return await self._open(), True

    async def _open(self) -> Duplex:
        if self._is_closed:
            raise ConnectFailed("the client is closed")
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT.total_seconds()):
                duplex = await self._connect(self._host, self._port, self._ssl, self._server_hostname)
        except (OSError, ssl.SSLError, TimeoutError) as error:
            raise ConnectFailed(f"can't connect to {self.authority}: {str(error) or 'timeout'}") from error
        self._busy.add(duplex)
        return duplex

    def _give_back(self, duplex: Duplex, is_reusable: bool) -> None:
        self._busy.discard(duplex)
        if is_reusable and not self._is_closed and not duplex.is_finished and len(self._idle) < MAX_IDLE:
            self._idle.append(duplex)
        else:
            duplex.close()

    def _encode(self, method: str, target: str, headers: SentHeaders, body: bytes) -> bytes:
        lines = [f"{method} {target} HTTP/1.1\r\n"]
        if "host" not in headers:
            lines.append(f"host: {self.authority}\r\n")
        for name, value in headers.items():
            lines += [f"{name}: {one}\r\n" for one in ((value,) if isinstance(value, str) else value)]
        if body or method in ("POST", "PUT", "PATCH"):
            lines.append(f"content-length: {len(body)}\r\n")
        return "".join([*lines, "\r\n"]).encode("latin-1") + body


def _released(duplex: Duplex, is_reusable: bool) -> None:
    """A response gives its connection back once."""
