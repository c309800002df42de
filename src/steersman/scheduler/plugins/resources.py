"""Filters and scores from what a node has left."""

import numpy as np
from numpy.typing import NDArray

from steersman.scheduler.framework import MAX_NODE_SCORE, Candidate, Rejection, Scores
from steersman.scheduler.snapshot import CPU, MEMORY, PODS, Snapshot


class NodeResourcesFit:
    """Refuses nodes without room; prefers, by its LeastAllocated strategy, those with the most room left."""

    name = "NodeResourcesFit"

    def filter(self, candidate: Candidate, snapshot: Snapshot) -> tuple[Rejection, ...]:
        """Refused nodes, by resource."""
        full = snapshot.alive & (snapshot.requested[:, PODS] + 1 > snapshot.allocatable[:, PODS])
        rejections = [Rejection(full, "Too many pods")]
        for resource, amount in candidate.request.amounts.items():
            if amount == 0:
                continue
            column = snapshot.column(resource)
            if column is None:
                rejections.append(Rejection(snapshot.alive, f"Insufficient {resource}", resolvable=False))
                continue
            allocatable = snapshot.allocatable[:, column]
            short = snapshot.alive & (snapshot.requested[:, column] + amount > allocatable)
            never = short & (amount > allocatable)
            rejections.append(Rejection(short & ~never, f"Insufficient {resource}"))
            rejections.append(Rejection(never, f"Insufficient {resource}", resolvable=False))
        return tuple(rejections)

    def score(self, candidate: Candidate, snapshot: Snapshot, feasible: NDArray[np.intp]) -> Scores:
        """Mean over cpu and memory of the share left free. Source: noderesources/least_allocated.go."""
        total = np.zeros(len(feasible), np.int64)
        counted = np.zeros(len(feasible), np.int64)
        asked = ((CPU, 0, candidate.request.scored_milli_cpu), (MEMORY, 1, candidate.request.scored_memory_bytes))
        for column, scored_column, amount in asked:
            capacity = snapshot.allocatable[feasible, column]
            free = capacity - snapshot.scored[feasible, scored_column] - amount
            known = capacity > 0
            share = np.where(free > 0, free, 0) * MAX_NODE_SCORE // np.where(known, capacity, 1)
            total += np.where(known, share, 0)
            counted += known
        mean: Scores = np.where(counted > 0, total // np.maximum(counted, 1), 0)
        return mean


class NodeResourcesBalancedAllocation:
    """Prefers nodes whose cpu and memory would be used to the same degree."""

    name = "NodeResourcesBalancedAllocation"

    def score(self, candidate: Candidate, snapshot: Snapshot, feasible: NDArray[np.intp]) -> Scores:
        """How close the used fractions are. Source: noderesources/balanced_allocation.go."""
        amounts = candidate.request.amounts
        fractions = []
        for column, amount in ((CPU, amounts.get("cpu", 0)), (MEMORY, amounts.get("memory", 0))):
            capacity = snapshot.allocatable[feasible, column].astype(np.float64)
            used = snapshot.requested[feasible, column] + amount
            share = np.divide(used, capacity, out=np.ones_like(capacity), where=capacity > 0)
            fractions.append(np.minimum(share, 1.0))
        spread = np.abs(fractions[0] - fractions[1]) / 2
        score: Scores = ((1 - spread) * MAX_NODE_SCORE).astype(np.int64)
        return score
