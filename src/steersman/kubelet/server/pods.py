"""How the kubelet's API finds the container that a request is about."""

from dataclasses import dataclass

from steersman.api.core import ContainerStatus, Pod, PodStatus
from steersman.kubelet.podworker.actions import all_containers
from steersman.kubelet.podworker.driver import PodWorker
from steersman.kubelet.podworker.observed import ObservedContainer
from steersman.kubelet.workers import PodWorkers


class RequestRefused(Exception):
    """The answer is an error: its HTTP code and its text."""

    def __init__(self, code: int, message: str) -> None:
        """As the client will read it."""
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class Found:
    """A container in the runtime, and the worker of its pod."""

    worker: PodWorker
    container: ObservedContainer


@dataclass(frozen=True, slots=True)
class PodFinder:
    """Finds pods and containers among the node's workers."""

    workers: PodWorkers

    def worker(self, namespace: str, name: str, uid: str = "") -> PodWorker:
        """The worker of a pod; RequestRefused."""
        worker = self.workers.find(namespace, name)
        if worker is None or (uid and worker.pod.metadata.uid != uid):
            raise RequestRefused(404, f'pod "{name}" does not exist')
        return worker

    def running(self, worker: PodWorker, container_name: str) -> ObservedContainer:
        """The running container of this name; RequestRefused."""
        observed = worker.runtime.newest(container_name) if worker.runtime is not None else None
        if observed is None or not observed.is_running:
            raise RequestRefused(404, f'container not found ("{container_name}")')
        return observed

    def logged(self, worker: PodWorker, container_name: str, *, previous: bool) -> ObservedContainer:
        """The container whose log is meant; RequestRefused in upstream's words."""
        pod, runtime = worker.pod, worker.runtime
        if container_name not in all_containers(pod):
            message = f'container "{container_name}" not found in pod "{pod.metadata.name}"'
            raise RequestRefused(404, message)
        found = runtime.all_of(container_name) if runtime is not None else ()
        started = tuple(each for each in found if each.is_running or each.has_exited)
        if previous:
            is_current = bool(started) and _is_current(worker.status or pod.status, started[0])
            earlier = started[1:] if is_current else started
            if not earlier:
                where = f'"{container_name}" in pod "{pod.metadata.name}"'
                raise RequestRefused(400, f"previous terminated container {where} not found")
            return earlier[0]
        if not started:
            raise RequestRefused(400, _why_not(pod, worker.status or pod.status, container_name))
        return started[0]


def _is_current(status: PodStatus, container: ObservedContainer) -> bool:
    """The container is what the status shows as its present state, not the one before a restart that is put off."""
    for each in _statuses(status):
        if each.lastState.terminated is not None and each.lastState.terminated.containerID.endswith(container.id):
            return False
    return True


def _why_not(pod: Pod, status: PodStatus, container_name: str) -> str:
    where = f'container "{container_name}" in pod "{pod.metadata.name}"'
    found = next((each for each in _statuses(status) if each.name == container_name), None)
    if found is None:
        return f"{where} is not available"
    reason = found.state.waiting.reason if found.state.waiting is not None else ""
    match reason:
        case "ErrImagePull":
            return f"{where} is waiting to start: image can't be pulled"
        case "ImagePullBackOff":
            return f"{where} is waiting to start: trying and failing to pull image"
        case "":
            return f"{where} is waiting to start - no logs yet"
        case _:
            return f"{where} is waiting to start: {reason}"


def _statuses(status: PodStatus) -> tuple[ContainerStatus, ...]:
    return (*status.containerStatuses, *status.initContainerStatuses, *status.ephemeralContainerStatuses)
