"""What every object carries: its identity, labels, owners and history."""

from collections.abc import Mapping
from typing import Annotated, Any

from steersman.apimachinery.markers import Atomic, Doc, Int64, ListMap, ListSet, MergeBy, Required, Wire, always
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

    name: Annotated[str, Wire(1), Doc("Name is unique within its namespace and kind; it can't be changed.")] = ""
    generateName: Annotated[
        str, Wire(2), Doc("GenerateName is the beginning of a name that the server completes, if no name is given.")
    ] = ""
    namespace: Annotated[
        str,
        Wire(3),
        Doc("Namespace is the space within which the name is unique; empty for what belongs to the whole cluster."),
    ] = ""
    selfLink: Annotated[str, Wire(4), Doc("SelfLink is no longer set.")] = ""
    uid: Annotated[str, Wire(5), Doc("UID is unique in time and space; the server sets it.")] = ""
    resourceVersion: Annotated[
        str, Wire(6), Doc("ResourceVersion changes with every write; an update may name the one that it is based on.")
    ] = ""
    generation: Annotated[
        Int64, Wire(7), Doc("Generation counts the changes of what is wanted; the server sets it.")
    ] = 0
    creationTimestamp: Annotated[
        Time | None, Wire(8), Doc("CreationTimestamp is a timestamp of the server's clock when the object was made.")
    ] = None
    deletionTimestamp: Annotated[
        Time | None,
        Wire(9),
        Doc("DeletionTimestamp is when the object is to be gone, set when its deletion is asked for."),
    ] = None
    deletionGracePeriodSeconds: Annotated[
        Int64 | None, Wire(10), Doc("DeletionGracePeriodSeconds is how long the object may take to end.")
    ] = None
    labels: Annotated[Mapping[str, str], Wire(11), Doc("Labels are keys and values by which objects are chosen.")] = {}
    annotations: Annotated[
        Mapping[str, str],
        Wire(12),
        Doc("Annotations are keys and values that tools keep with the object; nothing is chosen by them."),
    ] = {}
    ownerReferences: Annotated[
        tuple[OwnerReference, ...],
        Wire(13),
        MergeBy("uid"),
        ListMap("uid"),
        Doc("OwnerReferences are the objects this one depends on: when all are gone, it is collected."),
    ] = ()
    finalizers: Annotated[
        tuple[str, ...], Wire(14), MergeBy(), ListSet(), Doc("Finalizers must all be removed before the object goes.")
    ] = ()
    managedFields: Annotated[
        tuple[ManagedFieldsEntry, ...], Wire(17), Atomic(), Doc("ManagedFields says who has set which fields.")
    ] = ()


class LabelSelectorRequirement(Object, package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """A label, and the values it must or must not have."""

    key: Annotated[str, Wire(1), Required()] = always("")
    operator: Annotated[str, Wire(2), Required()] = always("")
    values: Annotated[tuple[str, ...], Wire(3), Atomic()] = ()


class LabelSelector(Object, atomic=True, package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """Chooses objects by their labels; all that it says must hold, and an empty one chooses all."""

    matchLabels: Annotated[Mapping[str, str], Wire(1)] = {}
    matchExpressions: Annotated[tuple[LabelSelectorRequirement, ...], Wire(2), Atomic()] = ()
