"""One client's connection: parsing its requests, answering them in order, streaming and upgrading.

Measured: a raw asyncio.Protocol with one write per response costs about a third of what server libraries do, and only
it gives the upgrade stream and the peer's certificate.
"""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast

import httptools

from steersman.component.http.duplex import Duplex
from steersman.component.http.message import UPGRADED, BodyReader, ClientGone, Handler, Headers, Request, Response
from steersman.component.log import get_logger

_log = get_logger(__name__)

STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
# Source: Go's net/http answers so, and closes.
BAD_REQUEST = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"
)
TOO_MANY_HEADERS = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Connection: close\r\n\r\n431 Request Header Fields Too Large"
)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
BODILESS = frozenset({204, 304})
# Parts of a long body written between two looks at whether the client keeps up.
PARTS_A_WRITE = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may cost. Source of the seconds: kube-apiserver's and net/http's own."""

    header_bytes: int = 1024 * 1024
    header_seconds: float = 32.0
    idle_seconds: float = 90.0
    pipelined_requests: int = 64
    # A body nobody reads isn't taken in further than this.
    unread_body_bytes: int = 4 * 1024 * 1024


class _Date:
    """The Date header, formatted once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._line = b""

    def line(self) -> bytes:
        now = int(time.time())  # noqa: TID251  # wall time on the wire, no decision hangs on it
        if now != self._second:
            self._second = now
            self._line = time.strftime("Date: %a, %d %b %Y %H:%M:%S GMT\r\n", time.gmtime(now)).encode()
        return self._line


_date = _Date()


