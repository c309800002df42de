"""Gives each node its part of the pod network. Pure but for `observe`.

Source: pkg/controller/nodeipam/ipam (range allocator).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from steersman.api.core import Node
from steersman.reconcile.controller import Reader, Watch
from steersman.reconcile.plan import Action, Emit, EventKind, Note, Patch, Plan

# One key for all nodes: two nodes handled at once could be given the same part.
ALL_NODES = "nodes"

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class View:
    """All nodes."""

    nodes: tuple[Node, ...]


class NodeIPAMController:
    """Allocates podCIDRs, a /24 of IPv4 or a /64 of IPv6 each."""

    name = "node-ipam-controller"

    def __init__(self, cluster_cidrs: tuple[str, ...], mask_v4: int = 24, mask_v6: int = 64) -> None:
        self._networks: tuple[Network, ...] = tuple(ip_network(cidr) for cidr in cluster_cidrs)
        self._masks = {4: mask_v4, 6: mask_v6}

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """Nodes."""
        return (Watch(Node, _needs_allocation),)

    async def observe(self, reader: Reader, key: str) -> View | None:
        """All nodes, in order of age, so that the older one gets its part first."""
        nodes = sorted(reader.cache(Node), key=lambda node: (str(node.metadata.creationTimestamp), node.metadata.name))
        return View(tuple(nodes))

    def plan(self, view: View, now: datetime) -> Plan:
        """A free part of each network for every node that has none."""
        taken = {ip_network(cidr, strict=False) for node in view.nodes for cidr in _cidrs(node)}
        actions: list[Action] = []
        for node in view.nodes:
            if _cidrs(node) or node.metadata.deletionTimestamp is not None:
                continue
            chosen = [next(self._free(network, taken), None) for network in self._networks]
            if None in chosen:
                message = f"Node {node.metadata.name} status is now: CIDRNotAvailable"
                actions.append(Emit(Note(node, EventKind.NORMAL, "CIDRNotAvailable", message)))
                continue
            taken.update(network for network in chosen if network is not None)
            cidrs = [str(network) for network in chosen]
            # Heartbeats change a node's version all the time; podCIDR can be set only once, so nothing can be
            # overwritten.
            body = {"spec": {"podCIDR": cidrs[0], "podCIDRs": cidrs}}
            actions.append(Patch(node, body, any_version=True))
        return Plan(tuple(actions))

    def _free(self, network: Network, taken: set[Network]) -> Iterator[Network]:
        prefix = max(self._masks[network.version], network.prefixlen)
        for part in network.subnets(new_prefix=prefix):
            if not any(_overlaps(part, other) for other in taken):
                yield part


def _overlaps(left: Network, right: Network) -> bool:
    # The two families have no common type that knows overlaps().
    if isinstance(left, IPv4Network):
        return isinstance(right, IPv4Network) and left.overlaps(right)
    return isinstance(right, IPv6Network) and left.overlaps(right)


def _cidrs(node: Node) -> tuple[str, ...]:
    return node.spec.podCIDRs or ((node.spec.podCIDR,) if node.spec.podCIDR else ())


def _needs_allocation(_: Reader, old: Node | None, new: Node | None) -> tuple[str, ...]:
    """A new node needs a part, and one that leaves may free one for a node that got none."""
    return (ALL_NODES,) if new is None or not _cidrs(new) else ()
