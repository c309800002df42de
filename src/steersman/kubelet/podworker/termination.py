"""Why and how a pod ends: app containers first, sidecars after them in reverse order, then sandbox, then the rest.

Pure. Source: pkg/kubelet/pod_workers.go (terminating, terminated), KEP-753 (order of sidecars).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from steersman.api.core import Pod, PodPhase
from steersman.api.core.podresources import is_sidecar
from steersman.kubelet.podworker.actions import grace_of
from steersman.kubelet.podworker.observed import ObservedContainer, PodRuntime

TERMINAL = (PodPhase.SUCCEEDED, PodPhase.FAILED)
ORPHAN_GRACE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Termination:
    """The pod has to end by then; `reason` and `message` go to the status of pods that end in failure."""

    deadline: datetime
    is_failure: bool = False
    reason: str = ""
    message: str = ""


def termination_of(pod: Pod, is_gone: bool, known: Termination | None, now: datetime) -> Termination | None:
    """The end that was decided before, or the one that the spec, the status or the clock now asks for."""
    found = known or _active_deadline(pod, now)
    if found is None and pod.status.phase in TERMINAL:
        found = Termination(now + grace_of(pod))
    wanted: timedelta | None = None
    if pod.metadata.deletionTimestamp is not None:
        seconds = pod.metadata.deletionGracePeriodSeconds
        wanted = grace_of(pod) if seconds is None else timedelta(seconds=seconds)
    if is_gone:
        # Deleted by force: nobody waits, but the processes still get their signal.
        wanted = min(wanted, ORPHAN_GRACE) if wanted is not None else ORPHAN_GRACE
    if wanted is None:
        return found
    if found is None:
        return Termination(now + wanted)
    if now + wanted < found.deadline:  # asked again, for less
        return Termination(now + wanted, found.is_failure, found.reason, found.message)
    return found


def active_deadline(pod: Pod) -> datetime | None:
    """When the pod has run for as long as it may."""
    seconds, started = pod.spec.activeDeadlineSeconds, pod.status.startTime
    return None if seconds is None or started is None else started + timedelta(seconds=seconds)


def _active_deadline(pod: Pod, now: datetime) -> Termination | None:
    deadline = active_deadline(pod)
    if deadline is None or now < deadline or pod.status.phase in TERMINAL:
        return None
    message = "Pod was active on the node longer than the specified deadline"
    return Termination(now + grace_of(pod), is_failure=True, reason="DeadlineExceeded", message=message)


def next_to_stop(pod: Pod, runtime: PodRuntime) -> tuple[ObservedContainer, ...]:
    """The containers to stop now, all at once: sidecars only when nothing else runs, the last one first."""
    sidecars = [container.name for container in pod.spec.initContainers if is_sidecar(container)]
    ordinary = tuple(each for each in runtime.alive if each.name not in sidecars)
    if ordinary:
        return ordinary
    for name in reversed(sidecars):
        alive = tuple(each for each in runtime.alive if each.name == name)
        if alive:
            return alive
    return ()
