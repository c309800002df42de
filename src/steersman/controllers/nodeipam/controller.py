"""The node IPAM controller."""

from datetime import datetime
from ipaddress import ip_network
from typing import Any

from steersman.api.core import Node
from steersman.controllers.nodeipam.plan import Ranges, View, cidrs_of, plan
from steersman.reconcile.controller import Reader, Watch
from steersman.reconcile.plan import Plan

# One key for all nodes: two nodes handled at once could be given the same part.
ALL_NODES = "nodes"


class NodeIPAMController:
    """Allocates podCIDRs, by default a /24 of IPv4 or a /64 of IPv6 each."""

    name = "node-ipam-controller"

    def __init__(self, cluster_cidrs: tuple[str, ...], mask_v4: int = 24, mask_v6: int = 64) -> None:
        self._ranges = Ranges(tuple(ip_network(cidr) for cidr in cluster_cidrs), mask_v4, mask_v6)

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """Nodes."""
        return (Watch(Node, _needs_allocation),)

    async def observe(self, reader: Reader, key: str) -> View | None:
        """All nodes, the oldest first."""
        nodes = sorted(reader.cache(Node), key=lambda node: (str(node.metadata.creationTimestamp), node.metadata.name))
        return View(tuple(nodes), self._ranges)

    def plan(self, view: View, now: datetime) -> Plan:
        """See `plan`."""
        return plan(view)


def _needs_allocation(_: Reader, old: Node | None, new: Node | None) -> tuple[str, ...]:
    """A new node needs a part, and one that leaves may free one for a node that got none."""
    return (ALL_NODES,) if new is None or not cidrs_of(new) else ()
