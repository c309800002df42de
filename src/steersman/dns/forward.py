"""Asks the network's own servers what the zone doesn't hold."""

import asyncio
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.dns.answercache import AnswerCache
from steersman.dns.message import (
    AD,
    CD,
    HEADER,
    MAX_TCP_SIZE,
    RCODE,
    TC,
    Query,
    answers_question,
    forwarded,
    readdressed,
)
from steersman.dns.records import Rcode

_log = get_logger(__name__)

DNS_PORT = 53
SERVER_TIMEOUT = timedelta(seconds=2)
MAX_IN_FLIGHT = 600
"""Each has a socket: with the server's connections they stay below the 1024 files a process usually may open."""
# What a server says of itself rather than of the name: another may know.
_NO_ANSWERS = (Rcode.SERVFAIL, Rcode.NOTIMP, Rcode.REFUSED)


@dataclass(frozen=True, slots=True)
class Upstream:
    """A server to ask."""

    address: str
    port: int = DNS_PORT


class Forwarder:
    """Asks one server after the other. One that didn't answer is asked last from then on."""

    def __init__(self, clock: Clock, random: Random, timeout: timedelta = SERVER_TIMEOUT) -> None:
        self._random = random
        self._timeout = timeout
        self._cache = AnswerCache(clock)
        self._servers: tuple[Upstream, ...] = ()
        self._in_flight = 0

    def set_servers(self, servers: tuple[Upstream, ...]) -> None:
        """Ask these from now on."""
        self._servers = servers

    def cached(self, query: Query, over_tcp: bool) -> bytes | None:
        """The reply, if it is known already."""
        known = self._cache.get(_cache_key(query, over_tcp))
        return readdressed(known, query) if known is not None else None

    async def ask(self, query: Query, over_tcp: bool) -> bytes | None:
        """A server's reply as it goes to the client; None when there is none."""
        known = self.cached(query, over_tcp)
        if known is not None:
            return known
        if self._in_flight >= MAX_IN_FLIGHT:
            return None
        self._in_flight += 1
        try:
            reply = await self._ask_each(query, over_tcp)
        finally:
            self._in_flight -= 1
        if reply is None:
            return None
        self._cache.put(_cache_key(query, over_tcp), reply)
        return readdressed(reply, query)

    async def _ask_each(self, query: Query, over_tcp: bool) -> bytes | None:
        reply = None
        for server in self._servers:
            try:
                async with asyncio.timeout(self._timeout.total_seconds()):
                    reply = await self._exchange(server, query, over_tcp)
            except (OSError, EOFError, TimeoutError) as error:
                _log.debug("a DNS server doesn't answer", server=server.address, error=str(error))
                self._put_last(server)
                continue
            if _flags(reply) & RCODE not in _NO_ANSWERS:
                return reply
        return reply

    async def _exchange(self, server: Upstream, query: Query, over_tcp: bool) -> bytes:
        reply = await self._over_udp(server, query)
        # A client that came by UDP is told, and asks again by TCP.
        return await self._over_tcp(server, query) if over_tcp and _flags(reply) & TC else reply

    async def _over_udp(self, server: Upstream, query: Query) -> bytes:
        """A socket for each question: its port is a part of what a forger would have to guess."""
        number, loop = self._random.getrandbits(16), asyncio.get_running_loop()
        transport, exchange = await loop.create_datagram_endpoint(
            lambda: _Exchange(query, number), remote_addr=(server.address, server.port)
        )
        try:
            transport.sendto(forwarded(query, number))
            return await exchange.reply
        finally:
            transport.close()

    async def _over_tcp(self, server: Upstream, query: Query) -> bytes:
        number = self._random.getrandbits(16)
        reader, writer = await asyncio.open_connection(server.address, server.port)
        try:
            question = forwarded(query, number)
            writer.write(len(question).to_bytes(2) + question)
            reply = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        finally:
            writer.close()
        if not answers_question(reply, query, number) or len(reply) > MAX_TCP_SIZE:
            raise ConnectionError("the reply is to another question")
        return reply

    def _put_last(self, server: Upstream) -> None:
        if server in self._servers:
            others = tuple(each for each in self._servers if each != server)
            self._servers = (*others, server)


class _Exchange(asyncio.DatagramProtocol):
    """One question; whatever isn't its answer is passed over."""

    def __init__(self, query: Query, number: int) -> None:
        self.reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._query, self._number = query, number

    def datagram_received(self, data: bytes, address: object) -> None:
        if not self.reply.done() and answers_question(data, self._query, self._number):
            self.reply.set_result(data)

    def error_received(self, error: Exception) -> None:
        if not self.reply.done():
            self.reply.set_exception(error)

    def connection_lost(self, error: Exception | None) -> None:
        with suppress(asyncio.InvalidStateError):
            self.reply.cancel()


def _flags(reply: bytes) -> int:
    flags: int = HEADER.unpack_from(reply)[1]
    return flags


def _cache_key(query: Query, over_tcp: bool) -> Hashable:
    edns = (query.has_edns, query.wants_dnssec, query.size)
    return query.key, query.type, query.flags & (AD | CD), edns, over_tcp
