"""Moving every object of a cluster from one store to another.

Names, uids and contents stay; resourceVersions are the new store's. Nobody may write to either store meanwhile.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from steersman.apiserver.collection import ROOT
from steersman.cluster.errors import ClusterError
from steersman.cluster.stores import open_database, open_etcd_at
from steersman.cluster.storesettings import EtcdSettings
from steersman.component.clock import Clock, RealClock
from steersman.storage.interface import Delete, Entry, Put, Store, StoreError, StoreFailed

PAGE_ENTRIES = 500
# etcd takes 128 operations and 1.5 MiB a transaction.
TRANSACTION_ENTRIES, TRANSACTION_BYTES = 100, 1_000_000
# What is about to end isn't worth a lease of less.
SHORTEST_SECONDS = 2.0
# About ten seconds of writes.
OUTRUN_REVISIONS, OUTRUN_WRITERS = 20_000, 32
OUTRUN_KEY = "/steersman/migration/"


class TargetNotEmpty(ClusterError):
    """The target holds objects already."""


class NotTheSame(ClusterError):
    """After the move the stores differ: somebody writes to one of them."""


@dataclass(frozen=True, slots=True)
class Moved:
    """How many objects, and how many bytes they have."""

    objects: int
    size_bytes: int


Place = Path | EtcdSettings
"""A database's file, or an etcd."""


async def migrate(source: Place, target: Place, *, overwrite: bool) -> Moved:
    """Open both and move; ClusterError when that can't be."""
    clock = RealClock()
    try:
        async with _opened(source, clock) as old, _opened(target, clock) as new:
            return await move(old, new, clock, overwrite=overwrite)
    except (StoreError, OSError) as error:
        raise ClusterError(str(error)) from error


async def move(source: Store, target: Store, clock: Clock, *, overwrite: bool) -> Moved:
    """Copy all of source into target, and look whether it is there. The source is left as it is."""
    present = await target.list(ROOT, limit=1)
    if present.entries and not overwrite:
        raise TargetNotEmpty(f"the target holds {present.remaining + 1} objects already; --overwrite deletes them")
    await _clear(target)
    objects = size_bytes = 0
    async with aclosing(_pages(source)) as pages:
        async for page in pages:
            for some in _transactions(page):
                await _write(target, some, clock)
                objects += len(some)
                size_bytes += sum(len(entry.value) for entry in some)
    await _compare(source, target)
    await _outrun(source, target)
    return Moved(objects, size_bytes)


@asynccontextmanager
async def _opened(place: Place, clock: Clock) -> AsyncIterator[Store]:
    store = await (open_database(place, clock) if isinstance(place, Path) else open_etcd_at(place, clock))
    try:
        yield store
    finally:
        await store.close()


async def _clear(store: Store) -> None:
    while entries := (await store.list(ROOT, limit=TRANSACTION_ENTRIES)).entries:
        await store.txn((), tuple(Delete(entry.key) for entry in entries))


async def _write(target: Store, some: tuple[Entry, ...], clock: Clock) -> None:
    try:
        await target.txn((), tuple(_put(entry, clock) for entry in some))
    except StoreFailed as error:
        largest = max(some, key=lambda entry: len(entry.value))
        raise ClusterError(f"{error}; {largest.key} has {len(largest.value)} bytes") from error


async def _outrun(source: Store, target: Store) -> None:
    """Bring the target's revision past the source's.

    A client that resumes a watch from a resourceVersion it got before is then told that this is too old, and lists
    anew. One whose resourceVersion is yet to come is told so too; but should it come meanwhile, the client would be
    told what happened since, having missed what was before. Where the source is so far ahead that this can't happen
    before the client has asked, it needn't be prevented.
    """
    missing = source.revision - target.revision + 1
    if missing > OUTRUN_REVISIONS:
        return

    async def run_ahead(writer: int) -> None:
        key = f"{OUTRUN_KEY}{writer}"
        for _ in range(writer, missing, OUTRUN_WRITERS):
            await target.txn((), (Put(key, b""),))
        await target.txn((), (Delete(key),))

    try:
        async with asyncio.TaskGroup() as group:
            for writer in range(OUTRUN_WRITERS):
                group.create_task(run_ahead(writer))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed


async def _compare(source: Store, target: Store) -> None:
    """What ends by itself may be gone from one of them, all else is the same in both."""
    there: dict[str, bytes] = {}
    async with aclosing(_pages(target)) as pages:
        async for page in pages:
            there.update((entry.key, entry.value) for entry in page if entry.expires_at is None)
    async with aclosing(_pages(source)) as pages:
        async for page in pages:
            for entry in page:
                if entry.expires_at is None and there.pop(entry.key, None) != entry.value:
                    raise NotTheSame(f"{entry.key} isn't the same in both stores; does an API server run on one?")
    if there:
        raise NotTheSame(f"{next(iter(there))} is only in the target; does an API server run on it?")


async def _pages(store: Store) -> AsyncGenerator[tuple[Entry, ...], None]:
    """All entries, as of one revision."""
    page = await store.list(ROOT, limit=PAGE_ENTRIES)
    revision = page.revision
    while page.entries:
        yield page.entries
        if not page.more:
            return
        page = await store.list(ROOT, limit=PAGE_ENTRIES, start_after=page.entries[-1].key, revision=revision)


def _transactions(page: tuple[Entry, ...]) -> Iterator[tuple[Entry, ...]]:
    some: list[Entry] = []
    for entry in page:
        if some and (
            len(some) == TRANSACTION_ENTRIES
            or sum(len(each.value) for each in some) + len(entry.value) > TRANSACTION_BYTES
        ):
            yield tuple(some)
            some = []
        some.append(entry)
    yield tuple(some)


def _put(entry: Entry, clock: Clock) -> Put:
    if entry.expires_at is None:
        return Put(entry.key, entry.value)
    left = (entry.expires_at - clock.now()).total_seconds()
    return Put(entry.key, entry.value, max(left, SHORTEST_SECONDS))
