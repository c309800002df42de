"""The status of one container: from the runtime, the probes, and what the kubelet remembers.

Pure. Source: pkg/kubelet/kubelet_pods.go: convertToAPIContainerStatuses.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from steersman.api.core import (
    Container,
    ContainerState,
    ContainerStateRunning,
    ContainerStateTerminated,
    ContainerStateWaiting,
    ContainerStatus,
    ContainerUser,
    LinuxContainerUser,
    Pod,
    ResourceRequirements,
)
from steersman.api.core.podresources import is_sidecar
from steersman.apimachinery.object import replace
from steersman.apimachinery.times import to_time
from steersman.cri import records
from steersman.kubelet.podworker.observed import ObservedContainer, PodRuntime
from steersman.kubelet.podworker.probed import ProbeResults
from steersman.kubelet.podworker.restarts import is_to_restart

POD_INITIALIZING = "PodInitializing"
CONTAINER_CREATING = "ContainerCreating"
LOST = ContainerStateTerminated(
    exitCode=137,
    reason="ContainerStatusUnknown",
    message="The container could not be located when the pod was terminated",
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a container does not run: the reason and message of its waiting state."""

    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What only the kubelet knows about a pod's containers."""

    runtime_name: str = "containerd"
    probes: ProbeResults = ProbeResults()  # noqa: RUF009  # frozen
    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    """By container name: why its start failed or is put off."""
    is_ending: bool = False
    """No container will be started any more."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A container, and whether it is an init container of a pod that has got past those."""

    container: Container
    is_init: bool
    default_reason: str


def container_status(pod: Pod, runtime: PodRuntime, subject: Subject, remembered: Remembered) -> ContainerStatus:
    """The status of one container of the pod."""
    container = subject.container
    newest = runtime.newest(container.name)
    old = _old_status(pod, container.name)
    if newest is None:
        return _unborn(container, old, subject, remembered)
    status = _observed_status(newest, container, remembered, old)
    earlier = next((each for each in runtime.all_of(container.name)[1:] if each.has_exited), None)
    last = ContainerState()
    if earlier is not None:
        last = ContainerState(terminated=_terminated(earlier, remembered.runtime_name))
    elif old is not None and old.containerID == status.containerID:
        last = old.lastState  # the runtime has forgotten it, the API hasn't
    will_start = not remembered.is_ending and (
        newest.status.state is records.ContainerState.CREATED
        or (newest.has_exited and is_to_restart(pod, container, newest, subject.is_init))
    )
    waiting = remembered.waiting.get(container.name)
    if will_start and newest.has_exited and waiting is not None:
        last = status.state
        status = replace(status, state=_waiting(waiting))
    elif newest.status.state is records.ContainerState.CREATED:
        status = replace(status, state=_waiting(waiting or Waiting(subject.default_reason)))
    return replace(
        status,
        lastState=last,
        ready=_is_ready(pod, newest, subject, remembered),
        started=_is_started(pod, newest, subject, remembered),
    )


def _unborn(
    container: Container, old: ContainerStatus | None, subject: Subject, remembered: Remembered
) -> ContainerStatus:
    status = ContainerStatus(name=container.name, image=container.image, started=False)
    if old is not None and (old.state.terminated is not None or old.state.running is not None):
        # The runtime has lost what the API knows to have run: it ended, nobody knows how.
        ended = old.state.terminated or LOST
        if remembered.is_ending or old.state.terminated is not None:
            kept = replace(old, state=ContainerState(terminated=ended), started=False)
            return replace(kept, ready=subject.is_init and ended.exitCode == 0)
        return replace(
            status,
            state=_waiting(remembered.waiting.get(container.name) or Waiting(subject.default_reason)),
            lastState=ContainerState(terminated=ended),
            restartCount=old.restartCount + 1,
        )
    waiting = remembered.waiting.get(container.name) or Waiting(subject.default_reason)
    return replace(status, state=_waiting(waiting))


def _observed_status(
    newest: ObservedContainer, container: Container, remembered: Remembered, old: ContainerStatus | None
) -> ContainerStatus:
    runtime = newest.status
    container_id = f"{remembered.runtime_name}://{newest.id}"
    if newest.is_running:
        state = ContainerState(running=ContainerStateRunning(startedAt=_time(runtime.started_at)))
    elif newest.status.state is records.ContainerState.CREATED:
        state = ContainerState()
    else:
        state = ContainerState(terminated=_terminated(newest, remembered.runtime_name))
    has_same_id = old is not None and old.containerID == container_id
    return ContainerStatus(
        name=container.name,
        state=state,
        image=runtime.image.image or container.image,
        imageID=runtime.image_ref,
        containerID=container_id,
        restartCount=newest.restart_count,
        allocatedResources=container.resources.requests,
        resources=container.resources if _asks(container.resources) else ResourceRequirements(),
        user=_user(runtime) or (old.user if has_same_id and old is not None else None),
    )


def _asks(resources: ResourceRequirements) -> bool:
    return bool(resources.limits or resources.requests)


def _user(status: records.ContainerStatus) -> ContainerUser | None:
    if status.user is None or status.user.linux is None:
        return None
    linux = status.user.linux
    return ContainerUser(
        linux=LinuxContainerUser(uid=linux.uid, gid=linux.gid, supplementalGroups=linux.supplemental_groups)
    )


def _terminated(ended: ObservedContainer, runtime_name: str) -> ContainerStateTerminated:
    status = ended.status
    return ContainerStateTerminated(
        exitCode=status.exit_code if ended.has_exited else LOST.exitCode,
        reason=status.reason if ended.has_exited else LOST.reason,
        message=status.message,
        startedAt=_time(status.started_at or status.created_at),
        finishedAt=_time(status.finished_at),
        containerID=f"{runtime_name}://{ended.id}",
    )


def _is_ready(pod: Pod, newest: ObservedContainer, subject: Subject, remembered: Remembered) -> bool:
    if subject.is_init and not is_sidecar(subject.container):
        return newest.has_exited and newest.status.exit_code == 0
    return remembered.probes.is_ready(pod, subject.container, newest)


def _is_started(pod: Pod, newest: ObservedContainer, subject: Subject, remembered: Remembered) -> bool:
    if subject.is_init and not is_sidecar(subject.container):
        return False
    return remembered.probes.is_started(pod, subject.container, newest)


def _old_status(pod: Pod, name: str) -> ContainerStatus | None:
    statuses = (
        *pod.status.containerStatuses,
        *pod.status.initContainerStatuses,
        *pod.status.ephemeralContainerStatuses,
    )
    return next((status for status in statuses if status.name == name), None)


def _waiting(waiting: Waiting) -> ContainerState:
    return ContainerState(waiting=ContainerStateWaiting(reason=waiting.reason, message=waiting.message))


def _time(moment: datetime | None) -> datetime | None:
    return None if moment is None else to_time(moment)
