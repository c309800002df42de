"""What is to be done to a pod that shall run: sandbox, init containers in order, sidecars, app containers.

Pure: a function of the spec, the runtime's state, back-off and probe results. The machine turns it into instructions.
Source: pkg/kubelet/kuberuntime: computePodActions, computeInitContainerActions (KEP-753).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from steersman.api.core import Container, EphemeralContainer, Pod, Probe
from steersman.api.core.podresources import is_sidecar
from steersman.cri.records import ContainerState, PodSandboxState, PodSandboxStatus
from steersman.kubelet import names
from steersman.kubelet.podworker.observed import ObservedContainer, PodRuntime
from steersman.kubelet.podworker.probed import ProbeKind, ProbeResults
from steersman.kubelet.podworker.restarts import Crash, is_to_restart, waiting_until

DEFAULT_GRACE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Start:
    """A container to create and start, as which attempt."""

    name: str
    attempt: int
    after: datetime | None = None
    """When its predecessor ended, if it had one: the back-off counts from there."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A running container that must end; `message` is the Event's."""

    container_id: str
    name: str
    grace: timedelta
    message: str


@dataclass(frozen=True, slots=True)
class Wait:
    """A container whose restart is put off."""

    name: str
    until: datetime
    delay: timedelta


@dataclass(frozen=True, slots=True)
class PodActions:
    """What a pod needs next; empty when all is as it shall be."""

    is_over: bool = False
    """Nothing runs or will run again: what is left of the pod is to be stopped."""
    create_sandbox: int | None = None
    """The attempt of the sandbox to create, after all that runs was stopped."""
    start: tuple[Start, ...] = ()
    stop: tuple[Stop, ...] = ()
    wait: tuple[Wait, ...] = ()


@dataclass(slots=True)
class _Gathered:
    """Actions while they are collected."""

    start: list[Start] = field(default_factory=list)
    stop: list[Stop] = field(default_factory=list)
    wait: list[Wait] = field(default_factory=list)
    kept: int = 0
    has_failed: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """What the kubelet itself remembers of a pod: back-off by container name, and probe results."""

    crashes: Mapping[str, Crash] = field(default_factory=dict)
    probes: ProbeResults = ProbeResults()  # noqa: RUF009  # frozen


def compute_pod_actions(pod: Pod, runtime: PodRuntime, situation: Situation, now: datetime) -> PodActions:
    """What to do next to this pod."""
    attempt = next_sandbox_attempt(pod, runtime)
    if attempt is not None:
        return _for_new_sandbox(pod, runtime, attempt)
    gathered = _Gathered()
    view = _View(pod, runtime, situation, now)
    _start_ephemeral(view, gathered)
    if not _initialize(view, gathered):
        if gathered.has_failed:
            return PodActions(is_over=True)
        return PodActions(start=tuple(gathered.start), stop=tuple(gathered.stop), wait=tuple(gathered.wait))
    for container in pod.spec.containers:
        _look_after(view, container, gathered, is_init=False)
    wanted = {container.name for container in pod.spec.containers}
    pending = {each.name for each in gathered.start} | {each.name for each in gathered.wait}
    if not gathered.kept and not wanted & pending and not gathered.stop:
        return PodActions(is_over=True)
    return PodActions(start=tuple(gathered.start), stop=tuple(gathered.stop), wait=tuple(gathered.wait))


@dataclass(frozen=True, slots=True)
class _View:
    pod: Pod
    runtime: PodRuntime
    situation: Situation
    now: datetime


def next_sandbox_attempt(pod: Pod, runtime: PodRuntime) -> int | None:
    """The attempt number of the sandbox that has to be made; None while the newest one serves."""
    newest = runtime.sandbox
    if newest is None:
        return 0
    is_usable = newest.state is PodSandboxState.READY and len(runtime.ready_sandboxes) == 1
    if is_usable and (pod.spec.hostNetwork or newest.ips()):
        return None
    return _highest_attempt(runtime.sandboxes) + 1


def _highest_attempt(sandboxes: tuple[PodSandboxStatus, ...]) -> int:
    return max(sandbox.metadata.attempt for sandbox in sandboxes)


def _for_new_sandbox(pod: Pod, runtime: PodRuntime, attempt: int) -> PodActions:
    if not pod.spec.initContainers or has_initialized(pod, runtime):
        # Whoever has run to its end by the restart policy needs no sandbox any more.
        if all(_is_done(pod, container, runtime) for container in pod.spec.containers):
            return PodActions(is_over=True)
    elif _has_init_failed(pod, runtime):
        return PodActions(is_over=True)
    return PodActions(create_sandbox=attempt)


def _is_done(pod: Pod, container: Container, runtime: PodRuntime) -> bool:
    newest = runtime.newest(container.name)
    return newest is not None and newest.has_exited and not is_to_restart(pod, container, newest, is_init=False)


def _has_init_failed(pod: Pod, runtime: PodRuntime) -> bool:
    for container in pod.spec.initContainers:
        newest = runtime.newest(container.name)
        has_failed = newest is not None and newest.has_exited and newest.status.exit_code != 0
        if newest is not None and has_failed and not is_to_restart(pod, container, newest, is_init=True):
            return True
    return False


