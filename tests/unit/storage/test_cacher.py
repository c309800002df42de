"""What a watcher of a cache gets."""

from steersman.storage.cached import Facts
from steersman.storage.cacher import WATCH_BUFFER_EVENTS, Cacher
from steersman.storage.interface import Entry, Event

PREFIX = "/registry/pods/"
MANY = WATCH_BUFFER_EVENTS + 1


def cache_of(count: int) -> Cacher:
    cache = Cacher(PREFIX, lambda value: Facts("default", "any", {}, {}))
    cache.load(tuple(Entry(f"{PREFIX}{number}", b'{"metadata":{}}', 1, 1) for number in range(count)), 1)
    return cache


async def test_a_watch_from_the_start_gets_everything_however_much_it_is() -> None:
    watch = cache_of(MANY).watch(0, lambda facts: True)
    assert not watch.is_closed
    assert len(await watch.next(1)) == MANY


async def test_a_watcher_that_lets_events_pile_up_is_cut_off() -> None:
    cache = cache_of(0)
    watch = cache.watch(1, lambda facts: True)
    batch = [Event(f"{PREFIX}{number}", b'{"metadata":{}}', 2, 2) for number in range(MANY)]
    cache.apply(batch, 2)
    assert watch.is_closed


async def test_a_watch_that_a_reload_has_closed_says_no_revision_whose_events_it_was_not_told() -> None:
    cache = cache_of(0)
    watch = cache.watch(1, lambda facts: True)
    cache.apply([Event(f"{PREFIX}a", b'{"metadata":{}}', 2, 2)], 2)
    assert len(await watch.next(1)) == 1
    cache.load((Entry(f"{PREFIX}b", b'{"metadata":{}}', 5, 5),), 9)
    assert await watch.next(1) == ()
    assert (watch.is_closed, watch.revision) == (True, 2)
