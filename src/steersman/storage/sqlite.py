"""The durable store of one machine: SQLite behind one writer thread with group commit.

The event loop decides transactions at once against what is stored plus what is on its way, and queues them; the thread
commits all that queued meanwhile as one batch; only then are they acknowledged and shown to readers and watchers.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from steersman.component.clock import Clock
from steersman.component.threads import SingleThread
from steersman.storage import transaction
from steersman.storage.database import Batch, Database
from steersman.storage.expiry import Expiry, end
from steersman.storage.history import History
from steersman.storage.interface import (
    Changes,
    Compare,
    CompareFailed,
    Entry,
    Event,
    Page,
    StoreClosed,
    StoreError,
    StoreFailed,
    TxnResult,
    Write,
)
from steersman.storage.publish import Publisher


@dataclass(frozen=True, slots=True)
class _Pending:
    """A decided transaction that waits for its commit."""

    events: tuple[Event, ...]
    ends: dict[str, datetime]
    done: asyncio.Future[TxnResult]


_Group = list[_Pending]


class SQLiteStore:
    """A Store in one file. Open it with `open_sqlite`."""

    def __init__(
        self, database: Database, thread: SingleThread, clock: Clock, loaded: tuple[tuple[Entry, ...], int]
    ) -> None:
        self._database = database
        self._thread = thread
        self._clock = clock
        self._history = History(*loaded)
        self._publisher = Publisher(self._history)
        self._expiry = Expiry(clock, self._expire)
        self._queue: _Group = []
        # Keys as they will be once everything queued is committed, each with the transaction that makes it so.
        self._ahead: dict[str, tuple[Entry | None, _Pending]] = {}
        self._next_revision = self._history.revision + 1
        self._flusher: asyncio.Task[None] | None = None
        self._is_closed = False
        self._expiry.note({entry.key: entry.expires_at for entry in loaded[0] if entry.expires_at})

    @property
    def revision(self) -> int:
        """The revision of the last acknowledged write."""
        return self._history.revision

    async def current_revision(self) -> int:
        """See Store."""
        return self._history.revision

    async def get(self, key: str, revision: int = 0) -> Entry | None:
        """See Store."""
        return self._history.get(key, revision)

    async def list(self, prefix: str, *, limit: int = 0, start_after: str = "", revision: int = 0) -> Page:
        """See Store."""
        return self._history.page(prefix, limit, start_after, revision)

    async def txn(self, compares: tuple[Compare, ...], writes: tuple[Write, ...]) -> TxnResult:
        """See Store."""
        while not self._is_closed:
            # A refusal, or finding nothing to do, is an answer too: it mustn't rest on a write that may still fail.
            try:
                transaction.check(compares, self._find)
            except CompareFailed as lost:
                if await self._are_durable((lost.key,)):
                    raise
                continue
            events = transaction.changes(writes, self._next_revision, self._find)
            if events:
                # A caller that is cancelled doesn't take its transaction back: others may have been decided upon it.
                return await asyncio.shield(self._enqueue(events, writes))
            if await self._are_durable(tuple(each.key for each in (*compares, *writes))):
                return TxnResult(self._history.revision)
        raise StoreClosed

    def watch(self, prefix: str, from_revision: int) -> AsyncGenerator[Changes, None]:
        """See Store."""
        return self._publisher.watch(prefix, from_revision)

    async def is_stale(self, key: str) -> bool:
        """See Store: what is stored is what was given."""
        return False

    async def compact(self, revision: int) -> None:
        """See Store."""
        self._history.compact(revision)

    async def close(self) -> None:
        """See Store."""
        if self._is_closed:
            return
        self._is_closed = True
        await self._expiry.close()
        if self._flusher is not None:
            await self._flusher
        self._publisher.close()
        await self._thread.run(self._database.close)
        self._thread.close()

    def _find(self, key: str) -> Entry | None:
        return self._ahead[key][0] if key in self._ahead else self._history.entries.get(key)

    async def _are_durable(self, keys: tuple[str, ...]) -> bool:
        """Wait for what is on its way to these keys; False when it didn't get there."""
        waited_for = {self._ahead[key][1].done for key in keys if key in self._ahead}
        if waited_for:
            await asyncio.wait(waited_for)
        return all(done.exception() is None for done in waited_for)

    def _enqueue(self, events: tuple[Event, ...], writes: tuple[Write, ...]) -> asyncio.Future[TxnResult]:
        loop = asyncio.get_running_loop()
        pending = _Pending(events, transaction.expiries(writes, self._clock.now()), loop.create_future())
        self._next_revision += 1
        self._queue.append(pending)
        self._ahead.update(_ahead_of(pending))
        if self._flusher is None:
            self._flusher = loop.create_task(self._flush(), name="store-writer")
        return pending.done

    async def _flush(self) -> None:
        while self._queue:
            group, self._queue = self._queue, []
            commit = asyncio.ensure_future(self._thread.run(self._database.commit, _batch(group)))
            await asyncio.wait({commit})
            match commit.exception():
                case None:
                    self._acknowledge(group)
                case StoreError() as error:
                    self._fail(group, error)
                case error:
                    failed = StoreFailed(f"the commit failed: {error}")
                    failed.__cause__ = error
                    self._fail(group, failed)
        self._flusher = None

    def _acknowledge(self, group: _Group) -> None:
        now = self._clock.monotonic()
        events = tuple(event for pending in group for event in pending.events)
        ends = {key: end for pending in group for key, end in pending.ends.items()}
        self._history.apply(events, now, ends)
        self._history.prune(now)
        self._ahead.clear()
        for later in self._queue:
            self._ahead.update(_ahead_of(later))
        self._publisher.publish()
        self._expiry.note(ends)
        for pending in group:
            if not pending.done.done():
                pending.done.set_result(TxnResult(pending.events[0].revision))

    def _fail(self, group: _Group, error: StoreError) -> None:
        # What queued behind was decided upon writes that are not going to be.
        lost, self._queue = [*group, *self._queue], []
        self._ahead.clear()
        self._next_revision = self._history.revision + 1
        for pending in lost:
            if not pending.done.done():
                pending.done.set_exception(error)

    async def _expire(self, keys: tuple[str, ...]) -> None:
        await end(self, map(self._find, keys), self._clock.now())


