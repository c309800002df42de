"""A Deployment's status: counts, and the conditions Available, Progressing and ReplicaFailure. Pure.

Source: pkg/controller/deployment/progress.go, sync.go.
"""

from datetime import datetime, timedelta

from steersman.api.apps import Deployment, DeploymentCondition, DeploymentStatus
from steersman.apimachinery.object import replace
from steersman.apimachinery.times import to_time
from steersman.controllers.deployment.rollout import NO_LIMIT, Rollout, total_available, total_size

AVAILABLE, PROGRESSING, REPLICA_FAILURE = "Available", "Progressing", "ReplicaFailure"

REPLICA_SET_UPDATED = "ReplicaSetUpdated"
FAILED_CREATE = "ReplicaSetCreateError"
NEW_REPLICA_SET = "NewReplicaSetCreated"
FOUND_NEW_REPLICA_SET = "FoundNewReplicaSet"
NEW_REPLICA_SET_AVAILABLE = "NewReplicaSetAvailable"
TIMED_OUT = "ProgressDeadlineExceeded"
PAUSED, RESUMED = "DeploymentPaused", "DeploymentResumed"
MINIMUM_AVAILABLE, MINIMUM_UNAVAILABLE = "MinimumReplicasAvailable", "MinimumReplicasUnavailable"


def find(status: DeploymentStatus, type_: str) -> DeploymentCondition | None:
    """The condition of this type."""
    return next((found for found in status.conditions if found.type == type_), None)


def with_condition(status: DeploymentStatus, made: DeploymentCondition) -> DeploymentStatus:
    """The status with a condition set; one of the same status and reason stays as it is, message and times included."""
    current = find(status, made.type)
    if current is not None and current.status == made.status:
        if current.reason == made.reason:
            return status
        made = replace(made, lastTransitionTime=current.lastTransitionTime)
    return replace(status, conditions=(*_others(status, made.type), made))


def without_condition(status: DeploymentStatus, type_: str) -> DeploymentStatus:
    """The status without a condition."""
    return replace(status, conditions=_others(status, type_))


def condition(type_: str, status: str, reason: str, message: str, now: datetime) -> DeploymentCondition:
    """A condition as of now."""
    at = to_time(now)
    return DeploymentCondition(
        type=type_, status=status, reason=reason, message=message, lastUpdateTime=at, lastTransitionTime=at
    )


def has_deadline(deployment: Deployment) -> bool:
    """Lack of progress is to be reported."""
    return deployment.spec.progressDeadlineSeconds not in (None, NO_LIMIT)


def with_pause_condition(deployment: Deployment, now: datetime) -> DeploymentStatus:
    """The status, saying that the Deployment was paused or resumed; a resumed one has its whole deadline again."""
    status = deployment.status
    current = find(status, PROGRESSING)
    if not has_deadline(deployment) or (current is not None and current.reason == TIMED_OUT):
        return status
    says_paused = current is not None and current.reason == PAUSED
    if deployment.spec.paused and not says_paused:
        return with_condition(status, condition(PROGRESSING, "Unknown", PAUSED, "Deployment is paused", now))
    if not deployment.spec.paused and says_paused:
        return with_condition(status, condition(PROGRESSING, "Unknown", RESUMED, "Deployment is resumed", now))
    return status


def counted(rollout: Rollout, status: DeploymentStatus, now: datetime) -> DeploymentStatus:
    """The status with its counts, observedGeneration and Available brought up to date."""
    available = total_available(rollout.all)
    terminating = [rs.status.terminatingReplicas for rs in rollout.all]
    status = replace(
        status,
        observedGeneration=rollout.deployment.metadata.generation,
        replicas=sum(rs.status.replicas for rs in rollout.all),
        updatedReplicas=rollout.new.status.replicas if rollout.new is not None else 0,
        readyReplicas=sum(rs.status.readyReplicas for rs in rollout.all),
        availableReplicas=available,
        unavailableReplicas=max(0, total_size(rollout.all) - available),
        terminatingReplicas=None if None in terminating else sum(count or 0 for count in terminating),
    )
    if available >= rollout.min_available:
        message = "Deployment has minimum availability."
        return with_condition(status, condition(AVAILABLE, "True", MINIMUM_AVAILABLE, message, now))
    message = "Deployment does not have minimum availability."
    return with_condition(status, condition(AVAILABLE, "False", MINIMUM_UNAVAILABLE, message, now))


