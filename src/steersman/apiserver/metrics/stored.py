"""What is told of what is stored: how much there is, what the store was asked and how long it took, how far caches are.

Source: apiserver/pkg/storage/etcd3/metrics, apiserver/pkg/storage/cacher/metrics.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from steersman.apiserver.collection import ROOT
from steersman.apiserver.collections import Collections
from steersman.apiserver.metrics.requests import LATENCY_BUCKETS
from steersman.component.clock import Clock
from steersman.component.metrics import Distribution, Registry, Value
from steersman.storage.cacher import WINDOW_EVENTS
from steersman.storage.interface import (
    Changes,
    Compare,
    CompareFailed,
    Delete,
    Entry,
    Page,
    Store,
    StoreError,
    TxnResult,
    Write,
)

R = TypeVar("R")
WHAT = ("group", "resource")
OPERATION = ("operation", *WHAT)


OLD = (
    "apiserver_storage_objects",
    (
        "[STABLE] [DEPRECATED, consider using apiserver_resource_objects instead] Number of stored objects at the time "
        "of last check split by kind. In case of a fetching error, the value will be -1. (Deprecated since 1.34.0)"
    ),
    ("resource",),
)
COUNTS = (
    "apiserver_resource_objects",
    (
        "[ALPHA] Number of stored objects at the time of last check split by kind. In case of a fetching error, the "
        "value will be -1."
    ),
    WHAT,
)
SIZES = (
    "apiserver_resource_size_estimate_bytes",
    (
        "[ALPHA] Estimated size of stored objects in database. Estimate is based on sum of last observed sizes of "
        "serialized objects. In case of a fetching error, the value will be -1."
    ),
    WHAT,
)
VERSIONS = (
    "apiserver_watch_cache_resource_version",
    (
        "[ALPHA] Current resource version of watch cache broken by resource type. This is truncated to the 15 least "
        "significant digits."
    ),
    WHAT,
)
RECEIVED = (
    "apiserver_watch_cache_events_received_total",
    "[ALPHA] Counter of events received in watch cache broken by resource type.",
    WHAT,
)
INITIALIZED = (
    "apiserver_watch_cache_initializations_total",
    "[ALPHA] Counter of watch cache initializations broken by resource type.",
    WHAT,
)
CAPACITY = ("watch_cache_capacity", "[ALPHA] Total capacity of watch cache broken by resource type.", WHAT)
REQUESTS = ("etcd_requests_total", "[ALPHA] Etcd request counts for each operation and object type.", OPERATION)
ERRORS = (
    "etcd_request_errors_total",
    "[ALPHA] Etcd failed request counts for each operation and object type.",
    OPERATION,
)
DURATIONS = (
    "etcd_request_duration_seconds",
    "[ALPHA] Etcd request latency in seconds for each operation and object type.",
    OPERATION,
    LATENCY_BUCKETS,
)


@dataclass(frozen=True, slots=True)
class _Series:
    count: Value
    errors: Callable[[], Value]
    duration: Distribution


class MeteredStore:
    """A Store that counts what another one is asked."""

    def __init__(self, store: Store, registry: Registry, clock: Clock) -> None:
        self._store = store
        self._now = clock.monotonic
        self._counts = registry.counter(*REQUESTS)
        self._errors = registry.counter(*ERRORS)
        self._durations = registry.histogram(*DURATIONS)
        self._known: dict[tuple[str, str], _Series] = {}
        # Asked at every read: nothing stands in between.
        self.current_revision: Callable[[], Coroutine[Any, Any, int]] = store.current_revision

    @property
    def revision(self) -> int:
        """As Store."""
        return self._store.revision

    async def get(self, key: str, revision: int = 0) -> Entry | None:
        """As Store."""
        return await self._timed("get", key, self._store.get(key, revision))

    async def list(self, prefix: str, *, limit: int = 0, start_after: str = "", revision: int = 0) -> Page:
        """As Store."""
        asked = self._store.list(prefix, limit=limit, start_after=start_after, revision=revision)
        return await self._timed("list", prefix, asked)

    async def txn(self, compares: tuple[Compare, ...], writes: tuple[Write, ...]) -> TxnResult:
        """As Store."""
        operation = "update"
        if writes and isinstance(writes[0], Delete):
            operation = "delete"
        elif compares and not compares[0].revision:
            operation = "create"
        key = writes[0].key if writes else compares[0].key if compares else ROOT
        return await self._timed(operation, key, self._store.txn(compares, writes))

    def watch(self, prefix: str, from_revision: int) -> AsyncGenerator[Changes, None]:
        """As Store."""
        return self._store.watch(prefix, from_revision)

    async def is_stale(self, key: str) -> bool:
        """As Store."""
        return await self._store.is_stale(key)

    async def compact(self, revision: int) -> None:
        """As Store."""
        await self._store.compact(revision)

    async def close(self) -> None:
        """As Store."""
        await self._store.close()

    async def _timed(self, operation: str, key: str, asked: Awaitable[R]) -> R:
        began, series = self._now(), self._series(operation, key)
        try:
            return await asked
        except CompareFailed:
            raise  # an answer like any
        except StoreError:
            series.errors().value += 1
            raise
        finally:
            series.count.value += 1
            series.duration.observe(self._now() - began)

    def _series(self, operation: str, key: str) -> _Series:
        stored = key[len(ROOT) :].partition("/")[0] if key.startswith(ROOT) else ""
        known = self._known.get((operation, stored))
        if known is None:
            resource, _, group = stored.partition(".")
            labels = (operation, group, resource)
            known = _Series(
                self._counts.labels(*labels), lambda: self._errors.labels(*labels), self._durations.labels(*labels)
            )
            self._known[operation, stored] = known
        return known


def export_stored(registry: Registry, collections: Collections) -> None:
    """Show what the caches hold; read when somebody asks."""
    old = registry.gauge(*OLD)
    counts = registry.gauge(*COUNTS)
    sizes = registry.gauge(*SIZES)
    versions = registry.gauge(*VERSIONS)
    received = registry.counter(*RECEIVED)
    initialized = registry.counter(*INITIALIZED)
    capacity = registry.gauge(*CAPACITY)

    def collect() -> None:
        for metric in (old, counts, sizes, versions, received, initialized, capacity):
            metric.clear()
        for name, cacher in collections.cachers.items():
            resource, _, group = name.partition(".")
            what = (group, resource)
            old.set(cacher.size, name)
            counts.set(cacher.size, *what)
            sizes.set(cacher.size * cacher.average_bytes, *what)
            versions.set(cacher.revision % 10**15, *what)
            received.inc(*what, amount=cacher.received)
            initialized.inc(*what, amount=cacher.loads)
            capacity.set(WINDOW_EVENTS, *what)

    registry.on_render(collect)
