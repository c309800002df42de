"""How pods that nobody else removes are ended: those of vanished nodes, finished and stuck ones. Pure.

Source: pkg/controller/podgc.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from steersman.api.core import Pod
from steersman.apimachinery.codec.json import to_wire
from steersman.controllers.pods import is_finished, with_disruption
from steersman.reconcile.plan import Delete, Patch, Plan


@dataclass(frozen=True, slots=True)
class View:
    """Pods to remove. orphans: of a node that is gone. unscheduled: terminating without a node. surplus: finished."""

    orphans: tuple[Pod, ...] = ()
    unscheduled: tuple[Pod, ...] = ()
    surplus: tuple[Pod, ...] = ()


def plan(view: View, now: datetime) -> Plan:
    """Say why, then delete without grace: there is nobody to wait for."""
    marks = tuple(_mark_failed(pod, now) for pod in view.orphans if not is_finished(pod))
    doomed = (*view.orphans, *view.unscheduled, *view.surplus)
    return Plan((*marks, *(Delete(pod, grace_period_seconds=0) for pod in doomed)))


def is_stuck(pod: Pod) -> bool:
    """The pod is to go, and no kubelet will ever confirm it."""
    return pod.metadata.deletionTimestamp is not None and not pod.spec.nodeName


def oldest_beyond(threshold: int, finished: Sequence[Pod]) -> tuple[Pod, ...]:
    """The oldest of finished pods, as many as there are too many; a threshold of 0 allows any number."""
    surplus = len(finished) - threshold
    if threshold <= 0 or surplus <= 0:
        return ()
    beginning = datetime.min.replace(tzinfo=UTC)
    by_age = sorted(finished, key=lambda pod: (pod.metadata.creationTimestamp or beginning, pod.metadata.name))
    return tuple(by_age[:surplus])


def _mark_failed(pod: Pod, now: datetime) -> Patch:
    conditions = with_disruption(pod, "DeletionByPodGC", "PodGC: node no longer exists", now)
    return Patch(pod, {"status": {"phase": "Failed", "conditions": to_wire(conditions)}}, subresource="status")
