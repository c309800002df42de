"""The node lifecycle controller: watches the nodes' signs of life."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from steersman.api.coordination import Lease
from steersman.api.core import Node, Pod
from steersman.client.cache import NODE
from steersman.component.clock import Clock
from steersman.controllers.nodelifecycle.plan import View, find, is_evicting, is_silent, plan, status_of
from steersman.controllers.nodelifecycle.zones import NORMAL_PACE, SLOW_PACE, Evictions, Turns, evictions_in, zone_of
from steersman.controllers.nodelifecycle.zones import is_ready as is_ready_node
from steersman.controllers.pods import is_ready
from steersman.reconcile.controller import Reader, Watch
from steersman.reconcile.plan import Plan

LEASE_NAMESPACE = "kube-node-lease"


class NodeLifecycleController:
    """Keys are node names.

    When each node was last heard of is kept here, by this process's clock: timestamps of other machines can't be
    compared, and after a suspended machine wakes up every node has its whole grace period again.
    """

    name = "node-lifecycle-controller"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard: dict[str, datetime] = {}
        self._met: set[str] = set()
        self._turns = Turns()

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """Nodes, their leases, and pods, which must not look ready on a silent node."""
        return (Watch(Node, self._node_changed), Watch(Lease, self._lease_changed), Watch(Pod, _ready_on_silent_node))

    async def observe(self, reader: Reader, key: str) -> View | None:
        """The node, its pods, and when it was last heard of."""
        nodes = reader.cache(Node)
        node = nodes.get("", key)
        if node is None:
            self._met.discard(key)
            self._turns.forget(key)
            return None
        is_first_seen = key not in self._met
        self._met.add(key)
        zone = zone_of(node)
        evictions = evictions_in(zone, nodes)
        heard = self._heard.setdefault(key, self._clock.now())
        turn = self._turn(node, zone, evictions)
        return View(node, reader.cache(Pod).by_index(NODE, key), heard, is_first_seen, evictions, turn)

    def plan(self, view: View, now: datetime) -> Plan:
        """See `plan`."""
        return plan(view, now)

    def _turn(self, node: Node, zone: str, evictions: Evictions) -> datetime | None:
        """When the node may be tainted for eviction; None for one that needs no turn."""
        name = node.metadata.name
        if find(node, "Ready") is None or is_ready_node(node) or is_evicting(node):
            self._turns.forget(name)
            return None
        if evictions in (Evictions.HELD, Evictions.CANCELLED):
            return None
        pace = SLOW_PACE if evictions is Evictions.SLOW else NORMAL_PACE
        return self._turns.turn_of(name, zone, pace, self._clock.now())

    def _node_changed(self, reader: Reader, old: Node | None, new: Node | None) -> Iterator[str]:
        if new is None:
            if old is not None:
                self._heard.pop(old.metadata.name, None)
                yield old.metadata.name
            return
        name = new.metadata.name
        if old is None or _heartbeat(old) != _heartbeat(new):
            self._heard[name] = self._clock.now()
        yield name
        if old is not None and status_of(old, "Ready") != status_of(new, "Ready"):
            # Whether anything is evicted anywhere depends on whether any node is ready.
            yield from (node.metadata.name for node in reader.cache(Node) if status_of(node, "Ready") != "True")

    def _lease_changed(self, reader: Reader, old: Lease | None, new: Lease | None) -> tuple[str, ...]:
        if new is None or new.metadata.namespace != LEASE_NAMESPACE:
            return ()
        if old is None or old.spec.renewTime != new.spec.renewTime:
            # No pass is needed: the one that is already set for the end of the grace period will see it.
            self._heard[new.metadata.name] = self._clock.now()
        return ()


def _heartbeat(node: Node) -> tuple[Any, ...]:
    """Changes whenever the kubelet posts status, and not when this controller marks it Unknown."""
    ready = find(node, "Ready")
    return (None,) if ready is None else (ready.lastHeartbeatTime,)


def _ready_on_silent_node(reader: Reader, old: Pod | None, new: Pod | None) -> tuple[str, ...]:
    if new is None or not new.spec.nodeName or not is_ready(new):
        return ()
    node = reader.cache(Node).get("", new.spec.nodeName)
    return (new.spec.nodeName,) if node is not None and is_silent(node) else ()
