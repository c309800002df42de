"""What is told of requests: how many, how long, how big. What a kind of request counts into is found once.

Source: apiserver/pkg/endpoints/metrics/metrics.go.
"""

from dataclasses import dataclass

from steersman.api.resources import Resource
from steersman.apimachinery.codec.negotiate import APPLY_PATCH
from steersman.apiserver.connect import CONNECTED
from steersman.apiserver.request import Query, RequestInfo
from steersman.component.clock import Clock
from steersman.component.http.message import Request
from steersman.component.metrics import Distribution, Level, Registry, Value

COMPONENT = "apiserver"
SLI_BUCKETS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60)
LATENCY_BUCKETS = (0.005, 0.025, *SLI_BUCKETS)
WATCH_LIST_BUCKETS = (*SLI_BUCKETS, 90, 120, 180, 300)
SIZE_BUCKETS = tuple(1000.0 * 10**power for power in range(7))
EVENT_BUCKETS = tuple(1024.0 * 2**power for power in range(8))
WHAT = ("verb", "group", "version", "resource", "subresource", "scope", "component")
WHAT_WITH_DRY_RUN = ("verb", "dry_run", *WHAT[1:])
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
SIZED = frozenset({"GET", "LIST"})
Key = tuple[str, str, str, str, str, str, str]


TOTAL = (
    "apiserver_request_total",
    (
        "[STABLE] Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, "
        "scope, component, and HTTP response code."
    ),
    (*WHAT_WITH_DRY_RUN, "code"),
)
DURATIONS = (
    "apiserver_request_duration_seconds",
    (
        "[STABLE] Response latency distribution in seconds for each verb, dry run value, group, version, resource, "
        "subresource, scope and component."
    ),
    WHAT_WITH_DRY_RUN,
    LATENCY_BUCKETS,
)
SLIS = (
    "apiserver_request_sli_duration_seconds",
    (
        "[ALPHA] Response latency distribution (not counting webhook duration and priority & fairness queue wait "
        "times) in seconds for each verb, group, version, resource, subresource, scope and component."
    ),
    WHAT,
    SLI_BUCKETS,
)
SIZES = (
    "apiserver_response_sizes",
    (
        "[STABLE] Response size distribution in bytes for each group, version, verb, resource, subresource, scope "
        "and component."
    ),
    WHAT,
    SIZE_BUCKETS,
)
LONG = (
    "apiserver_longrunning_requests",
    (
        "[STABLE] Gauge of all active long-running apiserver requests broken out by verb, group, version, "
        "resource, scope and component. Not all requests are tracked this way."
    ),
    WHAT,
)
TERMINATED = (
    "apiserver_request_terminations_total",
    "[ALPHA] Number of requests which apiserver terminated in self-defense.",
    (*WHAT, "code"),
)
ABORTED = (
    "apiserver_request_aborts_total",
    (
        "[ALPHA] Number of requests which apiserver aborted possibly due to a timeout, for each group, version, "
        "verb, resource, subresource and scope"
    ),
    WHAT[:-1],
)
DEPRECATED = (
    "apiserver_requested_deprecated_apis",
    (
        "[STABLE] Gauge of deprecated APIs that have been requested, broken out by API group, version, resource, "
        "subresource, and removed_release."
    ),
    ("group", "version", "resource", "subresource", "removed_release"),
)
EVENTS = (
    "apiserver_watch_events_total",
    "[BETA] Number of events sent in watch clients",
    ("group", "version", "resource"),
)
EVENT_SIZES = (
    "apiserver_watch_events_sizes",
    "[BETA] Watch event size distribution in bytes",
    ("group", "version", "resource"),
    EVENT_BUCKETS,
)
WATCH_LISTS = (
    "apiserver_watch_list_duration_seconds",
    (
        "[BETA] Response latency distribution in seconds for watch list requests broken by group, version, "
        "resource and scope."
    ),
    ("group", "version", "resource", "scope"),
    WATCH_LIST_BUCKETS,
)


@dataclass(slots=True)
class Series:
    """What one kind of request counts into."""

    labels: tuple[str, ...]
    dry_run: str
    counts: dict[int, Value]
    duration: Distribution
    sli: Distribution | None
    size: Distribution | None


@dataclass(frozen=True, slots=True)
class WatchSeries:
    """What the watches of a resource count into."""

    events: Value
    sizes: Distribution
    listed: Distribution


@dataclass(frozen=True, slots=True)
class WatchTally:
    """What one watch is told."""

    series: WatchSeries
    began: float
    clock: Clock

    def tell(self, size: int) -> None:
        """An event goes out."""
        self.series.events.value += 1
        self.series.sizes.observe(size)

    def catch_up(self) -> None:
        """All that was there at the start is told."""
        self.series.listed.observe(self.clock.monotonic() - self.began)


