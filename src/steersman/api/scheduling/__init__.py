"""scheduling.k8s.io/v1."""

from steersman.api.scheduling.priorityclass import PriorityClass

__all__ = ["PriorityClass"]
