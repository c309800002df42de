"""Every watch cache of a server, fed by one watch of the store, so that all are at one revision at any moment."""

import asyncio
from collections import defaultdict
from contextlib import aclosing

from steersman.component.log import get_logger
from steersman.storage.cacher import Cacher
from steersman.storage.interface import Changes, Compacted, Event, Store, StoreUnavailable

_log = get_logger(__name__)

PAUSE_SECONDS = 1.0


class CacheSet:
    """Caches by prefix below one root such as `/registry/`; a prefix is one path segment deep and ends in `/`."""

    def __init__(self, store: Store, root: str) -> None:
        self._store = store
        self._root = root
        self._caches: dict[str, Cacher] = {}
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._synced = asyncio.Event()
        # What is told while a cache is being loaded, by its prefix.
        self._missed: dict[str, list[Changes]] = {}
        self._loads = 0
        self.revision = 0

    async def add(self, cache: Cacher) -> None:
        """One more cache; loaded at once when the set is running."""
        while self._synced.is_set():
            if await self._is_loaded(cache):
                break
            await self._pause()
        self._caches[cache.prefix] = cache
        cache.follow(self)

    async def _is_loaded(self, cache: Cacher) -> bool:
        """Bring it to the revision that all the others are at, however long the store takes to answer."""
        revision, loads = self.revision, self._loads
        missed = self._missed[cache.prefix] = []
        try:
            page = await self._store.list(cache.prefix, revision=revision)
        except (Compacted, StoreUnavailable):
            return False  # the others go on too
        finally:
            del self._missed[cache.prefix]
        if loads != self._loads:
            return False
        cache.load(page.entries, revision)
        for changes in missed:
            cache.apply([event for event in changes.events if event.key.startswith(cache.prefix)], changes.revision)
        return True

    def remove(self, prefix: str) -> None:
        """Forget a prefix; its watchers are closed."""
        cache = self._caches.pop(prefix, None)
        if cache is not None:
            cache.close_watches()

    async def run(self) -> None:
        """Load, then follow the store until cancelled. A gap in the store's history means loading anew."""
        while True:
            try:
                await self._load()
                async with aclosing(self._store.watch(self._root, self.revision + 1)) as told:
                    async for changes in told:
                        self._apply(changes)
            except Compacted:
                _log.warning("the caches fell behind the store's history; loading anew")
            except StoreUnavailable as error:
                _log.warning("the store can't be read; trying again", error=str(error))
                await self._pause()

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
        self._loads += 1
        self._synced.set()
        self._advance(page.revision)

    def _apply(self, changes: Changes) -> None:
        by_prefix: dict[str, list[Event]] = defaultdict(list)
        for event in changes.events:
            by_prefix[self._prefix_of(event.key)].append(event)
        for prefix, batch in by_prefix.items():
            cache = self._caches.get(prefix)
            if cache is not None:
                cache.apply(batch, changes.revision)
        for missed in self._missed.values():
            missed.append(changes)
        self._advance(changes.revision)

    async def _pause(self) -> None:
        await self.wait_for(self.revision + 1, PAUSE_SECONDS)

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
