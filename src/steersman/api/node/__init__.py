"""node.k8s.io/v1: ways to run containers."""

from steersman.api.node.runtimeclass import Overhead, RuntimeClass, Scheduling

__all__ = ["Overhead", "RuntimeClass", "Scheduling"]
