"""A lean HTTP/1.1 load generator: it shares the machine with what it measures, so that each request costs it little.

Keep-alive connections, one request in flight on each, opened before the clock starts.
"""

import asyncio
import re
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import httptools
import msgspec

from steersman.client import kubeconfig
from steersman.component.keypair import KeyPair
from steersman.component.tls import client_context

JSON, MERGE = "application/json", "application/merge-patch+json"
# The place in a request's body that becomes the time it is sent at, in nanoseconds.
SENT = b"@SENT______________@"
OK = range(200, 300)


class LoadError(Exception):
    """A server that answers with something else than success, or not at all."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server, and what each request to it begins with."""

    host: str
    port: int
    tls: ssl.SSLContext
    authorization: str = ""

    @classmethod
    def of(cls, path: Path) -> "Target":
        """The server of a kubeconfig's current context."""
        config = kubeconfig.load(path)
        url = urlsplit(config.server)
        who = config.credentials
        pair = KeyPair(who.cert_pem, who.key_pem) if who.cert_pem and who.key_pem else None
        context = client_context(config.ca_pem, pair, is_insecure=config.is_insecure)
        token = f"Authorization: Bearer {who.token}\r\n" if who.token else ""
        return cls(url.hostname or "", url.port or 443, context, token)

    def request(self, method: str, path: str, body: object = None, content: str = JSON, more: str = "") -> bytes:
        """The bytes of a request. more: further header lines, each with its end."""
        data = b"" if body is None else msgspec.json.encode(body)
        accept = "" if "Accept:" in more else f"Accept: {JSON}\r\n"
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n{accept}{self.authorization}{more}"
        if body is not None:
            head += f"Content-Type: {content}\r\nContent-Length: {len(data)}\r\n"
        return f"{head}\r\n".encode() + data


class Connection(asyncio.Protocol):
    """One connection. on_chunk gets a body's parts as they come, as of a watch; otherwise they are kept."""

    def __init__(self, on_chunk: Callable[[bytes], None] | None = None) -> None:
        self._on_chunk = on_chunk
        self._answer: asyncio.Future[int] | None = None
        self._parser: Any = None
        self._transport: asyncio.Transport | None = None
        self.parts: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Source of asyncio.Protocol.connection_made."""
        # uvloop's transports are asyncio's by what they can do, not by birth.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Source of asyncio.Protocol.data_received."""
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Source of asyncio.Protocol.connection_lost."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(LoadError(f"the connection is lost: {exc}"))

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        if self._on_chunk is not None:
            self._on_chunk(body)
        else:
            self.parts.append(body)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(self._parser.get_status_code())

    def send(self, request: bytes) -> "asyncio.Future[int]":
        """The status, once the whole answer is there."""
        assert self._transport is not None
        self._parser = httptools.HttpResponseParser(self)
        self.parts = []
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        """At once."""
        if self._answer is not None:
            self._answer.cancel()
        if self._transport is not None:
            self._transport.abort()


async def connect(target: Target, on_chunk: Callable[[bytes], None] | None = None) -> Connection:
    """A new connection."""
    _, made = await asyncio.get_running_loop().create_connection(
        lambda: Connection(on_chunk), target.host, target.port, ssl=target.tls, server_hostname=target.host
    )
    return made


@dataclass(slots=True)
class Run:
    """How a number of requests went; latencies in milliseconds."""

    seconds: float
    latencies: list[float]
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds


def percentile(values: Iterable[float], share: float) -> float:
    """The value that a share of the values doesn't exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


async def play(target: Target, requests: Sequence[bytes], connections: int, rate: float = 0) -> Run:
    """Send each request once. rate: a second, 0: as fast as answers come. LoadError for an answer that is none."""
    opened = [await connect(target) for _ in range(connections)]
    run, todo = Run(0, []), iter(enumerate(requests))
    begun = time.monotonic_ns()
    try:
        await asyncio.gather(*(_work(one, todo, run, (begun, rate)) for one in opened))
    finally:
        for one in opened:
            one.close()
    run.seconds = (time.monotonic_ns() - begun) / 1e9
    if bad := {status: count for status, count in run.statuses.items() if status not in OK}:
        raise LoadError(f"answers that are none: {bad}")
    return run


async def _work(connection: Connection, todo: Iterator[tuple[int, bytes]], run: Run, pace: tuple[int, float]) -> None:
    begun, rate = pace
    for number, request in todo:
        if rate:
            pause = begun / 1e9 + number / rate - time.monotonic()
            if pause > 0:
                await asyncio.sleep(pause)
        sent = time.monotonic_ns()
        run.statuses[await connection.send(request.replace(SENT, b"%020d" % sent))] += 1
        run.latencies.append((time.monotonic_ns() - sent) / 1e6)


async def ask(target: Target, method: str, path: str, body: object = None, more: str = "") -> bytes:
    """One answer's body. LoadError for an answer that is none."""
    connection = await connect(target)
    try:
        status = await connection.send(target.request(method, path, body, more=more))
        if status not in OK:
            raise LoadError(f"{method} {path}: {status} {b''.join(connection.parts)[:300]!r}")
        return b"".join(connection.parts)
    finally:
        connection.close()


@dataclass(slots=True)
class Watcher:
    """A watch that notes when it hears of each change; the change says when it was sent."""

    mark: re.Pattern[bytes]
    delays: list[float] = field(default_factory=list)
    heard: int = 0
    _tail: bytes = b""
    _connection: Connection | None = None

    async def start(self, target: Target, path: str) -> None:
        """Listen from now on."""
        self._connection = await connect(target, self._hear)
        self._connection.send(target.request("GET", path))

    def stop(self) -> None:
        """Listen no more."""
        if self._connection is not None:
            self._connection.close()

    def _hear(self, data: bytes) -> None:
        now = time.monotonic_ns()
        *lines, self._tail = (self._tail + data).split(b"\n")
        for line in lines:
            if match := self.mark.search(line):
                self.heard += 1
                self.delays.append((now - int(match[1])) / 1e6)
