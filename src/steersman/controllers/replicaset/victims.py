"""Which pods a shrinking replica set gives up first. Pure.

Source: pkg/controller/controller_utils.go: ActivePodsWithRanks.
"""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import cmp_to_key

from steersman.api.core import Pod
from steersman.controllers.pods import is_active, is_ready, ready_since

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"

_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


def choose_victims(pods: Sequence[Pod], related: Sequence[Pod], count: int, now: datetime) -> tuple[Pod, ...]:
    """The `count` pods whose loss hurts least. related: the pods of all replica sets with the same controller."""
    if count >= len(pods):
        return tuple(pods)
    on_node = Counter(pod.spec.nodeName for pod in related if is_active(pod))

    def compare(a: Pod, b: Pod) -> int:
        return _compare(a, b, on_node, now)

    return tuple(sorted(pods, key=cmp_to_key(compare))[:count])


def _compare(a: Pod, b: Pod, on_node: Counter[str], now: datetime) -> int:
    """Negative when `a` should go before `b`: the first rule that tells them apart decides."""
    if bool(a.spec.nodeName) != bool(b.spec.nodeName):
        return -1 if not a.spec.nodeName else 1
    rules = (
        _PHASES.get(a.status.phase, 0) - _PHASES.get(b.status.phase, 0),
        is_ready(a) - is_ready(b),
        deletion_cost(a) - deletion_cost(b),
        on_node[b.spec.nodeName] - on_node[a.spec.nodeName],
        _younger(ready_since(a), ready_since(b), now) if is_ready(a) and is_ready(b) else 0,
        _restarts(b) - _restarts(a),
        _younger(a.metadata.creationTimestamp, b.metadata.creationTimestamp, now),
    )
    decided = next((rule for rule in rules if rule), 0)
    return decided or (-1 if a.metadata.uid < b.metadata.uid else 1)


def deletion_cost(pod: Pod) -> int:
    """The pod's annotated cost; 0 when there is none or it is no number."""
    try:
        return int(pod.metadata.annotations.get(DELETION_COST, "0"))
    except ValueError:
        return 0


def _restarts(pod: Pod) -> int:
    return max((status.restartCount for status in pod.status.containerStatuses), default=0)


def _younger(a: datetime | None, b: datetime | None, now: datetime) -> int:
    """Negative when `a` is younger; ages are compared by order of magnitude (KEP-2185). No time counts as youngest."""
    return _magnitude(a, now) - _magnitude(b, now)


def _magnitude(moment: datetime | None, now: datetime) -> int:
    if moment is None:
        return -1
    seconds = (now - moment).total_seconds()
    return 0 if seconds < 1 else int(math.log2(seconds)) + 1
