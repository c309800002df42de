import asyncio
from collections.abc import Iterator

import pytest

from steersman.component import log
from steersman.component.backoff import Backoff
from steersman.component.clock import FakeClock
from steersman.component.supervisor import Supervisor

BACKOFF = Backoff(initial=1, factor=2, limit=4)


@pytest.fixture
def lines() -> Iterator[list[str]]:
    written: list[str] = []
    log.configure(write=written.append)
    yield written
    log.configure()


async def test_a_crashed_task_is_logged_once_and_restarted_later_each_time(lines: list[str]) -> None:
    clock = FakeClock()
    started: list[float] = []

    async def crash() -> None:
        started.append(clock.monotonic())
        raise ValueError("broken")

    async with Supervisor(clock, BACKOFF) as supervisor:
        supervisor.start("crasher", crash)
        await clock.advance(8)
        assert started == [0, 1, 3, 7]
        assert supervisor.restarts("crasher") == 4
        assert len(lines) == 4
        assert "ValueError: broken" in lines[0]
        assert "Traceback" in lines[0]


async def test_after_a_quiet_hour_the_back_off_begins_anew() -> None:
    clock = FakeClock()
    started: list[float] = []

    async def crash_after_an_hour() -> None:
        started.append(clock.monotonic())
        if len(started) == 4:
            await clock.sleep(3600)
        raise ValueError("broken")

    async with Supervisor(clock, BACKOFF) as supervisor:
        supervisor.start("crasher", crash_after_an_hour)
        await clock.advance(7 + 3600 + 1)
        assert started == [0, 1, 3, 7, 3608]


async def test_tasks_stop_in_reverse_order_one_after_the_other() -> None:
    clock = FakeClock()
    ended: list[str] = []
    supervisor = Supervisor(clock)

    def service(name: str, stop_seconds: float) -> None:
        async def serve() -> None:
            try:
                await clock.sleep(1000)
            finally:
                await clock.sleep(stop_seconds)
                ended.append(name)

        supervisor.start(name, serve)

    service("store", 0)
    service("server", 3)
    service("listener", 1)
    await clock.drain()
    stopping = asyncio.create_task(supervisor.stop())
    await clock.advance(2)
    assert ended == ["listener"]
    await clock.advance(3)
    assert ended == ["listener", "server", "store"]
    assert stopping.done()
    assert supervisor.running == ()


async def test_a_task_that_will_not_stop_is_left_at_the_deadline(lines: list[str]) -> None:
    clock = FakeClock()
    released = asyncio.Event()

    async def stubborn() -> None:
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue

    supervisor = Supervisor(clock)
    supervisor.start("stubborn", stubborn)
    await clock.drain()
    stopping = asyncio.create_task(supervisor.stop(deadline_seconds=5))
    await clock.advance(4.9)
    await clock.advance(0.3)
    is_done = stopping.done()
    released.set()  # before anything can fail: it would never end
    await clock.drain()
    assert is_done
    assert "did not stop in time" in lines[0]


async def test_cancelling_run_stops_the_tasks_and_goes_through() -> None:
    clock = FakeClock()
    supervisor = Supervisor(clock)

    async def serve() -> None:
        await clock.sleep(1000)

    supervisor.start("server", serve)
    running = asyncio.create_task(supervisor.run())
    await clock.drain()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert supervisor.running == ()


async def test_a_foreign_cancellation_is_a_crash_and_a_return_is_the_end(lines: list[str]) -> None:
    clock = FakeClock()
    runs: list[int] = []

    async def awaits_what_others_cancel() -> None:
        runs.append(1)
        if len(runs) == 1:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            future.cancel()
            await future

    async with Supervisor(clock, BACKOFF) as supervisor:
        supervisor.start("worker", awaits_what_others_cancel)
        await clock.advance(1)
        assert len(runs) == 2
        assert len(lines) == 1
        assert supervisor.running == ()
        await asyncio.wait_for(supervisor.run(), 1)
