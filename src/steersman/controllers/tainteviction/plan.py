"""Whether a pod must leave its node for its NoExecute taints, and when. Pure.

Source: pkg/controller/tainteviction.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from steersman.api.core import Node, Pod, Taint
from steersman.api.core.taints import tolerates
from steersman.apimachinery.codec.json import to_wire
from steersman.controllers.pods import with_disruption
from steersman.reconcile.plan import NOTHING, Delete, Emit, EventKind, Note, Patch, Plan

NO_EXECUTE = "NoExecute"


@dataclass(frozen=True, slots=True)
class View:
    """A pod on a node with NoExecute taints, each with the time from which it counts."""

    pod: Pod
    taints: tuple[tuple[Taint, datetime], ...]


def plan(view: View, now: datetime) -> Plan:
    """Nothing, wait, or evict."""
    deadline = _deadline(view)
    if deadline is None:
        return NOTHING
    if deadline > now:
        return Plan(requeue_after=deadline - now)
    pod = view.pod
    why = "Taint manager: deleting due to NoExecute taint"
    conditions = to_wire(with_disruption(pod, "DeletionByTaintManager", why, now))
    marking = f"Marking for deletion Pod {pod.metadata.namespace}/{pod.metadata.name}"
    return Plan(
        (
            Emit(Note(pod, EventKind.NORMAL, "TaintManagerEviction", marking)),
            Patch(pod, {"status": {"conditions": conditions}}, subresource="status", any_version=True),
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
