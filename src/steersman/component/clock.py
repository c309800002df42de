"""Time as a parameter: what decides, waits or stamps takes a Clock, so that tests can hold the hands."""

import heapq
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio  # 40 ms of start, which the short commands that only want `now` needn't pay

# A task that wakes usually wakes a few more, each a pass of the loop later. Generous: an idle pass is cheap.
DRAIN_PASSES = 50


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """The date and time, aware, in UTC. May jump."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long; zero or less only lets others run."""
        ...


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The date and time, aware, in UTC."""
        return datetime.now(UTC)

    # Asked several times a request: the function itself, without a call of ours around it.
    monotonic = staticmethod(time.monotonic)

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        import asyncio

        await asyncio.sleep(max(seconds, 0))


class FakeClock:
    """A clock that stands still until `advance`."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed = 0.0
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """The date and time that `start` and the advances add up to."""
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """Seconds advanced since the start."""
        return self._elapsed

    @property
    def sleepers(self) -> int:
        """How many tasks wait on this clock."""
        return sum(not future.done() for _, _, future in self._sleepers)

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been advanced that far."""
        import asyncio

        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Let time pass: sleepers wake in order, each at its own moment, and run until they wait again."""
        end = self._elapsed + seconds
        await self.drain()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, future = heapq.heappop(self._sleepers)
            if future.done():  # cancelled meanwhile
                continue
            self._elapsed = max(self._elapsed, due)
            future.set_result(None)
            await self.drain()
        self._elapsed = end
        await self.drain()

    async def drain(self) -> None:
        """Let every callback run that is ready, and those they make ready."""
        import asyncio

        for _ in range(DRAIN_PASSES):
            await asyncio.sleep(0)
