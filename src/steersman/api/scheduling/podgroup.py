"""Pods that are scheduled together, as Jobs speak of them (scheduling.k8s.io/v1alpha3)."""

from typing import Annotated

from steersman.apimachinery.markers import Atomic, Int32, Required, Wire, always
from steersman.apimachinery.object import Object


class TopologyConstraint(Object, package="k8s.io.api.scheduling.v1alpha3"):
    """A part of the topology that all pods have to be in."""

    key: Annotated[str, Wire(1), Required()] = always("")


class WorkloadPodGroupBasicSchedulingPolicy(Object, package="k8s.io.api.scheduling.v1alpha3"):
    """Pods are scheduled one by one."""


class WorkloadPodGroupGangSchedulingPolicy(Object, package="k8s.io.api.scheduling.v1alpha3"):
    """Pods are scheduled only when enough of them fit at once."""

    minCount: Annotated[Int32 | None, Wire(1)] = None


class WorkloadPodGroupSchedulingPolicy(Object, package="k8s.io.api.scheduling.v1alpha3"):
    """How the pods of a group are scheduled; one of its fields is set."""

    basic: Annotated[WorkloadPodGroupBasicSchedulingPolicy | None, Wire(1)] = None
    gang: Annotated[WorkloadPodGroupGangSchedulingPolicy | None, Wire(2)] = None


class WorkloadPodGroupSchedulingConstraints(Object, package="k8s.io.api.scheduling.v1alpha3"):
    """Where the pods of a group have to be."""

    topology: Annotated[tuple[TopologyConstraint, ...], Wire(1), Atomic()] = ()


class WorkloadPodGroupResourceClaim(Object, package="k8s.io.api.scheduling.v1alpha3"):
    """A claim on devices that the pods of a group share."""

    name: Annotated[str, Wire(1), Required()] = always("")
    resourceClaimName: Annotated[str | None, Wire(2)] = None
    resourceClaimTemplateName: Annotated[str | None, Wire(3)] = None


class WorkloadPodGroupAllDisruptionMode(Object, package="k8s.io.api.scheduling.v1alpha3"):
    """The pods of a group are displaced only together."""


class WorkloadPodGroupSingleDisruptionMode(Object, package="k8s.io.api.scheduling.v1alpha3"):
    """The pods of a group are displaced one by one."""


class WorkloadPodGroupDisruptionMode(Object, package="k8s.io.api.scheduling.v1alpha3"):
    """How the pods of a group are displaced; one of its fields is set."""

    single: Annotated[WorkloadPodGroupSingleDisruptionMode | None, Wire(1)] = None
    all: Annotated[WorkloadPodGroupAllDisruptionMode | None, Wire(2)] = None
