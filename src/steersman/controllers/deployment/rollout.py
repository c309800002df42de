"""A Deployment and its ReplicaSets as a value, and the numbers a rollout goes by. Pure.

Source: pkg/controller/deployment/util.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from steersman.api.apps import Deployment, ReplicaSet
from steersman.api.core import PodTemplateSpec
from steersman.apimachinery.markers import IntOrString
from steersman.apimachinery.object import replace

POD_TEMPLATE_HASH = "pod-template-hash"
NO_LIMIT = 2**31 - 1


@dataclass(frozen=True)
class Rollout:
    """new is the ReplicaSet whose template is the Deployment's; old are all others, oldest first."""

    deployment: Deployment
    new: ReplicaSet | None
    old: tuple[ReplicaSet, ...]

    @cached_property
    def all(self) -> tuple[ReplicaSet, ...]:
        """Every ReplicaSet of the Deployment."""
        return self.old if self.new is None else (*self.old, self.new)

    @property
    def active_old(self) -> tuple[ReplicaSet, ...]:
        """Old ReplicaSets that should have pods."""
        return tuple(rs for rs in self.old if size(rs) > 0)

    @cached_property
    def desired(self) -> int:
        """spec.replicas with its default."""
        replicas = self.deployment.spec.replicas
        return 1 if replicas is None else replicas

    @property
    def is_rolling(self) -> bool:
        """Pods are replaced step by step."""
        return self.deployment.spec.strategy.type != "Recreate"

    @cached_property
    def max_surge(self) -> int:
        """Pods allowed above the desired count."""
        return self._fenceposts[0] if self.is_rolling else 0

    @cached_property
    def max_unavailable(self) -> int:
        """Pods that may be missing during a rollout."""
        return min(self._fenceposts[1], self.desired) if self.is_rolling else 0

    @property
    def min_available(self) -> int:
        """Pods that must stay available."""
        return self.desired - self.max_unavailable

    @cached_property
    def _fenceposts(self) -> tuple[int, int]:
        rolling = self.deployment.spec.strategy.rollingUpdate
        surge = scaled_value(rolling.maxSurge if rolling else None, self.desired, round_up=True)
        unavailable = scaled_value(rolling.maxUnavailable if rolling else None, self.desired, round_up=False)
        # Both can round to nothing, and then the rollout would never begin.
        return (0, 1) if surge == unavailable == 0 else (surge, unavailable)


def rollout_of(deployment: Deployment, replica_sets: Iterable[ReplicaSet]) -> Rollout:
    """Tell the new ReplicaSet from the old ones; of several new ones the oldest counts."""
    ordered = sorted(replica_sets, key=lambda rs: (_age(rs), rs.metadata.name))
    new = next((rs for rs in ordered if is_same_template(rs.spec.template, deployment.spec.template)), None)
    return Rollout(deployment, new, tuple(rs for rs in ordered if rs is not new))


def is_same_template(left: PodTemplateSpec, right: PodTemplateSpec) -> bool:
    """Equal but for the pod-template-hash label."""
    return _without_hash(left) == _without_hash(right)


def size(rs: ReplicaSet) -> int:
    """spec.replicas with its default."""
    return 1 if rs.spec.replicas is None else rs.spec.replicas


def total_size(replica_sets: Iterable[ReplicaSet]) -> int:
    """Pods that these ReplicaSets should have."""
    return sum(map(size, replica_sets))


def total_available(replica_sets: Iterable[ReplicaSet]) -> int:
    """Pods of these ReplicaSets that are available."""
    return sum(rs.status.availableReplicas for rs in replica_sets)


def scaled_value(value: IntOrString | None, total: int, *, round_up: bool) -> int:
    """A number, or a percentage of `total`."""
    if value is None:
        return 0
    if isinstance(value, int):
        return value
    share = int(value.removesuffix("%")) * total / 100
    return math.ceil(share) if round_up else math.floor(share)


def newest_first(replica_sets: Iterable[ReplicaSet]) -> list[ReplicaSet]:
    """By creation, the youngest first."""
    return sorted(replica_sets, key=lambda rs: (_age(rs), rs.metadata.name), reverse=True)


def _age(rs: ReplicaSet) -> float:
    created = rs.metadata.creationTimestamp
    return created.timestamp() if created is not None else 0.0


def _without_hash(template: PodTemplateSpec) -> PodTemplateSpec:
    labels = {key: value for key, value in template.metadata.labels.items() if key != POD_TEMPLATE_HASH}
    return replace(template, metadata=replace(template.metadata, labels=labels))
