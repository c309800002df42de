"""What lists carry, and conditions."""

from typing import Annotated

from steersman.apimachinery.markers import Atomic, Int64, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import Time


class ShardInfo(Object, package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """Which part of all objects a list holds."""

    selector: Annotated[str, Wire(1), Required()] = always("")


class ListMeta(Object, package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """The revision of a list, and how to go on with it."""

    selfLink: Annotated[str, Wire(1)] = ""
    resourceVersion: Annotated[str, Wire(2)] = ""
    continue_: Annotated[str, Wire(3)] = ""
    remainingItemCount: Annotated[Int64 | None, Wire(4)] = None
    shardInfo: Annotated[ShardInfo | None, Wire(5)] = None


class FieldSelectorRequirement(Object, package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """A field, and the values it must or must not have."""

    key: Annotated[str, Wire(1), Required()] = always("")
    operator: Annotated[str, Wire(2), Required()] = always("")
    values: Annotated[tuple[str, ...], Wire(3), Atomic()] = ()


class Condition(Object, package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """One observation about an object: whether it holds, since when and why."""

    type: Annotated[str, Wire(1), Required()] = always("")
    status: Annotated[str, Wire(2), Required()] = always("")
    observedGeneration: Annotated[Int64, Wire(3)] = 0
    lastTransitionTime: Annotated[Time | None, Wire(4), Required()] = None
    reason: Annotated[str, Wire(5), Required()] = always("")
    message: Annotated[str, Wire(6), Required()] = always("")
