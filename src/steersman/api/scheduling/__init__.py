"""scheduling.k8s.io/v1: which pods come first."""

from steersman.api.scheduling.priorityclass import PriorityClass

__all__ = ["PriorityClass"]
