"""Caches that come while others run, over a store that takes its time to answer."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from steersman.component.clock import FakeClock
from steersman.storage.cached import Facts
from steersman.storage.cacher import Cacher
from steersman.storage.cacheset import CacheSet
from steersman.storage.interface import Delete, Page, Put, StoreUnavailable
from steersman.storage.memory import MemoryStore

ROOT = "/registry/"


class SlowStore(MemoryStore):
    """Lists are read at once and answered when the gate opens; one may fail first."""

    def __init__(self) -> None:
        super().__init__(FakeClock())
        self.gate = asyncio.Event()
        self.gate.set()
        self.failures = 0

    async def list(self, prefix: str, *, limit: int = 0, start_after: str = "", revision: int = 0) -> Page:
        page = await super().list(prefix, limit=limit, start_after=start_after, revision=revision)
        await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("away")
        return page


def cache(resource: str) -> Cacher:
    return Cacher(f"{ROOT}{resource}/", lambda value: Facts("", "", {}, {}))


async def write(store: SlowStore, *names: str) -> int:
    return (await store.txn((), tuple(Put(ROOT + name, b'{"metadata":{}}') for name in names))).revision


@pytest.fixture
async def store() -> SlowStore:
    return SlowStore()


@pytest.fixture
async def caches(store: SlowStore) -> AsyncIterator[CacheSet]:
    caches = CacheSet(store, ROOT)
    running = asyncio.create_task(caches.run())
    yield caches
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_cache_that_is_added_misses_nothing_that_is_written_while_it_is_read(
    store: SlowStore, caches: CacheSet
) -> None:
    await write(store, "pods/old", "pods/gone")
    async with asyncio.timeout(5):
        await caches.wait_synced()
    pods = cache("pods")
    store.gate.clear()
    adding = asyncio.create_task(caches.add(pods))
    for number in range(20):  # there is never a quiet moment
        revision = await write(store, f"pods/p{number}", f"nodes/n{number}")
        assert await caches.wait_for(revision, 5)
    revision = (await store.txn((), (Delete(f"{ROOT}pods/gone"),))).revision
    assert await caches.wait_for(revision, 5)
    store.gate.set()
    async with asyncio.timeout(5):
        await adding
    assert pods.revision == caches.revision == revision
    assert {one.key for one in pods.under(pods.prefix)} == {
        f"{ROOT}pods/old",
        *(f"{ROOT}pods/p{number}" for number in range(20)),
    }
    watch = pods.watch(revision, lambda facts: True)
    later = await write(store, "pods/later")
    assert await caches.wait_for(later, 5)
    assert [event.revision for _, event in await watch.next(5)] == [later]


async def test_a_store_that_cannot_be_read_at_first_is_asked_again(store: SlowStore) -> None:
    store.failures = 1
    pods = cache("pods")
    caches = CacheSet(store, ROOT)
    await caches.add(pods)
    await write(store, "pods/x")
    running = asyncio.create_task(caches.run())
    try:
        async with asyncio.timeout(5):
            await caches.wait_synced()
        assert pods.get(f"{ROOT}pods/x") is not None
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
