"""RuntimeClass: ways to run containers."""

from collections.abc import Mapping
from typing import Annotated

from steersman.api.core.reference import Toleration
from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Atomic, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.quantity import Quantity


class Overhead(Object, package="k8s.io.api.node.v1"):
    """What a pod costs beyond its containers."""

    podFixed: Annotated[Mapping[str, Quantity], Wire(1)] = {}


class Scheduling(Object, package="k8s.io.api.node.v1"):
    """Which nodes can run pods of the class."""

    nodeSelector: Annotated[Mapping[str, str], Wire(1), Atomic()] = {}
    tolerations: Annotated[tuple[Toleration, ...], Wire(2), Atomic()] = ()


class RuntimeClass(Kind, api="node.k8s.io/v1", package="k8s.io.api.node.v1"):
    """A way to run containers, by the name of the runtime's handler."""

    handler: Annotated[str, Wire(2), Required()] = always("")
    overhead: Annotated[Overhead | None, Wire(3)] = None
    scheduling: Annotated[Scheduling | None, Wire(4)] = None
