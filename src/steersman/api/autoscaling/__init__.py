"""autoscaling/v1; `v2` has the newer HorizontalPodAutoscaler."""

from steersman.api.autoscaling.autoscaler import (
    CrossVersionObjectReference,
    HorizontalPodAutoscaler,
    HorizontalPodAutoscalerSpec,
    HorizontalPodAutoscalerStatus,
)
from steersman.api.autoscaling.scale import Scale, ScaleSpec, ScaleStatus

__all__ = [
    "CrossVersionObjectReference",
    "HorizontalPodAutoscaler",
    "HorizontalPodAutoscalerSpec",
    "HorizontalPodAutoscalerStatus",
    "Scale",
    "ScaleSpec",
    "ScaleStatus",
]
