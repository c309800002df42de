"""How many pods a ReplicaSet or ReplicationController should create or give up, and what its status says. Pure.

Source: pkg/controller/replicaset.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from steersman.api.apps import ReplicaSet
from steersman.api.apps.replicaset import ReplicaSetCondition
from steersman.api.core import Pod, PodTemplateSpec, ReplicationController
from steersman.api.core.replicationcontroller import ReplicationControllerCondition
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.times import to_time
from steersman.controllers.pods import available_in, is_available, is_ready
from steersman.controllers.replicaset.victims import choose_victims
from steersman.reconcile.owners import Claims, claim_actions, controller_ref
from steersman.reconcile.plan import Action, Create, Delete, EventKind, Failure, Note, Plan, Told, update_status

BURST_REPLICAS = 500
REPLICA_FAILURE = "ReplicaFailure"
SUCCESSFUL_CREATE, FAILED_CREATE = "SuccessfulCreate", "FailedCreate"
SUCCESSFUL_DELETE, FAILED_DELETE = "SuccessfulDelete", "FailedDelete"

Owner = ReplicaSet | ReplicationController


@dataclass(frozen=True, slots=True)
class View:
    """An owner and its pods.

    claims: over the active pods. terminating: pods of the owner that are on their way out.
    related: pods of the sibling replica sets, by which victims are ranked. failure: of the last pass.
    """

    owner: Owner
    claims: Claims[Pod]
    terminating: int = 0
    related: tuple[Pod, ...] = ()
    failure: Failure | None = None


def plan(view: View, now: datetime) -> Plan:
    """Claim pods, bring status up to date, then create or delete."""
    owner = view.owner
    pods = view.claims.owned + view.claims.adopt
    surplus = len(pods) - wanted_replicas(owner)
    actions: list[Action] = list(claim_actions(owner, view.claims))
    actions += _status_actions(view, pods, surplus, now)
    if owner.metadata.deletionTimestamp is None:
        if surplus < 0:
            actions += _creates(owner, min(-surplus, BURST_REPLICAS))
        elif surplus > 0:
            actions += _deletes(owner, choose_victims(pods, view.related, min(surplus, BURST_REPLICAS), now))
    return Plan(tuple(actions), _next_look(owner, pods, now))


def wanted_replicas(owner: Owner) -> int:
    """spec.replicas with its default."""
    return 1 if owner.spec.replicas is None else owner.spec.replicas


def new_pod(owner: Owner) -> Pod:
    """A pod from the owner's template."""
    template = owner.spec.template or PodTemplateSpec()
    meta = ObjectMeta(
        generateName=f"{owner.metadata.name}-",
        namespace=owner.metadata.namespace,
        labels=template.metadata.labels,
        annotations=template.metadata.annotations,
        finalizers=template.metadata.finalizers,
        ownerReferences=(controller_ref(owner),),
    )
    return Pod(metadata=meta, spec=template.spec)


def _creates(owner: Owner, count: int) -> tuple[Action, ...]:
    told = Told(
        Note(owner, EventKind.NORMAL, SUCCESSFUL_CREATE, "Created pod: {name}"),
        Note(owner, EventKind.WARNING, FAILED_CREATE, "Error creating: {error}"),
    )
    return (Create(new_pod(owner), told),) * count


def _deletes(owner: Owner, victims: tuple[Pod, ...]) -> tuple[Action, ...]:
    told = Told(
        Note(owner, EventKind.NORMAL, SUCCESSFUL_DELETE, "Deleted pod: {name}"),
        Note(owner, EventKind.WARNING, FAILED_DELETE, "Error deleting: {error}"),
    )
    return tuple(Delete(pod, told=told) for pod in victims)


def _status_actions(view: View, pods: tuple[Pod, ...], surplus: int, now: datetime) -> tuple[Action, ...]:
    owner: Any = view.owner
    template = owner.spec.template or PodTemplateSpec()
    changes: dict[str, Any] = {
        "replicas": len(pods),
        "fullyLabeledReplicas": sum(_has_labels(pod, template.metadata.labels) for pod in pods),
        "readyReplicas": sum(map(is_ready, pods)),
        "availableReplicas": sum(is_available(pod, owner.spec.minReadySeconds, now) for pod in pods),
        "observedGeneration": owner.metadata.generation,
        "conditions": _conditions(view, surplus, now),
    }
    if isinstance(owner, ReplicaSet):
        changes["terminatingReplicas"] = view.terminating
    status = replace(owner.status, **changes)
    return () if status == owner.status else (update_status(replace(owner, status=status)),)


def _has_labels(pod: Pod, labels: Mapping[str, str]) -> bool:
    return labels.items() <= pod.metadata.labels.items()


def _conditions(view: View, surplus: int, now: datetime) -> tuple[Any, ...]:
    """The owner's conditions, with ReplicaFailure while what the last pass failed to do is still to be done."""
    conditions: tuple[Any, ...] = view.owner.status.conditions
    failed = view.failure if view.failure is not None and isinstance(view.failure.action, Create | Delete) else None
    if failed is None or surplus == 0:
        return tuple(found for found in conditions if found.type != REPLICA_FAILURE)
    if any(found.type == REPLICA_FAILURE for found in conditions):
        return conditions
    make = ReplicaSetCondition if isinstance(view.owner, ReplicaSet) else ReplicationControllerCondition
    reason = FAILED_CREATE if surplus < 0 else FAILED_DELETE
    made = make(
        type=REPLICA_FAILURE, status="True", reason=reason, message=failed.message, lastTransitionTime=to_time(now)
    )
    return (*conditions, made)


def _next_look(owner: Owner, pods: tuple[Pod, ...], now: datetime) -> timedelta | None:
    """When the next ready pod will have been ready for long enough."""
    seconds = owner.spec.minReadySeconds
    waiting = [available_in(pod, seconds, now) for pod in pods if is_ready(pod)] if seconds else []
    # Times on objects are whole seconds; a look too early would be wasted.
    return min((wait + timedelta(seconds=1) for wait in waiting if wait > timedelta(0)), default=None)
