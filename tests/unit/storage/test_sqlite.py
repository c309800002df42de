"""The SQLite store when its file misbehaves, and what may be seen before a commit."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from steersman.component.clock import FakeClock
from steersman.component.threads import SingleThread
from steersman.storage.database import Batch, Database
from steersman.storage.interface import Compare, CompareFailed, Delete, Put, StoreClosed, StoreFailed, StoreFull
from steersman.storage.sqlite import SQLiteStore, open_sqlite


class Gate:
    """Holds commits in the writer thread until opened; fails once with each of `errors`."""

    def __init__(self, database: Database) -> None:
        self._commit = database.commit
        self._open = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.errors: list[Exception] = []
        self.entered = asyncio.Event()

    def commit(self, batch: Batch) -> None:
        self._loop.call_soon_threadsafe(self.entered.set)
        asyncio.run_coroutine_threadsafe(self._open.wait(), self._loop).result(10)
        if self.errors:
            raise self.errors.pop()
        self._commit(batch)

    def open(self) -> None:
        self._open.set()


@pytest.fixture
async def gated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[SQLiteStore, Gate]]:
    thread = SingleThread("test-writer")
    database = await thread.run(Database, tmp_path / "state.db")
    gate = Gate(database)
    monkeypatch.setattr(database, "commit", gate.commit)
    store = SQLiteStore(database, thread, FakeClock(), await thread.run(database.load))
    async with asyncio.timeout(20):
        yield store, gate
        gate.open()
        await store.close()


async def passes() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_nothing_is_read_or_watched_before_it_is_durable(gated: tuple[SQLiteStore, Gate]) -> None:
    store, gate = gated
    batches = store.watch("/", 2)
    event = asyncio.ensure_future(anext(batches))
    writing = asyncio.create_task(store.txn((), (Put("/x", b"1"),)))
    await gate.entered.wait()
    await passes()
    assert (await store.get("/x"), store.revision, event.done(), writing.done()) == (None, 1, False, False)
    gate.open()
    await writing
    assert (await event).events[0].key == "/x"
    await batches.aclose()


async def test_a_comparison_is_not_lost_against_a_write_that_may_still_fail(gated: tuple[SQLiteStore, Gate]) -> None:
    store, gate = gated
    first = asyncio.create_task(store.txn((Compare("/x", 0),), (Put("/x", b"1"),)))
    await gate.entered.wait()
    second = asyncio.create_task(store.txn((Compare("/x", 0),), (Put("/x", b"2"),)))
    await passes()
    assert not second.done()
    gate.errors.append(StoreFull("no room"))
    gate.open()
    with pytest.raises(StoreFull):
        await first
    # The rival's write never was: the comparison is made again, and holds.
    await second
    entry = await store.get("/x")
    assert entry is not None
    assert (entry.value, entry.revision, store.revision) == (b"2", 2, 2)


async def test_a_comparison_that_lost_tells_what_is_durable_by_then(gated: tuple[SQLiteStore, Gate]) -> None:
    store, gate = gated
    first = asyncio.create_task(store.txn((Compare("/x", 0),), (Put("/x", b"1"),)))
    await gate.entered.wait()
    second = asyncio.create_task(store.txn((Compare("/x", 0),), (Put("/x", b"2"),)))
    gate.open()
    await first
    with pytest.raises(CompareFailed) as failed:
        await second
    assert failed.value.current == await store.get("/x")


async def test_deleting_what_is_being_deleted_waits_until_it_is_gone(gated: tuple[SQLiteStore, Gate]) -> None:
    store, gate = gated
    gate.open()
    await store.txn((), (Put("/x", b"1"),))
    gate._open.clear()
    gate.entered.clear()
    first = asyncio.create_task(store.txn((), (Delete("/x"),)))
    await gate.entered.wait()
    second = asyncio.create_task(store.txn((), (Delete("/x"),)))
    await passes()
    assert not second.done()
    gate.open()
    assert await first == await second


async def test_a_cancelled_writer_neither_undoes_its_write_nor_stops_others(gated: tuple[SQLiteStore, Gate]) -> None:
    store, gate = gated
    first = asyncio.create_task(store.txn((), (Put("/x", b"1"),)))
    await gate.entered.wait()
    second = asyncio.create_task(store.txn((), (Put("/y", b"1"),)))
    await passes()
    first.cancel()
    gate.open()
    await second
    assert [entry.key for entry in (await store.list("/")).entries] == ["/x", "/y"]


async def test_an_error_nobody_foresaw_fails_the_writers_and_leaves_none_waiting(
    gated: tuple[SQLiteStore, Gate],
) -> None:
    store, gate = gated
    gate.errors.append(RuntimeError("unforeseen"))
    gate.open()
    with pytest.raises(StoreFailed):
        await store.txn((), (Put("/x", b"1"),))
    assert await store.get("/x") is None
    await store.txn((), (Put("/x", b"2"),))
    assert store.revision == 2


async def test_a_store_can_be_closed_twice_and_takes_no_more_writes(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "state.db", FakeClock())
    await store.close()
    await store.close()
    with pytest.raises(StoreClosed):
        await store.txn((), (Put("/x", b"1"),))


async def test_closing_waits_for_what_is_being_written(gated: tuple[SQLiteStore, Gate], tmp_path: Path) -> None:
    store, gate = gated
    writing = asyncio.create_task(store.txn((), (Put("/x", b"1"),)))
    await gate.entered.wait()
    closing = asyncio.create_task(store.close())
    await passes()
    gate.open()
    await closing
    await writing
    again = await open_sqlite(tmp_path / "state.db", FakeClock())
    assert await again.get("/x") is not None
    await again.close()


async def test_a_failed_clean_up_after_a_commit_does_not_fail_the_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Database) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Database, "_vacuum", fail)
    store = await open_sqlite(tmp_path / "state.db", FakeClock())
    async with asyncio.timeout(10):
        await store.txn((), (Put("/x", b"1"),))
        await store.txn((), (Delete("/x"),))
        await store.txn((), (Put("/y", b"1"),))
    await store.close()


async def test_a_damaged_file_is_refused_and_not_held(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"this is no database at all, " * 100)
    with pytest.raises(sqlite3.DatabaseError):
        await open_sqlite(path, FakeClock())
    path.unlink()
    store = await open_sqlite(path, FakeClock())
    await store.close()


async def test_only_the_owner_can_read_the_files(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "data" / "state.db", FakeClock())
    await store.txn((), (Put("/x", b"1"),))
    modes = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "data").iterdir()}
    assert modes == dict.fromkeys(("state.db", "state.db.lock", "state.db-shm", "state.db-wal"), 0o600)
    await store.close()


async def test_the_file_and_its_log_stay_small_under_endless_rewriting(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    store = await open_sqlite(path, FakeClock())
    for number in range(60):
        await store.txn((), tuple(Put(f"/x{key}", bytes([number]) * 4000) for key in range(100)))
    assert path.stat().st_size < 3_000_000
    assert path.with_name("state.db-wal").stat().st_size < 12_000_000
    await store.close()


async def test_the_file_shrinks_after_much_was_deleted(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    store = await open_sqlite(path, FakeClock())
    await store.txn((), tuple(Put(f"/x{key:05}", b"x" * 4000) for key in range(4000)))
    for start in range(0, 4000, 100):
        await store.txn((), tuple(Delete(f"/x{key:05}") for key in range(start, start + 100)))
    await store.close()
    assert path.stat().st_size < 12_000_000
