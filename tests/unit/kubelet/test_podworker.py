"""The pod worker's decisions: which containers start, stop and wait, and how a pod ends."""

from dataclasses import replace as change
from datetime import UTC, datetime, timedelta

from steersman.api.core import Container, Pod, PodSpec, PodStatus, Probe, TCPSocketAction
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.cri import records
from steersman.cri.records import ContainerState, PodSandboxState
from steersman.kubelet import names
from steersman.kubelet.podworker.actions import PodActions, Situation, Start, compute_pod_actions
from steersman.kubelet.podworker.instructions import (
    Cancel,
    CreateSandbox,
    Done,
    Event,
    Failure,
    Finish,
    KillContainer,
    KillTogether,
    PodGone,
    PodUpdated,
    Prepare,
    Probed,
    Publish,
    Relisted,
    RemoveContainer,
    RemoveSandbox,
    Run,
    StartContainer,
    StopSandbox,
    TearDown,
    Tick,
    WakeAt,
)
from steersman.kubelet.podworker.machine import WorkerState, step
from steersman.kubelet.podworker.observed import ObservedContainer, PodRuntime
from steersman.kubelet.podworker.probed import ProbeKind, ProbeResults
from steersman.kubelet.podworker.restarts import Crash, after_restart, waiting_until
from steersman.kubelet.podworker.status import merged

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
APP = Container(name="app", image="app:1")
PROBED = replace(APP, livenessProbe=Probe(tcpSocket=TCPSocketAction(port=80)))
INIT = Container(name="init", image="init:1")
SIDECAR = Container(name="side", image="side:1", restartPolicy="Always")


def pod(*containers: Container, init: tuple[Container, ...] = (), policy: str = "Always") -> Pod:
    return Pod(
        metadata=ObjectMeta(name="web", namespace="default", uid="u1"),
        spec=PodSpec(
            containers=containers or (APP,),
            initContainers=init,
            restartPolicy=policy,
            terminationGracePeriodSeconds=30,
        ),
    )


def sandbox(attempt: int = 0, state: PodSandboxState = PodSandboxState.READY) -> records.PodSandboxStatus:
    return records.PodSandboxStatus(
        id=f"s{attempt}",
        metadata=records.PodSandboxMetadata("web", "u1", "default", attempt),
        state=state,
        created_at=NOW + attempt * SECOND,
        network=records.PodSandboxNetworkStatus("10.0.0.1"),
    )


def running(container: Container, attempt: int = 0, sandbox_id: str = "s0") -> ObservedContainer:
    status = records.ContainerStatus(
        id=f"{container.name}-{attempt}",
        metadata=records.ContainerMetadata(container.name, attempt),
        state=ContainerState.RUNNING,
        created_at=NOW,
        started_at=NOW,
        labels={names.CONTAINER_NAME: container.name},
        annotations={names.HASH: names.container_hash(container), names.RESTART_COUNT: str(attempt)},
    )
    return ObservedContainer(sandbox_id, status)


def exited(container: Container, code: int, attempt: int = 0, at: datetime = NOW) -> ObservedContainer:
    alive = running(container, attempt)
    return change(alive, status=change(alive.status, state=ContainerState.EXITED, exit_code=code, finished_at=at))


def runtime(*containers: ObservedContainer, sandboxes: tuple[records.PodSandboxStatus, ...] = ()) -> PodRuntime:
    return PodRuntime.of(sandboxes or (sandbox(),), containers)


def actions(of: Pod, seen: PodRuntime, situation: Situation | None = None) -> PodActions:
    return compute_pod_actions(of, seen, situation or Situation(), NOW)


def started(found: PodActions) -> list[tuple[str, int]]:
    return [(start.name, start.attempt) for start in found.start]


def test_a_new_pod_gets_a_sandbox_first() -> None:
    assert actions(pod(), PodRuntime()) == PodActions(create_sandbox=0)


def test_a_dead_sandbox_is_made_anew_unless_all_is_done() -> None:
    dead = (sandbox(state=PodSandboxState.NOTREADY),)
    assert actions(pod(), runtime(exited(APP, 0), sandboxes=dead)).create_sandbox == 1
    assert actions(pod(policy="Never"), runtime(exited(APP, 1), sandboxes=dead)).is_over
    assert actions(pod(policy="OnFailure"), runtime(exited(APP, 0), sandboxes=dead)).is_over
    assert actions(pod(policy="OnFailure"), runtime(exited(APP, 1), sandboxes=dead)).create_sandbox == 1


