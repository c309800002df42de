import asyncio
from datetime import timedelta

from steersman.component.clock import FakeClock
from steersman.reconcile.queue import WorkQueue


async def test_a_key_waits_in_the_queue_only_once() -> None:
    queue: WorkQueue[str] = WorkQueue(FakeClock())
    for key in ("a", "b", "a"):
        queue.add(key)
    assert [await queue.take(), await queue.take()] == ["a", "b"]
    assert len(queue) == 0


async def test_a_key_added_while_it_is_worked_on_comes_again_afterwards_and_never_to_two_workers() -> None:
    queue: WorkQueue[str] = WorkQueue(FakeClock())
    queue.add("a")
    assert await queue.take() == "a"
    queue.add("a")
    assert len(queue) == 0
    queue.done("a")
    assert await queue.take() == "a"
    queue.done("a")
    assert queue.is_idle


async def test_a_delayed_key_comes_when_its_shortest_delay_is_over() -> None:
    clock = FakeClock()
    queue: WorkQueue[str] = WorkQueue(clock)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(queue.run())
        queue.add_after("late", timedelta(seconds=10))
        queue.add_after("a", timedelta(seconds=5))
        queue.add_after("a", timedelta(seconds=2))
        await clock.advance(1.9)
        assert len(queue) == 0
        await clock.advance(0.2)
        assert len(queue) == 1
        assert await queue.take() == "a"
        queue.done("a")
        await clock.advance(5)
        assert len(queue) == 0, "the longer delay of the same key is void"
        await clock.advance(5)
        assert await queue.take() == "late"
        running.cancel()


async def test_retries_back_off_from_5_ms_to_1000_s_and_start_over_once_forgotten() -> None:
    queue: WorkQueue[str] = WorkQueue(FakeClock())
    delays = [queue.retry("a").total_seconds() for _ in range(20)]
    assert delays[:3] == [0.005, 0.01, 0.02]
    assert delays[-1] == 1000.0
    queue.forget("a")
    assert queue.retry("a").total_seconds() == 0.005
