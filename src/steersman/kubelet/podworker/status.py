"""The status of a pod: phase and conditions from its containers' statuses. Pure.

`pod_status` says what is; `merged` settles it with what the API has: foreign conditions stay, unchanged conditions keep
their times, and a phase that is final stays so. Source: pkg/kubelet/status/generate.go, status_manager.go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from steersman.api.core import Container, ContainerStatus, HostIP, Pod, PodCondition, PodIP, PodPhase, PodStatus
from steersman.api.core.podresources import is_sidecar
from steersman.api.core.qos import qos_class
from steersman.apimachinery.object import replace
from steersman.apimachinery.times import to_time
from steersman.kubelet.podworker.actions import as_container
from steersman.kubelet.podworker.containerstatus import (
    CONTAINER_CREATING,
    POD_INITIALIZING,
    Remembered,
    Subject,
    container_status,
)
from steersman.kubelet.podworker.observed import PodRuntime
from steersman.kubelet.podworker.termination import TERMINAL, Termination

READY_TO_START = "PodReadyToStartContainers"
INITIALIZED = "Initialized"
READY = "Ready"
CONTAINERS_READY = "ContainersReady"
SCHEDULED = "PodScheduled"
OWNED = (READY_TO_START, INITIALIZED, READY, CONTAINERS_READY, SCHEDULED)
TRUE, FALSE = "True", "False"


@dataclass(frozen=True, slots=True)
class Outside:
    """What a status needs beside pod and runtime."""

    remembered: Remembered
    termination: Termination | None
    host_ips: tuple[str, ...]
    seen_at: datetime
    """When the kubelet first saw the pod: its start time, until the API has one."""


def pod_status(pod: Pod, runtime: PodRuntime, outside: Outside) -> PodStatus:
    """The pod's whole status as its worker knows it."""
    remembered = outside.remembered
    is_initialized = _is_initialized(pod, runtime, remembered)
    reason = CONTAINER_CREATING if is_initialized else POD_INITIALIZING
    init = tuple(
        container_status(pod, runtime, Subject(container, True, POD_INITIALIZING), remembered)
        for container in pod.spec.initContainers
    )
    apps = tuple(
        container_status(pod, runtime, Subject(container, False, reason), remembered)
        for container in pod.spec.containers
    )
    ephemeral = tuple(
        container_status(pod, runtime, Subject(as_container(container), False, CONTAINER_CREATING), remembered)
        for container in pod.spec.ephemeralContainers
    )
    phase = _settled_phase(pod, runtime, _phase(pod, init, apps, remembered), outside)
    ips = runtime.ips or (outside.host_ips if pod.spec.hostNetwork and runtime.ready_sandboxes else ())
    ips = ips or tuple(each.ip for each in pod.status.podIPs)  # kept when the sandbox is gone
    ended = outside.termination
    is_failed = phase == PodPhase.FAILED and ended is not None and ended.is_failure
    return PodStatus(
        observedGeneration=pod.metadata.generation,
        phase=phase,
        conditions=_conditions(pod, runtime, phase, (init, apps)),
        reason=ended.reason if is_failed and ended is not None else pod.status.reason,
        message=ended.message if is_failed and ended is not None else pod.status.message,
        hostIP=outside.host_ips[0] if outside.host_ips else "",
        hostIPs=tuple(HostIP(ip=ip) for ip in outside.host_ips),
        podIP=ips[0] if ips else "",
        podIPs=tuple(PodIP(ip=ip) for ip in ips),
        startTime=pod.status.startTime or to_time(outside.seen_at),
        initContainerStatuses=init,
        containerStatuses=apps,
        ephemeralContainerStatuses=ephemeral,
        qosClass=qos_class(pod),
    )


def merged(pod: Pod, status: PodStatus, now: datetime) -> PodStatus:
    """The status to store over the one the pod has."""
    old = {condition.type: condition for condition in pod.status.conditions}
    foreign = tuple(condition for condition in pod.status.conditions if condition.type not in OWNED)
    owned = tuple(_settled(condition, old.get(condition.type), pod, now) for condition in status.conditions)
    if pod.status.phase in TERMINAL and status.phase != pod.status.phase:
        status = replace(status, phase=pod.status.phase)
    return replace(
        status,
        conditions=owned + foreign,
        startTime=pod.status.startTime or status.startTime,
        nominatedNodeName=pod.status.nominatedNodeName,
        resourceClaimStatuses=pod.status.resourceClaimStatuses,
        extendedResourceClaimStatus=pod.status.extendedResourceClaimStatus,
        qosClass=pod.status.qosClass or status.qosClass,
    )


def _settled(condition: PodCondition, old: PodCondition | None, pod: Pod, now: datetime) -> PodCondition:
    moment = old.lastTransitionTime if old is not None and old.status == condition.status else to_time(now)
    return replace(condition, lastTransitionTime=moment, observedGeneration=pod.metadata.generation)


def _is_initialized(pod: Pod, runtime: PodRuntime, remembered: Remembered) -> bool:
    for container in pod.spec.initContainers:
        newest = runtime.newest(container.name)
        if newest is None:
            return False
        if is_sidecar(container):
            if not remembered.probes.is_started(pod, container, newest) and not newest.has_exited:
                return False
        elif not newest.has_exited or newest.status.exit_code != 0:
            return False
    return True


