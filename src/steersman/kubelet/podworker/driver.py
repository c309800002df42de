"""One pod's worker: takes events, lets the machine decide, carries out what it says.

Whatever changes the pod is begun here and made in `work`. Nothing runs while nothing happens.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never

from steersman.api.core import Pod, PodStatus
from steersman.component.log import get_logger
from steersman.cri.errors import RuntimeServiceError
from steersman.kubelet.names import full_name
from steersman.kubelet.podevents import about_container, about_pod
from steersman.kubelet.podworker.failures import WorkFailed
from steersman.kubelet.podworker.instructions import (
    Cancel,
    Done,
    Event,
    Failure,
    Finish,
    Instruction,
    Look,
    PodGone,
    PodUpdated,
    Probed,
    Publish,
    Relisted,
    Report,
    Run,
    StartContainer,
    Tick,
    WakeAt,
    Work,
)
from steersman.kubelet.podworker.machine import WorkerState, step
from steersman.kubelet.podworker.observed import PodRuntime
from steersman.kubelet.podworker.observer import Observer
from steersman.kubelet.podworker.work import PodWork, Tools
from steersman.kubelet.probes.check import Checker
from steersman.kubelet.probes.driver import Prober, Situation

_log = get_logger(__name__)

LOOK_AGAIN = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Outlets:
    """Where a worker's results go."""

    publish: Callable[[Pod, PodStatus], None]
    finish: Callable[[Pod, bool], None]
    """All of the pod is gone; the flag says whether its object shall be deleted."""


@dataclass(slots=True)
class _Outcome:
    """What some work came to so far."""

    done: list[Work] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


