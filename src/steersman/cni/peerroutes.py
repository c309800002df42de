"""Keeps the routes to the other nodes' pods as the Nodes say."""

import asyncio

from steersman.api.core import Node
from steersman.api.meta import Kind
from steersman.client.informer import Informer
from steersman.client.interface import Client
from steersman.cni.netlink import NetlinkError
from steersman.cni.routes import Peer
from steersman.cni.server import PodNetwork
from steersman.component.clock import Clock
from steersman.component.log import get_logger

_log = get_logger(__name__)

RETRY_SECONDS = 1.0


class PeerRoutes:
    """One node's routes; they stay when it stops."""

    def __init__(self, network: PodNetwork, client: Client, clock: Clock) -> None:
        self._network = network
        self._clock = clock
        self._nodes: Informer[Node] = Informer(client, Node, clock)
        self._changed = asyncio.Event()
        self._peers: frozenset[Peer] = frozenset()

    async def run(self) -> None:
        """Follow until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._nodes.run())
            await self._nodes.wait_synced()
            self._nodes.add_handler(self._note)
            self._changed.set()
            while True:
                await self._changed.wait()
                self._changed.clear()
                await self._route()

    async def _route(self) -> None:
        peers = frozenset(peer_of(node) for node in self._nodes.cache.list())
        if peers == self._peers:
            return
        try:
            await self._network.route_to_peers(peers)
        except NetlinkError as error:
            # A gateway that can't be reached yet: its link may still be coming up.
            _log.warning("routes to other nodes not made", error=str(error))
            await self._clock.sleep(RETRY_SECONDS)
            self._changed.set()
            return
        self._peers = peers

    def _note(self, old: Kind | None, new: Kind | None) -> None:
        self._changed.set()


def peer_of(node: Node) -> Peer:
    """What of a Node its neighbours need to know."""
    cidrs = node.spec.podCIDRs or ((node.spec.podCIDR,) if node.spec.podCIDR else ())
    addresses = tuple(each.address for each in node.status.addresses if each.type == "InternalIP")
    return Peer(node.metadata.name, cidrs, addresses)
