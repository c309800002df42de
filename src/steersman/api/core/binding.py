"""binding"""

from typing import Annotated

from steersman.api.core.reference import ObjectReference
from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import ListMap, MergeBy, Required, Wire, always
from steersman.apimachinery.object import Object


class Binding(Kind, api="v1", package="k8s.io.api.core.v1"):
    """Binding."""

    target: Annotated[ObjectReference, Wire(2), Required()] = always(ObjectReference)


class ComponentCondition(Object, package="k8s.io.api.core.v1"):
    """Component condition."""

    type: Annotated[str, Wire(1), Required()] = always("")
    status: Annotated[str, Wire(2), Required()] = always("")
    message: Annotated[str, Wire(3)] = ""
    error: Annotated[str, Wire(4)] = ""


class ComponentStatus(Kind, api="v1", package="k8s.io.api.core.v1"):
    """Component status."""

    conditions: Annotated[tuple[ComponentCondition, ...], Wire(2), MergeBy("type"), ListMap("type")] = ()
