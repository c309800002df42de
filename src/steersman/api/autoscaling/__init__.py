"""autoscaling/v1: Scale."""

from steersman.api.autoscaling.scale import Scale, ScaleSpec, ScaleStatus

__all__ = ["Scale", "ScaleSpec", "ScaleStatus"]
