"""The pod worker's decisions: `step(state, event, now) -> (state, instructions)`.

Level-triggered: whatever the event, the next work follows from spec, runtime and what the state remembers. The state
may be lost at any moment (a restarted kubelet begins with an empty one) and the pod ends up the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar, assert_never

from steersman.api.core import Pod, PodStatus
from steersman.kubelet.names import full_name
from steersman.kubelet.podworker.actions import (
    PodActions,
    Situation,
    compute_pod_actions,
    grace_of,
    without_start_of,
)
from steersman.kubelet.podworker.containerstatus import Remembered, Waiting
from steersman.kubelet.podworker.garbage import dead_containers, dead_sandboxes
from steersman.kubelet.podworker.instructions import (
    Cancel,
    CreateSandbox,
    Done,
    Event,
    Failure,
    Finish,
    Instruction,
    KillContainer,
    KillTogether,
    Look,
    PodGone,
    PodUpdated,
    Prepare,
    Probed,
    Publish,
    Relisted,
    RemoveContainer,
    RemoveSandbox,
    Report,
    Run,
    StartContainer,
    StopSandbox,
    TearDown,
    Tick,
    WakeAt,
    Work,
)
from steersman.kubelet.podworker.observed import PodRuntime
from steersman.kubelet.podworker.probed import ProbeResults
from steersman.kubelet.podworker.restarts import Crash, after_restart
from steersman.kubelet.podworker.status import Outside, merged, pod_status
from steersman.kubelet.podworker.termination import Termination, active_deadline, next_to_stop, termination_of

V = TypeVar("V")

POD = ""
"""The key, among containers' names, of what holds for the pod as a whole."""
LOOK_AGAIN = timedelta(seconds=1)
FIRST_RETRY, LAST_RETRY = timedelta(seconds=1), timedelta(seconds=10)
CRASH_LOOP = "CrashLoopBackOff"


@dataclass(frozen=True, slots=True)
class Running:
    """The Run under way; `deadline` is that of the termination it serves."""

    deadline: datetime | None = None
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class WorkerState:
    """All that a pod worker remembers."""

    pod: Pod
    seen_at: datetime
    host_ips: tuple[str, ...] = ()
    runtime_name: str = "containerd"
    is_gone: bool = False
    """The API no longer has the pod."""
    runtime: PodRuntime | None = None
    """None: not known, nothing is decided until it is."""
    running: Running | None = None
    is_prepared: bool = False
    is_torn_down: bool = False
    """Volumes and cgroup are gone."""
    is_cleared: bool = False
    """Logs and directories are gone too."""
    is_finished: bool = False
    termination: Termination | None = None
    crashes: Mapping[str, Crash] = field(default_factory=dict)
    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    backed_off: Mapping[str, datetime] = field(default_factory=dict)
    """Until when each container's restart is put off, as last reported."""
    held: Mapping[str, datetime] = field(default_factory=dict)
    """Not before then is what failed tried again."""
    failures: Mapping[str, int] = field(default_factory=dict)
    probes: ProbeResults = ProbeResults()  # noqa: RUF009  # frozen
    published: PodStatus | None = None


Step = tuple[WorkerState, tuple[Instruction, ...]]


def step(state: WorkerState, event: Event, now: datetime) -> Step:
    """Take an event; what the worker remembers then, and what is to be done."""
    if state.is_finished:
        return state, ()
    state = _take(state, event, now)
    runtime = state.runtime
    if runtime is None:
        if state.running is not None:
            return state, ()
        return state, (Look(),) if isinstance(event, (Tick, PodGone)) else (WakeAt(now + LOOK_AGAIN),)
    termination = termination_of(state.pod, state.is_gone, state.termination, now)
    state = replace(state, termination=termination)
    if termination is None:
        state, decided = _keep_running(state, runtime, now)
    else:
        state, decided = _terminate(state, runtime, termination, now)
    if state.is_gone:
        return state, decided
    state, published = _publish(state, runtime, event, now)
    # The status goes first: with Finish it is the last that the API hears of the pod.
    return state, (*published, *decided)


