"""How a deleted namespace is emptied and finished. Pure.

Pods go first (KEP-5080): what protects or serves them stays until they are gone.
Source: pkg/controller/namespace/deletion.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from steersman.api.core import Namespace, NamespaceCondition, Pod
from steersman.api.meta import Kind
from steersman.api.resources import Resource
from steersman.apimachinery.object import replace
from steersman.apimachinery.times import to_time
from steersman.controllers.pods import is_finished
from steersman.reconcile.plan import NOTHING, Action, DeleteCollection, Failure, Plan, Update, update_status

FINALIZER = "kubernetes"
# Something with finalizers of its own may take any time: look at growing intervals, as nothing here says when it
# changes.
SHORT_LOOK, LONG_LOOK = timedelta(seconds=1), timedelta(seconds=15)

# Condition types with reason and message of success. Source: status_condition_utils.go.
SUCCESS: tuple[tuple[str, str, str], ...] = (
    ("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
    ("NamespaceDeletionGroupVersionParsingFailure", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
    (
        "NamespaceDeletionContentFailure",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    ("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"),
    ("NamespaceFinalizersRemaining", "ContentHasNoFinalizers", "All content-preserving finalizers finished"),
)


@dataclass(frozen=True, slots=True)
class Content:
    """What is left of one resource."""

    resource: Resource
    objects: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A namespace that is being deleted and what is left in it; failure of the last pass."""

    namespace: Namespace
    contents: tuple[Content, ...]
    failure: Failure | None = None


def plan(view: View, now: datetime) -> Plan:
    """Delete what is left, say how far it has come, and at the end give up the namespace's finalizer."""
    namespace = view.namespace
    if FINALIZER not in namespace.spec.finalizers:
        return NOTHING
    if not view.contents:
        rest = tuple(name for name in namespace.spec.finalizers if name != FINALIZER)
        finished = replace(namespace, spec=replace(namespace.spec, finalizers=rest))
        return Plan((Update(finished, "finalize"),))
    actions: list[Action] = []
    status = replace(namespace.status, phase="Terminating", conditions=_conditions(view, now))
    if status != namespace.status:
        actions.append(update_status(replace(namespace, status=status)))
    actions += (
        DeleteCollection(content.resource.object_type, namespace.metadata.name)
        for content in _to_delete(view.contents)
        if any(obj.metadata.deletionTimestamp is None for obj in content.objects)
    )
    return Plan(tuple(actions), _next_look(view, now))


def _to_delete(contents: tuple[Content, ...]) -> tuple[Content, ...]:
    pods = tuple(content for content in contents if content.resource.object_type is Pod)
    return pods or contents


def _next_look(view: View, now: datetime) -> timedelta:
    """Soon while objects go by themselves; when only finalizers or grace periods hold them, less and less often."""
    waiting = [
        obj for content in view.contents for obj in content.objects if obj.metadata.deletionTimestamp is not None
    ]
    since = min((obj.metadata.deletionTimestamp for obj in waiting if obj.metadata.deletionTimestamp), default=now)
    graces = [_grace(obj) for obj in waiting if isinstance(obj, Pod)]
    if graces and (now - since) < timedelta(seconds=max(graces)):
        return SHORT_LOOK
    return min(max((now - since) / 2, SHORT_LOOK), LONG_LOOK)


def _grace(pod: Pod) -> int:
    return 0 if is_finished(pod) else pod.metadata.deletionGracePeriodSeconds or 0


def _conditions(view: View, now: datetime) -> tuple[NamespaceCondition, ...]:
    troubles = _troubles(view)
    conditions = list(view.namespace.status.conditions)
    for type_, reason, message in SUCCESS:
        status = "False"
        if type_ in troubles:
            status, (reason, message) = "True", troubles[type_]
        old = next((found for found in conditions if found.type == type_), None)
        at = old.lastTransitionTime if old is not None and old.status == status else to_time(now)
        made = NamespaceCondition(type=type_, status=status, reason=reason, message=message, lastTransitionTime=at)
        if old is None:
            conditions.append(made)
        else:
            conditions[conditions.index(old)] = made
    return tuple(conditions)


def _troubles(view: View) -> Mapping[str, tuple[str, str]]:
    """What holds the deletion up: reason and message by condition type."""
    counts = {f"{c.resource.plural}.{c.resource.group}": len(c.objects) for c in view.contents}
    remaining = ", ".join(sorted(f"{name} has {count} resource instances" for name, count in counts.items()))
    troubles = {
        "NamespaceContentRemaining": ("SomeResourcesRemain", f"Some resources are remaining: {remaining}"),
    }
    finalizers = Counter(name for c in view.contents for obj in c.objects for name in obj.metadata.finalizers)
    if finalizers:
        listed = ", ".join(sorted(f"{name} in {count} resource instances" for name, count in finalizers.items()))
        message = f"Some content in the namespace has finalizers remaining: {listed}"
        troubles["NamespaceFinalizersRemaining"] = ("SomeFinalizersRemain", message)
    if view.failure is not None and isinstance(view.failure.action, DeleteCollection):
        message = f"Failed to delete all resource types, 1 remaining: {view.failure.message}"
        troubles["NamespaceDeletionContentFailure"] = ("ContentDeletionFailed", message)
    return troubles
