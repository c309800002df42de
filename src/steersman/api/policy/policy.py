"""PodDisruptionBudget and Eviction: how many pods may be away at a time."""

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
    """Whether pods that aren't ready may be evicted at any time."""

    IF_HEALTHY_BUDGET = "IfHealthyBudget"
    ALWAYS_ALLOW = "AlwaysAllow"


class PodDisruptionBudgetSpec(Object, package="k8s.io.api.policy.v1"):
    """Which pods are protected, and how many must stay or may be away."""

    minAvailable: Annotated[IntOrString | None, Wire(1)] = None
    selector: Annotated[LabelSelector | None, Wire(2), ReplacedByPatch()] = None
    maxUnavailable: Annotated[IntOrString | None, Wire(3)] = None
    unhealthyPodEvictionPolicy: Annotated[str | None, Wire(4), OneOf(UnhealthyPodEvictionPolicyType)] = None


class PodDisruptionBudgetStatus(Object, package="k8s.io.api.policy.v1"):
    """How many pods are healthy, and how many may be evicted now."""

    observedGeneration: Annotated[Int64, Wire(1)] = 0
    disruptedPods: Annotated[Mapping[str, Time | None], Wire(2)] = {}
    disruptionsAllowed: Annotated[Int32, Wire(3)] = always(0)
    currentHealthy: Annotated[Int32, Wire(4)] = always(0)
    desiredHealthy: Annotated[Int32, Wire(5)] = always(0)
    expectedPods: Annotated[Int32, Wire(6)] = always(0)
    conditions: Annotated[tuple[Condition, ...], Wire(7), MergeBy("type"), ListMap("type")] = ()


class PodDisruptionBudget(Kind, api="policy/v1", package="k8s.io.api.policy.v1"):
    """Limits how many pods of a set may be taken away on purpose at a time."""

    spec: Annotated[PodDisruptionBudgetSpec, Wire(2)] = always(PodDisruptionBudgetSpec)
    status: Annotated[PodDisruptionBudgetStatus, Wire(3)] = always(PodDisruptionBudgetStatus)


class Eviction(Kind, api="policy/v1", package="k8s.io.api.policy.v1"):
    """Asks for a pod to be deleted, if its budget allows."""

    deleteOptions: Annotated[DeleteOptions | None, Wire(2)] = None
