"""The work queue of a controller: keys, each at most once, never given to two workers, with delays and back-off.

Source: client-go util/workqueue: 5 ms doubling to 1000 s per key.
"""

import asyncio
import heapq
from collections import deque
from datetime import timedelta
from typing import Generic, TypeVar

from steersman.component.backoff import Backoff
from steersman.component.clock import Clock

Key = TypeVar("Key")

RETRY = Backoff(initial=0.005, factor=2.0, limit=1000.0)


class WorkQueue(Generic[Key]):
    """Keys to work on. `run` serves the delays; without it only `add` has effect."""

    def __init__(self, clock: Clock, retry: Backoff = RETRY) -> None:
        self._clock, self._retry = clock, retry
        self._ready: deque[Key] = deque()
        self._dirty: set[Key] = set()
        self._working: set[Key] = set()
        self._failures: dict[Key, int] = {}
        self._delayed: list[tuple[float, int, Key]] = []
        self._due: dict[Key, float] = {}
        self._sequence = 0
        self.adds = self.retries = 0
        """How many keys entered the queue, and how many came back after a failure, so far."""
        self._arrived = asyncio.Event()
        self._delay_changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._ready)

    @property
    def is_idle(self) -> bool:
        """Nothing ready and nothing being worked on; delayed keys may remain."""
        return not self._ready and not self._working

    def add(self, key: Key) -> None:
        """Work on the key soon; a key that is being worked on comes again afterwards."""
        if key in self._dirty:
            return
        self._dirty.add(key)
        self.adds += 1
        if key not in self._working:
            self._ready.append(key)
            self._arrived.set()

    def add_after(self, key: Key, delay: timedelta) -> None:
        """Work on the key once the delay has passed; of several delays the shortest counts."""
        seconds = delay.total_seconds()
        if seconds <= 0:
            self.add(key)
            return
        due = self._clock.monotonic() + seconds
        if self._due.get(key, due + 1) <= due:
            return
        self._due[key] = due
        self._sequence += 1
        heapq.heappush(self._delayed, (due, self._sequence, key))
        self._delay_changed.set()

    def retry(self, key: Key) -> timedelta:
        """Work on the key again after its own back-off, which is returned."""
        attempt = self._failures.get(key, 0)
        self._failures[key] = attempt + 1
        self.retries += 1
        delay = timedelta(seconds=self._retry.delay(attempt))
        self.add_after(key, delay)
        return delay

    def forget(self, key: Key) -> None:
        """The key succeeded: its back-off starts over."""
        self._failures.pop(key, None)

    async def take(self) -> Key:
        """The next key; call `done` when finished with it."""
        while not self._ready:
            self._arrived.clear()
            await self._arrived.wait()
        key = self._ready.popleft()
        self._dirty.discard(key)
        self._working.add(key)
        return key

    def done(self, key: Key) -> None:
        """The worker has finished with the key."""
        self._working.discard(key)
        if key in self._dirty:
            self._ready.append(key)
            self._arrived.set()

    async def run(self) -> None:
        """Move delayed keys to the queue when they are due, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._delay_changed.clear()
                self._move_due()
                if not self._delayed:
                    await self._delay_changed.wait()
                    continue
                wait = self._delayed[0][0] - self._clock.monotonic()
                timer = group.create_task(self._clock.sleep(wait))
                changed = group.create_task(self._delay_changed.wait())
                await asyncio.wait((timer, changed), return_when=asyncio.FIRST_COMPLETED)
                timer.cancel()
                changed.cancel()

    def _move_due(self) -> None:
        now = self._clock.monotonic()
        while self._delayed and self._delayed[0][0] <= now:
            due, _, key = heapq.heappop(self._delayed)
            if self._due.get(key) == due:
                del self._due[key]
                self.add(key)