async def open_sqlite(path: Path, clock: Clock, max_pages: int | None = None) -> SQLiteStore:
    """The store in a file, made if it isn't there. StoreLocked when another process has it."""
    thread = SingleThread("sqlite-writer")
    try:
        database, loaded = await thread.run(_open_and_load, path, max_pages)
    except BaseException:
        thread.close()
        raise
    return SQLiteStore(database, thread, clock, loaded)


def _open_and_load(path: Path, max_pages: int | None) -> tuple[Database, tuple[tuple[Entry, ...], int]]:
    database = Database(path, max_pages)
    try:
        return database, database.load()
    except BaseException:
        database.close()
        raise


def _entry(event: Event, ends: dict[str, datetime]) -> Entry | None:
    if event.is_delete:
        return None
    return Entry(event.key, event.value, event.create_revision, event.revision, ends.get(event.key))


def _ahead_of(pending: _Pending) -> dict[str, tuple[Entry | None, _Pending]]:
    return {event.key: (_entry(event, pending.ends), pending) for event in pending.events}


def _batch(group: _Group) -> Batch:
    """The last state of every key the group touches."""
    last: dict[str, Entry | None] = {}
    for pending in group:
        for event in pending.events:
            last[event.key] = _entry(event, pending.ends)
    puts = tuple(entry for entry in last.values() if entry is not None)
    deletes = tuple(key for key, entry in last.items() if entry is None)
    return Batch(puts, deletes, group[-1].events[-1].revision)