class Connection(asyncio.Protocol):
    """The protocol of one connection. `task` is the request being answered, when that takes a task."""

    def __init__(self, handler: Handler, limits: Limits, connections: "set[Connection]") -> None:
        self._handler = handler
        self._limits = limits
        self._connections = connections
        self._waiting: list[tuple[Request, bool]] = []
        self._duplex: Duplex | None = None
        self._is_writable = asyncio.Event()
        self._is_writable.set()
        self._is_finishing = False
        # The client has asked for an upgrade and the handler hasn't decided: bytes that come early are kept.
        self._is_upgrade = False
        self._early = b""
        self._current: tuple[Request, bool] | None = None
        self._header_bytes = 0
        self._deadline: asyncio.TimerHandle | None = None
        self.task: asyncio.Task[None] | None = None

    # --- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self._transport = cast("asyncio.Transport", transport)
        self._parser = httptools.HttpRequestParser(self)
        self._connections.add(self)
        secure = transport.get_extra_info("ssl_object")
        self._is_tls = secure is not None
        self._peer_cert = secure.getpeercert(binary_form=True) if secure is not None else None
        peer = transport.get_extra_info("peername")
        self._peer = f"{peer[0]}:{peer[1]}" if isinstance(peer, tuple) else ""
        self._wait(self._limits.header_seconds)

    def data_received(self, data: bytes) -> None:
        """Bytes in."""
        if self._duplex is not None:
            self._duplex.feed(data)
            return
        if self._is_upgrade:
            self._early += data
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgraded(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(BAD_REQUEST)

    def eof_received(self) -> bool:
        """The client sends no more; an upgraded stream may go on in the other direction."""
        if self._duplex is not None:
            self._duplex.feed_eof()
            return not self._is_tls
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone; whoever works for it stops."""
        self._connections.discard(self)
        self._stop_waiting()
        self._is_writable.set()
        if self._duplex is not None:
            self._duplex.connection_lost()
            return
        for request, _ in self._waiting:
            request.reader.lose()
        if self.task is not None:
            self.task.cancel()

    def pause_writing(self) -> None:
        """The client is slower than we are."""
        self._is_writable.clear()
        if self._duplex is not None:
            self._duplex.pause_writing()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._is_writable.set()
        if self._duplex is not None:
            self._duplex.resume_writing()

    # --- what httptools calls

    def on_message_begin(self) -> None:
        """A request begins."""
        self._headers: dict[str, str] = {}
        self._url = b""
        self._header_bytes = 0

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self._url += url
        self._count_header(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        self._count_header(len(name) + len(value))
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        known = self._headers.get(key)
        self._headers[key] = text if known is None else f"{known}, {text}"

    def on_headers_complete(self) -> None:
        """The head is whole: the handler begins while the body may still be on its way."""
        self._stop_waiting()
        path, _, query = self._url.decode("latin-1").partition("?")
        self._reader = BodyReader(is_complete=False)
        if self._headers.get("expect", "").lower() == "100-continue":
            self._reader.on_wanted = self._send_continue
        request = Request(
            method=self._parser.get_method().decode(),
            path=path,
            query=query,
            headers=self._headers,
            reader=self._reader,
            peer_cert_der=self._peer_cert,
            peer_address=self._peer,
            is_tls=self._is_tls,
        )
        request.upgrader = lambda headers: self._upgrade(headers)
        self._is_upgrade = self._parser.should_upgrade()
        if self._is_upgrade:
            self._reader.complete()
        self._current = (request, self._parser.should_keep_alive())
        if self._headers.get("content-length", "0") != "0" or "transfer-encoding" in self._headers:
            self._enqueue()

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        self._reader.feed(data)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._reader.complete()
        if self._current is not None:
            self._enqueue()

    # --- answering

    def finish(self) -> None:
        """Answer what is in flight, then close."""
        self._is_finishing = True
        if self.task is None and self._duplex is None:
            self._transport.close()

    def abort(self) -> None:
        """Close now."""
        if self.task is not None:
            self.task.cancel()
        self._transport.abort()

    def _enqueue(self) -> None:
        request, self._current = self._current, None
        assert request is not None
        self._waiting.append(request)
        if self.task is None:
            self._next()
        elif len(self._waiting) >= self._limits.pipelined_requests:
            self._transport.pause_reading()

    def _next(self) -> None:
        """Answer what waits, in order, until one takes a task."""
        while self._waiting and self.task is None and self._duplex is None:
            request, keeps_alive = self._waiting.pop(0)
            answer = self._handler(request)
            if isinstance(answer, Response) and not callable(answer.body):
                self._send(request, answer, keeps_alive)
            else:
                self.task = asyncio.get_running_loop().create_task(self._answer(request, answer, keeps_alive))
                self.task.add_done_callback(self._answered)
        if self.task is None and self._duplex is None and not self._transport.is_closing():
            self._wait(self._limits.idle_seconds)

    async def _answer(self, request: Request, answer: Response | Awaitable[Response], keeps_alive: bool) -> None:
        try:
            response = answer if isinstance(answer, Response) else await answer
        except ClientGone:
            return
        if response is UPGRADED:
            return
        if callable(response.body):
            await self._stream(response, keeps_alive)
        elif isinstance(response.body, bytes):
            self._send(request, response, keeps_alive)
        else:
            await self._send_parts(request, response, keeps_alive)

    def _answered(self, task: asyncio.Task[None]) -> None:
        self.task = None
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a handler failed; the connection is closed", exc_info=error)
            self._transport.close()
            return
        if task.cancelled() or (self._is_finishing and self._duplex is None):
            self._transport.close()
        elif self._duplex is None and not self._transport.is_closing():
            self._transport.resume_reading()
            self._next()

    def _send(self, request: Request, response: Response, keeps_alive: bool) -> None:
        body = response.body if isinstance(response.body, bytes) else b"".join(cast("Sequence[bytes]", response.body))
        keeps_alive = keeps_alive and request.reader.is_complete and not self._is_finishing
        head = self._head(response, len(body), keeps_alive)
        self._transport.write(head if request.method == "HEAD" or response.status in BODILESS else head + body)
        if not keeps_alive:
            self._transport.close()
        elif self._is_upgrade:
            self._stay_http()

    async def _send_parts(self, request: Request, response: Response, keeps_alive: bool) -> None:
        parts = cast("Sequence[bytes]", response.body)
        keeps_alive = keeps_alive and request.reader.is_complete and not self._is_finishing
        self._transport.write(self._head(response, sum(map(len, parts)), keeps_alive))
        for start in range(0, len(parts) if request.method != "HEAD" else 0, PARTS_A_WRITE):
            self._transport.write(b"".join(parts[start : start + PARTS_A_WRITE]))
            await self._is_writable.wait()
        if not keeps_alive:
            self._transport.close()

    async def _stream(self, response: Response, keeps_alive: bool) -> None:
        keeps_alive = keeps_alive and not self._is_finishing
        self._transport.write(self._head(response, None, keeps_alive))
        writer = ChunkWriter(self._transport, self._is_writable)
        assert callable(response.body)
        await response.body(writer)
        writer.end()
        if not keeps_alive:
            self._transport.close()

    def _head(self, response: Response, length: int | None, keeps_alive: bool) -> bytes:
        lines = [STATUS_LINES.get(response.status) or b"HTTP/1.1 %d Unknown\r\n" % response.status, _date.line()]
        lines += [f"{name}: {value}\r\n".encode("latin-1") for name, value in response.headers]
        if length is None:
            lines.append(b"Transfer-Encoding: chunked\r\n")
        elif response.status not in BODILESS:
            lines.append(b"Content-Length: %d\r\n" % length)
        if not keeps_alive:
            lines.append(b"Connection: close\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)

    # --- the rest

    def _upgrade(self, headers: Headers) -> Duplex:
        head = b"HTTP/1.1 101 Switching Protocols\r\n"
        head += b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in headers.items()) + b"\r\n"
        self._transport.write(head)
        self._duplex, self._early = Duplex(self._transport, self._early), b""
        return self._duplex

    def _upgraded(self, rest: bytes) -> None:
        """The head of a request for an upgrade is read: what follows is the new protocol's, if the handler agrees."""
        if self._duplex is not None:
            self._duplex.feed(rest)
        elif self._is_upgrade:
            self._early = rest
        else:
            # The handler has declined already.
            self.data_received(rest)

    def _stay_http(self) -> None:
        """The handler declined the upgrade (curl offers h2c, say): the client goes on in HTTP/1.1."""
        early, self._early, self._is_upgrade = self._early, b"", False
        self._parser = httptools.HttpRequestParser(self)
        if early:
            self.data_received(early)

    def _send_continue(self) -> None:
        self._transport.write(CONTINUE)
        self._reader.on_wanted = None

    def _count_header(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > self._limits.header_bytes:
            self._refuse(TOO_MANY_HEADERS)

    def _refuse(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)
            self._transport.close()

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._deadline = asyncio.get_running_loop().call_later(seconds, self._transport.close)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class ChunkWriter:
    """A chunked body; writes within one turn of the loop go out together."""

    def __init__(self, transport: asyncio.Transport, is_writable: asyncio.Event) -> None:
        self._transport = transport
        self._is_writable = is_writable
        self._parts: list[bytes] = []
        self._size = 0

    @property
    def is_closed(self) -> bool:
        """The client is gone."""
        return self._transport.is_closing()

    @property
    def buffered_bytes(self) -> int:
        """What was written and hasn't gone out."""
        return self._size + self._transport.get_write_buffer_size()

    def write(self, chunk: bytes) -> None:
        """Send a chunk, with others of this turn of the loop."""
        if not self._parts:
            asyncio.get_running_loop().call_soon(self._flush)
        self._parts.append(chunk)
        self._size += len(chunk)

    async def drain(self) -> None:
        """Wait until the client has taken enough."""
        self._flush()
        await self._is_writable.wait()

    def end(self) -> None:
        """The body is whole."""
        self._flush()
        self._transport.write(b"0\r\n\r\n")

    def _flush(self) -> None:
        if self._parts:
            self._transport.write(b"%x\r\n%b\r\n" % (self._size, b"".join(self._parts)))
            self._parts.clear()
            self._size = 0