def progressed(rollout: Rollout, status: DeploymentStatus, now: datetime) -> DeploymentStatus:
    """The counted status with Progressing and ReplicaFailure."""
    deployment = rollout.deployment
    current = find(status, PROGRESSING)
    if not has_deadline(deployment):
        status = without_condition(status, PROGRESSING)
    elif not (
        status.replicas == status.updatedReplicas
        and current is not None
        and current.reason == NEW_REPLICA_SET_AVAILABLE
    ):
        status = _with_progress(rollout, status, current, now)
    failure = _replica_failure(rollout)
    return without_condition(status, REPLICA_FAILURE) if failure is None else with_condition(status, failure)


def is_complete(rollout: Rollout, status: DeploymentStatus) -> bool:
    """All wanted pods are new and available, and no others are left."""
    return (
        status.updatedReplicas == status.replicas == status.availableReplicas == rollout.desired
        and status.observedGeneration >= rollout.deployment.metadata.generation
    )


def next_check(rollout: Rollout, status: DeploymentStatus, now: datetime) -> timedelta | None:
    """When to look whether the deadline has passed."""
    current = find(status, PROGRESSING)
    seconds = rollout.deployment.spec.progressDeadlineSeconds
    if current is None or seconds is None or not has_deadline(rollout.deployment) or current.lastUpdateTime is None:
        return None
    if current.reason in (TIMED_OUT, NEW_REPLICA_SET_AVAILABLE) or is_complete(rollout, status):
        return None
    left = current.lastUpdateTime + timedelta(seconds=seconds) - now
    # Times on objects are whole seconds: one more, so as not to come too early.
    return max(left, timedelta(0)) + timedelta(seconds=1)


def _with_progress(
    rollout: Rollout, status: DeploymentStatus, current: DeploymentCondition | None, now: datetime
) -> DeploymentStatus:
    subject = f'Deployment "{rollout.deployment.metadata.name}"'
    if rollout.new is not None:
        subject = f'ReplicaSet "{rollout.new.metadata.name}"'
    if is_complete(rollout, status):
        message = f"{subject} has successfully progressed."
        return with_condition(status, condition(PROGRESSING, "True", NEW_REPLICA_SET_AVAILABLE, message, now))
    if _has_progressed(rollout.deployment.status, status):
        made = condition(PROGRESSING, "True", REPLICA_SET_UPDATED, f"{subject} is progressing.", now)
        if current is not None and current.status == "True":
            made = replace(made, lastTransitionTime=current.lastTransitionTime)
        # Unlike other conditions this one is renewed with the same reason: lastUpdateTime is what the deadline counts
        # from.
        return with_condition(without_condition(status, PROGRESSING), made)
    if _has_timed_out(rollout.deployment, current, now):
        message = f"{subject} has timed out progressing."
        return with_condition(status, condition(PROGRESSING, "False", TIMED_OUT, message, now))
    return status


def _has_progressed(old: DeploymentStatus, new: DeploymentStatus) -> bool:
    return (
        new.updatedReplicas > old.updatedReplicas
        or new.replicas - new.updatedReplicas < old.replicas - old.updatedReplicas
        or new.readyReplicas > old.readyReplicas
        or new.availableReplicas > old.availableReplicas
    )


def _has_timed_out(deployment: Deployment, current: DeploymentCondition | None, now: datetime) -> bool:
    if current is None or current.reason == NEW_REPLICA_SET_AVAILABLE:
        return False
    if current.reason == TIMED_OUT:
        return True
    deadline = timedelta(seconds=deployment.spec.progressDeadlineSeconds or 0)
    return current.lastUpdateTime is not None and current.lastUpdateTime + deadline < now


def _replica_failure(rollout: Rollout) -> DeploymentCondition | None:
    """The new ReplicaSet's failure before those of old ones."""
    candidates = ((rollout.new,) if rollout.new is not None else ()) + rollout.old
    for rs in candidates:
        for found in rs.status.conditions:
            if found.type == REPLICA_FAILURE:
                return DeploymentCondition(
                    type=found.type,
                    status=found.status,
                    reason=found.reason,
                    message=found.message,
                    lastTransitionTime=found.lastTransitionTime,
                    lastUpdateTime=found.lastTransitionTime,
                )
    return None


def _others(status: DeploymentStatus, type_: str) -> tuple[DeploymentCondition, ...]:
    return tuple(found for found in status.conditions if found.type != type_)
