"""policy"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from steersman.api.meta.kind import Kind
from steersman.api.meta.listmeta import Condition
from steersman.api.meta.objectmeta import LabelSelector
from steersman.api.meta.options import DeleteOptions
from steersman.apimachinery.markers import (
    Int32,
    Int64,
    IntOrString,
    ListMap,
    MergeBy,
    OneOf,
    ReplacedByPatch,
    Wire,
    always,
)
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import Time


class UnhealthyPodEvictionPolicyType(StrEnum):
    """Unhealthy pod eviction policy type."""

    IF_HEALTHY_BUDGET = "IfHealthyBudget"
    ALWAYS_ALLOW = "AlwaysAllow"


class PodDisruptionBudgetSpec(Object, package="k8s.io.api.policy.v1"):
    """Pod disruption budget spec."""

    minAvailable: Annotated[IntOrString | None, Wire(1)] = None
    selector: Annotated[LabelSelector | None, Wire(2), ReplacedByPatch()] = None
    maxUnavailable: Annotated[IntOrString | None, Wire(3)] = None
    unhealthyPodEvictionPolicy: Annotated[str | None, Wire(4), OneOf(UnhealthyPodEvictionPolicyType)] = None


class PodDisruptionBudgetStatus(Object, package="k8s.io.api.policy.v1"):
    """Pod disruption budget status."""

    observedGeneration: Annotated[Int64, Wire(1)] = 0
    disruptedPods: Annotated[Mapping[str, Time | None], Wire(2)] = {}
    disruptionsAllowed: Annotated[Int32, Wire(3)] = always(0)
    currentHealthy: Annotated[Int32, Wire(4)] = always(0)
    desiredHealthy: Annotated[Int32, Wire(5)] = always(0)
    expectedPods: Annotated[Int32, Wire(6)] = always(0)
    conditions: Annotated[tuple[Condition, ...], Wire(7), MergeBy("type"), ListMap("type")] = ()


class PodDisruptionBudget(Kind, api="policy/v1", package="k8s.io.api.policy.v1"):
    """Pod disruption budget."""

    spec: Annotated[PodDisruptionBudgetSpec, Wire(2)] = always(PodDisruptionBudgetSpec)
    status: Annotated[PodDisruptionBudgetStatus, Wire(3)] = always(PodDisruptionBudgetStatus)


class Eviction(Kind, api="policy/v1", package="k8s.io.api.policy.v1"):
    """Eviction."""

    deleteOptions: Annotated[DeleteOptions | None, Wire(2)] = None
