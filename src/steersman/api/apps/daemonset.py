"""DaemonSet: one pod on every node that fits."""

from enum import StrEnum
from typing import Annotated

from steersman.api.core.pod import PodTemplateSpec
from steersman.api.meta.kind import Kind
from steersman.api.meta.objectmeta import LabelSelector
from steersman.apimachinery.markers import Int32, Int64, IntOrString, ListMap, MergeBy, OneOf, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import Time


class DaemonSetUpdateStrategyType(StrEnum):
    """When pods of an old template are replaced."""

    ROLLING_UPDATE = "RollingUpdate"
    ON_DELETE = "OnDelete"


class RollingUpdateDaemonSet(Object, package="k8s.io.api.apps.v1"):
    """How many nodes may be without a running pod, or with two, during a rollout."""

    maxUnavailable: Annotated[IntOrString | None, Wire(1)] = None
    maxSurge: Annotated[IntOrString | None, Wire(2)] = None


class DaemonSetUpdateStrategy(Object, package="k8s.io.api.apps.v1"):
    """How a change of the template reaches the pods."""

    type: Annotated[str, Wire(1), OneOf(DaemonSetUpdateStrategyType)] = ""
    rollingUpdate: Annotated[RollingUpdateDaemonSet | None, Wire(2)] = None


class DaemonSetSpec(Object, package="k8s.io.api.apps.v1"):
    """Which pods the set owns, what they are made from, and how they are replaced."""

    selector: Annotated[LabelSelector | None, Wire(1), Required()] = None
    template: Annotated[PodTemplateSpec, Wire(2), Required()] = always(PodTemplateSpec)
    updateStrategy: Annotated[DaemonSetUpdateStrategy, Wire(3)] = always(DaemonSetUpdateStrategy)
    minReadySeconds: Annotated[Int32, Wire(4)] = 0
    revisionHistoryLimit: Annotated[Int32 | None, Wire(6)] = None


class DaemonSetCondition(Object, package="k8s.io.api.apps.v1"):
    """One observation about a DaemonSet."""

    type: Annotated[str, Wire(1)] = always("")
    status: Annotated[str, Wire(2)] = always("")
    lastTransitionTime: Annotated[Time | None, Wire(3)] = None
    reason: Annotated[str, Wire(4)] = ""
    message: Annotated[str, Wire(5)] = ""


class DaemonSetStatus(Object, package="k8s.io.api.apps.v1"):
    """On how many nodes the pod should run, runs, and is up to date."""

    currentNumberScheduled: Annotated[Int32, Wire(1), Required()] = always(0)
    numberMisscheduled: Annotated[Int32, Wire(2), Required()] = always(0)
    desiredNumberScheduled: Annotated[Int32, Wire(3), Required()] = always(0)
    numberReady: Annotated[Int32, Wire(4), Required()] = always(0)
    observedGeneration: Annotated[Int64, Wire(5)] = 0
    updatedNumberScheduled: Annotated[Int32, Wire(6)] = 0
    numberAvailable: Annotated[Int32, Wire(7)] = 0
    numberUnavailable: Annotated[Int32, Wire(8)] = 0
    collisionCount: Annotated[Int32 | None, Wire(9)] = None
    conditions: Annotated[tuple[DaemonSetCondition, ...], Wire(10), MergeBy("type"), ListMap("type")] = ()


class DaemonSet(Kind, api="apps/v1", package="k8s.io.api.apps.v1"):
    """Keeps one pod of a template on every node that fits, also on nodes that join later."""

    spec: Annotated[DaemonSetSpec, Wire(2), Required()] = always(DaemonSetSpec)
    status: Annotated[DaemonSetStatus, Wire(3)] = always(DaemonSetStatus)
