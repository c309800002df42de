"""Binding, and the health of components."""

from typing import Annotated

from steersman.api.core.reference import ObjectReference
from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import ListMap, MergeBy, Required, Wire, always
from steersman.apimachinery.object import Object


class Binding(Kind, api="v1", package="k8s.io.api.core.v1"):
    """Ties a pod to a node; the scheduler's answer."""

    target: Annotated[ObjectReference, Wire(2), Required()] = always(ObjectReference)


class ComponentCondition(Object, package="k8s.io.api.core.v1"):
    """One observation about a component."""

    type: Annotated[str, Wire(1), Required()] = always("")
    status: Annotated[str, Wire(2), Required()] = always("")
    message: Annotated[str, Wire(3)] = ""
    error: Annotated[str, Wire(4)] = ""


class ComponentStatus(Kind, api="v1", package="k8s.io.api.core.v1"):
    """The health of a component of the control plane; long deprecated."""

    conditions: Annotated[tuple[ComponentCondition, ...], Wire(2), MergeBy("type"), ListMap("type")] = ()
