"""Entries end in time, whatever order their ends were told in."""

from datetime import timedelta

from steersman.component.clock import FakeClock
from steersman.storage.expiry import Expiry
from steersman.storage.interface import StoreFull


class Ended:
    """Gathers the keys that ended; fails as often as told."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.failures = 0
        self.keys: dict[str, float] = {}

    async def __call__(self, keys: tuple[str, ...]) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreFull("no room")
        self.keys |= dict.fromkeys(keys, self._clock.monotonic())


async def test_a_shorter_life_noted_later_ends_first() -> None:
    clock = FakeClock()
    ended = Ended(clock)
    expiry = Expiry(clock, ended)
    expiry.note({"hour": clock.now() + timedelta(hours=1)})
    await clock.drain()
    expiry.note({"soon": clock.now() + timedelta(seconds=10)})
    await clock.advance(12)
    assert list(ended.keys) == ["soon"]
    await clock.advance(3600)
    assert list(ended.keys) == ["soon", "hour"]
    await expiry.close()


async def test_a_full_disk_only_delays_the_end() -> None:
    clock = FakeClock()
    ended = Ended(clock)
    ended.failures = 3
    expiry = Expiry(clock, ended)
    expiry.note({"x": clock.now() + timedelta(seconds=10)})
    await clock.advance(12)
    assert not ended.keys
    await clock.advance(120)
    assert list(ended.keys) == ["x"]
    await expiry.close()


async def test_no_timer_runs_while_nothing_is_to_end() -> None:
    clock = FakeClock()
    expiry = Expiry(clock, Ended(clock))
    expiry.note({})
    await clock.drain()
    assert clock.sleepers == 0
    expiry.note({"x": clock.now() + timedelta(seconds=1)})
    await clock.drain()
    assert clock.sleepers == 1
    await clock.advance(5)
    assert clock.sleepers == 0
    expiry.note({"y": clock.now() + timedelta(seconds=1)})
    await clock.drain()
    await expiry.close()
    assert clock.sleepers == 0


async def test_ends_close_together_are_one_transaction() -> None:
    clock = FakeClock()
    ended = Ended(clock)
    expiry = Expiry(clock, ended)
    expiry.note({str(n): clock.now() + timedelta(seconds=10 + n / 20) for n in range(20)})
    await clock.advance(60)
    assert len(ended.keys) == 20
    assert len(set(ended.keys.values())) == 1
    await expiry.close()
