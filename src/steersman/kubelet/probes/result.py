"""When a probe's runs add up to a result: as many successes or failures in a row as its thresholds say. Pure.

Source: pkg/kubelet/prober/worker.go.
"""

from dataclasses import dataclass

from steersman.api.core import Probe
from steersman.kubelet.podworker.probed import ProbeKind

PERIOD_SECONDS = 10
FAILURE_THRESHOLD = 3


@dataclass(frozen=True, slots=True)
class ProbeHistory:
    """The last outcomes of one probe."""

    last: bool | None = None
    in_a_row: int = 0
    result: bool | None = None
    """The settled result; None before there is one."""

    def after(self, probe: Probe, kind: ProbeKind, is_success: bool) -> "ProbeHistory":
        """The history with one more outcome."""
        in_a_row = self.in_a_row + 1 if self.last is is_success else 1
        if is_success:
            needed = probe.successThreshold or 1
        else:
            needed = probe.failureThreshold or FAILURE_THRESHOLD
        result = is_success if in_a_row >= needed else self.result
        if result is None and kind is ProbeKind.READINESS:
            result = False  # not ready until it says so
        return ProbeHistory(is_success, in_a_row, result)


def period_seconds(probe: Probe) -> int:
    """How long between two runs."""
    return probe.periodSeconds or PERIOD_SECONDS
