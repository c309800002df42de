"""Events on their way out: kept in a bounded queue and handed on in batches.

Source: apiserver/plugin/pkg/audit/buffered, plugin/pkg/audit/truncate; server/options/audit.go: modes.
"""

import asyncio
from collections import Counter as Counted
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from steersman.apimachinery.codec.json import encode
from steersman.apimachinery.object import replace
from steersman.apiserver.audit.event import Event
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.component.metrics import Counter

_log = get_logger(__name__)

# What is lost is told no oftener: thousands may be lost in a second. The metric counts each.
QUIET_SECONDS = 10.0
TRUNCATED = "audit.k8s.io/truncated"


class Mode(StrEnum):
    """Whether requests wait for their events, and whether they fail with them."""

    BATCH = "batch"
    BLOCKING = "blocking"
    BLOCKING_STRICT = "blocking-strict"


@dataclass(frozen=True, slots=True)
class Batching:
    """How events are gathered. qps: batches in a second, 0 for any number; in_flight: batches sent at the same time.

    takes_all: a full batch goes with all that waits behind it, as for a file, which a busy server would else outrun.
    """

    mode: Mode = Mode.BATCH
    buffer_size: int = 10000
    max_size: int = 400
    max_wait_seconds: float = 30.0
    qps: float = 0.0
    burst: int = 0
    in_flight: int = 1
    takes_all: bool = False


@dataclass(frozen=True, slots=True)
class Truncation:
    """How big events and batches may be, in bytes of JSON."""

    max_batch_size: int = 10 * 1024 * 1024
    max_event_size: int = 100 * 1024


class DeliveryError(Exception):
    """Events couldn't be handed on."""


class Delivery(Protocol):
    """Where events end up."""

    name: str

    async def deliver(self, events: Sequence[Event]) -> None:
        """Hand them on; DeliveryError when that is given up."""
        ...

    async def close(self) -> None:
        """Nothing more comes."""
        ...


@dataclass(frozen=True, slots=True)
class _Waiting:
    event: Event
    size: int
    done: asyncio.Future[bool] | None


class Queue:
    """The queue before one delivery. `run` works until `stop`, and then until nothing is left."""

    def __init__(
        self, delivery: Delivery, batching: Batching, truncation: Truncation | None, clock: Clock, errors: Counter
    ) -> None:
        self._delivery = delivery
        self._batching = batching
        self._truncation = truncation
        self._clock = clock
        self._errors = errors
        self._waiting: deque[_Waiting] = deque()
        self._untold: Counted[str] = Counted()
        self._quiet_until: dict[str, float] = {}
        self._first = asyncio.Event()
        self._full = asyncio.Event()
        self._is_stopping = False
        self._throttle = _Throttle(batching.qps, batching.burst, clock.monotonic)

    @property
    def name(self) -> str:
        """Of the delivery."""
        return self._delivery.name

    def put(self, event: Event) -> asyncio.Future[bool] | None:
        """Take an event. What its request must wait for, if it must: False says that the request may not go on."""
        batching, size = self._batching, 0
        if self._is_stopping:
            self._lose("buffered", "audit backend shut down", 1)
            return None
        if self._truncation is not None:
            shortened = _shortened(event, self._truncation.max_event_size)
            if shortened is None:
                self._lose("truncate", "the event is too large even after truncating", 1)
                return None
            event, size = shortened
        if len(self._waiting) >= batching.buffer_size:
            self._lose("buffered", "the queue of audit events is full", 1)
            return None
        done = None if batching.mode is Mode.BATCH else asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(event, size, done))
        self._first.set()
        if done is not None or len(self._waiting) >= batching.max_size:
            self._full.set()
        return done

    async def run(self) -> None:
        """Hand on what comes."""
        slots = asyncio.Semaphore(self._batching.in_flight)
        async with asyncio.TaskGroup() as group:
            while await self._gathered():
                batch = self._taken()
                wait_seconds = self._throttle.wait_seconds()
                if wait_seconds:
                    await self._clock.sleep(wait_seconds)
                await slots.acquire()
                if self._batching.in_flight == 1:
                    await self._deliver(batch, slots)
                else:
                    group.create_task(self._deliver(batch, slots))
        await self._delivery.close()

    def stop(self) -> None:
        """Hand on what is there without waiting for more."""
        self._is_stopping = True
        self._first.set()
        self._full.set()

    async def _gathered(self) -> bool:
        """Wait for a batch; False when there is none and none will come."""
        await self._first.wait()
        if not self._full.is_set():
            sleeping = asyncio.ensure_future(self._clock.sleep(self._batching.max_wait_seconds))
            filling = asyncio.ensure_future(self._full.wait())
            try:
                await asyncio.wait((sleeping, filling), return_when=asyncio.FIRST_COMPLETED)
            finally:
                sleeping.cancel()
                filling.cancel()
        return bool(self._waiting)

    def _taken(self) -> list[_Waiting]:
        limit = self._truncation.max_batch_size if self._truncation is not None else 0
        batch = [self._waiting.popleft()]
        size = batch[0].size
        most = self._batching.buffer_size if self._batching.takes_all else self._batching.max_size
        while self._waiting and len(batch) < most:
            size += self._waiting[0].size
            if limit and size > limit:
                break
            batch.append(self._waiting.popleft())
        if not self._is_stopping:
            if not self._waiting:
                self._first.clear()
            if not self._waiting or (
                self._batching.mode is Mode.BATCH and len(self._waiting) < self._batching.max_size
            ):
                self._full.clear()
        return batch

    async def _deliver(self, batch: Sequence[_Waiting], slots: asyncio.Semaphore) -> None:
        is_stored = True
        try:
            await self._delivery.deliver([one.event for one in batch])
        except DeliveryError as error:
            is_stored = False
            self._lose(self.name, str(error), len(batch))
        finally:
            slots.release()
        may_go_on = is_stored or self._batching.mode is not Mode.BLOCKING_STRICT
        for one in batch:
            if one.done is not None and not one.done.done():
                one.done.set_result(may_go_on)

    def _lose(self, plugin: str, why: str, count: int) -> None:
        self._errors.inc(plugin, amount=count)
        self._untold[plugin] += count
        now = self._clock.monotonic()
        if now >= self._quiet_until.get(plugin, now):
            self._quiet_until[plugin] = now + QUIET_SECONDS
            _log.error("audit events are lost", plugin=plugin, error=why, events=self._untold.pop(plugin))


def _shortened(event: Event, limit: int) -> tuple[Event, int] | None:
    """The event, without its objects where it is too big, and its size; None when that is too big as well."""
    size = len(encode(event))
    if size > limit and (event.requestObject is not None or event.responseObject is not None):
        annotations = {**event.annotations, TRUNCATED: "true"}
        event = replace(event, requestObject=None, responseObject=None, annotations=annotations)
        size = len(encode(event))
    return (event, size) if size <= limit else None


class _Throttle:
    """Tokens that come back with time; who takes one too many waits for it."""

    def __init__(self, rate: float, burst: int, monotonic: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._monotonic = monotonic
        self._tokens = float(burst)
        self._since = monotonic()

    def wait_seconds(self) -> float:
        """Take a token; how long to wait until it is there."""
        if not self._rate:
            return 0.0
        now = self._monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._since) * self._rate) - 1
        self._since = now
        return max(0.0, -self._tokens / self._rate)
