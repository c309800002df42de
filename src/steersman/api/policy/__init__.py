"""policy/v1: how many pods of a kind may be taken away at once."""

from steersman.api.policy.policy import (
    Eviction,
    PodDisruptionBudget,
    PodDisruptionBudgetSpec,
    PodDisruptionBudgetStatus,
    UnhealthyPodEvictionPolicyType,
)

__all__ = [
    "Eviction",
    "PodDisruptionBudget",
    "PodDisruptionBudgetSpec",
    "PodDisruptionBudgetStatus",
    "UnhealthyPodEvictionPolicyType",
]
