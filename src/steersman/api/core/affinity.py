"""affinity"""

from enum import StrEnum
from typing import Annotated

from steersman.api.core.reference import NodeSelector, PreferredSchedulingTerm
from steersman.api.meta.objectmeta import LabelSelector
from steersman.apimachinery.markers import Atomic, Int32, OneOf, Required, Wire, always
from steersman.apimachinery.object import Object


class NodeInclusionPolicy(StrEnum):
    """Node inclusion policy."""

    IGNORE = "Ignore"
    HONOR = "Honor"


class UnsatisfiableConstraintAction(StrEnum):
    """Unsatisfiable constraint action."""

    DO_NOT_SCHEDULE = "DoNotSchedule"
    SCHEDULE_ANYWAY = "ScheduleAnyway"


class NodeAffinity(Object, package="k8s.io.api.core.v1"):
    """Node affinity."""

    requiredDuringSchedulingIgnoredDuringExecution: Annotated[NodeSelector | None, Wire(1)] = None
    preferredDuringSchedulingIgnoredDuringExecution: Annotated[
        tuple[PreferredSchedulingTerm, ...], Wire(2), Atomic()
    ] = ()


class PodAffinityTerm(Object, package="k8s.io.api.core.v1"):
    """Pod affinity term."""

    labelSelector: Annotated[LabelSelector | None, Wire(1)] = None
    namespaces: Annotated[tuple[str, ...], Wire(2), Atomic()] = ()
    topologyKey: Annotated[str, Wire(3), Required()] = always("")
    namespaceSelector: Annotated[LabelSelector | None, Wire(4)] = None
    matchLabelKeys: Annotated[tuple[str, ...], Wire(5), Atomic()] = ()
    mismatchLabelKeys: Annotated[tuple[str, ...], Wire(6), Atomic()] = ()


class WeightedPodAffinityTerm(Object, package="k8s.io.api.core.v1"):
    """Weighted pod affinity term."""

    weight: Annotated[Int32, Wire(1), Required()] = always(0)
    podAffinityTerm: Annotated[PodAffinityTerm, Wire(2), Required()] = always(PodAffinityTerm)


class PodAffinity(Object, package="k8s.io.api.core.v1"):
    """Pod affinity."""

    requiredDuringSchedulingIgnoredDuringExecution: Annotated[tuple[PodAffinityTerm, ...], Wire(1), Atomic()] = ()
    preferredDuringSchedulingIgnoredDuringExecution: Annotated[
        tuple[WeightedPodAffinityTerm, ...], Wire(2), Atomic()
    ] = ()


class PodAntiAffinity(Object, package="k8s.io.api.core.v1"):
    """Pod anti affinity."""

    requiredDuringSchedulingIgnoredDuringExecution: Annotated[tuple[PodAffinityTerm, ...], Wire(1), Atomic()] = ()
    preferredDuringSchedulingIgnoredDuringExecution: Annotated[
        tuple[WeightedPodAffinityTerm, ...], Wire(2), Atomic()
    ] = ()


class Affinity(Object, package="k8s.io.api.core.v1"):
    """Affinity."""

    nodeAffinity: Annotated[NodeAffinity | None, Wire(1)] = None
    podAffinity: Annotated[PodAffinity | None, Wire(2)] = None
    podAntiAffinity: Annotated[PodAntiAffinity | None, Wire(3)] = None


class TopologySpreadConstraint(Object, package="k8s.io.api.core.v1"):
    """Topology spread constraint."""

    maxSkew: Annotated[Int32, Wire(1), Required()] = always(0)
    topologyKey: Annotated[str, Wire(2), Required()] = always("")
    whenUnsatisfiable: Annotated[str, Wire(3), Required(), OneOf(UnsatisfiableConstraintAction)] = always("")
    labelSelector: Annotated[LabelSelector | None, Wire(4)] = None
    minDomains: Annotated[Int32 | None, Wire(5)] = None
    nodeAffinityPolicy: Annotated[str | None, Wire(6), OneOf(NodeInclusionPolicy)] = None
    nodeTaintsPolicy: Annotated[str | None, Wire(7), OneOf(NodeInclusionPolicy)] = None
    matchLabelKeys: Annotated[tuple[str, ...], Wire(8), Atomic()] = ()