class PodWorker:
    """Sees one pod through its life on this node."""

    def __init__(self, pod: Pod, tools: Tools, checker: Checker, outlets: Outlets) -> None:
        """Nothing happens before `run`."""
        self._tools, self._outlets = tools, outlets
        self._observer = Observer(tools.runtime, tools.threads, pod.metadata.uid)
        self._work = PodWork(tools)
        self._prober = Prober(checker, tools.recorder, tools.clock, self._post)
        self._state = WorkerState(pod, tools.clock.now(), tools.facts.host_ips)
        self._inbox: deque[Event] = deque()
        self._wake = asyncio.Event()
        self._is_look_wanted = True
        self._is_refresh_wanted = False
        # Counts the Runs that began or ended: a look that spans one is too old to decide on.
        self._epoch = 0
        self._running: asyncio.Task[None] | None = None
        self._working: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._timer: asyncio.Task[None] | None = None
        self._timer_at: datetime | None = None
        self._waiters: list[asyncio.Future[None]] = []

    @property
    def pod(self) -> Pod:
        """The pod as last heard of."""
        return self._state.pod

    @property
    def runtime(self) -> PodRuntime | None:
        """The runtime's state as last looked at."""
        return self._state.runtime

    @property
    def status(self) -> PodStatus | None:
        """The status last published."""
        return self._state.published

    async def wait_changed(self) -> None:
        """Return when the worker has taken an event, or is done."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def update(self, pod: Pod) -> None:
        """The API has a newer state of the pod."""
        for waiting in [event for event in self._inbox if isinstance(event, PodUpdated)]:
            self._inbox.remove(waiting)
        self._is_refresh_wanted = True  # labels and annotations may be shown in volumes
        self._post(PodUpdated(pod))

    def gone(self) -> None:
        """The API no longer has the pod."""
        self._post(PodGone())

    def look(self) -> None:
        """Something about the pod may have changed in the runtime."""
        self._is_look_wanted = True
        self._wake.set()

    def refresh(self) -> None:
        """Something that the pod's volumes show has changed."""
        self._is_refresh_wanted = True
        self._wake.set()

    async def run(self) -> None:
        """Work until the pod is gone."""
        try:
            async with asyncio.TaskGroup() as group:
                while not self._state.is_finished:
                    self._wake.clear()
                    self._advance(group)
                    self._tell_waiters()
                    if not self._state.is_finished:
                        await self._wake.wait()
                self._stop_tasks()
        finally:
            self._stop_tasks()
            self._tell_waiters()

    def _tell_waiters(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _advance(self, group: asyncio.TaskGroup) -> None:
        while self._inbox and not self._state.is_finished:
            event = self._inbox.popleft()
            self._state, instructions = step(self._state, event, self._tools.clock.now())
            for instruction in instructions:
                self._carry_out(instruction, group)
        if self._state.is_finished:
            return
        if self._is_look_wanted and self._looking is None and self._running is None:
            self._is_look_wanted = False
            self._looking = group.create_task(self._look())
        self._refresh_volumes(group)
        self._renew_volumes(group)
        state = self._state
        if state.runtime is not None:
            is_ending = state.termination is not None
            self._prober.follow(Situation(state.pod, state.runtime, state.probes, is_ending), group)

    def _carry_out(self, instruction: Instruction, group: asyncio.TaskGroup) -> None:
        state = self._state
        match instruction:
            case Run(work):
                self._epoch += 1
                self._begin(work, group)
            case Cancel():
                if self._working is not None:
                    self._working.cancel()
            case Look():
                self._is_look_wanted = True
            case Publish(status):
                self._outlets.publish(state.pod, status)
            case Report():
                self._report(instruction)
            case WakeAt(moment):
                self._set_timer(moment, group)
            case Finish(delete_object):
                self._outlets.finish(state.pod, delete_object)
            case _:
                assert_never(instruction)

    def _begin(self, work: tuple[Work, ...], group: asyncio.TaskGroup) -> None:
        """Only the work itself can be cancelled: what it came to is always looked at and told."""
        state, outcome = self._state, _Outcome()
        self._working = group.create_task(self._do_all(state.pod, state.runtime or PodRuntime(), work, outcome))
        self._running = group.create_task(self._conclude(self._working, outcome))

    async def _conclude(self, working: asyncio.Task[None], outcome: "_Outcome") -> None:
        await asyncio.wait({working})
        seen = await self._look_or_none()
        self._epoch += 1
        self._running = None
        self._post(Done(tuple(outcome.done), tuple(outcome.failures), seen))

    async def _do_all(self, pod: Pod, runtime: PodRuntime, work: tuple[Work, ...], outcome: "_Outcome") -> None:
        await self._end_refresh()
        for item in work:
            name = item.start.name if isinstance(item, StartContainer) else ""
            try:
                await self._work.do(pod, runtime, item)
            except WorkFailed as error:
                _log.info("work failed", pod=full_name(pod), reason=error.reason.value, error=error.message)
                outcome.failures.append(Failure(item, error.reason.value, error.message, name, error.retry_after))
                if not name:
                    return
            else:
                outcome.done.append(item)

    async def _end_refresh(self) -> None:
        """A refresh that goes on would write into volumes that are being taken down."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.wait({self._refreshing})
            self._refreshing, self._is_refresh_wanted = None, True

    async def _look(self) -> None:
        epoch = self._epoch
        seen = await self._look_or_none()
        self._looking = None
        if seen is None:
            await self._tools.clock.sleep(LOOK_AGAIN.total_seconds())
            self.look()
        elif epoch == self._epoch:
            self._post(Relisted(seen))
        else:
            self._wake.set()

    async def _look_or_none(self) -> PodRuntime | None:
        try:
            return await self._observer.look()
        except (RuntimeServiceError, TimeoutError) as error:
            _log.warning("runtime can't be asked", pod=full_name(self._state.pod), error=str(error))
            return None

    def _refresh_volumes(self, group: asyncio.TaskGroup) -> None:
        is_busy = self._refreshing is not None or self._running is not None
        if not self._is_refresh_wanted or is_busy or not self._state.is_prepared:
            return
        self._is_refresh_wanted = False
        self._refreshing = group.create_task(self._refresh())

    async def _refresh(self) -> None:
        await self._work.refresh_volumes(self._state.pod, self._state.runtime or PodRuntime())
        self._refreshing = None
        self._wake.set()

    def _renew_volumes(self, group: asyncio.TaskGroup) -> None:
        if self._work.renew_at is not None and self._renewing is None:
            self._renewing = group.create_task(self._renew_at(self._work.renew_at))

    async def _renew_at(self, moment: datetime) -> None:
        await self._tools.clock.sleep((moment - self._tools.clock.now()).total_seconds())
        self._renewing = self._work.renew_at = None
        self.refresh()

    def _set_timer(self, moment: datetime, group: asyncio.TaskGroup) -> None:
        if self._timer_at == moment and self._timer is not None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = moment
        self._timer = group.create_task(self._tick_at(moment))

    async def _tick_at(self, moment: datetime) -> None:
        await self._tools.clock.sleep((moment - self._tools.clock.now()).total_seconds())
        self._timer = self._timer_at = None
        self._post(Tick())

    def _post(self, event: Event | Probed) -> None:
        self._inbox.append(event)
        self._wake.set()

    def _report(self, report: Report) -> None:
        recorder, pod = self._tools.recorder, self._state.pod
        reporter = about_container(recorder, pod, report.container) if report.container else about_pod(recorder, pod)
        (reporter.warning if report.is_warning else reporter.normal)(report.reason, report.message)

    def _stop_tasks(self) -> None:
        self._prober.stop()
        for task in (self._working, self._running, self._looking, self._refreshing, self._renewing, self._timer):
            if task is not None:
                task.cancel()
