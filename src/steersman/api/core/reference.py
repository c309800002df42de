"""reference"""

from enum import StrEnum
from typing import Annotated

from steersman.apimachinery.markers import Atomic, Int32, Int64, OneOf, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.times import Time


class NodeSelectorOperator(StrEnum):
    """Node selector operator."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"
    GT = "Gt"
    LT = "Lt"


class PullPolicy(StrEnum):
    """Pull policy."""

    ALWAYS = "Always"
    NEVER = "Never"
    IF_NOT_PRESENT = "IfNotPresent"


class TaintEffect(StrEnum):
    """Taint effect."""

    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


class TolerationOperator(StrEnum):
    """Toleration operator."""

    EXISTS = "Exists"
    EQUAL = "Equal"
    LT = "Lt"
    GT = "Gt"


class TypedObjectReference(Object, package="k8s.io.api.core.v1"):
    """Typed object reference."""

    apiGroup: Annotated[str | None, Wire(1)] = None
    kind: Annotated[str, Wire(2), Required()] = always("")
    name: Annotated[str, Wire(3), Required()] = always("")
    namespace: Annotated[str | None, Wire(4)] = None


class SecretReference(Object, atomic=True, package="k8s.io.api.core.v1"):
    """Secret reference."""

    name: Annotated[str, Wire(1)] = ""
    namespace: Annotated[str, Wire(2)] = ""


class FileKeySelector(Object, atomic=True, package="k8s.io.api.core.v1"):
    """File key selector."""

    volumeName: Annotated[str, Wire(1), Required()] = always("")
    path: Annotated[str, Wire(2), Required()] = always("")
    key: Annotated[str, Wire(3), Required()] = always("")
    optional: Annotated[bool | None, Wire(4)] = None


class ObjectFieldSelector(Object, atomic=True, package="k8s.io.api.core.v1"):
    """Object field selector."""

    apiVersion: Annotated[str, Wire(1)] = ""
    fieldPath: Annotated[str, Wire(2), Required()] = always("")


class ResourceFieldSelector(Object, atomic=True, package="k8s.io.api.core.v1"):
    """Resource field selector."""

    containerName: Annotated[str, Wire(1)] = ""
    resource: Annotated[str, Wire(2), Required()] = always("")
    divisor: Annotated[Quantity, Wire(3)] = always(Quantity("0"))


class LocalObjectReference(Object, atomic=True, package="k8s.io.api.core.v1"):
    """Local object reference."""

    name: Annotated[str, Wire(1)] = ""


class ConfigMapKeySelector(LocalObjectReference, inline=1, atomic=True, package="k8s.io.api.core.v1"):
    """Config map key selector."""

    key: Annotated[str, Wire(2), Required()] = always("")
    optional: Annotated[bool | None, Wire(3)] = None


class SecretKeySelector(LocalObjectReference, inline=1, atomic=True, package="k8s.io.api.core.v1"):
    """Secret key selector."""

    key: Annotated[str, Wire(2), Required()] = always("")
    optional: Annotated[bool | None, Wire(3)] = None


class ResourceClaim(Object, package="k8s.io.api.core.v1"):
    """Resource claim."""

    name: Annotated[str, Wire(1), Required()] = always("")
    request: Annotated[str, Wire(2)] = ""


class NodeSelectorRequirement(Object, package="k8s.io.api.core.v1"):
    """Node selector requirement."""

    key: Annotated[str, Wire(1), Required()] = always("")
    operator: Annotated[str, Wire(2), Required(), OneOf(NodeSelectorOperator)] = always("")
    values: Annotated[tuple[str, ...], Wire(3), Atomic()] = ()


class NodeSelectorTerm(Object, atomic=True, package="k8s.io.api.core.v1"):
    """Node selector term."""

    matchExpressions: Annotated[tuple[NodeSelectorRequirement, ...], Wire(1), Atomic()] = ()
    matchFields: Annotated[tuple[NodeSelectorRequirement, ...], Wire(2), Atomic()] = ()


class NodeSelector(Object, atomic=True, package="k8s.io.api.core.v1"):
    """Node selector."""

    nodeSelectorTerms: Annotated[tuple[NodeSelectorTerm, ...], Wire(1), Required(), Atomic()] = always(())


class TopologySelectorLabelRequirement(Object, package="k8s.io.api.core.v1"):
    """Topology selector label requirement."""

    key: Annotated[str, Wire(1), Required()] = always("")
    values: Annotated[tuple[str, ...], Wire(2), Required(), Atomic()] = always(())


class TopologySelectorTerm(Object, atomic=True, package="k8s.io.api.core.v1"):
    """Topology selector term."""

    matchLabelExpressions: Annotated[tuple[TopologySelectorLabelRequirement, ...], Wire(1), Atomic()] = ()


class PreferredSchedulingTerm(Object, package="k8s.io.api.core.v1"):
    """Preferred scheduling term."""

    weight: Annotated[Int32, Wire(1), Required()] = always(0)
    preference: Annotated[NodeSelectorTerm, Wire(2), Required()] = always(NodeSelectorTerm)


class Taint(Object, package="k8s.io.api.core.v1"):
    """Taint."""

    key: Annotated[str, Wire(1), Required()] = always("")
    value: Annotated[str, Wire(2)] = ""
    effect: Annotated[str, Wire(3), Required(), OneOf(TaintEffect)] = always("")
    timeAdded: Annotated[Time | None, Wire(4)] = None


class Toleration(Object, package="k8s.io.api.core.v1"):
    """Toleration."""

    key: Annotated[str, Wire(1)] = ""
    operator: Annotated[str, Wire(2), OneOf(TolerationOperator)] = ""
    value: Annotated[str, Wire(3)] = ""
    effect: Annotated[str, Wire(4), OneOf(TaintEffect)] = ""
    tolerationSeconds: Annotated[Int64 | None, Wire(5)] = None


class ObjectReference(Object, atomic=True, package="k8s.io.api.core.v1"):
    """Object reference."""

    kind: Annotated[str, Wire(1)] = ""
    namespace: Annotated[str, Wire(2)] = ""
    name: Annotated[str, Wire(3)] = ""
    uid: Annotated[str, Wire(4)] = ""
    apiVersion: Annotated[str, Wire(5)] = ""
    resourceVersion: Annotated[str, Wire(6)] = ""
    fieldPath: Annotated[str, Wire(7)] = ""


class TypedLocalObjectReference(Object, atomic=True, package="k8s.io.api.core.v1"):
    """Typed local object reference."""

    apiGroup: Annotated[str | None, Wire(1)] = None
    kind: Annotated[str, Wire(2), Required()] = always("")
    name: Annotated[str, Wire(3), Required()] = always("")
