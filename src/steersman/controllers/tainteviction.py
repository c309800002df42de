"""Evicts pods that don't tolerate their node's NoExecute taints, at once or after tolerationSeconds.

Pure but for `observe`.

Source: pkg/controller/tainteviction.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from steersman.api.core import Node, Pod, PodCondition, Taint
from steersman.api.core.taints import tolerates
from steersman.apimachinery.codec.json import to_wire
from steersman.apimachinery.times import to_time
from steersman.client.cache import NODE, ObjectKey, key_of
from steersman.component.clock import Clock
from steersman.controllers.pods import is_finished
from steersman.reconcile.controller import Reader, Watch
from steersman.reconcile.plan import NOTHING, Delete, Emit, EventKind, Note, Patch, Plan

NO_EXECUTE = "NoExecute"
DISRUPTION_TARGET = "DisruptionTarget"


@dataclass(frozen=True, slots=True)
class View:
    """A pod on a node with NoExecute taints, each with the time from which it counts."""

    pod: Pod
    taints: tuple[tuple[Taint, datetime], ...]


class TaintEvictionController:
    """Keys are pods. A taint that doesn't say when it was added counts from when it was first seen."""

    name = "taint-eviction-controller"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[tuple[str, str], datetime] = {}

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """Nodes for their taints, and pods."""
        return (Watch(Node, _pods_of_node), Watch(Pod, _pod))

    async def observe(self, reader: Reader, key: ObjectKey) -> View | None:
        """The pod and what its node's taints are."""
        pod = reader.get(Pod, key)
        if pod is None or pod.metadata.deletionTimestamp is not None or is_finished(pod):
            return None
        node = reader.cache(Node).get("", pod.spec.nodeName)
        if node is None:
            return None
        taints = no_execute(node)
        self._forget(node, taints)
        return View(pod, tuple((taint, self._since(node, taint)) for taint in taints))

    def plan(self, view: View, now: datetime) -> Plan:
        """See `plan`."""
        return plan(view, now)

    def _since(self, node: Node, taint: Taint) -> datetime:
        if taint.timeAdded is not None:
            return taint.timeAdded
        return self._seen.setdefault((node.metadata.uid, taint.key), self._clock.now())

    def _forget(self, node: Node, taints: tuple[Taint, ...]) -> None:
        keys = {taint.key for taint in taints}
        for entry in [entry for entry in self._seen if entry[0] == node.metadata.uid and entry[1] not in keys]:
            del self._seen[entry]


def plan(view: View, now: datetime) -> Plan:
    """Nothing, wait, or evict."""
    deadline = _deadline(view)
    if deadline is None:
        return NOTHING
    if deadline > now:
        return Plan(requeue_after=deadline - now)
    pod = view.pod
    made = PodCondition(
        type=DISRUPTION_TARGET,
        status="True",
        reason="DeletionByTaintManager",
        message="Taint manager: deleting due to NoExecute taint",
        lastTransitionTime=to_time(now),
    )
    kept = tuple(found for found in pod.status.conditions if found.type != DISRUPTION_TARGET)
    marking = f"Marking for deletion Pod {pod.metadata.namespace}/{pod.metadata.name}"
    return Plan(
        (
            Emit(Note(pod, EventKind.NORMAL, "TaintManagerEviction", marking)),
            Patch(pod, {"status": {"conditions": to_wire((*kept, made))}}, subresource="status", any_version=True),
            Delete(pod),
        )
    )


def no_execute(node: Node) -> tuple[Taint, ...]:
    """The node's taints that evict."""
    return tuple(taint for taint in node.spec.taints if taint.effect == NO_EXECUTE)


def _deadline(view: View) -> datetime | None:
    """When the pod must go: the earliest end of a toleration in use. None when all taints are tolerated for ever."""
    ends: list[datetime] = []
    for taint, since in view.taints:
        used = [toleration for toleration in view.pod.spec.tolerations if tolerates(toleration, taint)]
        if not used:
            return since
        seconds = [toleration.tolerationSeconds for toleration in used if toleration.tolerationSeconds is not None]
        if seconds:
            ends.append(since + timedelta(seconds=max(0, min(seconds))))
    return min(ends, default=None)


def _pods_of_node(reader: Reader, old: Node | None, new: Node | None) -> Iterator[ObjectKey]:
    if new is None or (old is not None and no_execute(old) == no_execute(new)):
        return
    for pod in reader.cache(Pod).by_index(NODE, new.metadata.name):
        yield key_of(pod)


def _pod(reader: Reader, old: Pod | None, new: Pod | None) -> tuple[ObjectKey, ...]:
    if new is None or not new.spec.nodeName:
        return ()
    is_news = old is None or (old.spec.nodeName, old.spec.tolerations) != (new.spec.nodeName, new.spec.tolerations)
    node = reader.cache(Node).get("", new.spec.nodeName)
    return (key_of(new),) if is_news and node is not None and no_execute(node) else ()
