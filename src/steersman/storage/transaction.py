"""Deciding a transaction against an index: do its comparisons hold, and which changes does it make."""

from collections.abc import Callable
from datetime import datetime, timedelta

from steersman.storage.interface import Compare, CompareFailed, Entry, Event, Put, Write

Find = Callable[[str], Entry | None]


def check(compares: tuple[Compare, ...], find: Find) -> None:
    """CompareFailed at the first comparison that doesn't hold."""
    for compare in compares:
        current = find(compare.key)
        if (current.revision if current else 0) != compare.revision:
            raise CompareFailed(compare.key, current)


def changes(writes: tuple[Write, ...], revision: int, find: Find) -> tuple[Event, ...]:
    """The events the writes make; deleting what isn't there makes none. ValueError when a key is written twice."""
    check_keys(writes)
    events = []
    for write in writes:
        current = find(write.key)
        if isinstance(write, Put):
            created = current.create_revision if current else revision
            events.append(Event(write.key, write.value, created, revision))
        elif current is not None:
            events.append(Event(write.key, current.value, current.create_revision, revision, is_delete=True))
    return tuple(events)


def check_keys(writes: tuple[Write, ...]) -> None:
    """ValueError when a key is written twice."""
    if len({write.key for write in writes}) != len(writes):
        raise ValueError("a transaction writes a key at most once")


def expiries(writes: tuple[Write, ...], now: datetime) -> dict[str, datetime]:
    """When each written key ends, for those that do."""
    return {
        write.key: now + timedelta(seconds=write.ttl_seconds)
        for write in writes
        if isinstance(write, Put) and write.ttl_seconds is not None
    }
