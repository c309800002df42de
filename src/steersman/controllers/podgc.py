"""Removes pods nobody else will: those of vanished nodes, too many finished ones, and terminating ones never scheduled.

Pure but for `observe`. Source: pkg/controller/podgc.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from steersman.api.core import Node, Pod, PodCondition
from steersman.apimachinery.codec.json import to_wire
from steersman.apimachinery.status import NotFound
from steersman.apimachinery.times import to_time
from steersman.client.cache import NODE
from steersman.controllers.pods import is_finished
from steersman.reconcile.controller import Reader, Watch
from steersman.reconcile.plan import Action, Delete, Patch, Plan

# A node's absence may be a moment between two registrations.
QUARANTINE = timedelta(seconds=40)
FINISHED_THRESHOLD = 12500
EVERYTHING = ""

DISRUPTION_TARGET = "DisruptionTarget"


@dataclass(frozen=True, slots=True)
class View:
    """Pods to remove. orphans: of a node that is gone. unscheduled: terminating without a node. surplus: finished."""

    orphans: tuple[Pod, ...] = ()
    unscheduled: tuple[Pod, ...] = ()
    surplus: tuple[Pod, ...] = ()


class PodGCController:
    """Keys are node names; the empty key stands for pods of no node and finished ones."""

    name = "pod-garbage-collector-controller"

    def __init__(self, finished_threshold: int = FINISHED_THRESHOLD) -> None:
        self._threshold = finished_threshold

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """Nodes and pods; a missing node is looked at only after a while."""
        return (
            Watch(Node, _removed_node, delay=QUARANTINE),
            Watch(Pod, _missing_node, delay=QUARANTINE),
            Watch(Pod, self._is_unwanted),
        )

    async def observe(self, reader: Reader, key: str) -> View | None:
        """The pods in question; that a node is gone is confirmed live."""
        pods = reader.cache(Pod)
        if key == EVERYTHING:
            unscheduled = tuple(pod for pod in pods if _is_stuck(pod))
            finished = [pod for pod in pods if is_finished(pod) and pod.metadata.deletionTimestamp is None]
            return View(unscheduled=unscheduled, surplus=self._oldest_beyond_threshold(finished))
        if reader.cache(Node).get("", key) is not None or not pods.by_index(NODE, key):
            return None
        try:
            await reader.live.get(Node, key)
        except NotFound:
            return View(orphans=pods.by_index(NODE, key))
        return None

    def plan(self, view: View, now: datetime) -> Plan:
        """Say why, then delete without grace: there is nobody to wait for."""
        actions: list[Action] = []
        for pod in view.orphans:
            if not is_finished(pod):
                actions.append(_mark_failed(pod, now))
        doomed = (*view.orphans, *view.unscheduled, *view.surplus)
        return Plan((*actions, *(Delete(pod, grace_period_seconds=0) for pod in doomed)))

    def _oldest_beyond_threshold(self, finished: list[Pod]) -> tuple[Pod, ...]:
        surplus = len(finished) - self._threshold
        if self._threshold <= 0 or surplus <= 0:
            return ()
        beginning = datetime.min.replace(tzinfo=UTC)
        finished.sort(key=lambda pod: (pod.metadata.creationTimestamp or beginning, pod.metadata.name))
        return tuple(finished[:surplus])

    def _is_unwanted(self, reader: Reader, old: Pod | None, new: Pod | None) -> tuple[str, ...]:
        if new is None:
            return ()
        has_finished = is_finished(new) and (old is None or not is_finished(old))
        too_many = has_finished and 0 < self._threshold < len(reader.cache(Pod))
        return (EVERYTHING,) if too_many or _is_stuck(new) else ()


def _is_stuck(pod: Pod) -> bool:
    return pod.metadata.deletionTimestamp is not None and not pod.spec.nodeName


def _mark_failed(pod: Pod, now: datetime) -> Patch:
    made = PodCondition(
        type=DISRUPTION_TARGET,
        status="True",
        reason="DeletionByPodGC",
        message="PodGC: node no longer exists",
        lastTransitionTime=to_time(now),
    )
    kept = tuple(found for found in pod.status.conditions if found.type != DISRUPTION_TARGET)
    return Patch(pod, {"status": {"phase": "Failed", "conditions": to_wire((*kept, made))}}, subresource="status")


def _removed_node(_: Reader, old: Node | None, new: Node | None) -> tuple[str, ...]:
    return (old.metadata.name,) if old is not None and new is None else ()


def _missing_node(reader: Reader, old: Pod | None, new: Pod | None) -> tuple[str, ...]:
    if new is None or not new.spec.nodeName or (old is not None and old.spec.nodeName):
        return ()
    return (new.spec.nodeName,) if reader.cache(Node).get("", new.spec.nodeName) is None else ()
