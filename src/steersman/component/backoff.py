"""How long to wait before trying again: the growing delay itself, and one memory of it per key."""

from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays in seconds that grow from `initial` by `factor` up to `limit`."""

    initial: float
    factor: float
    limit: float
    jitter: float = 0.0
    """At most this part of a delay is added to it by chance."""

    def delay(self, attempt: int, random: Random | None = None) -> float:
        """The delay before the retry of attempt 0, 1, 2 ...; jitter only where a Random is given."""
        try:
            delay = min(self.initial * self.factor**attempt, self.limit)
        except OverflowError:
            delay = self.limit
        if random is not None and self.jitter:
            delay *= 1 + self.jitter * random.random()
        return delay


@dataclass(slots=True)
class _Entry:
    attempts: int
    ready_at: float
    delay: float


class Backoffs(Generic[Key]):
    """The back-off of many keys; a key that stayed quiet for `reset_after` seconds begins anew.

    Times are a monotonic clock's, given by the caller: nothing here waits.
    """

    def __init__(self, backoff: Backoff, reset_after: float | None = None, random: Random | None = None) -> None:
        self._backoff = backoff
        # Upstream's client-go forgets after twice the limit.
        self._reset_after = 2 * backoff.limit if reset_after is None else reset_after
        self._random = random
        self._entries: dict[Key, _Entry] = {}

    def failed(self, key: Key, now: float) -> float:
        """Count a failure at `now`; the seconds to wait from then."""
        entry = self._entries.get(key)
        attempts = 0 if entry is None or self._is_quiet(entry, now) else entry.attempts
        delay = self._backoff.delay(attempts, self._random)
        self._entries[key] = _Entry(attempts + 1, now + delay, delay)
        return delay

    def remaining(self, key: Key, now: float) -> float:
        """Seconds until the key may be tried again; 0 when it may now."""
        entry = self._entries.get(key)
        return 0.0 if entry is None else max(entry.ready_at - now, 0.0)

    def attempts(self, key: Key) -> int:
        """Failures counted in a row."""
        entry = self._entries.get(key)
        return 0 if entry is None else entry.attempts

    def current(self, key: Key) -> float:
        """The delay that the key's last failure brought; 0 when there was none."""
        entry = self._entries.get(key)
        return 0.0 if entry is None else entry.delay

    def succeeded(self, key: Key) -> None:
        """Forget the key."""
        self._entries.pop(key, None)

    def forget_quiet(self, now: float) -> None:
        """Drop every key that was quiet for long; call it now and then, so that gone keys cost nothing."""
        self._entries = {key: entry for key, entry in self._entries.items() if not self._is_quiet(entry, now)}

    def _is_quiet(self, entry: _Entry, now: float) -> bool:
        return now - entry.ready_at > self._reset_after
