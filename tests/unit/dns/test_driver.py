"""The component: from the API to the zone, from resolv.conf to the servers asked."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.unit.dns.builders import HTTP, endpoint, endpoint_slice, service

from steersman.api.core import Namespace
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.client.memory import MemoryClient
from steersman.component.clock import FakeClock
from steersman.component.threads import Threads
from steersman.dns.driver import DNS, DNSSettings, read_if_changed, upstreams
from steersman.dns.forward import Upstream
from steersman.dns.records import Type, name_of

DEFAULT = Namespace(metadata=ObjectMeta(name="default"))


@asynccontextmanager
async def running(client: MemoryClient, clock: FakeClock, resolv_conf: Path) -> AsyncIterator[DNS]:
    threads = Threads()
    settings = DNSSettings("cluster.local", "127.0.0.1", 0, resolv_conf, ("10.96.0.10",))
    dns = DNS(client, settings, clock, threads)
    task = asyncio.ensure_future(dns.run())
    try:
        async with asyncio.timeout(5):
            await dns.server.wait_listening()
        yield dns
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        threads.close()


def addresses(dns: DNS, name: str) -> list[str]:
    answer = dns.zone.answer(name_of(f"{name}.default.svc.cluster.local"), Type.A)
    assert answer is not None
    return [".".join(map(str, record.data)) for record in answer.records]


async def until(clock: FakeClock, condition: Callable[[], bool]) -> None:
    for _ in range(100):
        if condition():
            return
        await clock.advance(0.05)
    raise AssertionError("the condition never held")


async def test_what_is_there_at_the_start_is_known_when_it_listens(tmp_path: Path) -> None:
    clock = FakeClock()
    peers = service("peers", clusterIP="None")
    client = MemoryClient(clock, DEFAULT, service("web"), peers, endpoint_slice("peers", endpoint("10.0.0.1")))
    async with running(client, clock, tmp_path / "none") as dns:
        assert addresses(dns, "web") == ["10.96.0.1"]
        assert addresses(dns, "peers") == ["10.0.0.1"]


async def test_changes_reach_the_zone(tmp_path: Path) -> None:
    clock = FakeClock()
    client = MemoryClient(clock, DEFAULT, service("peers", clusterIP="None"))
    async with running(client, clock, tmp_path / "none") as dns:
        made = await client.create(endpoint_slice("peers", endpoint("10.0.0.1")))
        await until(clock, lambda: addresses(dns, "peers") == ["10.0.0.1"])
        await client.update(replace(made, endpoints=(endpoint("10.0.0.2"),)))
        await until(clock, lambda: addresses(dns, "peers") == ["10.0.0.2"])
        await client.create(service("late", clusterIP="10.96.0.9", ports=(HTTP,)))
        await until(clock, lambda: addresses(dns, "late") == ["10.96.0.9"])
        await client.delete(type(made), "peers-0", "default")
        await until(clock, lambda: addresses(dns, "peers") == [])


def test_resolv_conf_is_read_again_only_when_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    assert read_if_changed(path, None) is None
    path.write_text("nameserver 192.0.2.1\n")
    first = read_if_changed(path, None)
    assert first is not None
    assert read_if_changed(path, first[0]) is None
    path.write_text("nameserver 192.0.2.2\n")
    os.utime(path, (first[0] + 1, first[0] + 1))
    again = read_if_changed(path, first[0])
    assert again is not None
    assert again[1] == "nameserver 192.0.2.2\n"


def test_the_server_never_asks_itself_nor_what_is_no_address() -> None:
    text = (
        "nameserver 10.96.0.10\nnameserver 192.0.2.1\nnameserver 10.244.0.1\nnameserver none\nnameserver fe80::1%eth0\n"
    )
    assert upstreams(text, {"10.244.0.1", "10.96.0.10"}) == (Upstream("192.0.2.1"), Upstream("fe80::1%eth0"))


async def test_new_servers_in_resolv_conf_are_asked_from_then_on(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "resolv.conf"
    path.write_text("nameserver 192.0.2.1\n")
    os.utime(path, (1, 1))
    async with running(MemoryClient(clock), clock, path) as dns:
        assert dns.upstreams == (Upstream("192.0.2.1"),)
        path.write_text("nameserver 192.0.2.2\n")
        async with asyncio.timeout(5):
            while dns.upstreams != (Upstream("192.0.2.2"),):
                await clock.advance(5)
                await asyncio.sleep(0.001)  # the file is read in a thread
