"""Every watch cache of a server, fed by one watch of the store, so that all are at one revision at any moment."""

import asyncio
from collections import defaultdict
from contextlib import aclosing

from steersman.component.log import get_logger
from steersman.storage.cacher import Cacher
from steersman.storage.interface import Compacted, Event, Store

_log = get_logger(__name__)

CATCH_UP_SECONDS = 1.0


class CacheSet:
    """Caches by prefix below one root such as `/registry/`; a prefix is one path segment deep and ends in `/`."""

    def __init__(self, store: Store, root: str) -> None:
        self._store = store
        self._root = root
        self._caches: dict[str, Cacher] = {}
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._synced = asyncio.Event()
        self.revision = 0

    async def add(self, cache: Cacher) -> None:
        """One more cache; loaded at once when the set is running."""
        if self._synced.is_set():
            await self._catch_up(cache)
        self._caches[cache.prefix] = cache

    async def _catch_up(self, cache: Cacher) -> None:
        """Load it at the revision that all the others are at, however long the store takes to answer."""
        while True:
            revision = self.revision
            try:
                page = await self._store.list(cache.prefix, revision=revision)
            except Compacted:
                await self.wait_for(revision + 1, CATCH_UP_SECONDS)  # the others go on too
                continue
            if revision == self.revision:
                cache.load(page.entries, revision)
                return

    def remove(self, prefix: str) -> None:
        """Forget a prefix; its watchers are closed."""
        cache = self._caches.pop(prefix, None)
        if cache is not None:
            cache.close_watches()

    async def run(self) -> None:
        """Load, then follow the store until cancelled. A gap in the store's history means loading anew."""
        while True:
            await self._load()
            try:
                async with aclosing(self._store.watch(self._root, self.revision + 1)) as batches:
                    async for batch in batches:
                        self._apply(batch)
            except Compacted:
                _log.warning("the caches fell behind the store's history; loading anew")

    async def wait_synced(self) -> None:
        """Returns once the first load is done."""
        await self._synced.wait()

    async def wait_for(self, revision: int, timeout_seconds: float) -> bool:
        """Wait until the caches have reached a revision; False when they haven't in time."""
        if self.revision >= revision and self._synced.is_set():
            return True
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((revision, waiter))
        try:
            async with asyncio.timeout(timeout_seconds):
                await waiter
        except TimeoutError:
            return False
        return True

    def close_watches(self) -> None:
        """End every watch of every cache."""
        for cache in self._caches.values():
            cache.close_watches()

    async def _load(self) -> None:
        page = await self._store.list(self._root)
        entries = defaultdict(list)
        for entry in page.entries:
            entries[self._prefix_of(entry.key)].append(entry)
        for prefix, cache in self._caches.items():
            cache.load(tuple(entries[prefix]), page.revision)
        self._synced.set()
        self._advance(page.revision)

    def _apply(self, batch: tuple[Event, ...]) -> None:
        revision = batch[-1].revision
        by_prefix: dict[str, list[Event]] = defaultdict(list)
        for event in batch:
            by_prefix[self._prefix_of(event.key)].append(event)
        for prefix, cache in self._caches.items():
            cache.apply(by_prefix.get(prefix, []), revision)
        self._advance(revision)

    def _prefix_of(self, key: str) -> str:
        return key[: key.index("/", len(self._root)) + 1]

    def _advance(self, revision: int) -> None:
        self.revision = max(self.revision, revision)
        waiting = []
        for wanted, waiter in self._waiters:
            if waiter.done():
                continue
            if wanted <= self.revision:
                waiter.set_result(None)
            else:
                waiting.append((wanted, waiter))
        self._waiters = waiting
