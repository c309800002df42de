"""The server over real sockets on the loopback interface."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random

import dnslib
import pytest
from tests.unit.dns.builders import cluster_zone, endpoint, endpoint_slice, service
from tests.unit.dns.upstream import served, with_addresses, with_rcode

from steersman.component.clock import FakeClock
from steersman.dns.forward import Forwarder, Upstream
from steersman.dns.responder import Responder
from steersman.dns.server import DNSServer, open_socket
from steersman.dns.zone import Zone

WEB, THERE = "web.default.svc.cluster.local", "there.default.svc.cluster.local"


@asynccontextmanager
async def running(
    zone: Zone, *upstreams: Upstream, idle: timedelta = timedelta(seconds=10)
) -> AsyncIterator[DNSServer]:
    forwarder = Forwarder(FakeClock(), Random(1))
    forwarder.set_servers(upstreams)
    server = DNSServer(Responder(zone, forwarder), "127.0.0.1", 0, idle)
    task = asyncio.ensure_future(server.run())
    try:
        await server.wait_listening()
        yield server
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def by_udp(server: DNSServer, query: dnslib.DNSRecord) -> dnslib.DNSRecord:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setblocking(False)
        client.connect((server.address, server.port))
        await loop.sock_sendall(client, query.pack())
        async with asyncio.timeout(5):
            return dnslib.DNSRecord.parse(await loop.sock_recv(client, 65535))


async def by_tcp(server: DNSServer, *queries: dnslib.DNSRecord) -> list[dnslib.DNSRecord]:
    reader, writer = await asyncio.open_connection(server.address, server.port)
    try:
        packed = [bytes(query.pack()) for query in queries]
        writer.write(b"".join(len(data).to_bytes(2) + data for data in packed))
        found = []
        async with asyncio.timeout(5):
            for _ in queries:
                data = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
                found.append(dnslib.DNSRecord.parse(data))
        return found
    finally:
        writer.close()


def shown(reply: dnslib.DNSRecord) -> list[str]:
    return [str(record.rdata) for record in reply.rr]


async def test_both_ways_lead_to_the_zone() -> None:
    async with running(cluster_zone()) as server:
        assert shown(await by_udp(server, dnslib.DNSRecord.question(WEB))) == ["10.96.0.1"]
        replies = await by_tcp(server, dnslib.DNSRecord.question(WEB), dnslib.DNSRecord.question(WEB, "AAAA"))
        assert [shown(reply) for reply in replies] == [["10.96.0.1"], []]
        assert replies[1].header.rcode == 0


async def test_a_change_of_the_zone_is_seen_by_the_next_query() -> None:
    zone = cluster_zone()
    async with running(zone) as server:
        await by_udp(server, dnslib.DNSRecord.question(WEB))
        zone.put_service(service("web", clusterIP="10.96.0.99"), ())
        assert shown(await by_udp(server, dnslib.DNSRecord.question(WEB))) == ["10.96.0.99"]


async def test_a_long_answer_is_cut_for_udp_and_whole_by_tcp() -> None:
    zone = cluster_zone()
    many = (endpoint_slice("many", *(endpoint(f"10.244.1.{number}") for number in range(100))),)
    zone.put_service(service("many", clusterIP="None"), many)
    query = dnslib.DNSRecord.question("many.default.svc.cluster.local")
    async with running(zone) as server:
        assert (await by_udp(server, query)).header.tc == 1
        (whole,) = await by_tcp(server, query)
        assert (whole.header.tc, len(whole.rr)) == (0, 100)


async def test_other_names_are_asked_for_elsewhere() -> None:
    async with (
        served(lambda data, _: [with_addresses(data, "192.0.2.1")]) as upstream,
        running(cluster_zone(), upstream.upstream) as server,
    ):
        query = dnslib.DNSRecord.question("www.example.org")
        assert shown(await by_udp(server, query)) == ["192.0.2.1"]
        assert [shown(reply) for reply in await by_tcp(server, query)] == [["192.0.2.1"]]


async def test_an_external_name_comes_with_the_addresses_found_elsewhere() -> None:
    async with (
        served(lambda data, _: [with_addresses(data, "192.0.2.1")]) as upstream,
        running(cluster_zone(), upstream.upstream) as server,
    ):
        reply = await by_udp(server, dnslib.DNSRecord.question(THERE))
        assert [(str(record.rname), str(record.rdata)) for record in reply.rr] == [
            (f"{THERE}.", "www.example.com."),
            ("www.example.com.", "192.0.2.1"),
        ]


async def test_an_external_name_that_nobody_knows_is_a_cname_alone() -> None:
    async with (
        served(lambda data, _: [with_rcode(data, 3)]) as upstream,
        running(cluster_zone(), upstream.upstream) as server,
    ):
        reply = await by_udp(server, dnslib.DNSRecord.question(THERE))
        assert (reply.header.rcode, shown(reply)) == (0, ["www.example.com."])


async def test_without_other_servers_other_names_fail_at_once() -> None:
    async with running(cluster_zone()) as server:
        for name in ("www.example.org", THERE):
            assert (await by_udp(server, dnslib.DNSRecord.question(name))).header.rcode == 2


async def test_an_idle_connection_is_closed() -> None:
    async with running(cluster_zone(), idle=timedelta(milliseconds=20)) as server:
        reader, writer = await asyncio.open_connection(server.address, server.port)
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()


async def test_nonsense_does_no_harm() -> None:
    async with running(cluster_zone()) as server:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect((server.address, server.port))
            for data in (b"", b"\0", b"\xff" * 600):
                client.send(data)
        reader, writer = await asyncio.open_connection(server.address, server.port)
        writer.write(b"\0\1x")
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()
        assert shown(await by_udp(server, dnslib.DNSRecord.question(WEB))) == ["10.96.0.1"]


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_an_address_that_is_not_there_yet_can_be_bound(kind: socket.SocketKind) -> None:
    with open_socket(kind, "192.0.2.253", 0) as opened:
        assert opened.getsockname()[0] == "192.0.2.253"
