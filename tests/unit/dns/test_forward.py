"""Asking other servers, over the loopback interface."""

import asyncio
from datetime import timedelta
from random import Random

import dnslib
import pytest
from tests.unit.dns.upstream import served, with_addresses, with_rcode

from steersman.component.clock import FakeClock
from steersman.dns import forward, message
from steersman.dns.forward import Forwarder, Upstream
from steersman.dns.message import Query

SHORT = timedelta(milliseconds=50)


def question(name: str = "www.example.com", number: int = 77) -> Query:
    record = dnslib.DNSRecord.question(name)
    record.header.id = number
    query = message.parse_query(bytes(record.pack()))
    assert isinstance(query, Query)
    return query


def forwarder(
    *servers: Upstream, clock: FakeClock | None = None, timeout: timedelta = timedelta(seconds=5)
) -> Forwarder:
    made = Forwarder(clock or FakeClock(), Random(1), timeout)
    made.set_servers(servers)
    return made


async def addresses(asker: Forwarder, query: Query, over_tcp: bool = False) -> list[str]:
    reply = await asker.ask(query, over_tcp)
    assert reply is not None
    read = dnslib.DNSRecord.parse(reply)
    assert read.header.id == query.id
    return [str(record.rdata) for record in read.rr]


async def test_a_servers_reply_comes_under_the_clients_id_and_letters() -> None:
    async with served(lambda data, _: [with_addresses(data, "192.0.2.1")]) as server:
        asker = forwarder(server.upstream)
        assert await addresses(asker, question(number=1)) == ["192.0.2.1"]
        reply = await asker.ask(question("WWW.example.com", 2), False)
        assert reply is not None
        assert str(dnslib.DNSRecord.parse(reply).q.qname) == "WWW.example.com."
        assert server.asked == 1  # the second was known


async def test_replies_to_other_questions_are_passed_over() -> None:
    def reply(data: bytes, _: bool) -> list[bytes]:
        wrong_id = bytes((data[0] ^ 1, *with_addresses(data, "192.0.2.66")[1:]))
        other = dnslib.DNSRecord.question("other.example")
        other.header.id = int.from_bytes(data[:2])
        return [
            b"x",
            wrong_id,
            with_addresses(bytes(other.pack()), "192.0.2.67"),
            data,
            with_addresses(data, "192.0.2.1"),
        ]

    async with served(reply) as server:
        assert await addresses(forwarder(server.upstream), question()) == ["192.0.2.1"]


async def test_the_next_server_is_asked_when_one_is_silent_and_first_from_then_on() -> None:
    async with (
        served(lambda data, _: []) as silent,
        served(lambda data, _: [with_addresses(data, "192.0.2.1")]) as good,
    ):
        asker = forwarder(silent.upstream, good.upstream, timeout=SHORT)
        assert await addresses(asker, question()) == ["192.0.2.1"]
        assert await addresses(asker, question("other.example")) == ["192.0.2.1"]
        assert silent.asked == 1


async def test_the_next_server_is_asked_when_one_fails() -> None:
    async with (
        served(lambda data, _: [with_rcode(data, 2)]) as failing,
        served(lambda data, _: [with_addresses(data, "192.0.2.1")]) as good,
    ):
        assert await addresses(forwarder(failing.upstream, good.upstream), question()) == ["192.0.2.1"]
        reply = await forwarder(failing.upstream).ask(question(), False)
        assert reply is not None
        assert dnslib.DNSRecord.parse(reply).header.rcode == 2


async def test_nobody_to_answer_is_no_answer() -> None:
    assert await forwarder().ask(question(), False) is None
    async with served(lambda data, _: []) as silent:
        assert await forwarder(silent.upstream, timeout=SHORT).ask(question(), False) is None


async def test_a_closed_port_is_noticed_at_once() -> None:
    async with served(lambda data, _: []) as server:
        closed = server.upstream
    async with asyncio.timeout(2):
        assert await forwarder(closed, timeout=timedelta(seconds=30)).ask(question(), False) is None


def cut_short(data: bytes, by_tcp: bool) -> list[bytes]:
    if by_tcp:
        return [with_addresses(data, "192.0.2.1", "192.0.2.2")]
    reply = dnslib.DNSRecord.parse(data).reply()
    reply.header.tc = 1
    return [bytes(reply.pack())]


async def test_a_truncated_reply_is_fetched_by_tcp_for_a_client_of_tcp() -> None:
    async with served(cut_short) as server:
        asker = forwarder(server.upstream)
        assert await addresses(asker, question(), over_tcp=True) == ["192.0.2.1", "192.0.2.2"]
        by_udp = await asker.ask(question(), False)
        assert by_udp is not None
        assert dnslib.DNSRecord.parse(by_udp).header.tc == 1


async def test_kept_answers_age_and_end() -> None:
    clock = FakeClock()
    async with served(lambda data, _: [with_addresses(data, "192.0.2.1", ttl=20)]) as server:
        asker = forwarder(server.upstream, clock=clock)
        await asker.ask(question(), False)
        await clock.advance(8)
        reply = await asker.ask(question(), False)
        assert reply is not None
        assert dnslib.DNSRecord.parse(reply).rr[0].ttl == 12
        assert server.asked == 1
        await clock.advance(12)
        await asker.ask(question(), False)
        assert server.asked == 2


async def test_failures_are_not_kept() -> None:
    async with served(lambda data, _: [with_rcode(data, 2)]) as server:
        asker = forwarder(server.upstream)
        await asker.ask(question(), False)
        await asker.ask(question(), False)
        assert server.asked == 2


async def test_too_many_questions_at_once_are_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward, "MAX_IN_FLIGHT", 1)
    async with served(lambda data, _: []) as silent:
        asker = forwarder(silent.upstream, timeout=SHORT)
        first = asyncio.ensure_future(asker.ask(question(), False))
        await asyncio.sleep(0)
        async with asyncio.timeout(0.01):
            assert await asker.ask(question("other.example"), False) is None
        await first
