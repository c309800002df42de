"""EndpointSlice of discovery.k8s.io/v1beta1: where an endpoint is stands in a map of labels.

Source: k8s.io/api/discovery/v1beta1, pkg/apis/discovery/v1beta1/conversion.go.
"""

from collections.abc import Mapping
from typing import Annotated

from steersman.api import discovery
from steersman.api.core.reference import ObjectReference
from steersman.api.meta.kind import Kind
from steersman.api.older.trees import EACH, edited, without
from steersman.api.older.version import Older, Tree
from steersman.apimachinery.markers import Atomic, ListSet, Required, Wire, always
from steersman.apimachinery.object import Object

PACKAGE = "k8s.io.api.discovery.v1beta1"
ZONE, HOSTNAME = "topology.kubernetes.io/zone", "kubernetes.io/hostname"


class Endpoint(Object, package=PACKAGE):
    """One backend: its addresses, its state, and where it is."""

    addresses: Annotated[tuple[str, ...], Wire(1), Required(), ListSet()] = always(())
    conditions: Annotated[discovery.EndpointConditions, Wire(2)] = always(discovery.EndpointConditions)
    hostname: Annotated[str | None, Wire(3)] = None
    targetRef: Annotated[ObjectReference | None, Wire(4)] = None
    topology: Annotated[Mapping[str, str], Wire(5)] = {}
    nodeName: Annotated[str | None, Wire(6)] = None
    hints: Annotated[discovery.EndpointHints | None, Wire(7)] = None


class EndpointSlice(Kind, api="discovery.k8s.io/v1beta1", package=PACKAGE):
    """Some of the endpoints behind a Service, all of one address family."""

    addressType: Annotated[str, Wire(4), Required()] = always("")
    endpoints: Annotated[tuple[Endpoint, ...], Wire(2), Atomic()] = always(())
    ports: Annotated[tuple[discovery.EndpointPort, ...], Wire(3), Atomic()] = always(())


def inward(tree: Tree) -> Tree:
    """The zone has a field, and so has the node, unless the map says another than the field does."""
    return edited(tree, ("endpoints", EACH), _with_fields)


def outward(tree: Tree) -> Tree:
    """Zone and node stand in the map."""
    return edited(tree, ("endpoints", EACH), _with_map)


def _with_fields(endpoint: Tree) -> Tree:
    topology = dict(endpoint.get("topology") or {})
    made = without(endpoint, "topology")
    if ZONE in topology:
        made["zone"] = topology.pop(ZONE)
    if HOSTNAME in topology:
        node = made.get("nodeName")
        if node is None or node == topology[HOSTNAME]:
            made["nodeName"] = topology.pop(HOSTNAME)
    return {**made, "deprecatedTopology": topology} if topology else made


def _with_map(endpoint: Tree) -> Tree:
    topology = dict(endpoint.get("deprecatedTopology") or {})
    zone, node = endpoint.get("zone"), endpoint.get("nodeName")
    if zone is not None:
        topology[ZONE] = zone
    if node is not None and not topology.get(HOSTNAME):
        topology[HOSTNAME] = node
    made = without(endpoint, "deprecatedTopology", "zone")
    return {**made, "topology": topology} if topology else made


OLDER = Older(discovery.EndpointSlice, inward=inward, outward=outward)
