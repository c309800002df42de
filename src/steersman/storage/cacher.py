"""The watch cache of one resource: current objects as bytes, and a window of events that every watcher shares.

It lives in the API server's event loop and knows neither kinds nor HTTP. Reads never await. `CacheSet` feeds it.
Source: apiserver/pkg/storage/cacher.
"""

import asyncio
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from steersman.apimachinery.gotext import quote
from steersman.component.log import get_logger
from steersman.storage.cached import CachedObject, Fit, Index, Matches, unchanged, with_resource_version
from steersman.storage.interface import Entry, Event, TransformFailed
from steersman.storage.valueindex import ValueIndex

_log = get_logger(__name__)

# Source: cacher.go has between 100 and 102,400 events, grown while they are younger than about a minute.
WINDOW_EVENTS = 10_000
# A watcher this far behind is cut off; it resumes from its last resourceVersion, or gets 410.
WATCH_BUFFER_EVENTS = 20_000
# Objects looked at to say how big they are.
SAMPLED = 16


class Change(StrEnum):
    """What a watcher is told."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


class TooOld(Exception):
    """The revision asked for lies before the kept events."""

    def __init__(self, asked: int, oldest: int) -> None:
        super().__init__(f"too old resource version: {asked} ({oldest})")


@dataclass(slots=True, eq=False)
class CacheEvent:
    """One change of one object; old or new is None where it didn't exist. Frames are encoded once, for all watchers."""

    revision: int
    old: CachedObject | None
    new: CachedObject | None
    _frames: dict[Hashable, bytes] = field(default_factory=dict)

    def change_for(self, matches: Matches) -> Change | None:
        """What this event means to a watcher that sees only what matches: an object may enter or leave its view."""
        was = self.old is not None and matches(self.old.facts)
        now = self.new is not None and matches(self.new.facts)
        if now:
            return Change.MODIFIED if was else Change.ADDED
        return Change.DELETED if was else None

    def subject(self, change: Change) -> bytes:
        """The object's JSON as this change shows it: what leaves is shown as it last matched, at this revision."""
        if change is not Change.DELETED:
            assert self.new is not None
            return self.new.data
        assert self.old is not None
        before, now = b'"resourceVersion":"%d"' % self.old.revision, b'"resourceVersion":"%d"' % self.revision
        return self.old.data.replace(before, now, 1)

    def frame(self, change: Change) -> bytes:
        """The watch frame in JSON, newline included."""
        return self.framed(change, change, _json_frame)

    def framed(self, name: Hashable, change: Change, make: "MakeFrame") -> bytes:
        """A frame in a form of this name, made once for all watchers who take it so."""
        frame = self._frames.get(name)
        if frame is None:
            frame = self._frames[name] = make(self, change)
        return frame


MakeFrame = Callable[[CacheEvent, Change], bytes]


def _json_frame(event: CacheEvent, change: Change) -> bytes:
    return encode_frame(change, event.subject(change))


def encode_frame(change: str, data: bytes) -> bytes:
    """One line of a JSON watch stream."""
    return b'{"type":"%b","object":%b}\n' % (change.encode(), data)


class CacheWatch:
    """One watcher's view: initial objects, then events as they come. Closed by either side."""

    def __init__(self, cacher: "Cacher", matches: Matches, initial: tuple[CacheEvent, ...]) -> None:
        self._cacher = cacher
        self._matches = matches
        self._pending: list[tuple[Change, CacheEvent]] = []
        self._ready = asyncio.Event()
        self.is_closed = False
        self.revision = cacher.revision
        self._take(initial)
        # What is there at the start is as much as it is; only what piles up behind it says that a watcher is slow.
        self._limit = len(self._pending) + WATCH_BUFFER_EVENTS

    def deliver(self, events: tuple[CacheEvent, ...]) -> None:
        """Called by the cacher for each batch."""
        self._take(events)
        if self._pending:
            if len(self._pending) > self._limit:
                _log.warning("a watcher is too slow; it is cut off", pending=len(self._pending))
                self.close()
            self._ready.set()

    def _take(self, events: tuple[CacheEvent, ...]) -> None:
        for event in events:
            change = event.change_for(self._matches)
            if change is not None:
                self._pending.append((change, event))

    async def next(self, timeout_seconds: float) -> tuple[tuple[Change, CacheEvent], ...]:
        """What came since the last call, in order; empty when nothing did for this long, or the watch is closed."""
        if not self._pending and not self.is_closed:
            self._ready.clear()
            try:
                async with asyncio.timeout(timeout_seconds):
                    await self._ready.wait()
            except TimeoutError:
                pass
        batch, self._pending = tuple(self._pending), []
        self._limit = WATCH_BUFFER_EVENTS
        if not self.is_closed:
            # Read together with the batch, without an await between: a bookmark may then say this revision. A watch
            # that a reload has closed was not told everything up to where the cache is now.
            self.revision = self._cacher.revision
        return batch

    def close(self) -> None:
        """Stop: nobody asks for what is left. The watcher begins anew after the last that it was told."""
        self.is_closed = True
        self._cacher.forget(self)
        self._ready.set()


