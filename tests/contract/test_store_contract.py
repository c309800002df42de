"""What every Store does, whichever engine is below."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from tests.etcdserver import needs_etcd, running_etcd

from steersman.component.clock import FakeClock
from steersman.storage.encryption.keyservice import KeyService
from steersman.storage.encryption.providers import Maker
from steersman.storage.encryption.store import EncryptedStore
from steersman.storage.etcd.store import EtcdStore, open_etcd
from steersman.storage.interface import (
    FIRST_REVISION,
    Compacted,
    Compare,
    CompareFailed,
    Delete,
    Event,
    FutureRevision,
    Put,
    Store,
    StoreClosed,
    StoreFull,
    StoreLocked,
)
from steersman.storage.memory import MemoryStore
from steersman.storage.rooted import RootedStore
from steersman.storage.sqlite import SQLiteStore, open_sqlite

Opener = Callable[[], Awaitable[Store]]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


KEYS = """
kind: EncryptionConfiguration
apiVersion: apiserver.config.k8s.io/v1
resources: [{resources: ["*.*"], providers: [{aescbc: {keys: [{name: a, secret: YWJjZGVmZ2hpamtsbW5vcA==}]}}]}]
"""


def encrypted(store: Store, clock: FakeClock) -> Store:
    """Everything below a root that is the beginning of every key."""

    def no_plugin(endpoint: str, timeout: timedelta) -> KeyService:
        raise AssertionError(endpoint)

    return EncryptedStore(store, "", Maker(clock, Random(1), no_plugin).made(KEYS.encode(), "keys"))


@pytest.fixture(
    params=[
        "memory",
        "sqlite",
        "rooted memory",
        "encrypted memory",
        "encrypted sqlite",
        pytest.param("etcd", marks=needs_etcd),
        pytest.param("encrypted etcd", marks=needs_etcd),
    ]
)
async def store(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Store]:
    async with contextlib.AsyncExitStack() as stack:
        made: Store
        match request.param:
            case "memory":
                made = MemoryStore(clock)
            case "sqlite":
                made = await open_sqlite(tmp_path / "state.db", clock)
            case "rooted memory":
                made = RootedStore(MemoryStore(clock), "/", "/elsewhere/")
            case "encrypted memory":
                made = encrypted(MemoryStore(clock), clock)
            case "encrypted sqlite":
                made = encrypted(await open_sqlite(tmp_path / "state.db", clock), clock)
            case "encrypted etcd":
                server = stack.enter_context(running_etcd(tmp_path / "etcd"))
                made = encrypted(await open_etcd(server.config, clock), clock)
            case _:
                server = stack.enter_context(running_etcd(tmp_path / "etcd"))
                made = await open_etcd(server.config, clock)
        yield made
        await made.close()


def is_etcd(store: Store) -> bool:
    return isinstance(store._store if isinstance(store, EncryptedStore) else store, EtcdStore)


@dataclass(frozen=True)
class Ageing:
    """How entries grow old: etcd keeps its own time, and a lease lasts at least a second."""

    clock: FakeClock
    short_seconds: float
    is_real: bool

    async def pass_short(self) -> None:
        if not self.is_real:
            await self.clock.drain()
            await self.clock.advance(self.short_seconds * 1.5)


@pytest.fixture
def ageing(store: Store, clock: FakeClock) -> Ageing:
    return Ageing(clock, 1, True) if is_etcd(store) else Ageing(clock, 10, False)


async def put(store: Store, key: str, value: str = "v", revision: int | None = None) -> int:
    compares = () if revision is None else (Compare(key, revision),)
    return (await store.txn(compares, (Put(key, value.encode()),))).revision


async def take(store: Store, prefix: str, from_revision: int, count: int) -> list[Event]:
    """The next events of a watch."""
    events: list[Event] = []
    async with asyncio.timeout(10), aclosing(store.watch(prefix, from_revision)) as batches:
        async for batch in batches:
            events += batch.events
            if len(events) >= count:
                break
    return events


async def test_a_fresh_store_begins_at_the_first_revision(store: Store) -> None:
    assert store.revision == FIRST_REVISION
    assert await put(store, "/a/x") == FIRST_REVISION + 1


async def test_what_was_put_is_read_back_with_its_revisions(store: Store) -> None:
    first = await put(store, "/a/x", "one")
    second = await put(store, "/a/x", "two")
    entry = await store.get("/a/x")
    assert entry is not None
    assert (entry.value, entry.create_revision, entry.revision) == (b"two", first, second)


async def test_a_comparison_that_fails_writes_nothing_and_shows_what_stands_there(store: Store) -> None:
    revision = await put(store, "/a/x", "one", 0)
    with pytest.raises(CompareFailed) as failed:
        await put(store, "/a/x", "two", 0)
    assert failed.value.current is not None
    assert failed.value.current.revision == revision
    with pytest.raises(CompareFailed) as missing:
        await put(store, "/a/y", "two", 5)
    assert missing.value.current is None
    assert store.revision == revision


async def test_writes_of_one_transaction_share_a_revision_and_all_or_none_happen(store: Store) -> None:
    await put(store, "/a/gone")
    result = await store.txn((Compare("/a/new", 0),), (Put("/a/new", b"1"), Put("/a/other", b"2"), Delete("/a/gone")))
    entries = (await store.list("/a/")).entries
    assert [(entry.key, entry.revision) for entry in entries] == [
        ("/a/new", result.revision),
        ("/a/other", result.revision),
    ]
    with pytest.raises(CompareFailed):
        await store.txn((Compare("/a/other", 1),), (Put("/a/new", b"x"), Delete("/a/other")))
    assert (await store.list("/a/")).entries == entries


async def test_list_keeps_to_the_prefix_and_pages_at_one_revision(store: Store) -> None:
    for name in ("/a/1", "/a/2", "/a/3", "/ab/1", "/b/1", "/a/ü"):
        await put(store, name)
    page = await store.list("/a/", limit=2)
    assert [entry.key for entry in page.entries] == ["/a/1", "/a/2"]
    assert (page.more, page.remaining) == (True, 2)
    await put(store, "/a/25")
    await store.txn((), (Delete("/a/3"),))
    rest = await store.list("/a/", limit=2, start_after="/a/2", revision=page.revision)
    assert [entry.key for entry in rest.entries] == ["/a/3", "/a/ü"]
    assert not rest.more
    assert [entry.key for entry in (await store.list("/a/")).entries] == ["/a/1", "/a/2", "/a/25", "/a/ü"]


async def test_a_key_can_be_read_as_of_an_older_revision(store: Store) -> None:
    first = await put(store, "/a/x", "one")
    await put(store, "/a/x", "two")
    await store.txn((), (Delete("/a/x"),))
    entry = await store.get("/a/x", first)
    assert entry is not None
    assert entry.value == b"one"
    assert await store.get("/a/x") is None
    with pytest.raises(FutureRevision):
        await store.get("/a/x", store.revision + 1)


async def test_a_watch_gives_history_then_live_changes_without_gap_or_duplicate(store: Store) -> None:
    first = await put(store, "/a/0")
    await put(store, "/b/0")
    watching = asyncio.create_task(take(store, "/a/", first, 12))
    for number in range(1, 12):
        await put(store, f"/a/{number}")
    events = await watching
    assert [event.key for event in events] == [f"/a/{number}" for number in range(12)]
    assert [event.revision for event in events] == sorted({event.revision for event in events})


async def test_a_deletion_is_told_with_the_previous_value(store: Store) -> None:
    created = await put(store, "/a/x", "last")
    result = await store.txn((), (Delete("/a/x"),))
    (event,) = await take(store, "/a/", result.revision, 1)
    assert event == Event("/a/x", b"last", created, result.revision, is_delete=True)


async def test_deleting_what_is_not_there_is_no_write(store: Store) -> None:
    before = store.revision
    await store.txn((), (Delete("/a/x"),))
    assert store.revision == before


async def test_compacted_history_can_be_neither_watched_nor_read(store: Store) -> None:
    first = await put(store, "/a/x", "one")
    await put(store, "/a/x", "two")
    last = await put(store, "/a/x", "three")
    await store.compact(last)
    with pytest.raises(Compacted):
        await take(store, "/a/", first, 1)
    with pytest.raises(Compacted):
        await store.get("/a/x", first)
    watching = asyncio.create_task(take(store, "/a/", last + 1, 1))
    await asyncio.sleep(0)
    await put(store, "/a/x", "four")
    assert [event.value for event in await watching] == [b"four"]


async def test_history_is_forgotten_after_five_minutes(store: Store, clock: FakeClock) -> None:
    first = await put(store, "/a/x")

    async def is_forgotten() -> bool:
        await clock.advance(301)
        await put(store, "/a/y")
        try:
            await take(store, "/a/", first, 1)
        except Compacted:
            return True
        return False

    if not is_etcd(store):
        assert await is_forgotten()
        return
    async with asyncio.timeout(10):  # etcd is asked to forget, and told only by the second interval how much
        while not await is_forgotten():
            await asyncio.sleep(0.01)


async def test_an_entry_with_a_ttl_ends_by_itself_unless_it_is_written_again(store: Store, ageing: Ageing) -> None:
    short = ageing.short_seconds
    await store.txn((), (Put("/a/short", b"", short), Put("/a/renewed", b"", short)))
    await put(store, "/a/renewed")
    watching = asyncio.create_task(take(store, "/a/", store.revision + 1, 1))
    await ageing.pass_short()
    (event,) = await watching
    assert (event.key, event.is_delete) == ("/a/short", True)
    assert await store.get("/a/renewed") is not None


async def test_of_many_writers_that_compare_exactly_one_wins_each_round(store: Store) -> None:
    revision = 0
    for _ in range(5):
        outcomes = await asyncio.gather(
            *(put(store, "/a/x", str(writer), revision) for writer in range(64)), return_exceptions=True
        )
        won = [outcome for outcome in outcomes if isinstance(outcome, int)]
        assert len(won) == 1
        assert sum(isinstance(outcome, CompareFailed) for outcome in outcomes) == 63
        revision = won[0]


async def test_concurrent_writers_all_get_revisions_of_their_own(store: Store) -> None:
    revisions = await asyncio.gather(*(put(store, f"/a/{number}") for number in range(200)))
    assert len(set(revisions)) == 200
    assert len((await store.list("/a/")).entries) == 200
    events = await take(store, "/a/", min(revisions), 200)
    assert [event.revision for event in events] == sorted(revisions)


async def test_a_key_is_written_at_most_once_in_a_transaction(store: Store) -> None:
    with pytest.raises(ValueError, match="at most once"):
        await store.txn((), (Put("/a/x", b"1"), Delete("/a/x")))
    assert await store.get("/a/x") is None


async def test_a_watch_from_a_revision_yet_to_come_waits_for_it(store: Store) -> None:
    watching = asyncio.create_task(take(store, "/a/", store.revision + 3, 2))
    await asyncio.sleep(0)
    for number in range(4):
        await put(store, f"/a/{number}")
    assert [event.key for event in await watching] == ["/a/2", "/a/3"]


async def test_a_watch_shows_a_transaction_whole_while_writers_and_watches_come_and_go(store: Store) -> None:
    async def write(writer: int) -> None:
        for number in range(10):
            await store.txn((), (Put(f"/a/{writer}-{number}", b""), Put(f"/a/{writer}+{number}", b"")))

    async def follow(start: int) -> list[int]:
        seen: list[int] = []
        async with aclosing(store.watch("/a/", start)) as batches:
            async for batch in batches:
                revisions = [event.revision for event in batch.events]
                assert revisions[::2] == revisions[1::2]
                seen += revisions[::2]
                if batch.revision >= FIRST_REVISION + 640:
                    break
        return seen

    writers = [asyncio.create_task(write(writer)) for writer in range(64)]
    watches = []
    async with asyncio.timeout(20):
        while store.revision < FIRST_REVISION + 320:
            watches.append(asyncio.create_task(follow(2)))
            await asyncio.wait(writers, timeout=0.001)
        seen = await asyncio.gather(*watches, follow(2), *writers)
    assert all(revisions == list(range(2, FIRST_REVISION + 641)) for revisions in seen if revisions is not None)


async def test_a_watch_slower_than_the_history_is_long_is_told_so(store: Store) -> None:
    first = await put(store, "/a/x")
    async with aclosing(store.watch("/a/", first)) as batches:
        await anext(batches)
        lost = await put(store, "/a/x")
        await store.compact(await put(store, "/a/x"))
        if is_etcd(store):  # which had sent it already
            assert [event.revision for event in (await anext(batches)).events] == [lost]
            return
        with pytest.raises(Compacted):
            await anext(batches)


async def test_a_longer_life_noted_first_does_not_keep_a_shorter_one_alive(
    store: Store, clock: FakeClock, ageing: Ageing
) -> None:
    await store.txn((), (Put("/a/hour", b"", 3600),))
    await clock.drain()
    await store.txn((), (Put("/a/soon", b"", ageing.short_seconds),))
    watching = asyncio.create_task(take(store, "/a/", store.revision + 1, 1))
    await ageing.pass_short()
    assert [event.key for event in await watching] == ["/a/soon"]
    assert await store.get("/a/hour") is not None


async def test_an_entry_tells_when_it_ends(store: Store, clock: FakeClock) -> None:
    await store.txn((), (Put("/a/hour", b"", 3600), Put("/a/stays", b"")))
    hour, stays = (await store.list("/a/")).entries
    assert stays.expires_at is None
    assert hour.expires_at is not None
    assert timedelta(0) <= hour.expires_at - clock.now() - timedelta(hours=1) <= timedelta(minutes=1)


async def test_the_current_revision_is_that_of_the_last_write(store: Store) -> None:
    written = await put(store, "/a/x")
    assert set(await asyncio.gather(*(store.current_revision() for _ in range(10)))) == {written}
    await put(store, "/b/x")
    assert await store.current_revision() == written + 1


async def test_a_big_value_survives(store: Store) -> None:
    await store.txn((), (Put("/a/x", b"\x00\xff" * 750_000),))
    entry = await store.get("/a/x")
    assert entry is not None
    assert len(entry.value) == 1_500_000


async def test_a_closed_store_ends_its_watches_and_takes_no_more(store: Store) -> None:
    watching = asyncio.create_task(take(store, "/a/", 1, 1))
    await asyncio.sleep(0)
    await store.close()
    assert await watching == []
    with pytest.raises(StoreClosed):
        await put(store, "/a/x")
    with pytest.raises(StoreClosed):
        await take(store, "/a/", 1, 1)


async def reopened(store: SQLiteStore, path: Path, clock: FakeClock) -> SQLiteStore:
    await store.close()
    return await open_sqlite(path, clock)


async def test_sqlite_keeps_entries_and_revision_over_a_restart(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "state.db"
    store = await open_sqlite(path, clock)
    await put(store, "/a/x", "kept")
    await put(store, "/a/y", "gone")
    await store.txn((), (Delete("/a/y"),))
    revision = store.revision
    store = await reopened(store, path, clock)
    assert store.revision == revision
    assert [entry.value for entry in (await store.list("/a/")).entries] == [b"kept"]
    with pytest.raises(Compacted):
        await take(store, "/a/", revision, 1)
    assert await put(store, "/a/z") == revision + 1
    await store.close()


async def test_sqlite_expires_after_a_restart_what_was_to_end(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "state.db"
    store = await open_sqlite(path, clock)
    await store.txn((), (Put("/a/x", b"", 10),))
    store = await reopened(store, path, clock)
    watching = asyncio.create_task(take(store, "/a/", store.revision + 1, 1))
    await clock.drain()
    await clock.advance(15)
    assert (await watching)[0].is_delete
    await store.close()


async def test_sqlite_is_held_by_one_process(tmp_path: Path, clock: FakeClock) -> None:
    store = await open_sqlite(tmp_path / "state.db", clock)
    with pytest.raises(StoreLocked) as locked:
        await open_sqlite(tmp_path / "state.db", clock)
    assert locked.value.pid == os.getpid()
    await store.close()


async def test_a_full_disk_refuses_writes_loses_nothing_and_goes_on_when_there_is_room(
    tmp_path: Path, clock: FakeClock
) -> None:
    store = await open_sqlite(tmp_path / "state.db", clock, max_pages=64)
    kept = await put(store, "/a/kept")
    outcomes = await asyncio.gather(
        *(store.txn((), (Put(f"/a/big{n}", b"x" * 400_000),)) for n in range(3)), return_exceptions=True
    )
    assert all(isinstance(outcome, StoreFull) for outcome in outcomes)
    assert store.revision == kept
    assert [entry.key for entry in (await store.list("/a/")).entries] == ["/a/kept"]
    assert await put(store, "/a/small") == kept + 1
    await store.close()


CRASHING = """
import asyncio, sys
from pathlib import Path
from steersman.component.clock import RealClock
from steersman.storage.interface import Put
from steersman.storage.sqlite import open_sqlite

async def main():
    store = await open_sqlite(Path(sys.argv[1]), RealClock())
    async def write(writer):
        for number in range(100000):
            await store.txn((), (Put(f"/a/{writer}-{number}", b"x" * 500), Put(f"/b/{writer}-{number}", b"x" * 500)))
            print(f"{writer}-{number}", flush=True)
    await asyncio.gather(*(write(writer) for writer in range(32)))

asyncio.run(main())
"""


async def test_every_acknowledged_write_survives_a_kill(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "state.db"
    process = subprocess.Popen([sys.executable, "-c", CRASHING, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(500)]
    process.send_signal(signal.SIGKILL)
    acknowledged += [line.strip() for line in process.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    process.wait(10)
    process.stdout.close()
    store = await open_sqlite(path, clock)
    there = {entry.key for entry in (await store.list("/a/")).entries}
    beside = {entry.key.replace("/b/", "/a/") for entry in (await store.list("/b/")).entries}
    assert {f"/a/{name}" for name in acknowledged} <= there
    assert there == beside
    assert store.revision >= FIRST_REVISION + len(acknowledged)
    await store.close()
