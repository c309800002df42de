"""LimitRange and ResourceQuota: how much a namespace may use."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Atomic, OneOf, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.quantity import Quantity


class ResourceQuotaScope(StrEnum):
    """Which objects a quota counts."""

    TERMINATING = "Terminating"
    NOT_TERMINATING = "NotTerminating"
    BEST_EFFORT = "BestEffort"
    NOT_BEST_EFFORT = "NotBestEffort"
    PRIORITY_CLASS = "PriorityClass"
    CROSS_NAMESPACE_POD_AFFINITY = "CrossNamespacePodAffinity"
    VOLUME_ATTRIBUTES_CLASS = "VolumeAttributesClass"


class ScopeSelectorOperator(StrEnum):
    """How a scope and its values are compared."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


class LimitRangeItem(Object, package="k8s.io.api.core.v1"):
    """Bounds and defaults for one kind of thing."""

    type: Annotated[str, Wire(1), Required()] = always("")
    max: Annotated[Mapping[str, Quantity], Wire(2)] = {}
    min: Annotated[Mapping[str, Quantity], Wire(3)] = {}
    default: Annotated[Mapping[str, Quantity], Wire(4)] = {}
    defaultRequest: Annotated[Mapping[str, Quantity], Wire(5)] = {}
    maxLimitRequestRatio: Annotated[Mapping[str, Quantity], Wire(6)] = {}


class LimitRangeSpec(Object, package="k8s.io.api.core.v1"):
    """The bounds that a namespace sets."""

    limits: Annotated[tuple[LimitRangeItem, ...], Wire(1), Required(), Atomic()] = always(())


class LimitRange(Kind, api="v1", package="k8s.io.api.core.v1"):
    """Bounds and defaults for what single pods, containers and claims of a namespace ask for."""

    spec: Annotated[LimitRangeSpec, Wire(2)] = always(LimitRangeSpec)


class ScopedResourceSelectorRequirement(Object, package="k8s.io.api.core.v1"):
    """A scope, and the values it must or must not have."""

    scopeName: Annotated[str, Wire(1), Required(), OneOf(ResourceQuotaScope)] = always("")
    operator: Annotated[str, Wire(2), Required(), OneOf(ScopeSelectorOperator)] = always("")
    values: Annotated[tuple[str, ...], Wire(3), Atomic()] = ()


class ScopeSelector(Object, atomic=True, package="k8s.io.api.core.v1"):
    """Scopes that must all hold for an object to be counted."""

    matchExpressions: Annotated[tuple[ScopedResourceSelectorRequirement, ...], Wire(1), Atomic()] = ()


class ResourceQuotaSpec(Object, package="k8s.io.api.core.v1"):
    """How much may be used altogether, and of what is counted."""

    hard: Annotated[Mapping[str, Quantity], Wire(1)] = {}
    scopes: Annotated[tuple[str, ...], Wire(2), Atomic()] = ()
    scopeSelector: Annotated[ScopeSelector | None, Wire(3)] = None


class ResourceQuotaStatus(Object, package="k8s.io.api.core.v1"):
    """How much may be used, and how much is."""

    hard: Annotated[Mapping[str, Quantity], Wire(1)] = {}
    used: Annotated[Mapping[str, Quantity], Wire(2)] = {}


class ResourceQuota(Kind, api="v1", package="k8s.io.api.core.v1"):
    """How much all objects of a namespace may use together."""

    spec: Annotated[ResourceQuotaSpec, Wire(2)] = always(ResourceQuotaSpec)
    status: Annotated[ResourceQuotaStatus, Wire(3)] = always(ResourceQuotaStatus)