def _take(state: WorkerState, event: Event, now: datetime) -> WorkerState:
    match event:
        case PodUpdated(pod):
            return replace(state, pod=pod)
        case PodGone():
            return replace(state, is_gone=True)
        case Relisted(runtime):
            return _see(state, runtime)
        case Probed(container_id, kind, is_success):
            return replace(state, probes=state.probes.with_result(container_id, kind, is_success))
        case Done():
            return _settle(state, event, now)
        case Tick():
            return state
        case _:
            assert_never(event)


def _see(state: WorkerState, runtime: PodRuntime) -> WorkerState:
    alive = frozenset(container.id for container in runtime.alive)
    return replace(state, runtime=runtime, probes=state.probes.only(alive))


def _settle(state: WorkerState, event: Done, now: datetime) -> WorkerState:
    state = replace(state, running=None)
    state = replace(state, runtime=None) if event.runtime is None else _see(state, event.runtime)
    for work in event.done:
        state = _note_success(state, work)
    for failure in event.failures:
        state = _note_failure(state, failure, now)
    tried = (*event.done, *(failure.work for failure in event.failures))
    return _count_restarts(state, tried, now)


def _note_success(state: WorkerState, work: Work) -> WorkerState:
    key = work.start.name if isinstance(work, StartContainer) else POD
    state = replace(
        state,
        waiting=_without(state.waiting, key),
        held=_without(state.held, key),
        failures=_without(state.failures, key),
        backed_off=_without(state.backed_off, key),
    )
    match work:
        case Prepare():
            return replace(state, is_prepared=True)
        case TearDown(with_logs):
            return replace(state, is_torn_down=True, is_cleared=with_logs, is_prepared=False)
        case _:
            return state


def _note_failure(state: WorkerState, failure: Failure, now: datetime) -> WorkerState:
    key, count = failure.container, state.failures.get(failure.container, 0)
    delay = failure.retry_after
    if delay is None:
        delay = min(FIRST_RETRY * 2 ** min(count, 10), LAST_RETRY)
    waiting = {**state.waiting, key: Waiting(failure.reason, failure.message)} if key else state.waiting
    return replace(
        state,
        waiting=waiting,
        held={**state.held, key: now + delay},
        failures={**state.failures, key: count + 1},
    )


def _count_restarts(state: WorkerState, tried: tuple[Work, ...], now: datetime) -> WorkerState:
    """A restart that reached the runtime makes the next back-off longer, whether it went well or not."""
    crashes = dict(state.crashes)
    for work in tried:
        if isinstance(work, StartContainer) and work.start.after is not None and state.runtime is not None:
            newest = state.runtime.newest(work.start.name)
            if newest is not None and newest.restart_count == work.start.attempt:
                crashes[work.start.name] = after_restart(crashes.get(work.start.name), work.start.after, now)
    return replace(state, crashes=crashes)


def _keep_running(state: WorkerState, runtime: PodRuntime, now: datetime) -> Step:
    if state.running is not None:
        return state, ()
    situation = Situation(state.crashes, state.probes)
    actions = compute_pod_actions(state.pod, runtime, situation, now)
    if actions.is_over:
        termination = Termination(now + grace_of(state.pod))
        return _terminate(replace(state, termination=termination), runtime, termination, now)
    state, reports = _put_off(state, actions)
    work: tuple[Work, ...] = ()
    if state.held.get(POD, now) <= now:
        if not state.is_prepared:
            work = (Prepare(),)
        else:
            work = _work_of(without_start_of(actions, state.held, now), runtime) or _cleaning(runtime)
    if work:
        return replace(state, running=Running()), (*reports, Run(work))
    moments = [*state.held.values(), *state.backed_off.values()]
    return state, (*reports, *_wake(state, moments, now))


def _work_of(actions: PodActions, runtime: PodRuntime) -> tuple[Work, ...]:
    if actions.create_sandbox is not None:
        message = "Pod sandbox changed, it will be killed and re-created."
        kills = tuple(KillContainer(each.id, each.name, timedelta(0), message) for each in runtime.alive)
        stops = tuple(StopSandbox(sandbox.id) for sandbox in runtime.ready_sandboxes)
        return (*((KillTogether(kills),) if kills else ()), *stops, CreateSandbox(actions.create_sandbox))
    stopped = tuple(KillContainer(stop.container_id, stop.name, stop.grace, stop.message) for stop in actions.stop)
    starts = tuple(StartContainer(start) for start in actions.start)
    return (*((KillTogether(stopped),) if stopped else ()), *starts)