def test_init_containers_run_one_after_the_other_before_the_apps() -> None:
    second = replace(INIT, name="second")
    whole = pod(init=(INIT, second))
    assert started(actions(whole, runtime())) == [("init", 0)]
    assert actions(whole, runtime(running(INIT))) == PodActions()
    assert started(actions(whole, runtime(exited(INIT, 0)))) == [("second", 0)]
    assert started(actions(whole, runtime(exited(INIT, 0), exited(second, 0)))) == [("app", 0)]


def test_a_failed_init_container_is_retried_or_ends_the_pod() -> None:
    assert started(actions(pod(init=(INIT,)), runtime(exited(INIT, 1)))) == [("init", 1)]
    assert actions(pod(init=(INIT,), policy="Never"), runtime(exited(INIT, 1))).is_over


def test_init_containers_run_again_in_a_new_sandbox() -> None:
    sandboxes = (sandbox(state=PodSandboxState.NOTREADY), sandbox(1))
    found = actions(pod(init=(INIT,)), runtime(exited(INIT, 0), exited(APP, 0), sandboxes=sandboxes))
    assert started(found) == [("init", 1)]


def test_a_sidecar_starts_before_the_apps_and_is_kept_running() -> None:
    whole = pod(init=(SIDECAR,))
    assert started(actions(whole, runtime())) == [("side", 0)]
    assert started(actions(whole, runtime(running(SIDECAR)))) == [("app", 0)]
    assert started(actions(whole, runtime(exited(SIDECAR, 0), running(APP)))) == [("side", 1)]


def test_a_sidecar_alone_keeps_no_pod_alive() -> None:
    assert actions(pod(init=(SIDECAR,), policy="Never"), runtime(running(SIDECAR), exited(APP, 0))).is_over


def test_the_restart_policy_decides_what_follows_an_end() -> None:
    for policy, code, restarts in (
        ("Always", 0, True), ("Always", 1, True), ("OnFailure", 0, False), ("OnFailure", 1, True), ("Never", 1, False),
    ):  # fmt: skip
        found = actions(pod(policy=policy), runtime(exited(APP, code)))
        assert started(found) == ([("app", 1)] if restarts else []), (policy, code)
        assert found.is_over is not restarts


def test_a_changed_image_replaces_the_container() -> None:
    (stop,) = actions(pod(replace(APP, image="app:2")), runtime(running(APP))).stop
    assert stop.message == "Container app definition changed, will be restarted"


def test_a_failed_liveness_probe_stops_the_container() -> None:
    situation = Situation(probes=ProbeResults().with_result("app-0", ProbeKind.LIVENESS, False))
    (stop,) = actions(pod(PROBED), runtime(running(APP)), situation).stop
    assert (stop.message, stop.grace) == ("Container app failed liveness probe, will be restarted", 30 * SECOND)


def test_the_back_off_doubles_to_five_minutes_and_is_forgotten_after_ten() -> None:
    crash, now, delays = None, NOW, []
    for _ in range(7):
        crash = after_restart(crash, now, now)
        delays.append(int(crash.delay.total_seconds()))
        now += crash.delay + SECOND
    assert delays == [10, 20, 40, 80, 160, 300, 300]
    assert crash is not None
    ended = crash.restarted_at + timedelta(minutes=11)
    assert waiting_until(crash, ended, ended) is None
    assert after_restart(crash, ended, ended).delay == 10 * SECOND


def test_a_container_in_back_off_waits() -> None:
    situation = Situation({"app": Crash(10 * SECOND, NOW - SECOND)})
    found = actions(pod(), runtime(exited(APP, 1)), situation)
    assert not found.start
    assert found.wait[0].until == NOW + 10 * SECOND
    assert not found.is_over


# The machine.


def fresh(of: Pod) -> WorkerState:
    return WorkerState(of, NOW, ("10.1.1.1",))


def work_of(state: WorkerState, event: Event, now: datetime = NOW) -> tuple[WorkerState, tuple[object, ...]]:
    """The state after an event and the work it leads to."""
    state, instructions = step(state, event, now)
    return state, next((each.work for each in instructions if isinstance(each, Run)), ())


def done(state: WorkerState, work: tuple[object, ...], seen: PodRuntime, now: datetime = NOW):  # type: ignore[no-untyped-def]
    return work_of(state, Done(work, (), seen), now)  # type: ignore[arg-type]


