"""What is told of priority and fairness: the levels as they are when asked, and what each flow schema's requests meet.

Source: apiserver/pkg/util/flowcontrol/metrics/metrics.go.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from steersman.apiserver.flowcontrol.levels import Level, Levels
from steersman.apiserver.flowcontrol.queueset import Ticket
from steersman.component.metrics import Distribution, Registry, Value

PREFIX = "apiserver_flowcontrol_"
DURATION_BUCKETS = (0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30)
QUEUE_BUCKETS = (0, 10, 25, 50, 100, 250, 500, 1000)
SEAT_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 100)
WATCH_BUCKETS = (0, 1, 10, 100, 1000, 10000)
LEVEL, FLOW = ("priority_level",), ("priority_level", "flow_schema")
OF_FLOWS = {
    "current_inqueue_requests": "[BETA] Number of requests currently pending in queues of the API Priority "
    "and Fairness subsystem",
    "current_inqueue_seats": "[ALPHA] Number of seats currently pending in queues of the API Priority and "
    "Fairness subsystem",
    "current_executing_requests": "[BETA] Number of requests in initial (for a WATCH) or any (for a "
    "non-WATCH) execution stage in the API Priority and Fairness subsystem",
    "current_executing_seats": "[BETA] Concurrency (number of seats) occupied by the currently executing "
    "(initial stage for a WATCH, any stage otherwise) requests in the API Priority and Fairness subsystem",
}
Read = Callable[[Level], float]
OF_LEVELS: Mapping[str, tuple[str, Read]] = {
    "nominal_limit_seats": (
        "[BETA] Nominal number of execution seats configured for each priority level",
        lambda one: one.nominal,
    ),
    "lower_limit_seats": (
        "[ALPHA] Configured lower bound on number of execution seats available to each priority level",
        lambda one: one.lowest,
    ),
    "upper_limit_seats": (
        "[ALPHA] Configured upper bound on number of execution seats available to each priority level",
        lambda one: one.highest,
    ),
    "current_limit_seats": (
        "[ALPHA] current derived number of execution seats available to each priority level",
        lambda one: one.queues.limit,
    ),
    "current_r": ("[ALPHA] R(time of last change)", lambda one: one.queues.meter),
    "demand_seats_high_watermark": (
        "[ALPHA] High watermark, over last adjustment period, of demand_seats",
        lambda one: one.stats.highest,
    ),
    "demand_seats_average": (
        "[ALPHA] Time-weighted average, over last adjustment period, of demand_seats",
        lambda one: one.stats.average,
    ),
    "demand_seats_stdev": (
        "[ALPHA] Time-weighted standard deviation, over last adjustment period, of demand_seats",
        lambda one: one.stats.deviation,
    ),
    "demand_seats_smoothed": ("[ALPHA] Smoothed seat demands", lambda one: one.stats.smoothed),
    "target_seats": ("[ALPHA] Seat allocation targets", lambda one: one.target),
}


DISPATCHED = (
    f"{PREFIX}dispatched_requests_total",
    "[BETA] Number of requests executed by API Priority and Fairness subsystem",
    FLOW,
)
REJECTED = (
    f"{PREFIX}rejected_requests_total",
    "[BETA] Number of requests rejected by API Priority and Fairness subsystem",
    (*FLOW, "reason"),
)
EXECUTED = (
    f"{PREFIX}request_execution_seconds",
    (
        "[ALPHA] Duration of initial stage (for a WATCH) or any (for a non-WATCH) stage of request execution in "
        "the API Priority and Fairness subsystem"
    ),
    (*FLOW, "type"),
    DURATION_BUCKETS,
)
WAITED = (
    f"{PREFIX}request_wait_duration_seconds",
    "[BETA] Length of time a request spent waiting in its queue",
    (*FLOW, "execute"),
    DURATION_BUCKETS,
)
SEATS = (
    f"{PREFIX}work_estimated_seats",
    (
        "[ALPHA] Number of estimated seats (maximum of initial and final seats) associated with requests in API "
        "Priority and Fairness"
    ),
    FLOW,
    SEAT_BUCKETS,
)
LENGTHS = (
    f"{PREFIX}request_queue_length_after_enqueue",
    "[ALPHA] Length of queue in the API Priority and Fairness subsystem, as seen by each request after it is enqueued",
    FLOW,
    QUEUE_BUCKETS,
)
FRACTION = (
    f"{PREFIX}seat_fair_frac",
    "[ALPHA] Fair fraction of server's concurrency to allocate to each priority level that can use it",
)


@dataclass(frozen=True, slots=True)
class FlowSeries:
    """What the requests of one schema in one level count into."""

    dispatched: Value
    executed: Distribution
    initialised: Distribution
    waited: Distribution
    waited_in_vain: Distribution
    seats: Distribution
    queue_length: Distribution


class FlowMetrics:
    """Counts for one server. Without a registry of its own nobody asks."""

    def __init__(self, registry: Registry) -> None:
        self._dispatched = registry.counter(*DISPATCHED)
        self._rejected = registry.counter(*REJECTED)
        self._executed = registry.histogram(*EXECUTED)
        self._waited = registry.histogram(*WAITED)
        self._seats = registry.histogram(*SEATS)
        self._lengths = registry.histogram(*LENGTHS)
        self._of_levels = {read: registry.gauge(PREFIX + name, text, LEVEL) for name, (text, read) in OF_LEVELS.items()}
        self._fraction = registry.gauge(*FRACTION)
        gauges = {name: registry.gauge(PREFIX + name, text, FLOW) for name, text in OF_FLOWS.items()}
        self._waiting = tuple(gauges[f"current_inqueue_{kind}"] for kind in ("requests", "seats"))
        self._running = tuple(gauges[f"current_executing_{kind}"] for kind in ("requests", "seats"))
        self._registry = registry

    def series(self, schema: str, level: str) -> FlowSeries:
        """What requests of a schema count into."""
        what = (level, schema)
        return FlowSeries(
            self._dispatched.labels(*what),
            self._executed.labels(*what, "regular"),
            self._executed.labels(*what, "watch"),
            self._waited.labels(*what, "true"),
            self._waited.labels(*what, "false"),
            self._seats.labels(*what),
            self._lengths.labels(*what),
        )

    def reject(self, schema: str, level: str, reason: str) -> None:
        """A request is refused."""
        self._rejected.inc(level, schema, reason)

    def show(self, levels: Callable[[], Levels]) -> None:
        """Read these levels whenever somebody asks."""
        self._registry.on_render(lambda: self._look(levels()))

    def _look(self, levels: Levels) -> None:
        self._fraction.set(levels.fraction)
        for read, gauge in self._of_levels.items():
            gauge.clear()
            for level in levels.by_name.values():
                gauge.set(read(level), level.name)
        for gauges in (self._waiting, self._running):
            for one in gauges:
                for what in one.known:
                    one.set(0, *what)
        for level in levels.by_name.values():
            queues = level.queues
            running = [*queues.unqueued, *(one for queue in queues.queues for one in queue.executing)]
            self._count(level, running, is_running=True)
            self._count(level, [one for queue in queues.queues for one in queue.waiting], is_running=False)

    def _count(self, level: Level, tickets: list[Ticket], *, is_running: bool) -> None:
        requests, seats = self._running if is_running else self._waiting
        for schema, count in Counter(one.flow.schema for one in tickets).items():
            requests.set(count, level.name, schema)
            seats.set(sum(one.seats for one in tickets if one.flow.schema == schema), level.name, schema)
