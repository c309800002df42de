"""What every object carries: its identity, labels, owners and history."""

from collections.abc import Mapping
from typing import Annotated, Any

from steersman.apimachinery.markers import Atomic, Int64, ListMap, ListSet, MergeBy, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import Time


class ManagedFieldsEntry(Object, package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """The fields that one manager has set, and how."""

    manager: Annotated[str, Wire(1)] = ""
    operation: Annotated[str, Wire(2)] = ""
    apiVersion: Annotated[str, Wire(3)] = ""
    time: Annotated[Time | None, Wire(4)] = None
    fieldsType: Annotated[str, Wire(6)] = ""
    fieldsV1: Annotated[Any | None, Wire(7)] = None
    subresource: Annotated[str, Wire(8)] = ""


class OwnerReference(Object, atomic=True, package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """An object on whose life this one's depends."""

    apiVersion: Annotated[str, Wire(5), Required()] = always("")
    kind: Annotated[str, Wire(1), Required()] = always("")
    name: Annotated[str, Wire(3), Required()] = always("")
    uid: Annotated[str, Wire(4), Required()] = always("")
    controller: Annotated[bool | None, Wire(6)] = None
    blockOwnerDeletion: Annotated[bool | None, Wire(7)] = None


class ObjectMeta(Object, package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """What every stored object has: names, labels, revision, owners and what has to be done before it goes."""

    name: Annotated[str, Wire(1)] = ""
    generateName: Annotated[str, Wire(2)] = ""
    namespace: Annotated[str, Wire(3)] = ""
    selfLink: Annotated[str, Wire(4)] = ""
    uid: Annotated[str, Wire(5)] = ""
    resourceVersion: Annotated[str, Wire(6)] = ""
    generation: Annotated[Int64, Wire(7)] = 0
    creationTimestamp: Annotated[Time | None, Wire(8)] = None
    deletionTimestamp: Annotated[Time | None, Wire(9)] = None
    deletionGracePeriodSeconds: Annotated[Int64 | None, Wire(10)] = None
    labels: Annotated[Mapping[str, str], Wire(11)] = {}
    annotations: Annotated[Mapping[str, str], Wire(12)] = {}
    ownerReferences: Annotated[tuple[OwnerReference, ...], Wire(13), MergeBy("uid"), ListMap("uid")] = ()
    finalizers: Annotated[tuple[str, ...], Wire(14), MergeBy(), ListSet()] = ()
    managedFields: Annotated[tuple[ManagedFieldsEntry, ...], Wire(17), Atomic()] = ()


class LabelSelectorRequirement(Object, package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """A label, and the values it must or must not have."""

    key: Annotated[str, Wire(1), Required()] = always("")
    operator: Annotated[str, Wire(2), Required()] = always("")
    values: Annotated[tuple[str, ...], Wire(3), Atomic()] = ()


class LabelSelector(Object, atomic=True, package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """Chooses objects by their labels; all that it says must hold, and an empty one chooses all."""

    matchLabels: Annotated[Mapping[str, str], Wire(1)] = {}
    matchExpressions: Annotated[tuple[LabelSelectorRequirement, ...], Wire(2), Atomic()] = ()
