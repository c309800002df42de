"""Host gateway routing: which routes lead to the pods of other nodes. Pure.

It works where all nodes are in one layer 2 network: the other node itself is the gateway.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

ROUTE_OWNER = 118
"""The routing protocol number that marks our routes, so that no other's is ever deleted."""
RTPROT_BOOT = 3
"""The number of routes that are set by hand, as by `ip route`."""


@dataclass(frozen=True, slots=True)
class Route:
    """A way to a network; no gateway means that it is on the link itself."""

    destination: IPNetwork
    gateway: IPAddress | None
    index: int = 0
    """The interface; 0 lets the gateway decide."""
    owner: int = RTPROT_BOOT


@dataclass(frozen=True, slots=True)
class Peer:
    """Another node: the ranges of its pods and its addresses."""

    name: str
    pod_cidrs: tuple[str, ...]
    node_ips: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """What to change."""

    put: tuple[Route, ...]
    delete: tuple[Route, ...]


def plan(own_name: str, peers: Iterable[Peer], present: Iterable[Route]) -> RoutePlan:
    """The changes that make the routes that carry our mark be those that the nodes ask for."""
    wanted = {route.destination: route for peer in peers if peer.name != own_name for route in _routes_to(peer)}
    have = {route.destination: route for route in present}
    put = tuple(
        route
        for destination, route in wanted.items()
        if destination not in have or have[destination].gateway != route.gateway
    )
    delete = tuple(route for destination, route in have.items() if destination not in wanted)
    return RoutePlan(put, delete)


def _routes_to(peer: Peer) -> Iterable[Route]:
    addresses = [ipaddress.ip_address(ip) for ip in peer.node_ips]
    for pod_cidr in peer.pod_cidrs:
        network = ipaddress.ip_network(pod_cidr)
        gateway = next((each for each in addresses if each.version == network.version), None)
        if gateway is not None:
            yield Route(network, gateway, owner=ROUTE_OWNER)
