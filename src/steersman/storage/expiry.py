"""Entries that end by themselves. A timer runs only while there is one to wait for."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime

from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.storage.interface import Compare, CompareFailed, Delete, Entry, Store, StoreError

_log = get_logger(__name__)

# Ends are gathered, so that a burst of Events is taken away in a few transactions.
GATHER_SECONDS = 1.0
RETRY_SECONDS = 30.0


async def end(store: Store, entries: Iterable[Entry | None], now: datetime) -> None:
    """Delete those whose time has come, each at a revision of its own: who resumes a watch misses none of them."""
    due = [one for one in entries if one is not None and one.expires_at is not None and one.expires_at <= now]
    writes = (store.txn((Compare(one.key, one.revision),), (Delete(one.key),)) for one in due)
    for result in await asyncio.gather(*writes, return_exceptions=True):
        if isinstance(result, BaseException) and not isinstance(result, CompareFailed):
            raise result


class Expiry:
    """Calls `expire` with the keys whose time has come; that checks them again, since a key may have been rewritten."""

    def __init__(self, clock: Clock, expire: Callable[[tuple[str, ...]], Awaitable[None]]) -> None:
        self._clock = clock
        self._expire = expire
        self._ends: list[tuple[datetime, str]] = []
        self._task: asyncio.Task[None] | None = None
        # What the task sleeps towards; None while it is at work, when it mustn't be disturbed.
        self._awaited: datetime | None = None

    def note(self, ends: Mapping[str, datetime]) -> None:
        """These keys end at these times."""
        for key, end in ends.items():
            heapq.heappush(self._ends, (end, key))
        if not self._ends:
            return
        if self._task is not None and self._awaited is not None and self._ends[0][0] < self._awaited:
            self._task.cancel()
            self._task = self._awaited = None
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), name="store-expiry")

    async def close(self) -> None:
        """Stop waiting."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        while self._ends:
            await self._sleep_until(self._ends[0][0])
            now, due = self._clock.now(), list[tuple[datetime, str]]()
            while self._ends and self._ends[0][0] <= now:
                due.append(heapq.heappop(self._ends))
            if not due:
                continue
            try:
                await self._expire(tuple(dict.fromkeys(key for _, key in due)))
            except StoreError as error:
                _log.warning("entries outlive their time; trying again", entries=len(due), error=str(error))
                for end in due:
                    heapq.heappush(self._ends, end)
                await self._clock.sleep(RETRY_SECONDS)
        self._task = None

    async def _sleep_until(self, end: datetime) -> None:
        wait = (end - self._clock.now()).total_seconds()
        if wait > 0:
            self._awaited = end
            await self._clock.sleep(wait + GATHER_SECONDS)
            self._awaited = None
