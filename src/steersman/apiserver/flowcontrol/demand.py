"""How many seats a level could use over time: measured all the time, summed up at each adjustment.

Source: apiserver/pkg/util/flowcontrol/fairqueuing/integrator.go, apf_controller.go: seatDemandStats.
"""

from dataclasses import dataclass
from math import sqrt

# What is left of a demand that is over after each period: half of it after five minutes.
SMOOTHING, PERIOD_SECONDS = 0.977, 10.0


@dataclass(frozen=True, slots=True)
class DemandStats:
    """What was measured up to the last adjustment. smoothed falls slowly and rises at once."""

    average: float = 0.0
    deviation: float = 0.0
    highest: int = 0
    smoothed: float = 0.0


class Demand:
    """Integrates a number over time; the caller says when it is."""

    __slots__ = ("_area", "_begun", "_highest", "_last", "_squares", "value")

    def __init__(self, now: float) -> None:
        self.value = 0
        self._begun = self._last = now
        self._area = self._squares = 0.0
        self._highest = 0

    def set(self, value: int, now: float) -> None:
        """From now on it is this."""
        before = self.value
        if before:
            work = before * (now - self._last)
            self._area += work
            self._squares += before * work
        self._last = now
        self.value = value
        if value > self._highest:
            self._highest = value

    def summary(self, before: DemandStats, now: float) -> DemandStats:
        """What the time since the last summary adds; a new period begins."""
        self.set(self.value, now)
        elapsed, highest = now - self._begun, self._highest
        area, squares = self._area, self._squares
        self._begun, self._area, self._squares, self._highest = now, 0.0, 0.0, self.value
        if elapsed <= 0:
            return DemandStats(before.average, before.deviation, highest, before.smoothed)
        average = area / elapsed
        deviation = sqrt(max(squares / elapsed - average * average, 0.0))
        envelope = average + deviation
        kept = SMOOTHING ** (elapsed / PERIOD_SECONDS)
        smoothed = max(envelope, kept * before.smoothed + (1 - kept) * envelope)
        return DemandStats(average, deviation, highest, smoothed)
