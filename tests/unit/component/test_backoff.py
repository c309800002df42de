from random import Random

import pytest

from steersman.component.backoff import Backoff, Backoffs


def test_delays_grow_to_the_limit_and_stay_there() -> None:
    backoff = Backoff(initial=10, factor=2, limit=300)
    assert [backoff.delay(attempt) for attempt in range(7)] == [10, 20, 40, 80, 160, 300, 300]
    assert backoff.delay(10**6) == 300


def test_jitter_needs_a_random_and_only_adds() -> None:
    backoff = Backoff(initial=1, factor=2, limit=8, jitter=0.5)
    assert backoff.delay(1) == 2
    delays = {backoff.delay(1, Random(seed)) for seed in range(20)}
    assert len(delays) > 10
    assert all(2 <= delay <= 3 for delay in delays)


def test_each_key_has_its_own_back_off_and_begins_anew_after_quiet() -> None:
    backoffs: Backoffs[str] = Backoffs(Backoff(1, 2, 8), reset_after=10)
    assert [backoffs.failed("a", now) for now in (0, 1, 3)] == [1, 2, 4]
    assert backoffs.failed("b", 3) == 1
    assert backoffs.remaining("a", 5) == 2
    assert backoffs.remaining("a", 100) == 0
    assert backoffs.failed("a", 17.0) == 8  # 10 seconds after it was ready: not yet quiet for longer
    assert backoffs.failed("a", 36.0) == 1
    assert backoffs.current("a") == 1


@pytest.mark.parametrize("forget", ["succeeded", "forget_quiet"])
def test_a_forgotten_key_begins_anew(forget: str) -> None:
    backoffs: Backoffs[str] = Backoffs(Backoff(1, 2, 8), reset_after=10)
    backoffs.failed("a", 0)
    backoffs.failed("a", 0)
    if forget == "succeeded":
        backoffs.succeeded("a")
    else:
        backoffs.forget_quiet(5)
        assert backoffs.attempts("a") == 2
        backoffs.forget_quiet(13)
    assert backoffs.attempts("a") == 0
    assert backoffs.remaining("a", 0) == 0
