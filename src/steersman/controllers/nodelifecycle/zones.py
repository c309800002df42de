"""How freely pods may be evicted, by how many nodes of a zone are well, and at which pace nodes take turns. Pure.

Many nodes lost at once are more likely cut off from here than dead.
Source: pkg/controller/nodelifecycle: ComputeZoneState, handleDisruption, evictionLimiterQPS.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from steersman.api.core import Node

ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
UNHEALTHY_SHARE = 0.55
SMALL_ZONE = 50
NORMAL_PACE = timedelta(seconds=10)
SLOW_PACE = timedelta(seconds=100)


class Evictions(StrEnum):
    """What to do about nodes that are not ready."""

    NORMAL = "one node after the other"
    SLOW = "one node after the other, ten times slower"
    HELD = "begin no more"
    CANCELLED = "take back those begun"


def zone_of(node: Node) -> str:
    """Region and zone as one name; nodes without them form a zone of their own."""
    labels = node.metadata.labels
    return f"{labels.get(REGION, '')}:{labels.get(ZONE, '')}"


def is_ready(node: Node) -> bool:
    """The Ready condition is True."""
    return any(found.type == "Ready" and found.status == "True" for found in node.status.conditions)


def evictions_in(zone: str, nodes: Iterable[Node]) -> Evictions:
    """What holds for a zone, given all nodes of the cluster."""
    everywhere = tuple(nodes)
    if not any(map(is_ready, everywhere)):
        return Evictions.CANCELLED
    here = [is_ready(node) for node in everywhere if zone_of(node) == zone]
    lost = here.count(False)
    # A zone lost altogether, while others are well, is taken for really lost.
    if lost == len(here) or lost <= 2 or lost / len(here) < UNHEALTHY_SHARE:
        return Evictions.NORMAL
    return Evictions.SLOW if len(here) > SMALL_ZONE else Evictions.HELD


class Turns:
    """When each node's pods may be evicted: nodes of a zone take turns, and keep theirs until they are well again."""

    def __init__(self) -> None:
        self._turns: dict[str, datetime] = {}
        self._latest: dict[str, datetime] = {}

    def turn_of(self, name: str, zone: str, pace: timedelta, now: datetime) -> datetime:
        """The node's turn; the first of a zone is now."""
        if name not in self._turns:
            latest = self._latest.get(zone)
            self._turns[name] = self._latest[zone] = now if latest is None else max(now, latest + pace)
        return self._turns[name]

    def forget(self, name: str) -> None:
        """The node is well, or gone."""
        self._turns.pop(name, None)
