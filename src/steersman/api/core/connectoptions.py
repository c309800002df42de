"""What a connection to a pod, service or node is asked for with; never stored, but shown to admission."""

from typing import Annotated

from steersman.apimachinery.markers import Atomic, Int32, Required, Wire, always
from steersman.apimachinery.object import Object


class PodAttachOptions(Object, api="v1", package="k8s.io.api.core.v1"):
    """Which streams of a running container to take part in."""

    stdin: Annotated[bool, Wire(1)] = False
    stdout: Annotated[bool, Wire(2)] = False
    stderr: Annotated[bool, Wire(3)] = False
    tty: Annotated[bool, Wire(4)] = False
    container: Annotated[str, Wire(5)] = ""


class PodExecOptions(Object, api="v1", package="k8s.io.api.core.v1"):
    """What to run in a container, and which of its streams are wanted."""

    stdin: Annotated[bool, Wire(1)] = False
    stdout: Annotated[bool, Wire(2)] = False
    stderr: Annotated[bool, Wire(3)] = False
    tty: Annotated[bool, Wire(4)] = False
    container: Annotated[str, Wire(5)] = ""
    command: Annotated[tuple[str, ...], Wire(6), Required(), Atomic()] = always(())


class PodPortForwardOptions(Object, api="v1", package="k8s.io.api.core.v1"):
    """Which ports of a pod to reach."""

    ports: Annotated[tuple[Int32, ...], Wire(1), Atomic()] = ()


class PodProxyOptions(Object, api="v1", package="k8s.io.api.core.v1"):
    """Which path of a pod's own server is wanted."""

    path: Annotated[str, Wire(1)] = ""


class NodeProxyOptions(Object, api="v1", package="k8s.io.api.core.v1"):
    """Which path of a node's kubelet is wanted."""

    path: Annotated[str, Wire(1)] = ""


class ServiceProxyOptions(Object, api="v1", package="k8s.io.api.core.v1"):
    """Which path of a service is wanted."""

    path: Annotated[str, Wire(1)] = ""
