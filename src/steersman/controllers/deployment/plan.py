"""The next step of a Deployment's rollout. Pure; one step a pass, the ReplicaSets' answers bring the next.

Source: pkg/controller/deployment.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import datetime

from steersman.api.apps import Deployment, DeploymentStatus, ReplicaSet
from steersman.api.core import Pod
from steersman.api.meta import LabelSelector
from steersman.apimachinery.object import replace
from steersman.controllers.deployment import progress, replicasets, scaling
from steersman.controllers.deployment.rollout import NO_LIMIT, Rollout, newest_first, rollout_of, size
from steersman.controllers.pods import is_finished
from steersman.reconcile.owners import Claims, claim_actions, is_controlled_by
from steersman.reconcile.plan import (
    Action,
    Create,
    Delete,
    Emit,
    EventKind,
    Failure,
    Note,
    Patch,
    Plan,
    Told,
    Update,
    update_status,
)

SCALING_REPLICA_SET = "ScalingReplicaSet"
SELECTING_ALL = "SelectingAll"


@dataclass(frozen=True, slots=True)
class View:
    """A Deployment, its ReplicaSets and their pods.

    taken: names of all ReplicaSets of the namespace. One of ours under the name of the one to be made has another
    template, or it would be the new one: a collision of hashes, like a stranger's.
    """

    deployment: Deployment
    claims: Claims[ReplicaSet]
    pods: tuple[Pod, ...] = ()
    taken: frozenset[str] = frozenset()
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What one branch of the decision came to: ReplicaSets as they should be, those to delete, the one to make."""

    wanted: tuple[ReplicaSet, ...] = ()
    deleted: tuple[ReplicaSet, ...] = ()
    made: ReplicaSet | None = None


def plan(view: View, now: datetime) -> Plan:
    """Claim ReplicaSets, or else take one step and bring the status up to date."""
    deployment = view.deployment
    if deployment.spec.selector in (None, LabelSelector()):
        return _refuse_to_select_all(deployment)
    if view.claims.adopt or view.claims.release:
        return Plan(claim_actions(deployment, view.claims))
    rollout = rollout_of(deployment, view.claims.owned)
    status = deployment.status
    if deployment.metadata.deletionTimestamp is not None:
        return Plan(_status_actions(deployment, progress.counted(rollout, status, now)))
    status = progress.with_pause_condition(deployment, now)
    rollout = changed(rollout, new=None if rollout.new is None else replicasets.synced(rollout, rollout.new))
    step, is_rollout = _choose_step(view, rollout)
    if step.made is not None and step.made.metadata.name in view.taken:
        return Plan((_count_collision(deployment),))
    status = _with_new_replica_set(rollout, step, view.failure, status, now)
    status = progress.counted(rollout, status, now)
    if is_rollout:
        status = progress.progressed(rollout, status, now)
    told = _status_actions(deployment, status)
    acts = _actions(view, rollout, step)
    # A ReplicaSet that could not be created may not be creatable now either; the status must still get through.
    actions = (*told, *acts) if view.failure is not None else (*acts, *told)
    return Plan(actions + _revision_actions(rollout, step), progress.next_check(rollout, status, now))


def _choose_step(view: View, rollout: Rollout) -> tuple[Step, bool]:
    """The step, and whether it is part of a rollout (as opposed to scaling or a pause)."""
    if rollout.deployment.spec.paused:
        return Step(_resized(rollout, scaling.scaled_sizes(rollout)), _surplus_history(rollout)), False
    if scaling.was_scaled(rollout):
        resized = _resized(rollout, scaling.scaled_sizes(rollout))
        if _changes(view, resized):
            return Step(resized), False
    return (_roll(view, rollout) if rollout.is_rolling else _recreate(view, rollout)), True


def _roll(view: View, rollout: Rollout) -> Step:
    new, wanted_size = rollout.new, scaling.new_size(rollout)
    if new is None:
        return Step(made=replicasets.new_replica_set(rollout, wanted_size))
    if size(new) != wanted_size:
        return Step(_resized(rollout, ((new, wanted_size),)))
    smaller = scaling.old_sizes(rollout, new)
    if smaller:
        return Step(_resized(rollout, smaller))
    return Step(deleted=_surplus_history(rollout) if _is_complete(rollout) else ())


def _recreate(view: View, rollout: Rollout) -> Step:
    if rollout.active_old:
        return Step(_resized(rollout, tuple((rs, 0) for rs in rollout.active_old)))
    if _old_pods_run(view, rollout):
        return Step()
    if rollout.new is None:
        return Step(made=replicasets.new_replica_set(rollout, rollout.desired))
    if size(rollout.new) != rollout.desired:
        return Step(_resized(rollout, ((rollout.new, rollout.desired),)))
    return Step(deleted=_surplus_history(rollout) if _is_complete(rollout) else ())


def _old_pods_run(view: View, rollout: Rollout) -> bool:
    if any(rs.status.replicas for rs in rollout.old):
        return True
    new = rollout.new
    return any(not is_finished(pod) for pod in view.pods if new is None or not is_controlled_by(pod, new))


def _is_complete(rollout: Rollout) -> bool:
    return progress.is_complete(rollout, rollout.deployment.status)