def _cleaning(runtime: PodRuntime) -> tuple[Work, ...]:
    """With nothing better to do: a pod that crashes for days must not fill the disk."""
    containers = tuple(RemoveContainer(each.id) for each in dead_containers(runtime))
    return (*containers, *(RemoveSandbox(sandbox_id) for sandbox_id in dead_sandboxes(runtime)))


def _put_off(state: WorkerState, actions: PodActions) -> tuple[WorkerState, tuple[Report, ...]]:
    """Note why containers in back-off wait; each put-off restart is reported once."""
    reports: list[Report] = []
    pod = full_name(state.pod)
    for wait in actions.wait:
        if state.backed_off.get(wait.name) == wait.until:
            continue
        delay = _go_duration(wait.delay)
        message = f"back-off {delay} restarting failed container={wait.name} pod={pod}"
        reports.append(
            Report(
                True, "BackOff", f"Back-off restarting failed container {wait.name} in pod {pod}", container=wait.name
            )
        )
        state = replace(
            state,
            waiting={**state.waiting, wait.name: Waiting(CRASH_LOOP, message)},
            backed_off={**state.backed_off, wait.name: wait.until},
        )
    return state, tuple(reports)


def _terminate(state: WorkerState, runtime: PodRuntime, termination: Termination, now: datetime) -> Step:
    if state.running is not None:
        is_soon_enough = state.running.deadline is not None and state.running.deadline <= termination.deadline
        if is_soon_enough or state.running.is_cancelled:
            return state, ()
        return replace(state, running=replace(state.running, is_cancelled=True)), (Cancel(),)
    if state.held.get(POD, now) > now:
        return state, _wake(state, [state.held[POD]], now)
    work = _termination_work(state, runtime, termination, now)
    if work:
        return replace(state, running=Running(termination.deadline)), (Run(work),)
    if _is_deleted(state):
        return replace(state, is_finished=True), (Finish(delete_object=not state.is_gone),)
    return state, ()


def _termination_work(
    state: WorkerState, runtime: PodRuntime, termination: Termination, now: datetime
) -> tuple[Work, ...]:
    grace = max(termination.deadline - now, timedelta(0))
    stops = next_to_stop(state.pod, runtime)
    if stops:
        kills = (KillContainer(each.id, each.name, grace, f"Stopping container {each.name}") for each in stops)
        return (KillTogether(tuple(kills)),)
    if runtime.ready_sandboxes:
        return tuple(StopSandbox(sandbox.id) for sandbox in runtime.ready_sandboxes)
    if _is_deleted(state):
        removals = tuple(RemoveSandbox(sandbox.id) for sandbox in runtime.sandboxes)
        return () if state.is_cleared else (*removals, TearDown(with_logs=True))
    return () if state.is_torn_down else (TearDown(with_logs=False),)


def _is_deleted(state: WorkerState) -> bool:
    return state.is_gone or state.pod.metadata.deletionTimestamp is not None


def _publish(state: WorkerState, runtime: PodRuntime, event: Event, now: datetime) -> Step:
    is_ending = state.termination is not None
    remembered = Remembered(state.runtime_name, state.probes, state.waiting, is_ending)
    status = pod_status(state.pod, runtime, Outside(remembered, state.termination, state.host_ips, state.seen_at))
    is_news = status != state.published
    if isinstance(event, PodUpdated) and not is_news:
        # Somebody else may have written over it.
        is_news = merged(state.pod, status, now) != state.pod.status
    if not is_news:
        return state, ()
    return replace(state, published=status), (Publish(status),)


def _wake(state: WorkerState, moments: "list[datetime]", now: datetime) -> tuple[WakeAt, ...]:
    deadline = active_deadline(state.pod)
    if deadline is not None:
        moments = [*moments, deadline]
    ahead = [moment for moment in moments if moment > now]
    return (WakeAt(min(ahead)),) if ahead else ()


def _without(mapping: Mapping[str, V], key: str) -> Mapping[str, V]:
    return {name: value for name, value in mapping.items() if name != key} if key in mapping else mapping


def _go_duration(delay: timedelta) -> str:
    """As Go prints whole seconds: 10s, 1m20s, 5m0s."""
    minutes, seconds = divmod(int(delay.total_seconds()), 60)
    return f"{minutes}m{seconds}s" if minutes else f"{seconds}s"
