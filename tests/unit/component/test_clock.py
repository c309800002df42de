import asyncio
from datetime import UTC, datetime, timedelta

from steersman.component.clock import FakeClock, RealClock

START = datetime(2026, 3, 1, tzinfo=UTC)


async def test_sleepers_wake_in_the_order_of_their_times_and_see_their_own_moment() -> None:
    clock = FakeClock(START)
    seen: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        seen.append((name, clock.monotonic()))

    async with asyncio.TaskGroup() as group:
        for name, seconds in (("late", 5.0), ("early", 1.0), ("also late", 5.0), ("now", 0.0)):
            group.create_task(sleeper(name, seconds))
        await clock.advance(10)
    assert seen == [("now", 0.0), ("early", 1.0), ("late", 5.0), ("also late", 5.0)]
    assert clock.now() == START + timedelta(seconds=10)


async def test_a_loop_that_sleeps_runs_once_for_each_period_that_passed() -> None:
    clock = FakeClock()
    ticks: list[float] = []

    async def tick() -> None:
        while True:
            await clock.sleep(1)
            ticks.append(clock.monotonic())

    task = asyncio.create_task(tick())
    await clock.advance(3.5)
    assert ticks == [1, 2, 3]
    await clock.advance(0.4)
    assert ticks == [1, 2, 3]
    task.cancel()
    await clock.drain()
    assert clock.sleepers == 0
    await clock.advance(10)
    assert ticks == [1, 2, 3]


async def test_the_real_clock_is_aware_and_goes_on() -> None:
    clock = RealClock()
    before = clock.monotonic()
    await clock.sleep(0.001)
    assert clock.monotonic() - before >= 0.001
    assert clock.now().tzinfo is UTC
