"""References to other objects, and rules that choose nodes."""

from enum import StrEnum
from typing import Annotated

from steersman.apimachinery.markers import Atomic, Int32, Int64, OneOf, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.times import Time


class NodeSelectorOperator(StrEnum):
    """How a node's label and the values are compared."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"
    GT = "Gt"
    LT = "Lt"


class PullPolicy(StrEnum):
    """When an image is fetched."""

    ALWAYS = "Always"
    NEVER = "Never"
    IF_NOT_PRESENT = "IfNotPresent"


class TaintEffect(StrEnum):
    """What a taint does to pods that don't tolerate it."""

    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


class TolerationOperator(StrEnum):
    """How a taint and a toleration are compared."""

    EXISTS = "Exists"
    EQUAL = "Equal"
    LT = "Lt"
    GT = "Gt"


class TypedObjectReference(Object, package="k8s.io.api.core.v1"):
    """An object by group, kind and name, also in another namespace."""

    apiGroup: Annotated[str | None, Wire(1)] = None
    kind: Annotated[str, Wire(2), Required()] = always("")
    name: Annotated[str, Wire(3), Required()] = always("")
    namespace: Annotated[str | None, Wire(4)] = None


class SecretReference(Object, atomic=True, package="k8s.io.api.core.v1"):
    """A Secret in any namespace."""

    name: Annotated[str, Wire(1)] = ""
    namespace: Annotated[str, Wire(2)] = ""


class FileKeySelector(Object, atomic=True, package="k8s.io.api.core.v1"):
    """A variable in a file of a volume."""

    volumeName: Annotated[str, Wire(1), Required()] = always("")
    path: Annotated[str, Wire(2), Required()] = always("")
    key: Annotated[str, Wire(3), Required()] = always("")
    optional: Annotated[bool | None, Wire(4)] = None


class ObjectFieldSelector(Object, atomic=True, package="k8s.io.api.core.v1"):
    """A field of the pod itself, by its path."""

    apiVersion: Annotated[str, Wire(1)] = ""
    fieldPath: Annotated[str, Wire(2), Required()] = always("")


class ResourceFieldSelector(Object, atomic=True, package="k8s.io.api.core.v1"):
    """A resource of a container, and the unit it is told in."""

    containerName: Annotated[str, Wire(1)] = ""
    resource: Annotated[str, Wire(2), Required()] = always("")
    divisor: Annotated[Quantity, Wire(3)] = always(Quantity("0"))


class LocalObjectReference(Object, atomic=True, package="k8s.io.api.core.v1"):
    """An object of the same namespace, by name."""

    name: Annotated[str, Wire(1)] = ""


class ConfigMapKeySelector(LocalObjectReference, inline=1, atomic=True, package="k8s.io.api.core.v1"):
    """An entry of a ConfigMap."""

    key: Annotated[str, Wire(2), Required()] = always("")
    optional: Annotated[bool | None, Wire(3)] = None


class SecretKeySelector(LocalObjectReference, inline=1, atomic=True, package="k8s.io.api.core.v1"):
    """An entry of a Secret."""

    key: Annotated[str, Wire(2), Required()] = always("")
    optional: Annotated[bool | None, Wire(3)] = None


class ResourceClaim(Object, package="k8s.io.api.core.v1"):
    """A claim of the pod that a container uses."""

    name: Annotated[str, Wire(1), Required()] = always("")
    request: Annotated[str, Wire(2)] = ""


class NodeSelectorRequirement(Object, package="k8s.io.api.core.v1"):
    """A label or field of a node, and the values it must or must not have."""

    key: Annotated[str, Wire(1), Required()] = always("")
    operator: Annotated[str, Wire(2), Required(), OneOf(NodeSelectorOperator)] = always("")
    values: Annotated[tuple[str, ...], Wire(3), Atomic()] = ()


class NodeSelectorTerm(Object, atomic=True, package="k8s.io.api.core.v1"):
    """Requirements that must all hold."""

    matchExpressions: Annotated[tuple[NodeSelectorRequirement, ...], Wire(1), Atomic()] = ()
    matchFields: Annotated[tuple[NodeSelectorRequirement, ...], Wire(2), Atomic()] = ()


class NodeSelector(Object, atomic=True, package="k8s.io.api.core.v1"):
    """Terms of which one must hold."""

    nodeSelectorTerms: Annotated[tuple[NodeSelectorTerm, ...], Wire(1), Required(), Atomic()] = always(())


class TopologySelectorLabelRequirement(Object, package="k8s.io.api.core.v1"):
    """A label of the topology, and the values it may have."""

    key: Annotated[str, Wire(1), Required()] = always("")
    values: Annotated[tuple[str, ...], Wire(2), Required(), Atomic()] = always(())


class TopologySelectorTerm(Object, atomic=True, package="k8s.io.api.core.v1"):
    """Requirements on the topology that must all hold."""

    matchLabelExpressions: Annotated[tuple[TopologySelectorLabelRequirement, ...], Wire(1), Atomic()] = ()


class PreferredSchedulingTerm(Object, package="k8s.io.api.core.v1"):
    """A term, and how much it counts among the others."""

    weight: Annotated[Int32, Wire(1), Required()] = always(0)
    preference: Annotated[NodeSelectorTerm, Wire(2), Required()] = always(NodeSelectorTerm)


class Taint(Object, package="k8s.io.api.core.v1"):
    """What keeps pods off a node unless they tolerate it."""

    key: Annotated[str, Wire(1), Required()] = always("")
    value: Annotated[str, Wire(2)] = ""
    effect: Annotated[str, Wire(3), Required(), OneOf(TaintEffect)] = always("")
    timeAdded: Annotated[Time | None, Wire(4)] = None


class Toleration(Object, package="k8s.io.api.core.v1"):
    """A taint that a pod tolerates, and for how long."""

    key: Annotated[str, Wire(1)] = ""
    operator: Annotated[str, Wire(2), OneOf(TolerationOperator)] = ""
    value: Annotated[str, Wire(3)] = ""
    effect: Annotated[str, Wire(4), OneOf(TaintEffect)] = ""
    tolerationSeconds: Annotated[Int64 | None, Wire(5)] = None


class ObjectReference(Object, atomic=True, package="k8s.io.api.core.v1"):
    """An object, or a part of it, by kind, namespace, name and uid."""

    kind: Annotated[str, Wire(1)] = ""
    namespace: Annotated[str, Wire(2)] = ""
    name: Annotated[str, Wire(3)] = ""
    uid: Annotated[str, Wire(4)] = ""
    apiVersion: Annotated[str, Wire(5)] = ""
    resourceVersion: Annotated[str, Wire(6)] = ""
    fieldPath: Annotated[str, Wire(7)] = ""


class TypedLocalObjectReference(Object, atomic=True, package="k8s.io.api.core.v1"):
    """An object of the same namespace, by group, kind and name."""

    apiGroup: Annotated[str | None, Wire(1)] = None
    kind: Annotated[str, Wire(2), Required()] = always("")
    name: Annotated[str, Wire(3), Required()] = always("")
