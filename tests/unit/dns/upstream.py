"""A DNS server in the test's own loop, that does as it is told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import dnslib

from steersman.dns.forward import Upstream

Reply = Callable[[bytes, bool], list[bytes]]
"""What is sent for a query, which came by TCP or not."""


class FakeServer(asyncio.DatagramProtocol):
    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.asked = 0
        self.port = 0
        self._transport: asyncio.DatagramTransport

    @property
    def upstream(self) -> Upstream:
        return Upstream("127.0.0.1", self.port)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self.asked += 1
        for reply in self.reply(data, False):
            self._transport.sendto(reply, address)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        data = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        for reply in self.reply(data, True):
            writer.write(len(reply).to_bytes(2) + reply)
        writer.close()


@asynccontextmanager
async def served(reply: Reply) -> AsyncIterator[FakeServer]:
    server = FakeServer(reply)
    tcp = await asyncio.start_server(server.converse, "127.0.0.1", 0)
    server.port = tcp.sockets[0].getsockname()[1]
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: server, local_addr=("127.0.0.1", server.port)
    )
    try:
        yield server
    finally:
        transport.close()
        tcp.close()


def with_addresses(data: bytes, *addresses: str, ttl: int = 300) -> bytes:
    """The reply that a query's name has these addresses."""
    record = dnslib.DNSRecord.parse(data).reply()
    for address in addresses:
        record.add_answer(dnslib.RR(record.q.qname, dnslib.QTYPE.A, rdata=dnslib.A(address), ttl=ttl))
    return bytes(record.pack())


def with_rcode(data: bytes, rcode: int) -> bytes:
    """The reply that there is none."""
    record = dnslib.DNSRecord.parse(data).reply()
    record.header.rcode = rcode
    return bytes(record.pack())
