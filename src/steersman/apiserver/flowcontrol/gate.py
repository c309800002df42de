"""Priority and fairness at work: requests get seats in their levels, wait for them, or are refused.

The decisions are made in `levels`, `classify`, `queueset` and `estimate`; here are the clock, the objects and the
futures. A request that finds room makes nobody wake up, and when nobody asks for anything, nothing happens at all.
Source: apiserver/pkg/server/filters/priority-and-fairness.go, apiserver/pkg/util/flowcontrol/apf_filter.go.
"""

import asyncio
from heapq import heappop, heappush
from itertools import count
from math import inf

from steersman.api.flowcontrol import FlowSchema, PriorityLevelConfiguration
from steersman.apimachinery.durations import go_seconds
from steersman.apiserver.collections import Collections
from steersman.apiserver.flowcontrol.classify import Classifier
from steersman.apiserver.flowcontrol.demand import PERIOD_SECONDS
from steersman.apiserver.flowcontrol.estimate import Estimator
from steersman.apiserver.flowcontrol.levels import Levels
from steersman.apiserver.flowcontrol.limiter import READS, Entry, LimitSettings, is_long_running
from steersman.apiserver.flowcontrol.load import Load
from steersman.apiserver.flowcontrol.metrics import FlowMetrics
from steersman.apiserver.flowcontrol.queueset import Place
from steersman.apiserver.flowcontrol.storedcount import StoredCount
from steersman.apiserver.request import Query, RequestInfo
from steersman.apiserver.user import UserInfo
from steersman.component.clock import Clock

# Source: server/config.go: a quarter of RequestTimeout, also when a client gives a shorter one.
REQUEST_SECONDS, WAITING_PART = 60.0, 4.0


