"""What a node's silence means: conditions become Unknown, taints follow the conditions, pods stop being ready. Pure.

Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from steersman.api.core import Node, NodeCondition, Pod, Taint
from steersman.api.core.taints import NOT_READY, UNREACHABLE, UNSCHEDULABLE
from steersman.apimachinery.codec.json import to_wire
from steersman.apimachinery.object import replace
from steersman.apimachinery.times import to_time
from steersman.controllers.nodelifecycle.zones import Evictions
from steersman.controllers.pods import condition, is_ready
from steersman.reconcile.plan import Action, Emit, EventKind, Note, Patch, Plan, Told, update_status

GRACE_PERIOD = timedelta(seconds=40)
STARTUP_GRACE_PERIOD = timedelta(seconds=60)
SLACK = timedelta(milliseconds=100)

NO_SCHEDULE, NO_EXECUTE = "NoSchedule", "NoExecute"
CONDITIONS = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
# Condition type and status, and the taint they lead to.
TAINT_OF: dict[tuple[str, str], str] = {
    ("Ready", "False"): NOT_READY,
    ("Ready", "Unknown"): UNREACHABLE,
    ("MemoryPressure", "True"): "node.kubernetes.io/memory-pressure",
    ("DiskPressure", "True"): "node.kubernetes.io/disk-pressure",
    ("NetworkUnavailable", "True"): "node.kubernetes.io/network-unavailable",
    ("PIDPressure", "True"): "node.kubernetes.io/pid-pressure",
}
OURS = frozenset({*TAINT_OF.values(), UNSCHEDULABLE})


@dataclass(frozen=True, slots=True)
class View:
    """A node and its pods.

    last_heard: when its kubelet last gave a sign of life, by this process's clock, so that clocks need not agree.
    is_first_seen: the controller meets the node for the first time.
    evictions: how freely pods may be evicted in the node's zone. turn: when it is this node's turn.
    """

    node: Node
    pods: tuple[Pod, ...]
    last_heard: datetime
    is_first_seen: bool = False
    evictions: Evictions = Evictions.NORMAL
    turn: datetime | None = None


def plan(view: View, now: datetime) -> Plan:
    """Bring conditions, taints and pods in line with what is known of the node."""
    node = view.node
    actions: list[Action] = []
    if view.is_first_seen:
        actions.append(
            _node_event(node, "RegisteredNode", f"event: Registered Node {node.metadata.name} in Controller")
        )
    silent_for = now - view.last_heard
    grace = GRACE_PERIOD if find(node, "Ready") is not None else STARTUP_GRACE_PERIOD
    if silent_for > grace:
        unknown = _with_unknown_conditions(node, now)
        if unknown != node:
            # The node's version changes with this; taints and pods follow in the next pass.
            was_ready = status_of(node, "Ready") == "True"
            told = (_node_event(node, "NodeNotReady", "status is now: NodeNotReady"),) if was_ready else ()
            return Plan((*actions, update_status(unknown), *told))
    actions += _taint_actions(view, now)
    if is_silent(node):
        actions += (_not_ready(pod, now) for pod in view.pods if is_ready(pod))
    waits = (grace - silent_for, view.turn - now if view.turn is not None else timedelta(0))
    # A little more, so as not to come just too early.
    return Plan(tuple(actions), min((wait + SLACK for wait in waits if wait > timedelta(0)), default=None))


def find(node: Node, type_: str) -> NodeCondition | None:
    """The node's condition of this type."""
    return next((found for found in node.status.conditions if found.type == type_), None)


def status_of(node: Node, type_: str) -> str:
    """The condition's status; "Unknown" for one that was never set."""
    found = find(node, type_)
    return "Unknown" if found is None else found.status


def is_silent(node: Node) -> bool:
    """The node has been found silent; one that has yet to report for the first time has not."""
    return find(node, "Ready") is not None and status_of(node, "Ready") == "Unknown"


def _with_unknown_conditions(node: Node, now: datetime) -> Node:
    conditions = list(node.status.conditions)
    for type_ in CONDITIONS:
        current = find(node, type_)
        if current is None:
            conditions.append(
                NodeCondition(
                    type=type_,
                    status="Unknown",
                    reason="NodeStatusNeverUpdated",
                    message="Kubelet never posted node status.",
                    lastHeartbeatTime=node.metadata.creationTimestamp,
                    lastTransitionTime=to_time(now),
                )
            )
        elif current.status != "Unknown":
            message = "Kubelet stopped posting node status."
            conditions[conditions.index(current)] = replace(
                current, status="Unknown", reason="NodeStatusUnknown", message=message, lastTransitionTime=to_time(now)
            )
    return replace(node, status=replace(node.status, conditions=tuple(conditions)))


def _taint_actions(view: View, now: datetime) -> tuple[Action, ...]:
    node = view.node
    wanted = _wanted_taints(view, now)
    kept = tuple(taint for taint in node.spec.taints if (taint.key, taint.effect) in wanted or not _is_ours(taint))
    present = {(taint.key, taint.effect) for taint in kept}
    added = tuple(
        Taint(key=key, effect=effect, timeAdded=to_time(now) if effect == NO_EXECUTE else None)
        for key, effect in wanted
        if (key, effect) not in present
    )
    taints = kept + added
    if taints == node.spec.taints:
        return ()
    return (Patch(node, {"spec": {"taints": to_wire(taints) or None}}),)


def _wanted_taints(view: View, now: datetime) -> tuple[tuple[str, str], ...]:
    node = view.node
    wanted = [
        (TAINT_OF[found.type, found.status], NO_SCHEDULE)
        for found in node.status.conditions
        if (found.type, found.status) in TAINT_OF
    ]
    if node.spec.unschedulable:
        wanted.append((UNSCHEDULABLE, NO_SCHEDULE))
    ready = find(node, "Ready")
    key = TAINT_OF.get(("Ready", ready.status)) if ready is not None else None
    if key is not None and _may_evict(view, now):
        wanted.append((key, NO_EXECUTE))
    elif ready is None:
        # A node that has not reported yet keeps the taint it was admitted with.
        wanted.append((NOT_READY, NO_SCHEDULE))
    return tuple(wanted)


def _may_evict(view: View, now: datetime) -> bool:
    if is_evicting(view.node):
        return view.evictions is not Evictions.CANCELLED
    may_begin = view.evictions in (Evictions.NORMAL, Evictions.SLOW)
    return may_begin and (view.turn is None or view.turn <= now)


def is_evicting(node: Node) -> bool:
    """The node has a taint of ours that evicts its pods."""
    return any(taint.effect == NO_EXECUTE and taint.key in (NOT_READY, UNREACHABLE) for taint in node.spec.taints)


def _is_ours(taint: Taint) -> bool:
    return taint.key in OURS and taint.effect in (NO_SCHEDULE, NO_EXECUTE)


def _not_ready(pod: Pod, now: datetime) -> Patch:
    current = condition(pod, "Ready")
    conditions = tuple(
        replace(found, status="False", lastTransitionTime=to_time(now)) if found is current else found
        for found in pod.status.conditions
    )
    note = Note(pod, EventKind.WARNING, "NodeNotReady", "Node is not ready")
    body = {"status": {"conditions": to_wire(conditions)}}
    return Patch(pod, body, subresource="status", told=Told(note))


def _node_event(node: Node, reason: str, what: str) -> Emit:
    return Emit(Note(node, EventKind.NORMAL, reason, f"Node {node.metadata.name} {what}"))
