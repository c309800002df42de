"""One client's connection: parsing its requests, answering them in order, streaming and upgrading.

Measured: a raw asyncio.Protocol with one write per response costs about a third of what server libraries do, and only
it gives the upgrade stream and the peer's certificate.
"""

import asyncio
import math
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import cast

import httptools

from steersman.component.http import wire
from steersman.component.http.duplex import Duplex, keep_alive
from steersman.component.http.message import UPGRADED, BodyReader, ClientGone, Handler, Headers, Request, Response
from steersman.component.log import get_logger

_log = get_logger(__name__)

# Parts of a long body written between two looks at whether the client keeps up.
PARTS_A_WRITE = 64
# Closing over a body nobody read resets the connection, and the answer may be lost with it. Source: net/http waits so.
LINGER_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may cost. Source of the seconds: kube-apiserver's and net/http's own."""

    header_bytes: int = 1024 * 1024
    header_seconds: float = 32.0
    idle_seconds: float = 90.0
    pipelined_requests: int = 64
    # A body nobody reads isn't taken in further than this, nor are bytes sent ahead of an upgrade.
    unread_body_bytes: int = 4 * 1024 * 1024


@dataclass(slots=True)
class _Exchange:
    """A request and what its answer must heed."""

    request: Request
    keeps_alive: bool
    wants_upgrade: bool
    knows_chunks: bool


class Connection(asyncio.Protocol):
    """The protocol of one connection. `task` is the request being answered, when that takes a task."""

    def __init__(self, handler: Handler, limits: Limits, connections: "set[Connection]") -> None:
        self._handler = handler
        self._limits = limits
        self._connections = connections
        self._waiting: list[_Exchange] = []
        self._duplex: Duplex | None = None
        self._is_writable = asyncio.Event()
        self._is_writable.set()
        self._is_finishing = False
        self._is_lingering = False
        self._refusal = b""
        # The client has asked for an upgrade and the handler hasn't decided: bytes that come early are kept.
        self._is_upgrading = False
        self._early = bytearray()
        self._current: _Exchange | None = None
        self._is_reading_head = False
        self._header_bytes = 0
        self._unfinished_bytes = 0
        self._expects_continue = False
        self._deadline = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self.task: asyncio.Task[None] | None = None

    # --- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self._transport = cast("asyncio.Transport", transport)
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._connections.add(self)
        keep_alive(transport)
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
        elif self._is_upgrading:
            self._keep_early(data)
        elif not self._is_lingering:
            self._parse(data)

    def eof_received(self) -> bool:
        """The client sends no more; an upgraded stream may go on in the other direction."""
        if self._duplex is not None:
            self._duplex.feed_eof()
            return not self._is_tls
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone; whoever works for it stops."""
        self._connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        self._is_writable.set()
        self._waiting.clear()
        if self._duplex is not None:
            self._duplex.connection_lost()
        elif self.task is not None:
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
        elif self.task is None:
            self._go_on()

    # --- what httptools calls

    def on_message_begin(self) -> None:
        """A request begins."""
        self._headers: dict[str, str] = {}
        self._repeated: dict[str, list[str]] | None = None
        self._url = b""
        self._is_reading_head = True
        self._header_bytes = 0
        self._unfinished_bytes = 0

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self._url += url
        self._count_header(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        self._count_header(len(name) + len(value))
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        known = self._headers.get(key)
        if known is None:
            self._headers[key] = text
            return
        self._headers[key] = f"{known}, {text}"
        # Where a value may have commas itself, as names may, only this tells the values apart.
        self._repeated = {} if self._repeated is None else self._repeated
        self._repeated.setdefault(key, [known]).append(text)

    def on_headers_complete(self) -> None:
        """The head is whole: the handler begins while the body may still be on its way."""
        self._is_reading_head = False
        self._deadline = math.inf
        path, _, query = self._url.decode("latin-1").partition("?")
        self._reader = BodyReader(is_complete=False)
        request = Request(
            method=self._parser.get_method().decode(),
            path=path,
            query=query,
            headers=self._headers,
            reader=self._reader,
            peer_cert_der=self._peer_cert,
            peer_address=self._peer,
            is_tls=self._is_tls,
            repeated=self._repeated,
        )
        wants_upgrade = self._parser.should_upgrade()
        if wants_upgrade:
            request.upgrader = self._upgrade
        self._current = _Exchange(
            request, self._parser.should_keep_alive(), wants_upgrade, self._parser.get_http_version() != "1.0"
        )
        if self._headers.get("content-length", "0") != "0" or "transfer-encoding" in self._headers:
            self._expects_continue = self._headers.get("expect", "").lower() == "100-continue"
            self._reader.on_wanted = self._want_body
            self._enqueue()

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        reader = self._reader
        reader.feed(data)
        if reader.size_bytes > self._limits.unread_body_bytes and not reader.is_wanted:
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._reader.complete()
        self._is_upgrading = self._parser.should_upgrade() and not self._is_lingering
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
        exchange, self._current = self._current, None
        assert exchange is not None
        self._waiting.append(exchange)
        if self.task is None:
            self._next()
        if len(self._waiting) >= self._limits.pipelined_requests:
            self._transport.pause_reading()

    def _next(self) -> None:
        """Answer what waits, in order, until one takes a task, changes the protocol or fills the client's buffer."""
        while self._waiting and self.task is None and self._is_speaking_http and self._is_writable.is_set():
            exchange = self._waiting.pop(0)
            try:
                answer = self._handler(exchange.request)
            except Exception as error:  # noqa: BLE001  # the end of the request pipeline
                self._fail(error)
                return
            if answer is UPGRADED:
                return
            if isinstance(answer, Response) and not callable(answer.body):
                self._send(exchange, answer)
            else:
                self.task = self._loop.create_task(self._answer(exchange, answer))
                self.task.add_done_callback(self._answered)
        if self.task is not None or not self._is_speaking_http:
            return
        if self._refusal and not self._waiting:
            self._refuse(self._refusal)
        else:
            self._wait(self._limits.idle_seconds)

    @property
    def _is_speaking_http(self) -> bool:
        return self._duplex is None and not self._is_lingering and not self._transport.is_closing()

    async def _answer(self, exchange: _Exchange, answer: Response | Awaitable[Response]) -> None:
        try:
            response = answer if isinstance(answer, Response) else await answer
        except ClientGone:
            return
        if response is UPGRADED:
            return
        if callable(response.body):
            await self._stream(exchange, response)
        elif isinstance(response.body, bytes):
            self._send(exchange, response)
        else:
            await self._send_parts(exchange, response)

    def _answered(self, task: asyncio.Task[None]) -> None:
        self.task = None
        if task.cancelled() or self._is_finishing or self._duplex is not None:
            self._transport.close()
        elif (error := task.exception()) is not None:
            self._fail(error)
        else:
            self._go_on()

    def _go_on(self) -> None:
        if self._is_speaking_http:
            self._next()
            if len(self._waiting) < self._limits.pipelined_requests and not self._transport.is_closing():
                self._transport.resume_reading()

    def _fail(self, error: BaseException) -> None:
        _log.error("a handler failed; the connection is closed", exc_info=error)
        self._transport.close()

    def _send(self, exchange: _Exchange, response: Response) -> None:
        body = response.body if isinstance(response.body, bytes) else b"".join(cast("Sequence[bytes]", response.body))
        keeps_alive = self._keeps_alive(exchange)
        is_bodiless = response.status in wire.BODILESS
        head = wire.response_head(response, b"" if is_bodiless else b"Content-Length: %d\r\n" % len(body), keeps_alive)
        self._transport.write(head if is_bodiless or exchange.request.method == "HEAD" else head + body)
        self._sent(exchange, keeps_alive)

    async def _send_parts(self, exchange: _Exchange, response: Response) -> None:
        parts = cast("Sequence[bytes]", response.body)
        keeps_alive = self._keeps_alive(exchange)
        framing = b"Content-Length: %d\r\n" % sum(map(len, parts))
        self._transport.write(wire.response_head(response, framing, keeps_alive))
        for start in range(0, len(parts) if exchange.request.method != "HEAD" else 0, PARTS_A_WRITE):
            self._transport.write(b"".join(parts[start : start + PARTS_A_WRITE]))
            await self._is_writable.wait()
        self._sent(exchange, keeps_alive)

    async def _stream(self, exchange: _Exchange, response: Response) -> None:
        keeps_alive = self._keeps_alive(exchange) and exchange.knows_chunks
        framing = b"Transfer-Encoding: chunked\r\n" if exchange.knows_chunks else b""
        self._transport.write(wire.response_head(response, framing, keeps_alive))
        if exchange.request.method != "HEAD":
            writer = wire.StreamWriter(self._transport, self._is_writable, exchange.knows_chunks)
            assert callable(response.body)
            await response.body(writer)
            writer.end()
        self._sent(exchange, keeps_alive)

    def _keeps_alive(self, exchange: _Exchange) -> bool:
        return exchange.keeps_alive and exchange.request.reader.is_complete and not self._is_finishing

    def _sent(self, exchange: _Exchange, keeps_alive: bool) -> None:
        if not keeps_alive:
            self._close_after_answer(exchange.request.reader.is_complete)
        elif exchange.wants_upgrade:
            self._stay_http()

    # --- upgrading

    def _upgrade(self, headers: Headers) -> Duplex:
        self._transport.write(wire.upgrade_head(headers))
        self._duplex = Duplex(self._transport, bytes(self._early))
        self._early.clear()
        if not self._is_writable.is_set():
            self._duplex.pause_writing()
        self._transport.resume_reading()
        return self._duplex

    def _upgraded(self, rest: bytes) -> None:
        """The head of a request for an upgrade is read: what follows is the new protocol's, if the handler agrees."""
        if self._duplex is not None:
            self._duplex.feed(rest)
        elif self._is_upgrading:
            self._keep_early(rest)
        else:
            # The handler has declined already.
            self.data_received(rest)

    def _keep_early(self, data: bytes) -> None:
        self._early += data
        if len(self._early) > self._limits.unread_body_bytes:
            self._transport.pause_reading()

    def _stay_http(self) -> None:
        """The handler declined the upgrade (curl offers h2c, say): the client goes on in HTTP/1.1."""
        early, self._early, self._is_upgrading = bytes(self._early), bytearray(), False
        self._parser = httptools.HttpRequestParser(self)
        if early:
            self.data_received(early)

    # --- the rest

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgraded(data[upgrade.args[0] :])
        except httptools.HttpParserCallbackError as error:
            self._fail(error)
        except httptools.HttpParserError:
            self._refuse(wire.BAD_REQUEST)
        if self._is_reading_head:
            self._await_head(len(data))

    def _await_head(self, size: int) -> None:
        """The parser keeps an unfinished header to itself, so what it was given is counted here."""
        if self._unfinished_bytes == 0 and self.task is None:
            self._wait(self._limits.header_seconds)
        self._unfinished_bytes += size
        if self._unfinished_bytes > self._limits.header_bytes:
            self._refuse(wire.TOO_MANY_HEADERS)

    def _count_header(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > self._limits.header_bytes:
            self._refuse(wire.TOO_MANY_HEADERS)

    def _want_body(self) -> None:
        if self._expects_continue:
            self._expects_continue = False
            self._transport.write(wire.CONTINUE)
        self._transport.resume_reading()

    def _refuse(self, answer: bytes) -> None:
        self._is_reading_head = False
        if not self._is_speaking_http:
            return
        if self.task is not None or self._waiting:
            # Its turn comes after the answers to what was sent before.
            self._refusal = answer
            self._transport.pause_reading()
            return
        self._transport.write(answer)
        self._close_after_answer(is_all_read=False)

    def _close_after_answer(self, is_all_read: bool) -> None:
        if is_all_read or self._transport.is_closing():
            self._transport.close()
            return
        self._is_lingering = True
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._transport.resume_reading()
        self._wait(LINGER_SECONDS)

    def _wait(self, seconds: float) -> None:
        """Close when nothing has come after so long. The timer is moved when it goes off, not at every request."""
        self._deadline = self._loop.time() + seconds
        if self._timer is not None and self._timer.when() > self._deadline:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(self._deadline, self._check_deadline)

    def _check_deadline(self) -> None:
        self._timer = None
        if self._loop.time() >= self._deadline:
            self._transport.close()
        elif self._deadline != math.inf:
            self._timer = self._loop.call_at(self._deadline, self._check_deadline)
