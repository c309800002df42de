"""HorizontalPodAutoscaler: the number of replicas follows metrics."""

from typing import Annotated

from steersman.api.meta.kind import Kind
from steersman.api.meta.objectmeta import LabelSelector
from steersman.apimachinery.markers import Atomic, Int32, Int64, ListMap, MergeBy, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.times import Time


class CrossVersionObjectReference(Object, package="k8s.io.api.autoscaling.v2"):
    """The object to scale, or that a metric is about."""

    kind: Annotated[str, Wire(1), Required()] = always("")
    name: Annotated[str, Wire(2), Required()] = always("")
    apiVersion: Annotated[str, Wire(3)] = ""


class HPAScalingPolicy(Object, package="k8s.io.api.autoscaling.v2"):
    """How many replicas may come or go in a span of time."""

    type: Annotated[str, Wire(1), Required()] = always("")
    value: Annotated[Int32, Wire(2), Required()] = always(0)
    periodSeconds: Annotated[Int32, Wire(3), Required()] = always(0)


class HPAScalingRules(Object, package="k8s.io.api.autoscaling.v2"):
    """How fast, and after how much hesitation, it may scale in one direction."""

    stabilizationWindowSeconds: Annotated[Int32 | None, Wire(3)] = None
    selectPolicy: Annotated[str | None, Wire(1)] = None
    policies: Annotated[tuple[HPAScalingPolicy, ...], Wire(2), Atomic()] = ()
    tolerance: Annotated[Quantity | None, Wire(4)] = None


class HorizontalPodAutoscalerBehavior(Object, package="k8s.io.api.autoscaling.v2"):
    """How fast it may scale up and down."""

    scaleUp: Annotated[HPAScalingRules | None, Wire(1)] = None
    scaleDown: Annotated[HPAScalingRules | None, Wire(2)] = None


class MetricTarget(Object, package="k8s.io.api.autoscaling.v2"):
    """The value that a metric is to have."""

    type: Annotated[str, Wire(1), Required()] = always("")
    value: Annotated[Quantity | None, Wire(2)] = None
    averageValue: Annotated[Quantity | None, Wire(3)] = None
    averageUtilization: Annotated[Int32 | None, Wire(4)] = None


class ContainerResourceMetricSource(Object, package="k8s.io.api.autoscaling.v2"):
    """A resource that one container of each pod uses."""

    name: Annotated[str, Wire(1), Required()] = always("")
    target: Annotated[MetricTarget, Wire(2), Required()] = always(MetricTarget)
    container: Annotated[str, Wire(3), Required()] = always("")


class MetricIdentifier(Object, package="k8s.io.api.autoscaling.v2"):
    """A metric by its name and labels."""

    name: Annotated[str, Wire(1), Required()] = always("")
    selector: Annotated[LabelSelector | None, Wire(2)] = None


class ExternalMetricSource(Object, package="k8s.io.api.autoscaling.v2"):
    """A metric from outside the cluster."""

    metric: Annotated[MetricIdentifier, Wire(1), Required()] = always(MetricIdentifier)
    target: Annotated[MetricTarget, Wire(2), Required()] = always(MetricTarget)


class ObjectMetricSource(Object, package="k8s.io.api.autoscaling.v2"):
    """A metric of one object of the cluster."""

    describedObject: Annotated[CrossVersionObjectReference, Wire(1), Required()] = always(CrossVersionObjectReference)
    target: Annotated[MetricTarget, Wire(2), Required()] = always(MetricTarget)
    metric: Annotated[MetricIdentifier, Wire(3), Required()] = always(MetricIdentifier)


class PodsMetricSource(Object, package="k8s.io.api.autoscaling.v2"):
    """A metric of each pod, averaged."""

    metric: Annotated[MetricIdentifier, Wire(1), Required()] = always(MetricIdentifier)
    target: Annotated[MetricTarget, Wire(2), Required()] = always(MetricTarget)


class ResourceMetricSource(Object, package="k8s.io.api.autoscaling.v2"):
    """A resource that the pods use."""

    name: Annotated[str, Wire(1), Required()] = always("")
    target: Annotated[MetricTarget, Wire(2), Required()] = always(MetricTarget)


class MetricSpec(Object, package="k8s.io.api.autoscaling.v2"):
    """A metric and its target; one of its sources is set."""

    type: Annotated[str, Wire(1), Required()] = always("")
    object: Annotated[ObjectMetricSource | None, Wire(2)] = None
    pods: Annotated[PodsMetricSource | None, Wire(3)] = None
    resource: Annotated[ResourceMetricSource | None, Wire(4)] = None
    containerResource: Annotated[ContainerResourceMetricSource | None, Wire(7)] = None
    external: Annotated[ExternalMetricSource | None, Wire(5)] = None


