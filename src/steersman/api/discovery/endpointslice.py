"""EndpointSlice: a part of what stands behind a Service."""

from collections.abc import Mapping
from typing import Annotated

from steersman.api.core.container import Protocol
from steersman.api.core.reference import ObjectReference
from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Atomic, Int32, ListSet, OneOf, Required, Wire, always
from steersman.apimachinery.object import Object


class EndpointConditions(Object, package="k8s.io.api.discovery.v1"):
    """Whether an endpoint is ready, still serves, or is about to end."""

    ready: Annotated[bool | None, Wire(1)] = None
    serving: Annotated[bool | None, Wire(2)] = None
    terminating: Annotated[bool | None, Wire(3)] = None


class ForNode(Object, package="k8s.io.api.discovery.v1"):
    """A node that an endpoint is meant for."""

    name: Annotated[str, Wire(1), Required()] = always("")


class ForZone(Object, package="k8s.io.api.discovery.v1"):
    """A zone that an endpoint is meant for."""

    name: Annotated[str, Wire(1), Required()] = always("")


class EndpointHints(Object, package="k8s.io.api.discovery.v1"):
    """For whom an endpoint is meant, so that traffic stays near."""

    forZones: Annotated[tuple[ForZone, ...], Wire(1), Atomic()] = ()
    forNodes: Annotated[tuple[ForNode, ...], Wire(2), Atomic()] = ()


class Endpoint(Object, package="k8s.io.api.discovery.v1"):
    """One backend: its addresses, its state, and where it is."""

    addresses: Annotated[tuple[str, ...], Wire(1), Required(), ListSet()] = always(())
    conditions: Annotated[EndpointConditions, Wire(2)] = always(EndpointConditions)
    hostname: Annotated[str | None, Wire(3)] = None
    targetRef: Annotated[ObjectReference | None, Wire(4)] = None
    deprecatedTopology: Annotated[Mapping[str, str], Wire(5)] = {}
    nodeName: Annotated[str | None, Wire(6)] = None
    zone: Annotated[str | None, Wire(7)] = None
    hints: Annotated[EndpointHints | None, Wire(8)] = None


class EndpointPort(Object, atomic=True, package="k8s.io.api.discovery.v1"):
    """A port that every endpoint of the slice serves."""

    name: Annotated[str | None, Wire(1)] = None
    protocol: Annotated[str | None, Wire(2), OneOf(Protocol)] = None
    port: Annotated[Int32 | None, Wire(3)] = None
    appProtocol: Annotated[str | None, Wire(4)] = None


class EndpointSlice(Kind, api="discovery.k8s.io/v1", package="k8s.io.api.discovery.v1"):
    """Some of the endpoints behind a Service, all of one address family."""

    addressType: Annotated[str, Wire(4), Required()] = always("")
    endpoints: Annotated[tuple[Endpoint, ...], Wire(2), Atomic()] = always(())
    ports: Annotated[tuple[EndpointPort, ...], Wire(3), Atomic()] = always(())
