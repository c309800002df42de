"""The size every ReplicaSet of a Deployment should have next: rolling update, Recreate, and proportional scaling. Pure.

Each function answers with the sizes to change, by ReplicaSet; an empty answer means the step has nothing to do.
Source: pkg/controller/deployment/{rolling,recreate,sync}.go.
"""

import math

from steersman.api.apps import ReplicaSet
from steersman.controllers.deployment.replicasets import DESIRED_REPLICAS, MAX_REPLICAS, annotated_number
from steersman.controllers.deployment.rollout import Rollout, newest_first, size, total_size

Sizes = tuple[tuple[ReplicaSet, int], ...]


def was_scaled(rollout: Rollout) -> bool:
    """The Deployment's size changed since its ReplicaSets were last sized."""
    annotated = (annotated_number(rs, DESIRED_REPLICAS) for rs in rollout.all if size(rs) > 0)
    return any(desired is not None and desired != rollout.desired for desired in annotated)


def new_size(rollout: Rollout) -> int:
    """How large the new ReplicaSet may be now."""
    current = size(rollout.new) if rollout.new is not None else 0
    if current >= rollout.desired or not rollout.is_rolling:
        return rollout.desired
    room = rollout.desired + rollout.max_surge - total_size(rollout.all)
    return current + max(0, min(room, rollout.desired - current))


def old_sizes(rollout: Rollout, new: ReplicaSet) -> Sizes:
    """Shrink old ReplicaSets: unhealthy pods first, then as far as availability allows."""
    old = rollout.active_old
    unavailable_new = size(new) - _lasting(new)
    allowed = total_size((*old, new)) - rollout.min_available - unavailable_new
    if not old or allowed <= 0:
        return ()
    sizes = {rs.metadata.uid: size(rs) for rs in old}
    for rs in old:
        cut = min(allowed, size(rs) - _lasting(rs))
        sizes[rs.metadata.uid] -= cut
        allowed -= cut
    spare = sum(map(_lasting, (*old, new))) - rollout.min_available
    for rs in old:
        cut = max(0, min(spare, sizes[rs.metadata.uid]))
        sizes[rs.metadata.uid] -= cut
        spare -= cut
    return tuple((rs, sizes[rs.metadata.uid]) for rs in old if sizes[rs.metadata.uid] != size(rs))


def _lasting(rs: ReplicaSet) -> int:
    """Available pods that stay: a ReplicaSet that is yet to shrink still counts pods that it will soon delete."""
    return min(rs.status.availableReplicas, size(rs))


def scaled_sizes(rollout: Rollout) -> Sizes:
    """Sizes after the Deployment itself was scaled: all to the one active ReplicaSet, or in proportion to several."""
    only = _only_active_or_latest(rollout)
    if only is not None:
        return ((only, rollout.desired),)
    if rollout.new is not None and _is_saturated(rollout, rollout.new):
        return tuple((rs, 0) for rs in rollout.active_old)
    return _proportional(rollout) if rollout.is_rolling else ()


def _only_active_or_latest(rollout: Rollout) -> ReplicaSet | None:
    active = [rs for rs in rollout.all if size(rs) > 0]
    if len(active) == 1:
        return active[0]
    if active or not rollout.all:
        return None
    return rollout.new if rollout.new is not None else newest_first(rollout.old)[0]


def _is_saturated(rollout: Rollout, new: ReplicaSet) -> bool:
    desired = rollout.desired
    return size(new) == annotated_number(new, DESIRED_REPLICAS) == new.status.availableReplicas == desired


def _proportional(rollout: Rollout) -> Sizes:
    active = [rs for rs in rollout.all if size(rs) > 0]
    allowed = rollout.desired + rollout.max_surge if rollout.desired > 0 else 0
    to_add = allowed - total_size(active)
    # Larger ones first; of equal ones the newer grows and the older shrinks first.
    ordered = newest_first(active) if to_add > 0 else newest_first(active)[::-1]
    ordered.sort(key=size, reverse=True)
    added = 0
    sizes: list[tuple[ReplicaSet, int]] = []
    for rs in ordered:
        share = _share(rollout, rs, to_add, added)
        sizes.append((rs, size(rs) + share))
        added += share
    if to_add and sizes:
        largest, its_size = sizes[0]
        sizes[0] = (largest, max(0, its_size + to_add - added))
    return tuple(sizes)


def _share(rollout: Rollout, rs: ReplicaSet, to_add: int, added: int) -> int:
    if to_add == added:
        return 0
    left = to_add - added
    if rollout.desired == 0:
        fraction = -size(rs)
    else:
        before = annotated_number(rs, MAX_REPLICAS) or rollout.deployment.status.replicas or size(rs)
        fraction = _round(size(rs) * (rollout.desired + rollout.max_surge) / before) - size(rs)
    return min(fraction, left) if to_add > 0 else max(fraction, left)


def _round(value: float) -> int:
    """Half away from zero, as Go's RoundToInt32."""
    return math.floor(value + 0.5)