def test_a_pod_comes_up_step_by_step() -> None:
    state, work = work_of(fresh(pod()), Relisted(PodRuntime()))
    assert work == (Prepare(),)
    state, work = done(state, work, PodRuntime())
    assert work == (CreateSandbox(0),)
    state, work = done(state, work, runtime())
    assert work == (StartContainer(Start("app", 0)),)
    state, work = done(state, work, runtime(running(APP)))
    assert work == ()
    assert state.published is not None
    assert state.published.phase == "Running"


def test_nothing_is_decided_before_the_runtime_was_seen() -> None:
    _, instructions = step(fresh(pod()), PodUpdated(pod()), NOW)
    assert not [each for each in instructions if isinstance(each, (Run, Publish))]


def test_a_lost_state_leads_to_the_same_end() -> None:
    """What is found running is kept, whatever came before."""
    state, work = work_of(fresh(pod()), Relisted(runtime(running(APP, attempt=4))))
    assert work == (Prepare(),)
    state, work = done(state, work, runtime(running(APP, attempt=4)))
    assert work == ()
    assert state.published is not None
    assert state.published.containerStatuses[0].restartCount == 4


def up(of: Pod, *containers: ObservedContainer) -> WorkerState:
    """A worker whose pod runs."""
    state, work = work_of(fresh(of), Relisted(runtime(*containers)))
    return done(state, work, runtime(*containers))[0]


def terminating(of: Pod, grace: int) -> Pod:
    meta = replace(of.metadata, deletionTimestamp=NOW, deletionGracePeriodSeconds=grace)
    return replace(of, metadata=meta)


def test_a_deleted_pod_ends_in_order() -> None:
    whole = pod(init=(SIDECAR,))
    state = up(whole, running(SIDECAR), running(APP))
    state, work = work_of(state, PodUpdated(terminating(whole, 30)))
    assert work == (KillTogether((KillContainer("app-0", "app", 30 * SECOND, "Stopping container app"),)),)
    later = NOW + 10 * SECOND
    state, work = done(state, work, runtime(running(SIDECAR), exited(APP, 0)), later)
    assert work == (KillTogether((KillContainer("side-0", "side", 20 * SECOND, "Stopping container side"),)),)
    state, work = done(state, work, runtime(exited(SIDECAR, 0), exited(APP, 0)), later)
    assert work == (StopSandbox("s0"),)
    stopped = runtime(exited(SIDECAR, 0), exited(APP, 0), sandboxes=(sandbox(state=PodSandboxState.NOTREADY),))
    state, work = done(state, work, stopped, later)
    assert work == (RemoveSandbox("s0"), TearDown(with_logs=True))
    state, instructions = step(state, Done(work, (), PodRuntime()), later)
    assert instructions[-1] == Finish(delete_object=True)
    assert state.is_finished


def test_a_shorter_grace_cuts_the_wait_short() -> None:
    state = up(pod(), running(APP))
    state, _ = step(state, PodUpdated(terminating(pod(), 30)), NOW)
    state, instructions = step(state, PodUpdated(terminating(pod(), 1)), NOW + SECOND)
    assert Cancel() in instructions
    state, work = work_of(state, Done((), (), runtime(running(APP))), NOW + SECOND)
    assert work == (KillTogether((KillContainer("app-0", "app", SECOND, "Stopping container app"),)),)


def test_a_pod_deleted_by_force_is_ended_and_not_written_about() -> None:
    state = up(pod(), running(APP))
    state, instructions = step(state, PodGone(), NOW)
    assert any(isinstance(each, Run) for each in instructions)
    assert not any(isinstance(each, Publish) for each in instructions)
    state, instructions = step(state, Done((), (), PodRuntime()), NOW)
    state, instructions = step(state, Done((TearDown(with_logs=True),), (), PodRuntime()), NOW)
    assert instructions == (Finish(delete_object=False),)


def test_a_pod_past_its_deadline_fails() -> None:
    started_pod = replace(pod(), status=PodStatus(startTime=NOW, phase="Running"))
    limited = replace(started_pod, spec=replace(started_pod.spec, activeDeadlineSeconds=60))
    state, work = work_of(fresh(limited), Relisted(runtime(running(APP))))
    state, instructions = step(state, Done(work, (), runtime(running(APP))), NOW)  # type: ignore[arg-type]
    assert WakeAt(NOW + 60 * SECOND) in instructions
    state, work = work_of(state, Tick(), NOW + 60 * SECOND)
    assert isinstance(work[0], KillTogether)
    state, _ = done(state, work, runtime(exited(APP, 137)), NOW + 61 * SECOND)
    assert state.published is not None
    assert (state.published.phase, state.published.reason) == ("Failed", "DeadlineExceeded")


