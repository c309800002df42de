"""The index and recent past of a store: which keys exist at which revision, and every change of the last minutes.

Pure bookkeeping shared by the stores that live in this process; time comes in as values, in monotonic seconds: a wall
clock that is set right after start would throw all history away.
"""

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Mapping
from datetime import datetime

from steersman.storage.interface import FIRST_REVISION, Compacted, Entry, Event, FutureRevision, Page

KEPT_SECONDS = 300.0


class History:
    """Current entries and changes since `oldest`."""

    def __init__(self, entries: tuple[Entry, ...] = (), revision: int = FIRST_REVISION) -> None:
        self.revision = revision
        # The newest change no longer kept: states at this revision and changes after it can be told.
        self.oldest = revision if entries or revision > FIRST_REVISION else 0
        self.entries: dict[str, Entry] = {entry.key: entry for entry in entries}
        self._keys = sorted(self.entries)
        # Each change with what it replaced, so that the past is found by undoing changes.
        self._changes: deque[tuple[float, Event, Entry | None]] = deque()

    def apply(self, events: tuple[Event, ...], now: float, expiries: Mapping[str, datetime]) -> None:
        """Take in the writes of one or more transactions, in revision order."""
        for event in events:
            before = self.entries.get(event.key)
            if event.is_delete:
                if before is not None:
                    del self.entries[event.key]
                    del self._keys[bisect_left(self._keys, event.key)]
            else:
                if before is None:
                    insort(self._keys, event.key)
                expiry = expiries.get(event.key)
                self.entries[event.key] = Entry(event.key, event.value, event.create_revision, event.revision, expiry)
            self._changes.append((now, event, before))
        if events:
            self.revision = events[-1].revision

    def prune(self, now: float) -> None:
        """Forget changes older than the kept time."""
        while self._changes and now - self._changes[0][0] > KEPT_SECONDS:
            self._forget_first()

    def compact(self, revision: int) -> None:
        """Forget changes before a revision."""
        while self._changes and self._changes[0][1].revision < revision:
            self._forget_first()
        self.oldest = max(self.oldest, min(revision, self.revision))

    def since(self, prefix: str, from_revision: int) -> tuple[Event, ...]:
        """Changes below a prefix from a revision on."""
        if from_revision <= self.oldest:
            raise Compacted(self.oldest)
        events = []
        # From the end: a deque's middle is far from everywhere, and watches mostly ask for the newest.
        for _, event, _ in reversed(self._changes):
            if event.revision < from_revision:
                break
            if event.key.startswith(prefix):
                events.append(event)
        return tuple(reversed(events))

    def get(self, key: str, revision: int) -> Entry | None:
        """The entry now (0) or at a revision."""
        if self._is_now(revision):
            return self.entries.get(key)
        return self._past(key, revision).get(key)

    def page(self, prefix: str, limit: int, start_after: str, revision: int) -> Page:
        """Entries below a prefix now (0) or at a revision."""
        if self._is_now(revision):
            entries, keys, at = self.entries, self._keys, self.revision
        else:
            entries = self._past(prefix, revision)
            keys, at = sorted(entries), revision
        first = bisect_left(keys, prefix)
        if start_after:
            first = max(first, bisect_right(keys, start_after))
        last = bisect_left(keys, prefix + "\U0010ffff")
        end = min(last, first + limit) if limit else last
        return Page(tuple(entries[key] for key in keys[first:end]), at, max(0, last - end))

    def _is_now(self, revision: int) -> bool:
        if revision > self.revision:
            raise FutureRevision(revision, self.revision)
        if revision and revision < self.oldest:
            raise Compacted(self.oldest)
        return revision in (0, self.revision)

    def _past(self, prefix: str, revision: int) -> dict[str, Entry]:
        first, last = bisect_left(self._keys, prefix), bisect_left(self._keys, prefix + "\U0010ffff")
        entries = {key: self.entries[key] for key in self._keys[first:last]}
        for _, event, before in reversed(self._changes):
            if event.revision <= revision:
                break
            if not event.key.startswith(prefix):
                continue
            if before is None:
                entries.pop(event.key, None)
            else:
                entries[event.key] = before
        return entries

    def _forget_first(self) -> None:
        _, event, _ = self._changes.popleft()
        self.oldest = max(self.oldest, event.revision)