class HorizontalPodAutoscalerSpec(Object, package="k8s.io.api.autoscaling.v2"):
    """What to scale, between which bounds, by which metrics, and how fast."""

    scaleTargetRef: Annotated[CrossVersionObjectReference, Wire(1), Required()] = always(CrossVersionObjectReference)
    minReplicas: Annotated[Int32 | None, Wire(2)] = None
    maxReplicas: Annotated[Int32, Wire(3), Required()] = always(0)
    metrics: Annotated[tuple[MetricSpec, ...], Wire(4), Atomic()] = ()
    behavior: Annotated[HorizontalPodAutoscalerBehavior | None, Wire(5)] = None


class HorizontalPodAutoscalerCondition(Object, package="k8s.io.api.autoscaling.v2"):
    """One observation about an autoscaler."""

    type: Annotated[str, Wire(1), Required()] = always("")
    status: Annotated[str, Wire(2), Required()] = always("")
    lastTransitionTime: Annotated[Time | None, Wire(3)] = None
    reason: Annotated[str, Wire(4)] = ""
    message: Annotated[str, Wire(5)] = ""
    observedGeneration: Annotated[Int64 | None, Wire(6)] = None


class MetricValueStatus(Object, package="k8s.io.api.autoscaling.v2"):
    """The value that a metric has."""

    value: Annotated[Quantity | None, Wire(1)] = None
    averageValue: Annotated[Quantity | None, Wire(2)] = None
    averageUtilization: Annotated[Int32 | None, Wire(3)] = None


class ContainerResourceMetricStatus(Object, package="k8s.io.api.autoscaling.v2"):
    """What the container uses now."""

    name: Annotated[str, Wire(1), Required()] = always("")
    current: Annotated[MetricValueStatus, Wire(2), Required()] = always(MetricValueStatus)
    container: Annotated[str, Wire(3), Required()] = always("")


class ExternalMetricStatus(Object, package="k8s.io.api.autoscaling.v2"):
    """The external metric's value now."""

    metric: Annotated[MetricIdentifier, Wire(1), Required()] = always(MetricIdentifier)
    current: Annotated[MetricValueStatus, Wire(2), Required()] = always(MetricValueStatus)


class ObjectMetricStatus(Object, package="k8s.io.api.autoscaling.v2"):
    """The object's metric now."""

    metric: Annotated[MetricIdentifier, Wire(1), Required()] = always(MetricIdentifier)
    current: Annotated[MetricValueStatus, Wire(2), Required()] = always(MetricValueStatus)
    describedObject: Annotated[CrossVersionObjectReference, Wire(3), Required()] = always(CrossVersionObjectReference)


class PodsMetricStatus(Object, package="k8s.io.api.autoscaling.v2"):
    """The pods' metric now."""

    metric: Annotated[MetricIdentifier, Wire(1), Required()] = always(MetricIdentifier)
    current: Annotated[MetricValueStatus, Wire(2), Required()] = always(MetricValueStatus)


class ResourceMetricStatus(Object, package="k8s.io.api.autoscaling.v2"):
    """What the pods use now."""

    name: Annotated[str, Wire(1), Required()] = always("")
    current: Annotated[MetricValueStatus, Wire(2), Required()] = always(MetricValueStatus)


class MetricStatus(Object, package="k8s.io.api.autoscaling.v2"):
    """A metric's value now; one of its sources is set."""

    type: Annotated[str, Wire(1), Required()] = always("")
    object: Annotated[ObjectMetricStatus | None, Wire(2)] = None
    pods: Annotated[PodsMetricStatus | None, Wire(3)] = None
    resource: Annotated[ResourceMetricStatus | None, Wire(4)] = None
    containerResource: Annotated[ContainerResourceMetricStatus | None, Wire(7)] = None
    external: Annotated[ExternalMetricStatus | None, Wire(5)] = None


class HorizontalPodAutoscalerStatus(Object, package="k8s.io.api.autoscaling.v2"):
    """How many replicas there are and should be, and the metrics' values."""

    observedGeneration: Annotated[Int64 | None, Wire(1)] = None
    lastScaleTime: Annotated[Time | None, Wire(2)] = None
    currentReplicas: Annotated[Int32, Wire(3)] = 0
    desiredReplicas: Annotated[Int32, Wire(4), Required()] = always(0)
    currentMetrics: Annotated[tuple[MetricStatus, ...], Wire(5), Atomic()] = always(())
    conditions: Annotated[tuple[HorizontalPodAutoscalerCondition, ...], Wire(6), MergeBy("type"), ListMap("type")] = ()


class HorizontalPodAutoscaler(Kind, api="autoscaling/v2", package="k8s.io.api.autoscaling.v2"):
    """Sets the number of replicas so that metrics reach their targets."""

    spec: Annotated[HorizontalPodAutoscalerSpec, Wire(2), Required()] = always(HorizontalPodAutoscalerSpec)
    status: Annotated[HorizontalPodAutoscalerStatus, Wire(3)] = always(HorizontalPodAutoscalerStatus)