def test_a_finished_pod_gives_its_sandbox_back_and_keeps_its_logs() -> None:
    once = pod(policy="Never")
    state = up(once, running(APP))
    state, work = work_of(state, Relisted(runtime(exited(APP, 0))))
    assert work == (StopSandbox("s0"),)
    stopped = runtime(exited(APP, 0), sandboxes=(sandbox(state=PodSandboxState.NOTREADY),))
    state, work = done(state, work, stopped)
    assert work == (TearDown(with_logs=False),)
    state, work = done(state, work, stopped)
    assert work == ()
    assert state.published is not None
    assert state.published.phase == "Succeeded"
    assert {c.type: c.reason for c in state.published.conditions}["Ready"] == "PodCompleted"


def test_what_fails_is_tried_again_later_each_time() -> None:
    state, work = work_of(fresh(pod()), Relisted(PodRuntime()))
    moments, now = [], NOW
    for _ in range(6):
        failure = Failure(work[0], "FailedMount", "no such volume")  # type: ignore[arg-type]
        state, instructions = step(state, Done((), (failure,), PodRuntime()), now)
        wake = next(each.moment for each in instructions if isinstance(each, WakeAt))
        moments.append(int((wake - now).total_seconds()))
        now = wake
        state, work = work_of(state, Tick(), now)
        assert work == (Prepare(),)
    assert moments == [1, 2, 4, 8, 10, 10]


def test_a_container_that_cannot_start_says_why_and_holds_up_no_other() -> None:
    other = replace(APP, name="other")
    state = up(pod(APP, other), running(other))
    start = StartContainer(Start("app", 0))
    assert state.running is not None
    failure = Failure(start, "ErrImagePull", "no registry", "app", retry_after=2 * SECOND)
    state, work = work_of(state, Done((), (failure,), runtime(running(other))))
    assert work == ()
    assert state.published is not None
    waiting = state.published.containerStatuses[0].state.waiting
    assert waiting is not None
    assert (waiting.reason, waiting.message) == ("ErrImagePull", "no registry")
    assert state.published.phase == "Pending"
    state, work = work_of(state, Tick(), NOW + 2 * SECOND)
    assert work == (start,)


def test_readiness_follows_the_probe() -> None:
    ready = replace(APP, readinessProbe=Probe(tcpSocket=TCPSocketAction(port=80)))
    state = up(pod(ready), running(APP))
    assert state.published is not None
    assert not state.published.containerStatuses[0].ready
    state, _ = step(state, Probed("app-0", ProbeKind.READINESS, True), NOW)
    assert state.published is not None
    assert state.published.containerStatuses[0].ready


def test_a_restarted_kubelet_takes_the_apis_word_for_readiness_until_it_has_probed() -> None:
    ready = replace(APP, readinessProbe=Probe(tcpSocket=TCPSocketAction(port=80)))
    state = up(pod(ready), running(APP))
    state, _ = step(state, Probed("app-0", ProbeKind.READINESS, True), NOW)
    assert state.published is not None
    known = replace(pod(ready), status=state.published)
    again = up(known, running(APP))
    assert again.published is not None
    assert again.published.containerStatuses[0].ready


def test_a_final_phase_never_goes_back() -> None:
    failed = replace(pod(), status=PodStatus(phase="Failed", reason="Evicted", message="The node was low on memory."))
    state, _ = step(fresh(failed), Relisted(runtime(exited(APP, 0))), NOW)
    assert state.published is not None
    assert (state.published.phase, state.published.reason) == ("Failed", "Evicted")
    assert merged(failed, PodStatus(phase="Running"), NOW).phase == "Failed"


def test_of_a_crashing_container_the_newest_and_one_before_it_are_kept() -> None:
    attempts = [exited(APP, 1, attempt) for attempt in range(4)]
    state, work = work_of(fresh(pod()), Relisted(runtime(*attempts, running(APP, attempt=4))))
    state, work = done(state, work, runtime(*attempts, running(APP, attempt=4)))
    assert work == tuple(RemoveContainer(f"app-{attempt}") for attempt in (2, 1, 0))
    state, work = done(state, work, runtime(attempts[3], running(APP, attempt=4)))
    assert work == ()