def _phase(
    pod: Pod, init: Sequence[ContainerStatus], apps: Sequence[ContainerStatus], remembered: Remembered
) -> PodPhase:
    policy = pod.spec.restartPolicy or "Always"
    if policy == "Never" and any(_has_failed_init(c, s) for c, s in zip(pod.spec.initContainers, init, strict=True)):
        return PodPhase.FAILED
    is_pending_init = any(_is_pending_init(c, s) for c, s in zip(pod.spec.initContainers, init, strict=True))
    has_run = any(_has_run(status) for status in apps)
    if is_pending_init and not has_run:
        return PodPhase.PENDING
    if not apps or any(not _has_run(status) for status in apps):
        return PodPhase.PENDING
    if any(status.state.running is not None for status in apps):
        return PodPhase.RUNNING
    ends = [status.state.terminated for status in apps if status.state.terminated is not None]
    if len(ends) < len(apps):
        return PodPhase.RUNNING  # some wait for their back-off
    succeeded = all(end.exitCode == 0 for end in ends)
    if policy == "Always":
        return _ended(succeeded) if remembered.is_ending else PodPhase.RUNNING
    if succeeded:
        return PodPhase.SUCCEEDED
    return PodPhase.FAILED if policy == "Never" or remembered.is_ending else PodPhase.RUNNING


def _ended(succeeded: bool) -> PodPhase:
    return PodPhase.SUCCEEDED if succeeded else PodPhase.FAILED


def _has_run(status: ContainerStatus) -> bool:
    return any(state.running is not None or state.terminated is not None for state in (status.state, status.lastState))


def _has_failed_init(container: Container, status: ContainerStatus) -> bool:
    ended = status.state.terminated
    return not is_sidecar(container) and ended is not None and ended.exitCode != 0


def _is_pending_init(container: Container, status: ContainerStatus) -> bool:
    if is_sidecar(container):
        return not status.started and not _has_run(status)
    return status.state.terminated is None or status.state.terminated.exitCode != 0


def _settled_phase(pod: Pod, runtime: PodRuntime, phase: PodPhase, outside: Outside) -> PodPhase:
    if pod.status.phase in TERMINAL:
        return PodPhase(pod.status.phase)
    ended = outside.termination
    if ended is None:
        return phase
    if runtime.alive:
        # Not before the last process is gone: what follows a final phase may take the pod's place.
        return PodPhase.RUNNING if phase in TERMINAL else phase
    if ended.is_failure:
        return PodPhase.FAILED
    # A pod that ends without ever having run does not stay Pending. Source: KEP-3329.
    return phase if phase in TERMINAL else PodPhase.FAILED


Statuses = tuple[Sequence[ContainerStatus], Sequence[ContainerStatus]]


def _conditions(pod: Pod, runtime: PodRuntime, phase: PodPhase, statuses: Statuses) -> tuple[PodCondition, ...]:
    init, apps = statuses
    is_sandboxed = bool(runtime.ready_sandboxes) and (pod.spec.hostNetwork or bool(runtime.ips))
    containers_ready = _containers_ready(pod, phase, init, apps)
    return (
        PodCondition(type=READY_TO_START, status=TRUE if is_sandboxed else FALSE),
        _initialized(pod, phase, init, apps),
        _ready(pod, containers_ready),
        containers_ready,
        PodCondition(type=SCHEDULED, status=TRUE),
    )


def _initialized(
    pod: Pod, phase: PodPhase, init: Sequence[ContainerStatus], apps: Sequence[ContainerStatus]
) -> PodCondition:
    if phase == PodPhase.SUCCEEDED:
        return PodCondition(type=INITIALIZED, status=TRUE, reason="PodCompleted")
    has_begun = any(_has_run(status) for status in apps)
    missing = [
        status.name
        for container, status in zip(pod.spec.initContainers, init, strict=True)
        if not (status.started if is_sidecar(container) else status.ready) and not has_begun
    ]
    if not missing:
        return PodCondition(type=INITIALIZED, status=TRUE)
    message = f"containers with incomplete status: {_go_list(missing)}"
    return PodCondition(type=INITIALIZED, status=FALSE, reason="ContainersNotInitialized", message=message)


def _containers_ready(
    pod: Pod, phase: PodPhase, init: Sequence[ContainerStatus], apps: Sequence[ContainerStatus]
) -> PodCondition:
    if phase in TERMINAL:
        reason = "PodCompleted" if phase == PodPhase.SUCCEEDED else "PodFailed"
        return PodCondition(type=CONTAINERS_READY, status=FALSE, reason=reason)
    sidecars = [s for c, s in zip(pod.spec.initContainers, init, strict=True) if is_sidecar(c)]
    unready = [status.name for status in (*sidecars, *apps) if not status.ready]
    if not unready:
        return PodCondition(type=CONTAINERS_READY, status=TRUE)
    message = f"containers with unready status: {_go_list(unready)}"
    return PodCondition(type=CONTAINERS_READY, status=FALSE, reason="ContainersNotReady", message=message)


def _ready(pod: Pod, containers_ready: PodCondition) -> PodCondition:
    if containers_ready.status != TRUE:
        return replace(containers_ready, type=READY)
    conditions = {condition.type: condition.status for condition in pod.status.conditions}
    messages = []
    for gate in pod.spec.readinessGates:
        status = conditions.get(gate.conditionType)
        if status is None:
            messages.append(f'corresponding condition of pod readiness gate "{gate.conditionType}" does not exist.')
        elif status != TRUE:
            messages.append(f'the status of pod readiness gate "{gate.conditionType}" is not "True", but {status}')
    if not messages:
        return PodCondition(type=READY, status=TRUE)
    return PodCondition(type=READY, status=FALSE, reason="ReadinessGatesNotReady", message=", ".join(messages))


def _go_list(names: Sequence[str]) -> str:
    """As Go prints a slice."""
    return f"[{' '.join(names)}]"
