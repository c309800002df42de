"""Which part of the pod network each node gets. Pure.

Source: pkg/controller/nodeipam/ipam (range allocator).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from steersman.api.core import Node
from steersman.reconcile.plan import Action, Emit, EventKind, Note, Patch, Plan

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Ranges:
    """The pod network, one of each family at most, and how large a node's part of it is."""

    networks: tuple[Network, ...]
    mask_v4: int = 24
    mask_v6: int = 64


@dataclass(frozen=True, slots=True)
class View:
    """All nodes, in the order in which they are served."""

    nodes: tuple[Node, ...]
    ranges: Ranges


def plan(view: View) -> Plan:
    """A free part of each network for every node that has none."""
    taken = {ip_network(cidr, strict=False) for node in view.nodes for cidr in cidrs_of(node)}
    actions: list[Action] = []
    for node in view.nodes:
        if cidrs_of(node) or node.metadata.deletionTimestamp is not None:
            continue
        chosen = [next(_free(view.ranges, network, taken), None) for network in view.ranges.networks]
        if None in chosen:
            message = f"Node {node.metadata.name} status is now: CIDRNotAvailable"
            actions.append(Emit(Note(node, EventKind.NORMAL, "CIDRNotAvailable", message)))
            continue
        taken.update(network for network in chosen if network is not None)
        cidrs = [str(network) for network in chosen]
        # Heartbeats change a node's version all the time; podCIDR can be set only once, so nothing can be
        # overwritten.
        actions.append(Patch(node, {"spec": {"podCIDR": cidrs[0], "podCIDRs": cidrs}}, any_version=True))
    return Plan(tuple(actions))


def cidrs_of(node: Node) -> tuple[str, ...]:
    """The parts the node has."""
    return node.spec.podCIDRs or ((node.spec.podCIDR,) if node.spec.podCIDR else ())


def _free(ranges: Ranges, network: Network, taken: set[Network]) -> Iterator[Network]:
    mask = ranges.mask_v4 if network.version == 4 else ranges.mask_v6
    for part in network.subnets(new_prefix=max(mask, network.prefixlen)):
        if part not in taken and not any(_overlaps(part, other) for other in taken):
            yield part


def _overlaps(left: Network, right: Network) -> bool:
    # The two families have no common type that knows overlaps().
    if isinstance(left, IPv4Network):
        return isinstance(right, IPv4Network) and left.overlaps(right)
    return isinstance(right, IPv6Network) and left.overlaps(right)