class FlowControl:
    """A Limiter. `run` must be running for anybody who waits to be woken by time."""

    def __init__(self, settings: LimitSettings, collections: Collections, clock: Clock, metrics: FlowMetrics) -> None:
        self._metrics = metrics
        metrics.show(lambda: self.levels)
        self._clock = clock
        self.load = Load()
        self._collections = collections
        now = clock.monotonic()
        self.levels = Levels(settings.total, now)
        self.estimator = Estimator(StoredCount(collections).of)
        self._classifier = Classifier((), self.levels.by_name, metrics)
        self._cachers = [
            collections.of(kind).cacher for kind in (FlowSchema, PriorityLevelConfiguration) if collections.has(kind)
        ]
        self._seen: list[int] = []
        self._adjust_at = now + PERIOD_SECONDS
        # (when it has waited long enough, order, entry)
        self._deadlines: list[tuple[float, int, Entry]] = []
        self._order = count()
        # When `run` looks again by itself.
        self._due = inf
        self._stirred = asyncio.Event()

    # --- as Limiter

    def enter(self, user: UserInfo, info: RequestInfo, query: Query, now: float) -> Entry:
        """Costs a few microseconds where there is room."""
        entry = Entry(info.verb not in READS)
        if is_long_running(info) and info.verb != "watch":
            return entry
        self._keep_up(now)
        entry.class_ = found = self._classifier.classify(user, info)
        entry.lines = found.lines
        level = found.level
        work = self.estimator.work(info, query, level.most_seats)
        found.series.seats.observe(work.seats)
        ticket = entry.ticket = level.queues.start(found.flow, work, now, (user, info))
        if ticket is None:
            self._refuse(entry, now, "queue-full" if level.queues.shape.queues > 0 else "concurrency-limit")
            return entry
        if ticket.queue is not None:
            found.series.queue_length.observe(len(ticket.queue.waiting))
        if ticket.place is Place.WAITING:
            part = _request_seconds(query) / WAITING_PART
            heappush(self._deadlines, (now + part, next(self._order), entry))
            self._look_at(min(now + part, level.queues.next_release or inf, self._adjust_at))
        else:
            self.load.running.rise(entry.is_write)
        if info.verb == "watch":
            entry.watch = self.estimator.watches.add(info, query)
        return entry

    def must_wait(self, entry: Entry) -> bool:
        """There is no seat for it now."""
        return entry.ticket is not None and entry.ticket.place is Place.WAITING

    async def wait(self, entry: Entry) -> None:
        """Until it may run, or is refused."""
        ticket, class_ = entry.ticket, entry.class_
        assert ticket is not None
        assert class_ is not None
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        ticket.wake = lambda: None if woken.done() else woken.set_result(None)
        self.load.waiting.rise(entry.is_write)
        try:
            await woken
        except asyncio.CancelledError:
            if class_.level.queues.cancel(ticket, self._clock.monotonic()):
                self._metrics.reject(class_.flow.schema, class_.level.name, "time-out")
            raise
        finally:
            self.load.waiting.fall(entry.is_write)
            if ticket.place is Place.EXECUTING:
                self.load.running.rise(entry.is_write)
        now = self._clock.monotonic()
        entry.waited_seconds = now - ticket.arrived
        if ticket.place is Place.GONE:
            class_.series.waited_in_vain.observe(entry.waited_seconds)
            self._refuse(entry, now, "time-out")

    def leave(self, entry: Entry, now: float) -> None:
        """Its seats are free; a watch needs none once it has begun."""
        ticket, class_ = entry.ticket, entry.class_
        if ticket is None or class_ is None or ticket.place is not Place.EXECUTING:
            return
        queues, series = class_.level.queues, class_.series
        queues.finish(ticket, now)
        self.load.running.fall(entry.is_write)
        series.dispatched.value += 1
        if ticket.queue is not None:
            series.waited.observe(entry.waited_seconds)
        (series.initialised if ticket.about[1].verb == "watch" else series.executed).observe(now - ticket.started)
        if queues.waiting and (release := queues.next_release) is not None:
            self._look_at(release)

    def end_watch(self, entry: Entry) -> None:
        """Writes are told to one watch less."""
        if entry.watch is not None:
            self.estimator.watches.remove(entry.watch)
            entry.watch = None

    # --- keeping up

    async def run(self) -> None:
        """Wake those who wait, until cancelled."""
        while True:
            self._stirred.clear()
            now = self._clock.monotonic()
            self._keep_up(now)
            self._advance(now)
            self._due = self._next_due()
            if self._due == inf:
                await self._stirred.wait()
            else:
                await self._pause(self._due - now)

    async def _pause(self, seconds: float) -> None:
        waits = {asyncio.ensure_future(self._clock.sleep(seconds)), asyncio.ensure_future(self._stirred.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    def _look_at(self, when: float) -> None:
        if when < self._due:
            self._due = when
            self._stirred.set()

    def _advance(self, now: float) -> None:
        while self._deadlines and (self._deadlines[0][0] <= now or not self.must_wait(self._deadlines[0][2])):
            entry = heappop(self._deadlines)[2]
            ticket, class_ = entry.ticket, entry.class_
            assert ticket is not None
            assert class_ is not None
            if class_.level.queues.cancel(ticket, now) and ticket.wake is not None:
                ticket.wake()
        for level in self.levels.by_name.values():
            if level.queues.waiting:
                level.queues.advance(now)

    def _next_due(self) -> float:
        waiting = [one.queues for one in self.levels.by_name.values() if one.queues.waiting]
        if not waiting:
            return inf
        releases = (one.next_release for one in waiting)
        first = self._deadlines[0][0] if self._deadlines else inf
        return min(first, self._adjust_at, *(inf if one is None else one for one in releases))

    def _keep_up(self, now: float) -> None:
        """With the objects, which may have changed, and with what the levels lend to each other."""
        seen = [one.changed_at for one in self._cachers]
        if seen != self._seen:
            self._seen = seen
            self._configure(now)
        elif now >= self._adjust_at:
            self._adjust_at = now + PERIOD_SECONDS
            self.levels.adjust(now)

    def _configure(self, now: float) -> None:
        schemas: list[FlowSchema] = []
        levels: list[PriorityLevelConfiguration] = []
        if self._collections.has(FlowSchema):
            found = self._collections.of(FlowSchema)
            schemas = [found.decoded(one) for one in found.cacher.under(found.under(""))]
        if self._collections.has(PriorityLevelConfiguration):
            known = self._collections.of(PriorityLevelConfiguration)
            levels = [known.decoded(one) for one in known.cacher.under(known.under(""))]
        self.levels.configure(levels, now)
        wanted = {name: one for name, one in self.levels.by_name.items() if not one.is_quiescing}
        self._classifier = Classifier(schemas, wanted, self._metrics)

    def _refuse(self, entry: Entry, now: float, reason: str) -> None:
        class_ = entry.class_
        assert class_ is not None
        self._metrics.reject(class_.flow.schema, class_.level.name, reason)
        entry.retry_seconds = class_.level.retry_after.refuse(int(now))


def _request_seconds(query: Query) -> float:
    """How long a request may take; what isn't understood is refused later."""
    text = query.get("timeout")
    if not text:
        return REQUEST_SECONDS
    try:
        wanted = go_seconds(text)
    except ValueError:
        return REQUEST_SECONDS
    return min(wanted, REQUEST_SECONDS) if wanted > 0 else REQUEST_SECONDS
