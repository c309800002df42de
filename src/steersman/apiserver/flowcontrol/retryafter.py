"""How many seconds a refused client is told to wait: longer the more are refused, one when they are few.

Source: apiserver/pkg/util/flowcontrol/dropped_requests_tracker.go.
"""

from collections import deque

LONGEST_SECONDS = 32


class RetryAfter:
    """Of one level. Seconds are whole numbers of any clock that doesn't go back."""

    __slots__ = ("_count", "_history", "_raised_at", "_second", "seconds")

    def __init__(self) -> None:
        self.seconds = 1
        self._second = -1
        self._count = 0
        self._raised_at = -LONGEST_SECONDS
        # (second, refused in it) before the current one.
        self._history: deque[tuple[int, int]] = deque()

    def refuse(self, second: int) -> int:
        """One more is refused in this second; what it is told."""
        if second == self._second:
            self._count += 1
            return self.seconds
        if self._count:
            self._history.append((self._second, self._count))
        self._second, self._count = second, 1
        while self._history and second - self._history[0][0] > min(2 * self.seconds, LONGEST_SECONDS):
            self._history.popleft()
        self._adjust(second)
        return self.seconds

    def _adjust(self, second: int) -> None:
        refused = sum(count for when, count in self._history if second - when <= self.seconds)
        if second - self._raised_at >= self.seconds and refused >= 3 * self.seconds:
            self.seconds = min(2 * self.seconds, LONGEST_SECONDS)
            self._raised_at = second
        elif refused < self.seconds and self.seconds > 1:
            self.seconds -= 1