def has_initialized(pod: Pod, runtime: PodRuntime) -> bool:
    """Some app container was made in the newest sandbox: its init containers are history."""
    return any(runtime.active(container.name) is not None for container in pod.spec.containers)


def _initialize(view: _View, gathered: _Gathered) -> bool:
    """Bring initialization on; True once app containers may run."""
    if has_initialized(view.pod, view.runtime):
        for container in view.pod.spec.initContainers:
            if is_sidecar(container):
                _look_after(view, container, gathered, is_init=True)
        gathered.kept = 0  # sidecars alone keep no pod alive
        return True
    for container in view.pod.spec.initContainers:
        observed = view.runtime.active(container.name)
        if is_sidecar(container):
            _look_after(view, container, gathered, is_init=True)
            if observed is None or not view.situation.probes.is_started(view.pod, container, observed):
                return False
        elif observed is None or observed.status.state is not ContainerState.EXITED:
            _look_after(view, container, gathered, is_init=True)
            return False
        elif observed.status.exit_code != 0:
            gathered.has_failed = not is_to_restart(view.pod, container, observed, is_init=True)
            if not gathered.has_failed:
                _start(view, container, gathered, observed)
            return False
    gathered.kept = 0
    return True


def _look_after(view: _View, container: Container, gathered: _Gathered, *, is_init: bool) -> None:
    observed = view.runtime.active(container.name) if is_init else view.runtime.newest(container.name)
    if observed is None or observed.status.state is ContainerState.CREATED:
        _start(view, container, gathered, observed)
    elif observed.has_exited:
        if is_to_restart(view.pod, container, observed, is_init):
            _start(view, container, gathered, observed)
    elif observed.status.state is ContainerState.UNKNOWN:
        # It may be running: two of the same container must never run at once.
        message = f'Container is in "{observed.status.state.name.lower()}" state, try killing it before restart'
        gathered.stop.append(Stop(observed.id, container.name, grace_of(view.pod), message))
    elif (stop := _reason_to_stop(view, container, observed, is_init)) is not None:
        gathered.stop.append(stop)
    else:
        gathered.kept += 1


def _reason_to_stop(view: _View, container: Container, observed: ObservedContainer, is_init: bool) -> Stop | None:
    probes, policy = view.situation.probes, container.restartPolicy or view.pod.spec.restartPolicy
    will_restart, probe = policy != "Never", None
    if observed.hash and observed.hash != names.container_hash(container) and (not is_init or is_sidecar(container)):
        message, will_restart = f"Container {container.name} definition changed", True
    elif probes.has_failed(observed.id, ProbeKind.LIVENESS):
        message, probe = f"Container {container.name} failed liveness probe", container.livenessProbe
    elif probes.has_failed(observed.id, ProbeKind.STARTUP):
        message, probe = f"Container {container.name} failed startup probe", container.startupProbe
    else:
        return None
    if will_restart:
        message += ", will be restarted"
    return Stop(observed.id, container.name, grace_of(view.pod, probe), message)


def _start(view: _View, container: Container, gathered: _Gathered, before: ObservedContainer | None) -> None:
    last = view.runtime.newest(container.name)
    if last is None:
        gathered.start.append(Start(container.name, 0))
    elif last.status.state is ContainerState.CREATED:
        gathered.start.append(Start(container.name, last.restart_count))
    elif before is None or not before.has_exited:
        gathered.start.append(Start(container.name, last.restart_count + 1))
    else:
        crash = view.situation.crashes.get(container.name)
        until = waiting_until(crash, before.finished_at, view.now)
        if until is not None and crash is not None:
            gathered.wait.append(Wait(container.name, until, crash.delay))
        else:
            gathered.start.append(Start(container.name, last.restart_count + 1, before.finished_at))


def _start_ephemeral(view: _View, gathered: _Gathered) -> None:
    for container in view.pod.spec.ephemeralContainers:
        observed = view.runtime.newest(container.name)
        if observed is None:
            gathered.start.append(Start(container.name, 0))


def grace_of(pod: Pod, probe: Probe | None = None) -> timedelta:
    """How long a container gets between the signal and its end."""
    if probe is not None and probe.terminationGracePeriodSeconds is not None:
        return timedelta(seconds=probe.terminationGracePeriodSeconds)
    seconds = pod.spec.terminationGracePeriodSeconds
    return DEFAULT_GRACE if seconds is None else timedelta(seconds=seconds)


def all_containers(pod: Pod) -> dict[str, Container]:
    """Every container of the spec by name, ephemeral ones in the shape of the others."""
    spec = pod.spec
    found = {container.name: container for container in (*spec.initContainers, *spec.containers)}
    return found | {container.name: as_container(container) for container in spec.ephemeralContainers}


def as_container(ephemeral: EphemeralContainer) -> Container:
    """An ephemeral container has the fields of any other."""
    return Container(**{name: getattr(ephemeral, name) for name in Container.__struct_fields__})


def without_start_of(actions: PodActions, held: Mapping[str, datetime], now: datetime) -> PodActions:
    """The same without containers whose last start failed a moment ago."""
    kept = tuple(start for start in actions.start if held.get(start.name, now) <= now)
    return replace(actions, start=kept)
