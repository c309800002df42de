"""What a watcher of a cache gets."""

import pytest

from steersman.storage.cached import CachedObject, Facts
from steersman.storage.cacher import WATCH_BUFFER_EVENTS, Cacher, TooOld
from steersman.storage.interface import Entry, Event, TransformFailed
from steersman.storage.valueindex import by_field

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


def broken(name: str, revision: int) -> Event:
    return Event(f"{PREFIX}{name}", b"", 1, revision, problem="no key")


async def test_an_object_that_cannot_be_read_any_more_is_no_deletion_but_an_error() -> None:
    cache = cache_of(2)
    watch = cache.watch(1, lambda facts: True)
    cache.apply([broken("1", 3), Event(f"{PREFIX}0", b'{"metadata":{}}', 1, 3)], 3)
    assert watch.is_closed
    assert await watch.next(1) == ()
    assert cache.get(f"{PREFIX}0") is not None
    with pytest.raises(TransformFailed, match=r"^no key$"):
        cache.get(f"{PREFIX}1")
    with pytest.raises(TransformFailed, match=r'^unable to transform key "/registry/pods/1": no key$'):
        cache.under(PREFIX)
    with pytest.raises(TooOld):
        cache.watch(2, lambda facts: True)
    cache.apply([Event(f"{PREFIX}1", b"", 1, 4, is_delete=True, problem="no key")], 4)
    assert len(cache.under(PREFIX)) == 1


def test_what_could_not_be_read_is_taken_in_later_unless_something_came_since() -> None:
    cache = cache_of(0)
    cache.apply([broken("a", 2), broken("b", 2)], 2)
    cache.apply([broken("b", 3)], 3)
    for name in "ab":
        cache.heal(Entry(f"{PREFIX}{name}", b'{"metadata":{}}', 2, 2))
    assert cache.get(f"{PREFIX}a") is not None
    assert cache.unreadable == (f"{PREFIX}b",)


def test_objects_are_found_by_the_value_of_a_field_whatever_becomes_of_them() -> None:
    index = by_field("spec.nodeName")

    def at(key: str, node: str) -> CachedObject:
        return CachedObject(key, b"", 1, 1, Facts("n", key, {}, {"spec.nodeName": node}))

    index.begin([at("a", "x"), at("b", "")])
    assert set(index.keys("x")) == {"a"}
    index.change(at("b", ""), at("b", "x"))
    index.change(at("a", "x"), at("a", "y"))
    index.change(None, at("c", "x"))
    assert (set(index.keys("x")), set(index.keys("y")), set(index.keys(""))) == ({"b", "c"}, {"a"}, set())
    index.change(at("b", "x"), None)
    index.change(at("a", "y"), None)
    assert (set(index.keys("x")), set(index.keys("y"))) == ({"c"}, set())
