"""What a scheduler plugin is, and the verdicts it gives. Plugins are pure: pod and snapshot in, vectors out.

Source: kubernetes.io/docs/concepts/scheduling-eviction/scheduling-framework, each point judging all nodes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from steersman.api.core import Pod
from steersman.scheduler.snapshot import Mask, PodRequest, Snapshot

MAX_NODE_SCORE = 100
Scores = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rejection:
    """Nodes a filter refuses, by row, all for one reason in upstream's words.

    resolvable: removing pods from the node could change the verdict, so preemption may look at it.
    """

    nodes: Mask
    reason: str
    resolvable: bool = True


@dataclass(frozen=True, slots=True)
class Candidate:
    """The pod being placed, with what is computed of it once."""

    pod: Pod
    request: PodRequest


class FilterPlugin(Protocol):
    """Names the nodes that can't run the pod."""

    name: str

    def filter(self, candidate: Candidate, snapshot: Snapshot) -> tuple[Rejection, ...]:
        """Refused nodes, by reason; a node may be refused for several reasons of one plugin."""
        ...


class ScorePlugin(Protocol):
    """Ranks the nodes that can."""

    name: str

    def score(self, candidate: Candidate, snapshot: Snapshot, feasible: NDArray[np.intp]) -> Scores:
        """0..MAX_NODE_SCORE for each feasible row, in its order, normalised."""
        ...


@dataclass(frozen=True, slots=True)
class Profile:
    """The plugins of one scheduler name, filters in order, scorers with their weights."""

    scheduler_name: str
    filters: tuple[FilterPlugin, ...]
    scorers: tuple[tuple[ScorePlugin, int], ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """The pod goes to this node; scores by plugin are kept for `debug schedule`."""

    node_name: str
    feasible_count: int
    scores: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Unplaced:
    """No node fits. rejected_by names the plugins that refused some node."""

    message: str
    rejected_by: frozenset[str]


Decision = Placed | Unplaced


def normalise(raw: Scores, *, reverse: bool = False) -> Scores:
    """Scale so that the highest becomes MAX_NODE_SCORE (or, reversed, zero). Source: helper.DefaultNormalizeScore."""
    highest = int(raw.max(initial=0))
    if highest == 0:
        return np.full_like(raw, MAX_NODE_SCORE) if reverse else raw
    scaled = MAX_NODE_SCORE * raw // highest
    return MAX_NODE_SCORE - scaled if reverse else scaled
