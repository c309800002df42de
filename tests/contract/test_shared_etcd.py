"""Several servers' stores and caches on one etcd, which goes away and comes back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from tests.etcdserver import EtcdServer, needs_etcd, running_etcd
from tests.forwarder import Forwarder

from steersman.component.clock import FakeClock, RealClock
from steersman.storage.cached import CachedObject, Facts
from steersman.storage.cacher import Cacher
from steersman.storage.cacheset import CacheSet
from steersman.storage.etcd import connection
from steersman.storage.etcd.compactor import INTERVAL_SECONDS
from steersman.storage.etcd.connection import EtcdConfig
from steersman.storage.etcd.store import EtcdStore, open_etcd
from steersman.storage.interface import Compare, Delete, Put, StoreFailed, StoreFull, StoreUnavailable

pytestmark = needs_etcd

ROOT, PODS = "/registry/", "/registry/pods/"
SOON = 20.0


@pytest.fixture
def etcd(tmp_path: Path) -> Iterator[EtcdServer]:
    with running_etcd(tmp_path / "etcd") as server:
        yield server


class Server:
    """What an API server has of the store."""

    def __init__(self, store: EtcdStore) -> None:
        self.store = store
        self.pods = Cacher(PODS, lambda value: Facts("default", value.decode(), {}, {}))
        self.caches = CacheSet(store, ROOT)

    async def put(self, name: str, revision: int | None = None) -> int:
        key, value = PODS + name, b'{"metadata":{"name":"%b"}}' % name.encode()
        compares = () if revision is None else (Compare(key, revision),)
        return (await self.store.txn(compares, (Put(key, value),))).revision

    async def read(self, name: str) -> CachedObject | None:
        """A consistent read, from the cache."""
        assert await self.caches.wait_for(await self.store.current_revision(), SOON)
        return self.pods.get(PODS + name)


@contextlib.asynccontextmanager
async def serving(config: EtcdConfig) -> AsyncIterator[Server]:
    server = Server(await open_etcd(config, RealClock()))
    await server.caches.add(server.pods)
    running = asyncio.create_task(server.caches.run())
    try:
        async with asyncio.timeout(SOON):
            await server.caches.wait_synced()
        yield server
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await server.store.close()


@pytest.fixture
async def servers(etcd: EtcdServer) -> AsyncIterator[tuple[Server, Server]]:
    async with serving(etcd.config) as one, serving(etcd.config) as other:
        yield one, other


async def eventually_answers(server: Server) -> None:
    async with asyncio.timeout(SOON):
        while True:
            with contextlib.suppress(StoreUnavailable):
                await server.store.current_revision()
                return


async def ask_on(server: Server) -> None:
    for _ in range(10_000):  # a stop takes a moment to reach every thread
        await server.store.current_revision()


async def test_a_consistent_read_shows_what_another_server_has_just_written(servers: tuple[Server, Server]) -> None:
    for number in range(50):
        writer, reader = servers[number % 2], servers[1 - number % 2]
        revision = await writer.put(f"p{number}")
        found = await reader.read(f"p{number}")
        assert found is not None
        assert found.revision == revision
        if number % 5 == 0:
            await writer.store.txn((), (Delete(f"{PODS}p{number}"),))
            assert await reader.read(f"p{number}") is None


async def test_a_write_elsewhere_in_etcd_does_not_hold_up_a_consistent_read(servers: tuple[Server, Server]) -> None:
    one, other = servers
    await one.put("x")
    await one.store.txn((), (Put("/somebody/else", b""),))
    async with asyncio.timeout(1):
        assert await other.read("x") is not None


async def test_watchers_of_every_server_see_all_writes_in_the_same_order(servers: tuple[Server, Server]) -> None:
    watches = [server.pods.watch(server.caches.revision, lambda facts: True) for server in servers]
    last = max(await asyncio.gather(*(servers[n % 2].put(f"p{n}") for n in range(40))))
    seen = []
    for server, watch in zip(servers, watches, strict=True):
        assert await server.caches.wait_for(last, SOON)
        seen.append([(event.revision, event.new and event.new.key) for _, event in await watch.next(SOON)])
    assert len(seen[0]) == 40
    assert seen[0] == seen[1] == sorted(seen[0])


async def test_etcd_killed_and_back_loses_nothing_and_watches_go_on(
    etcd: EtcdServer, servers: tuple[Server, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.5)
    one, other = servers
    first = await one.put("before")
    assert await other.read("before") is not None
    watch = other.pods.watch(first, lambda facts: True)
    etcd.kill()
    with pytest.raises(StoreUnavailable, match="etcdserver: request timed out"):
        await one.put("meanwhile")
    with pytest.raises(StoreUnavailable, match="etcdserver: request timed out"):
        await other.read("before")
    assert other.pods.get(f"{PODS}before") is not None
    monkeypatch.undo()
    etcd.start()
    second = await one.put("after", 0)
    found = await other.read("after")
    assert found is not None
    assert found.revision == second
    assert [event.revision for _, event in await watch.next(SOON)][-1] == second
    assert not watch.is_closed


async def test_an_etcd_that_hangs_is_given_up_after_a_while_and_found_again(
    etcd: EtcdServer, servers: tuple[Server, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = servers
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.3)
    etcd.stop_answering()
    try:
        with pytest.raises(StoreUnavailable, match="etcdserver: request timed out"):
            await ask_on(one)
    finally:
        etcd.answer_again()
    monkeypatch.undo()
    await eventually_answers(one)
    await one.put("x")
    assert await other.read("x") is not None


async def test_caches_are_built_anew_when_history_was_compacted_while_they_were_cut_off(etcd: EtcdServer) -> None:
    async with (
        Forwarder(etcd.port) as line,
        serving(EtcdConfig((line.url,), etcd.ca_pem, etcd.pair)) as far,
        serving(etcd.config) as near,
    ):
        await near.put("gone")
        await near.put("stays")
        assert await far.read("gone") is not None
        watch = far.pods.watch(far.caches.revision, lambda facts: True)
        await line.cut()
        await near.store.txn((), (Delete(f"{PODS}gone"),))
        await near.put("new")
        await near.store.compact(await near.put("newer"))
        await line.mend()
        await eventually_answers(far)
        assert await far.read("newer") is not None
        assert [one.key for one in far.pods.under(PODS)] == [f"{PODS}new", f"{PODS}newer", f"{PODS}stays"]
        # What a watcher missed can't be told: it must list anew.
        assert watch.is_closed


async def test_a_watch_cut_off_for_a_moment_goes_on_without_gap_or_duplicate(etcd: EtcdServer) -> None:
    async with (
        Forwarder(etcd.port) as line,
        serving(EtcdConfig((line.url,), etcd.ca_pem, etcd.pair)) as far,
        serving(etcd.config) as near,
    ):
        revisions: list[int] = []
        async with asyncio.timeout(SOON), aclosing(far.store.watch(PODS, 2)) as told:
            written = [await near.put(f"a{number}") for number in range(5)]
            async for changes in told:
                revisions += [event.revision for event in changes.events]
                if len(written) == 5 and revisions:
                    await line.cut()
                    written += [await near.put(f"b{number}") for number in range(5)]
                    await line.mend()
                if len(revisions) >= len(written):
                    break
        assert revisions == written


async def test_the_first_of_several_members_that_answers_is_used(etcd: EtcdServer) -> None:
    async with Forwarder(etcd.port) as away, Forwarder(etcd.port) as there:
        config = EtcdConfig((away.url, there.url), etcd.ca_pem, etcd.pair)
        await away.cut()
        async with serving(config) as server:
            await server.put("x")
            await away.mend()
            await there.cut()
            await eventually_answers(server)
            await server.put("y")
            assert await server.read("y") is not None


async def test_who_is_not_trusted_is_told_why_etcd_cannot_be_used(
    etcd: EtcdServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.5)
    with pytest.raises(StoreUnavailable, match=f"no etcd answers at {etcd.url}: .+"):
        await open_etcd(EtcdConfig((etcd.url,), etcd.ca_pem), RealClock())


async def fill(store: EtcdStore) -> None:
    for number in range(1000):  # etcd looks at its size only now and then
        await store.txn((), (Put(f"/a/big{number % 8}", b"x" * 500_000),))


async def test_a_full_etcd_refuses_writes_and_goes_on_reading(tmp_path: Path) -> None:
    with running_etcd(tmp_path / "small", "--quota-backend-bytes=2000000") as small:
        store = await open_etcd(small.config, RealClock())
        try:
            await store.txn((), (Put("/a/kept", b"1"),))
            with pytest.raises(StoreFull, match="database space exceeded"):
                await fill(store)
            entry = await store.get("/a/kept")
            assert entry is not None
            assert entry.value == b"1"
        finally:
            await store.close()


async def test_what_etcd_refuses_is_not_taken_for_an_outage(etcd: EtcdServer) -> None:
    store = await open_etcd(etcd.config, RealClock())
    try:
        with pytest.raises(StoreFailed, match="request is too large"):
            await store.txn((), (Put("/a/x", b"x" * 2_000_000),))
        assert await store.get("/a/x") is None
    finally:
        await store.close()


async def test_of_several_servers_one_compacts_in_each_interval(etcd: EtcdServer) -> None:
    clocks = [FakeClock(), FakeClock()]
    stores = [await open_etcd(etcd.config, clock) for clock in clocks]
    try:
        for turn in range(1, 4):
            for clock in clocks:
                await clock.drain()
                sleepers = clock.sleepers
                await clock.advance(INTERVAL_SECONDS)
                async with asyncio.timeout(SOON):
                    while clock.sleepers < sleepers:  # it sleeps again when its turn is over
                        await asyncio.sleep(0.005)
            mark = await stores[0].get("compact_rev_key")
            assert mark is not None
            # Each turn is one write: the loser only learns of it. The first one knows no revision to compact to yet.
            assert mark.revision == turn + 1
            assert int(mark.value) == (0 if turn == 1 else turn)
    finally:
        for store in stores:
            await store.close()


async def test_a_lease_that_has_ended_early_is_replaced(etcd: EtcdServer) -> None:
    store = await open_etcd(etcd.config, FakeClock())  # for which no time passes: the old lease seems good
    try:
        await store.txn((), (Put("/a/x", b"", 1),))
        async with asyncio.timeout(SOON):
            while await store.get("/a/x") is not None:
                await asyncio.sleep(0.05)
        await store.txn((), (Put("/a/y", b"", 1),))
        assert await store.get("/a/y") is not None
    finally:
        await store.close()
