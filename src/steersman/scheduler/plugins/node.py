"""Filters and scores from what a node is: its name, its taints, its labels."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from steersman.api.core import Node, NodeSelectorTerm, Toleration
from steersman.api.core.nodeaffinity import pod_matches_node, term_matches
from steersman.api.core.reference import Taint
from steersman.api.core.taints import UNSCHEDULABLE, is_tolerated, untolerated
from steersman.scheduler.framework import Candidate, Rejection, Scores, normalise
from steersman.scheduler.snapshot import Mask, Snapshot

HARD_EFFECTS = ("NoSchedule", "NoExecute")


class NodeUnschedulable:
    """Refuses cordoned nodes, unless the pod tolerates that."""

    name = "NodeUnschedulable"

    def filter(self, candidate: Candidate, snapshot: Snapshot) -> tuple[Rejection, ...]:
        """Refused nodes."""
        if is_tolerated(Taint(key=UNSCHEDULABLE, effect="NoSchedule"), candidate.pod.spec.tolerations):
            return ()
        return (Rejection(snapshot.unschedulable, "node(s) were unschedulable", resolvable=False),)


class NodeName:
    """Refuses all nodes but the one the pod names."""

    name = "NodeName"

    def filter(self, candidate: Candidate, snapshot: Snapshot) -> tuple[Rejection, ...]:
        """Refused nodes."""
        wanted = candidate.pod.spec.nodeName
        if not wanted:
            return ()
        others = snapshot.alive.copy()
        row = snapshot.rows.get(wanted)
        if row is not None:
            others[row] = False
        return (Rejection(others, "node(s) didn't match the requested node name", resolvable=False),)


class TaintToleration:
    """Refuses nodes with untolerated taints; prefers those with fewer PreferNoSchedule taints not tolerated."""

    name = "TaintToleration"

    def filter(self, candidate: Candidate, snapshot: Snapshot) -> tuple[Rejection, ...]:
        """Refused nodes, by the first taint that refuses each."""
        tainted = np.flatnonzero(snapshot.vector("has-hard-taint", _has_hard_taint))
        by_taint: dict[str, list[int]] = {}
        for row in tainted:
            node = snapshot.nodes[row]
            assert node is not None
            taint = untolerated(node.spec.taints, candidate.pod.spec.tolerations, HARD_EFFECTS)
            if taint is not None:
                by_taint.setdefault(f"{{{taint.key}: {taint.value}}}", []).append(int(row))
        return tuple(
            Rejection(_mask(snapshot, rows), f"node(s) had untolerated taint {taint}", resolvable=False)
            for taint, rows in by_taint.items()
        )

    def score(self, candidate: Candidate, snapshot: Snapshot, feasible: NDArray[np.intp]) -> Scores:
        """Fewer untolerated soft taints, higher score."""
        counts = np.zeros(len(feasible), np.int64)
        soft = snapshot.vector("has-soft-taint", _has_soft_taint)
        # Only tolerations that could concern soft taints count. Source: getAllTolerationPreferNoSchedule.
        tolerations = tuple(t for t in candidate.pod.spec.tolerations if t.effect in ("", "PreferNoSchedule"))
        for position in np.flatnonzero(soft[feasible]):
            node = snapshot.nodes[feasible[position]]
            assert node is not None
            counts[position] = _untolerated_soft(node, tolerations)
        return normalise(counts, reverse=True)


class NodeAffinity:
    """Refuses nodes that nodeSelector or required node affinity exclude; prefers by the preferred terms' weights."""

    name = "NodeAffinity"

    def filter(self, candidate: Candidate, snapshot: Snapshot) -> tuple[Rejection, ...]:
        """Refused nodes."""
        spec = candidate.pod.spec
        if not spec.nodeSelector and (spec.affinity is None or spec.affinity.nodeAffinity is None):
            return ()
        # Pods of one template ask the same thing: judged once for all nodes until some node changes.
        key = f"affinity:{sorted(spec.nodeSelector.items())}{spec.affinity and spec.affinity.nodeAffinity}"
        admitted = snapshot.vector(key, lambda node: pod_matches_node(spec, node))
        refused = snapshot.alive & ~admitted.astype(bool)
        return (Rejection(refused, "node(s) didn't match Pod's node affinity/selector", resolvable=False),)

    def score(self, candidate: Candidate, snapshot: Snapshot, feasible: NDArray[np.intp]) -> Scores:
        """Sum of the weights of the preferred terms a node matches."""
        affinity = candidate.pod.spec.affinity
        total = np.zeros(len(feasible), np.int64)
        if affinity is None or affinity.nodeAffinity is None:
            return total
        for preferred in affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution:
            term = preferred.preference
            matches = snapshot.vector(f"term:{term}", partial(_node_matches, term))
            total += preferred.weight * matches[feasible].astype(np.int64)
        return normalise(total)


def _node_matches(term: NodeSelectorTerm, node: Node) -> bool:
    return term_matches(term, node.metadata.labels, {"metadata.name": node.metadata.name})


def _has_hard_taint(node: Node) -> bool:
    return any(taint.effect in HARD_EFFECTS for taint in node.spec.taints)


def _has_soft_taint(node: Node) -> bool:
    return any(taint.effect == "PreferNoSchedule" for taint in node.spec.taints)


def _untolerated_soft(node: Node, tolerations: tuple[Toleration, ...]) -> int:
    soft = (taint for taint in node.spec.taints if taint.effect == "PreferNoSchedule")
    return sum(not is_tolerated(taint, tolerations) for taint in soft)


def _mask(snapshot: Snapshot, rows: list[int]) -> Mask:
    mask = np.zeros_like(snapshot.alive)
    mask[rows] = True
    return mask
