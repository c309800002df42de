"""One scheduling decision: filter all nodes, score those left, pick the best. Pure but for the tie-break's Random."""

from collections import Counter
from random import Random

import numpy as np

from steersman.api.core import Pod
from steersman.scheduler.framework import Candidate, Decision, Placed, Profile, Unplaced
from steersman.scheduler.snapshot import Mask, PodRequest, Snapshot

NO_NODES = "no nodes available to schedule pods"


def schedule(pod: Pod, snapshot: Snapshot, profile: Profile, random: Random) -> Decision:
    """Where the pod goes, or why nowhere."""
    if snapshot.node_count == 0:
        return Unplaced(NO_NODES, frozenset())
    candidate = Candidate(pod, PodRequest.of(pod))
    feasible = snapshot.alive.copy()
    unresolvable = np.zeros_like(feasible)
    reasons: Counter[str] = Counter()
    rejected_by: set[str] = set()
    for plugin in profile.filters:
        if not feasible.any():
            break
        # A node counts under the first plugin that refuses it, as if filters ran node by node.
        still = feasible.copy()
        for rejection in plugin.filter(candidate, snapshot):
            refused = still & rejection.nodes
            count = int(refused.sum())
            if count:
                reasons[rejection.reason] += count
                rejected_by.add(plugin.name)
                feasible &= ~refused
                if not rejection.resolvable:
                    unresolvable |= refused
    if not feasible.any():
        return Unplaced(_message(snapshot, reasons, unresolvable, pod), frozenset(rejected_by))
    return _best(candidate, snapshot, profile, (feasible, random))


def _best(candidate: Candidate, snapshot: Snapshot, profile: Profile, choice: tuple[Mask, Random]) -> Placed:
    feasible, random = choice
    rows = np.flatnonzero(feasible)
    total = np.zeros(len(rows), np.int64)
    by_plugin = {}
    if len(rows) > 1:
        for plugin, weight in profile.scorers:
            by_plugin[plugin.name] = plugin.score(candidate, snapshot, rows) * weight
            total += by_plugin[plugin.name]
    winners = np.flatnonzero(total == total.max())
    winner = int(winners[random.randrange(len(winners))])
    node = snapshot.nodes[rows[winner]]
    assert node is not None
    return Placed(node.metadata.name, len(rows), {name: int(scores[winner]) for name, scores in by_plugin.items()})


def _message(snapshot: Snapshot, reasons: Counter[str], unresolvable: Mask, pod: Pod) -> str:
    """Upstream's FailedScheduling words. Source: framework.FitError.Error and the preemption evaluator."""
    total = snapshot.node_count
    text = f"0/{total} nodes are available: {_counted(reasons)}."
    hopeless = int((unresolvable & snapshot.alive).sum())
    preemption = Counter({"Preemption is not helpful for scheduling": hopeless})
    if pod.spec.preemptionPolicy == "Never":
        return f"{text} preemption: not eligible due to preemptionPolicy=Never.."
    if hopeless < total:
        preemption["No preemption victims found for incoming pod"] = total - hopeless
    return f"{text} preemption: 0/{total} nodes are available: {_counted(+preemption)}."


def _counted(reasons: Counter[str]) -> str:
    return ", ".join(sorted(f"{count} {reason}" for reason, count in reasons.items()))
