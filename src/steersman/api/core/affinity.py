"""Where pods want to be: near to or far from nodes and other pods."""

from enum import StrEnum
from typing import Annotated

from steersman.api.core.reference import NodeSelector, PreferredSchedulingTerm
from steersman.api.meta.objectmeta import LabelSelector
from steersman.apimachinery.markers import Atomic, Int32, OneOf, Required, Wire, always
from steersman.apimachinery.object import Object


class NodeInclusionPolicy(StrEnum):
    """Whether nodes that the pod couldn't use count when its spread is measured."""

    IGNORE = "Ignore"
    HONOR = "Honor"


class UnsatisfiableConstraintAction(StrEnum):
    """What is done with a pod whose spread can't be had."""

    DO_NOT_SCHEDULE = "DoNotSchedule"
    SCHEDULE_ANYWAY = "ScheduleAnyway"


class NodeAffinity(Object, package="k8s.io.api.core.v1"):
    """Which nodes a pod must or would rather run on."""

    requiredDuringSchedulingIgnoredDuringExecution: Annotated[NodeSelector | None, Wire(1)] = None
    preferredDuringSchedulingIgnoredDuringExecution: Annotated[
        tuple[PreferredSchedulingTerm, ...], Wire(2), Atomic()
    ] = ()


class PodAffinityTerm(Object, package="k8s.io.api.core.v1"):
    """Pods, and the part of the cluster in which they count."""

    labelSelector: Annotated[LabelSelector | None, Wire(1)] = None
    namespaces: Annotated[tuple[str, ...], Wire(2), Atomic()] = ()
    topologyKey: Annotated[str, Wire(3), Required()] = always("")
    namespaceSelector: Annotated[LabelSelector | None, Wire(4)] = None
    matchLabelKeys: Annotated[tuple[str, ...], Wire(5), Atomic()] = ()
    mismatchLabelKeys: Annotated[tuple[str, ...], Wire(6), Atomic()] = ()


class WeightedPodAffinityTerm(Object, package="k8s.io.api.core.v1"):
    """A term, and how much it counts among the others."""

    weight: Annotated[Int32, Wire(1), Required()] = always(0)
    podAffinityTerm: Annotated[PodAffinityTerm, Wire(2), Required()] = always(PodAffinityTerm)


class PodAffinity(Object, package="k8s.io.api.core.v1"):
    """Which pods a pod must or would rather be near to."""

    requiredDuringSchedulingIgnoredDuringExecution: Annotated[tuple[PodAffinityTerm, ...], Wire(1), Atomic()] = ()
    preferredDuringSchedulingIgnoredDuringExecution: Annotated[
        tuple[WeightedPodAffinityTerm, ...], Wire(2), Atomic()
    ] = ()


class PodAntiAffinity(Object, package="k8s.io.api.core.v1"):
    """Which pods a pod must or would rather be far from."""

    requiredDuringSchedulingIgnoredDuringExecution: Annotated[tuple[PodAffinityTerm, ...], Wire(1), Atomic()] = ()
    preferredDuringSchedulingIgnoredDuringExecution: Annotated[
        tuple[WeightedPodAffinityTerm, ...], Wire(2), Atomic()
    ] = ()


class Affinity(Object, package="k8s.io.api.core.v1"):
    """Where a pod is drawn to and kept from."""

    nodeAffinity: Annotated[NodeAffinity | None, Wire(1)] = None
    podAffinity: Annotated[PodAffinity | None, Wire(2)] = None
    podAntiAffinity: Annotated[PodAntiAffinity | None, Wire(3)] = None


class TopologySpreadConstraint(Object, package="k8s.io.api.core.v1"):
    """How evenly pods are to be spread over zones, nodes or other parts."""

    maxSkew: Annotated[Int32, Wire(1), Required()] = always(0)
    topologyKey: Annotated[str, Wire(2), Required()] = always("")
    whenUnsatisfiable: Annotated[str, Wire(3), Required(), OneOf(UnsatisfiableConstraintAction)] = always("")
    labelSelector: Annotated[LabelSelector | None, Wire(4)] = None
    minDomains: Annotated[Int32 | None, Wire(5)] = None
    nodeAffinityPolicy: Annotated[str | None, Wire(6), OneOf(NodeInclusionPolicy)] = None
    nodeTaintsPolicy: Annotated[str | None, Wire(7), OneOf(NodeInclusionPolicy)] = None
    matchLabelKeys: Annotated[tuple[str, ...], Wire(8), Atomic()] = ()