def _surplus_history(rollout: Rollout) -> tuple[ReplicaSet, ...]:
    """Empty old ReplicaSets beyond revisionHistoryLimit, oldest first."""
    limit = rollout.deployment.spec.revisionHistoryLimit
    if limit is None or limit == NO_LIMIT:
        return ()
    alive = [rs for rs in rollout.old if rs.metadata.deletionTimestamp is None]
    oldest_first = newest_first(alive)[::-1]
    return tuple(rs for rs in oldest_first[: max(0, len(alive) - limit)] if _is_empty(rs))


def _is_empty(rs: ReplicaSet) -> bool:
    return not rs.status.replicas and not size(rs) and rs.metadata.generation <= rs.status.observedGeneration


def _resized(rollout: Rollout, sizes: scaling.Sizes) -> tuple[ReplicaSet, ...]:
    return tuple(replicasets.scaled(rollout, rs, replicas) for rs, replicas in sizes)


def _changes(view: View, wanted: Iterable[ReplicaSet]) -> bool:
    observed = {rs.metadata.uid: rs for rs in view.claims.owned}
    return any(observed[rs.metadata.uid] != rs for rs in wanted)


def _actions(view: View, rollout: Rollout, step: Step) -> tuple[Action, ...]:
    wanted = {rs.metadata.uid: rs for rs in ((rollout.new,) if rollout.new is not None else ())}
    wanted |= {rs.metadata.uid: rs for rs in step.wanted}
    observed = {rs.metadata.uid: rs for rs in view.claims.owned}
    updates = (
        Update(rs, told=_told_scaling(rollout.deployment, rs, size(observed[uid]), size(rs)))
        for uid, rs in wanted.items()
        if rs != observed[uid]
    )
    made = () if step.made is None else (_create(rollout.deployment, step.made),)
    return (*made, *updates, *(Delete(rs, same_version=True) for rs in step.deleted))


def _create(deployment: Deployment, rs: ReplicaSet) -> Create:
    told = _told_scaling(deployment, rs, 0, size(rs))
    message = f'Failed to create new replica set "{rs.metadata.name}": {{error}}'
    return Create(rs, Told(told.done, Note(deployment, EventKind.WARNING, progress.FAILED_CREATE, message)))


def _told_scaling(deployment: Deployment, rs: ReplicaSet, before: int, after: int) -> Told:
    if before == after:
        return Told()
    direction = "up" if after > before else "down"
    message = f"Scaled {direction} replica set {rs.metadata.name} from {before} to {after}"
    return Told(Note(deployment, EventKind.NORMAL, SCALING_REPLICA_SET, message))


def _with_new_replica_set(
    rollout: Rollout, step: Step, failure: Failure | None, status: DeploymentStatus, now: datetime
) -> DeploymentStatus:
    """Progressing says that the new ReplicaSet was made, found, or could not be made."""
    if not progress.has_deadline(rollout.deployment):
        return status
    if step.made is not None and failure is not None and isinstance(failure.action, Create):
        message = f'Failed to create new replica set "{step.made.metadata.name}": {failure.message}'
        made = progress.condition(progress.PROGRESSING, "False", progress.FAILED_CREATE, message, now)
    elif step.made is not None:
        message = f'Created new replica set "{step.made.metadata.name}"'
        made = progress.condition(progress.PROGRESSING, "True", progress.NEW_REPLICA_SET, message, now)
    elif rollout.new is not None and progress.find(status, progress.PROGRESSING) is None:
        message = f'Found new replica set "{rollout.new.metadata.name}"'
        made = progress.condition(progress.PROGRESSING, "True", progress.FOUND_NEW_REPLICA_SET, message, now)
    else:
        return status
    return progress.with_condition(status, made)


def _status_actions(deployment: Deployment, status: DeploymentStatus) -> tuple[Action, ...]:
    return () if status == deployment.status else (update_status(replace(deployment, status=status)),)


def _revision_actions(rollout: Rollout, step: Step) -> tuple[Action, ...]:
    """The Deployment carries its new ReplicaSet's revision, by which `kubectl rollout history` counts."""
    current = step.made if step.made is not None else rollout.new
    if current is None:
        return ()
    revision = current.metadata.annotations.get(replicasets.REVISION, "")
    deployment = rollout.deployment
    if deployment.metadata.annotations.get(replicasets.REVISION) == revision:
        return ()
    body = {"metadata": {"annotations": {replicasets.REVISION: revision}}}
    # The status written just before has changed the Deployment's version; nobody else owns this annotation.
    return (Patch(deployment, body, any_version=True),)


def _count_collision(deployment: Deployment) -> Action:
    """Another template, or another owner, has the name that the hash gave: the next hash takes the count in."""
    count = (deployment.status.collisionCount or 0) + 1
    return update_status(replace(deployment, status=replace(deployment.status, collisionCount=count)))


def _refuse_to_select_all(deployment: Deployment) -> Plan:
    message = "This deployment is selecting all pods. A non-empty selector is required."
    generation = deployment.metadata.generation
    status = replace(deployment.status, observedGeneration=generation)
    if deployment.status.observedGeneration >= generation:
        return Plan()
    warning = Emit(Note(deployment, EventKind.WARNING, SELECTING_ALL, message))
    return Plan((warning, *_status_actions(deployment, status)))
