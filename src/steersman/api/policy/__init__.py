"""policy/v1."""

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
