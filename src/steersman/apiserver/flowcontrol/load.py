"""How many requests run and wait, and the most there were since somebody last asked.

Upstream tells the most of the last second, which takes a timer; who asks every few seconds learns as much here.
Source: apiserver/pkg/server/filters/maxinflight.go: requestWatermark.
"""

from steersman.component.metrics import Registry

RUNNING = (
    "apiserver_current_inflight_requests",
    (
        "[STABLE] Maximal number of currently used inflight request limit of this apiserver per request kind in last "
        "second."
    ),
    ("request_kind",),
)
WAITING = (
    "apiserver_current_inqueue_requests",
    "[ALPHA] Maximal number of queued requests in this apiserver per request kind in last second.",
    ("request_kind",),
)
KINDS = {False: "readOnly", True: "mutating"}


class Tide:
    """A number of reads and one of writes."""

    __slots__ = ("highest", "now")

    def __init__(self) -> None:
        self.now = [0, 0]
        self.highest = [0, 0]

    def rise(self, is_write: bool) -> None:
        """One more."""
        count = self.now[is_write] = self.now[is_write] + 1
        if count > self.highest[is_write]:
            self.highest[is_write] = count

    def fall(self, is_write: bool) -> None:
        """One less."""
        self.now[is_write] -= 1


class Load:
    """What runs and what waits."""

    __slots__ = ("running", "waiting")

    def __init__(self) -> None:
        self.running = Tide()
        self.waiting = Tide()

    def export(self, registry: Registry) -> None:
        """Show it in the registry."""
        gauges = ((registry.gauge(*RUNNING), self.running), (registry.gauge(*WAITING), self.waiting))

        def collect() -> None:
            for gauge, tide in gauges:
                for is_write, kind in KINDS.items():
                    gauge.set(tide.highest[is_write], kind)
                tide.highest = list(tide.now)

        registry.on_render(collect)
