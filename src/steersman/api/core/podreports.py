"""What a report about a pod may leave out: it is kept as it was.

Source: pkg/registry/core/pod/strategy.go: podStatusStrategy.PrepareForUpdate, preserveOldObservedGeneration.
"""

from collections import defaultdict

from steersman.api.core.pod import Pod, PodCondition, PodStatus
from steersman.apimachinery.object import replace


def with_kept_status(pod: Pod, old: Pod) -> Pod:
    """Quality of service and observed generations, where the report has none. Owners change by the pod itself only."""
    new, was = pod.status, old.status
    status = replace(
        new,
        qosClass=new.qosClass or was.qosClass,
        observedGeneration=new.observedGeneration or was.observedGeneration,
        conditions=_observed(new, was),
    )
    return replace(pod, metadata=replace(pod.metadata, ownerReferences=old.metadata.ownerReferences), status=status)


def _observed(new: PodStatus, was: PodStatus) -> tuple[PodCondition, ...]:
    """Conditions of one type may be several: the first new one follows the first old one."""
    if not any(condition.observedGeneration for condition in was.conditions):
        return new.conditions
    before: defaultdict[str, list[int]] = defaultdict(list)
    for condition in reversed(was.conditions):
        before[condition.type].append(condition.observedGeneration)
    kept = []
    for condition in new.conditions:
        generation = before[condition.type].pop() if before[condition.type] else 0
        kept.append(condition if condition.observedGeneration else replace(condition, observedGeneration=generation))
    return tuple(kept)
