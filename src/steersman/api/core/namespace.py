"""Namespace: a room for names."""

from enum import StrEnum
from typing import Annotated

from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Atomic, ListMap, MergeBy, OneOf, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import Time


class NamespacePhase(StrEnum):
    """Whether a namespace is in use or being emptied."""

    ACTIVE = "Active"
    TERMINATING = "Terminating"


class NamespaceSpec(Object, package="k8s.io.api.core.v1"):
    """Who has to agree before the namespace goes."""

    finalizers: Annotated[tuple[str, ...], Wire(1), Atomic()] = ()


class NamespaceCondition(Object, package="k8s.io.api.core.v1"):
    """One observation about a namespace, such as what keeps it from going."""

    type: Annotated[str, Wire(1), Required()] = always("")
    status: Annotated[str, Wire(2), Required()] = always("")
    lastTransitionTime: Annotated[Time | None, Wire(4)] = None
    reason: Annotated[str, Wire(5)] = ""
    message: Annotated[str, Wire(6)] = ""


class NamespaceStatus(Object, package="k8s.io.api.core.v1"):
    """Whether a namespace is in use or being emptied."""

    phase: Annotated[str, Wire(1), OneOf(NamespacePhase)] = ""
    conditions: Annotated[tuple[NamespaceCondition, ...], Wire(2), MergeBy("type"), ListMap("type")] = ()


class Namespace(Kind, api="v1", package="k8s.io.api.core.v1"):
    """A room in which names are unique; deleting it deletes what is in it."""

    spec: Annotated[NamespaceSpec, Wire(2)] = always(NamespaceSpec)
    status: Annotated[NamespaceStatus, Wire(3)] = always(NamespaceStatus)
