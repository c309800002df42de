"""HorizontalPodAutoscaler as version 1 knows it: by CPU alone."""

from typing import Annotated

from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Int32, Int64, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import Time


class CrossVersionObjectReference(Object, atomic=True, package="k8s.io.api.autoscaling.v1"):
    """The object to scale."""

    kind: Annotated[str, Wire(1), Required()] = always("")
    name: Annotated[str, Wire(2), Required()] = always("")
    apiVersion: Annotated[str, Wire(3)] = ""


class HorizontalPodAutoscalerSpec(Object, package="k8s.io.api.autoscaling.v1"):
    """What to scale, between which bounds, and to which CPU use."""

    scaleTargetRef: Annotated[CrossVersionObjectReference, Wire(1), Required()] = always(CrossVersionObjectReference)
    minReplicas: Annotated[Int32 | None, Wire(2)] = None
    maxReplicas: Annotated[Int32, Wire(3), Required()] = always(0)
    targetCPUUtilizationPercentage: Annotated[Int32 | None, Wire(4)] = None


class HorizontalPodAutoscalerStatus(Object, package="k8s.io.api.autoscaling.v1"):
    """How many replicas there are and should be, at which CPU use."""

    observedGeneration: Annotated[Int64 | None, Wire(1)] = None
    lastScaleTime: Annotated[Time | None, Wire(2)] = None
    currentReplicas: Annotated[Int32, Wire(3), Required()] = always(0)
    desiredReplicas: Annotated[Int32, Wire(4), Required()] = always(0)
    currentCPUUtilizationPercentage: Annotated[Int32 | None, Wire(5)] = None


class HorizontalPodAutoscaler(Kind, api="autoscaling/v1", package="k8s.io.api.autoscaling.v1"):
    """Sets the number of replicas by the CPU that the pods use."""

    spec: Annotated[HorizontalPodAutoscalerSpec, Wire(2), Required()] = always(HorizontalPodAutoscalerSpec)
    status: Annotated[HorizontalPodAutoscalerStatus, Wire(3)] = always(HorizontalPodAutoscalerStatus)