class RequestMetrics:
    """Counts the requests of one server."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._clock = clock
        self._total = registry.counter(*TOTAL)
        self._durations = registry.histogram(*DURATIONS)
        self._slis = registry.histogram(*SLIS)
        self._sizes = registry.histogram(*SIZES)
        self._long = registry.gauge(*LONG)
        self._terminated = registry.counter(*TERMINATED)
        self._aborted = registry.counter(*ABORTED)
        self._deprecated = registry.gauge(*DEPRECATED)
        self._events = registry.counter(*EVENTS)
        self._event_sizes = registry.histogram(*EVENT_SIZES)
        self._watch_lists = registry.histogram(*WATCH_LISTS)
        self._known: dict[Key, Series] = {}
        self._watches: dict[tuple[str, str, str, str], WatchSeries] = {}

    def series(self, request: Request, info: RequestInfo, query: Query, resource: Resource) -> Series:
        """What a request of a resource that is served counts into."""
        dry_run = query.get("dryRun") if info.verb not in ("get", "list", "watch") else ""
        verb = reported_verb(request, info)
        key = (verb, dry_run, info.group, info.version, info.resource, info.subresource, scope_of(info))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._made(key)
            if resource.warning and "deprecated" in resource.warning:
                self._deprecated.set(1, *key[2:6], _removed_release(resource.warning))
        return known

    def plain_series(self, path: str) -> Series:
        """What a request to a path that is no resource counts into."""
        key = ("GET", "", "", "", "", path, "")
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._made(key)
        return known

    def tally(self, info: RequestInfo) -> WatchTally:
        """What a watch that begins now counts into."""
        key = (info.group, info.version, info.resource, scope_of(info))
        known = self._watches.get(key)
        if known is None:
            what = key[:3]
            known = self._watches[key] = WatchSeries(
                self._events.labels(*what), self._event_sizes.labels(*what), self._watch_lists.labels(*key)
            )
        return WatchTally(known, self._clock.monotonic(), self._clock)

    def answered(self, series: Series, code: int, seconds: float, excused_seconds: float) -> None:
        """A request is answered. excused: what it waited for others."""
        count = series.counts.get(code)
        if count is None:
            what, dry_run = series.labels, series.dry_run
            count = self._total.labels(what[0], dry_run, *what[1:], str(code))
            series.counts[code] = count
        count.value += 1
        series.duration.observe(seconds)
        if series.sli is not None:
            series.sli.observe(seconds - excused_seconds)

    def refused(self, request: Request, info: RequestInfo, code: int) -> None:
        """A request is sent away, as there is too much to do."""
        verb, scope = reported_verb(request, info), scope_of(info)
        if info.is_resource:
            what = (info.group, info.version, info.resource, info.subresource, scope, COMPONENT)
        else:
            what = ("", "", "", "", scope, COMPONENT)
        self._total.inc(verb, "", *what, str(code))
        self._terminated.inc(verb, *what, str(code))

    def aborted(self, series: Series) -> None:
        """A request's client is gone before there was an answer."""
        self._aborted.inc(*series.labels[:-1])

    def long_running(self, series: Series) -> Level:
        """How many such requests there are."""
        return self._long.labels(*series.labels)

    def _made(self, key: Key) -> Series:
        verb, dry_run, *what = key
        labels = (verb, *what, COMPONENT)
        return Series(
            labels,
            dry_run,
            {},
            self._durations.labels(verb, dry_run, *what, COMPONENT),
            None if dry_run else self._slis.labels(*labels),
            self._sizes.labels(*labels) if verb in SIZED else None,
        )


def reported_verb(request: Request, info: RequestInfo) -> str:
    """A request's verb as metrics name it: the method, but for lists, watches, applied patches and connections."""
    if info.subresource in CONNECTED:
        return "CONNECT"
    match info.verb:
        case "list":
            return "LIST"
        case "watch":
            return "WATCH"
        case "patch" if request.headers.get("content-type", "") == APPLY_PATCH:
            return "APPLY"
        case _:
            method = "GET" if request.method == "HEAD" else request.method
            return method if method in METHODS else "other"


def scope_of(info: RequestInfo) -> str:
    """Whether a request is about one object, those of a namespace or all."""
    if (info.name and info.verb not in ("list", "watch")) or info.verb == "create":
        return "resource"
    if info.namespace:
        return "namespace"
    return "cluster" if info.is_resource else ""


def _removed_release(warning: str) -> str:
    """The release that a deprecated API is gone in, as its warning says; empty if it stays."""
    _, _, after = warning.partition("unavailable in v")
    return after.partition("+")[0]
