"""Entries that end by themselves. A timer runs only while there is one to wait for."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from steersman.component.clock import Clock

# Ends are gathered, so that a burst of Events is taken away in a few transactions.
GATHER_SECONDS = 1.0


class Expiry:
    """Calls `expire` with the keys whose time has come; that checks them again, since a key may have been rewritten."""

    def __init__(self, clock: Clock, expire: Callable[[tuple[str, ...]], Awaitable[None]]) -> None:
        self._clock = clock
        self._expire = expire
        self._ends: list[tuple[datetime, str]] = []
        self._task: asyncio.Task[None] | None = None

    def note(self, ends: Mapping[str, datetime]) -> None:
        """These keys end at these times."""
        for key, end in ends.items():
            heapq.heappush(self._ends, (end, key))
        if self._ends and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="store-expiry")

    async def close(self) -> None:
        """Stop waiting."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        while self._ends:
            wait = (self._ends[0][0] - self._clock.now()).total_seconds()
            if wait > 0:
                await self._clock.sleep(wait + GATHER_SECONDS)
            now, due = self._clock.now(), []
            while self._ends and self._ends[0][0] <= now:
                due.append(heapq.heappop(self._ends)[1])
            if due:
                await self._expire(tuple(dict.fromkeys(due)))
        self._task = None