def _unreadable(entry: Entry) -> TransformFailed:
    return TransformFailed(f"unable to transform key {quote(entry.key)}: {entry.problem}")


class Horizon(Protocol):
    """Knows how far the store's history is known."""

    @property
    def revision(self) -> int:
        """Every write up to this one has been seen."""
        ...


class Cacher:
    """All objects below one prefix of the store.

    fit gives stored bytes as their kind has them today, which may have changed since they were stored. found_by: where
    objects are by a value.
    """

    def __init__(self, prefix: str, index: Index, fit: Fit = unchanged, found_by: ValueIndex | None = None) -> None:
        self.prefix = prefix
        self.found_by = found_by
        self._index = index
        self._fit = fit
        self._objects: dict[str, CachedObject] = {}
        self._keys: list[str] = []
        self._window: deque[CacheEvent] = deque(maxlen=WINDOW_EVENTS)
        self._watches: set[CacheWatch] = set()
        # What stands in the store and can't be read.
        self._unreadable: dict[str, Entry] = {}
        self._revision = 0
        self._horizon: Horizon | None = None
        # The revision of the last change in here.
        self.changed_at = 0
        # Events that came, and how often all was read anew.
        self.received = self.loads = 0
        # Events after this revision are all in the window.
        self._window_start = 0

    @property
    def revision(self) -> int:
        """How far the cache has come: the store's revision, also when the last writes were elsewhere."""
        return self._revision if self._horizon is None else self._horizon.revision

    def follow(self, horizon: "Horizon") -> None:
        """From now on somebody else knows how far the store's history is known, as for many caches at once."""
        self._horizon = horizon

    def get(self, key: str) -> CachedObject | None:
        """The object at a key. TransformFailed when it is there and can't be read."""
        if self._unreadable and key in self._unreadable:
            raise TransformFailed(self._unreadable[key].problem)
        return self._objects.get(key)

    def under(self, prefix: str, start_after: str = "") -> list[CachedObject]:
        """Objects whose keys begin with prefix, in key order, after a key. TransformFailed when one can't be read."""
        for entry in self._unreadable.values():
            if entry.key.startswith(prefix) and entry.key > start_after:
                raise _unreadable(entry)
        if prefix == self.prefix and not start_after:
            return [self._objects[key] for key in self._keys]
        first = bisect_left(self._keys, prefix)
        if start_after:
            first = max(first, bisect_left(self._keys, start_after + "\0"))
        last = bisect_left(self._keys, prefix + "\U0010ffff")
        return [self._objects[key] for key in self._keys[first:last]]

    @property
    def size(self) -> int:
        """How many objects there are."""
        return len(self._keys)

    @property
    def average_bytes(self) -> int:
        """How long an object's JSON is, by a few of them."""
        keys = self._keys[:: len(self._keys) // SAMPLED + 1]
        return sum(len(self._objects[key].data) for key in keys) // len(keys) if keys else 0

    def where(self, value: str, prefix: str) -> list[CachedObject]:
        """As `under`, of the objects with a value that they are found by."""
        assert self.found_by is not None
        if self._unreadable:
            return [one for one in self.under(prefix) if value in self.found_by.values(one)]
        return [self._objects[key] for key in sorted(self.found_by.keys(value)) if key.startswith(prefix)]

    def cached(self, entry: Entry) -> CachedObject:
        """A stored entry in the form of this cache; for pages read from the store's past. TransformFailed."""
        if entry.problem:
            raise _unreadable(entry)
        known = self._objects.get(entry.key)
        if known is not None and known.revision == entry.revision:
            return known
        value = self._fit(entry.value)
        data = with_resource_version(value, entry.revision)
        return CachedObject(entry.key, data, entry.revision, entry.create_revision, self._index(value))

    def watch(self, from_revision: int, matches: Matches) -> CacheWatch:
        """Events after a revision; from 0, what is there now comes first as ADDED. TooOld when events are missing."""
        if from_revision and from_revision < self._window_start:
            raise TooOld(from_revision, self._window_start)
        if from_revision:
            initial = tuple(event for event in self._window if event.revision > from_revision)
        else:
            initial = tuple(CacheEvent(one.revision, None, one) for one in self.under(self.prefix))
        watch = CacheWatch(self, matches, initial)
        self._watches.add(watch)
        return watch

    def forget(self, watch: CacheWatch) -> None:
        """Called by a watch that is closed."""
        self._watches.discard(watch)

    def close_watches(self) -> None:
        """End every watch: the server stops, or what clients may see has changed."""
        for watch in tuple(self._watches):
            watch.close()

    def load(self, entries: tuple[Entry, ...], revision: int) -> None:
        """Begin anew from the store's state at a revision; watchers must begin anew too."""
        self.close_watches()
        self.loads += 1
        self._unreadable = {entry.key: entry for entry in entries if entry.problem}
        self._objects = {entry.key: self.cached(entry) for entry in entries if not entry.problem}
        self._keys = sorted(self._objects)
        if self.found_by is not None:
            self.found_by.begin(self._objects.values())
        self._window.clear()
        self._revision = self.changed_at = self._window_start = revision

    @property
    def unreadable(self) -> tuple[str, ...]:
        """The keys of what is there and can't be read."""
        return tuple(self._unreadable)

    def heal(self, entry: Entry) -> None:
        """Take in what couldn't be read and now can be, if nothing came since. Watchers begin anew, and see it."""
        known = self._unreadable.get(entry.key)
        if known is None or entry.problem or known.revision != entry.revision:
            return
        del self._unreadable[entry.key]
        new = self._objects[entry.key] = self.cached(entry)
        if self.found_by is not None:
            self.found_by.change(None, new)
        insort(self._keys, entry.key)
        self._break()

    def _break(self) -> None:
        """There is something that no event tells: who watches must list."""
        self.close_watches()
        self._window.clear()
        self._window_start = self._revision

    def apply(self, batch: list[Event], revision: int) -> None:
        """Take the store's events in; revision is how far the store's history is known by now."""
        self._revision = revision
        if batch and any(event.problem and not event.is_delete for event in batch):
            self._lose(batch)
            batch = [event for event in batch if event.is_delete or not event.problem]
        if not batch:
            return
        self.changed_at = batch[-1].revision
        self.received += len(batch)
        events = tuple(self._take(event) for event in batch)
        is_full = len(self._window) + len(events) > WINDOW_EVENTS
        self._window.extend(events)
        if is_full:
            self._window_start = self._window[0].revision
        for watch in tuple(self._watches):
            watch.deliver(events)

    def _lose(self, batch: list[Event]) -> None:
        """An object that can't be read any more isn't gone: nobody is told that it were."""
        for event in batch:
            if event.problem and not event.is_delete:
                old = self._objects.pop(event.key, None)
                if old is not None:
                    del self._keys[bisect_left(self._keys, event.key)]
                    if self.found_by is not None:
                        self.found_by.change(old, None)
                entry = Entry(event.key, b"", event.create_revision, event.revision, None, event.problem)
                self._unreadable[event.key] = entry
                self.changed_at = event.revision
        self._break()

    def _take(self, event: Event) -> CacheEvent:
        if self._unreadable:
            self._unreadable.pop(event.key, None)
        old = self._objects.get(event.key)
        if event.is_delete:
            if old is not None:
                del self._objects[event.key]
                del self._keys[bisect_left(self._keys, event.key)]
                if self.found_by is not None:
                    self.found_by.change(old, None)
            return CacheEvent(event.revision, old, None)
        value = self._fit(event.value)
        data = with_resource_version(value, event.revision)
        new = CachedObject(event.key, data, event.revision, event.create_revision, self._index(value))
        if old is None:
            insort(self._keys, event.key)
        self._objects[event.key] = new
        if self.found_by is not None:
            self.found_by.change(old, new)
        return CacheEvent(event.revision, old, new)
