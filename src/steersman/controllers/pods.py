"""What controllers ask of a pod: is it active, ready, available, and since when. Pure.

Source: pkg/api/v1/pod, pkg/controller/controller_utils.go.
"""

from datetime import datetime, timedelta

from steersman.api.core import Pod, PodCondition, PodPhase
from steersman.apimachinery.times import to_time

DISRUPTION_TARGET = "DisruptionTarget"
FINISHED = frozenset({PodPhase.SUCCEEDED, PodPhase.FAILED})


def is_finished(pod: Pod) -> bool:
    """The pod has run its course."""
    return pod.status.phase in FINISHED


def is_active(pod: Pod) -> bool:
    """The pod runs or will run, and nobody has asked it to go."""
    return not is_finished(pod) and pod.metadata.deletionTimestamp is None


def condition(pod: Pod, type_: str) -> PodCondition | None:
    """The pod's condition of this type."""
    return next((found for found in pod.status.conditions if found.type == type_), None)


def with_disruption(pod: Pod, reason: str, message: str, now: datetime) -> tuple[PodCondition, ...]:
    """The pod's conditions with DisruptionTarget: it goes for the cluster's sake, not by its own fault (KEP-3329)."""
    made = PodCondition(
        type=DISRUPTION_TARGET, status="True", reason=reason, message=message, lastTransitionTime=to_time(now)
    )
    return (*(found for found in pod.status.conditions if found.type != DISRUPTION_TARGET), made)


def is_ready(pod: Pod) -> bool:
    """The Ready condition is True."""
    found = condition(pod, "Ready")
    return found is not None and found.status == "True"


def ready_since(pod: Pod) -> datetime | None:
    """When a ready pod became so; None when it isn't ready or doesn't say."""
    found = condition(pod, "Ready")
    return found.lastTransitionTime if found is not None and found.status == "True" else None


def is_available(pod: Pod, min_ready_seconds: int, now: datetime) -> bool:
    """The pod has been ready for long enough."""
    if not is_ready(pod):
        return False
    return min_ready_seconds == 0 or available_in(pod, min_ready_seconds, now) <= timedelta(0)


def available_in(pod: Pod, min_ready_seconds: int, now: datetime) -> timedelta:
    """How long until a ready pod counts as available."""
    since = ready_since(pod)
    wait = timedelta(seconds=min_ready_seconds)
    return wait if since is None else since + wait - now
