"""Pods waiting for a node: ready ones by priority, failed ones backing off or waiting for the cluster to change.

Source: pkg/scheduler/internal/queue. Pure: time comes in as a number of seconds.
"""

import heapq
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from steersman.api.core import Pod

INITIAL_BACKOFF_SECONDS = 1.0
MAX_BACKOFF_SECONDS = 10.0
# A pod that no event made schedulable is tried again after this long anyway.
MAX_UNSCHEDULABLE_SECONDS = 300.0

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class QueuedPod:
    """A pod in the queue, with what its earlier attempts left behind."""

    pod: Pod
    attempts: int = 0
    rejected_by: frozenset[str] = frozenset()
    failed_at: float = 0.0

    @property
    def ready_at(self) -> float:
        """When its back-off ends."""
        if self.attempts == 0:
            return 0.0
        return self.failed_at + min(INITIAL_BACKOFF_SECONDS * 2.0 ** min(self.attempts - 1, 10), MAX_BACKOFF_SECONDS)

    @property
    def order(self) -> tuple[int, datetime, str]:
        """PrioritySort: higher priority first, then the older pod."""
        meta = self.pod.metadata
        return (-(self.pod.spec.priority or 0), meta.creationTimestamp or EPOCH, meta.uid)


@dataclass(slots=True)
class SchedulingQueue:
    """Three places a waiting pod can be in; every pod is in one of them, by uid."""

    _active: list[tuple[tuple[int, datetime, str], str]] = field(default_factory=list)
    _backoff: list[tuple[float, str]] = field(default_factory=list)
    _pods: dict[str, QueuedPod] = field(default_factory=dict)
    _where: dict[str, str] = field(default_factory=dict)
    # In the order they failed, so the first is the first to be tried again.
    _unschedulable: dict[str, float] = field(default_factory=dict)
    # Counts cluster changes, so that one that happened during an attempt isn't missed by the pod that attempt fails.
    moves: int = 0

    def __len__(self) -> int:
        return len(self._pods)

    def add(self, pod: Pod) -> None:
        """A new pod, or a changed one: a change may make it schedulable, so it is tried again."""
        known = self._pods.get(pod.metadata.uid)
        self._push_active(QueuedPod(pod, known.attempts if known else 0))

    def remove(self, uid: str) -> None:
        """The pod was bound elsewhere or deleted. Heap entries that point to it are skipped when they come up."""
        self._pods.pop(uid, None)
        self._where.pop(uid, None)
        self._unschedulable.pop(uid, None)

    def pop(self, now: float) -> QueuedPod | None:
        """The next pod to try, taken out of the queue."""
        self._promote(now)
        while self._active:
            order, uid = heapq.heappop(self._active)
            queued = self._pods.get(uid)
            if queued is not None and self._where[uid] == "active" and queued.order == order:
                self.remove(uid)
                return queued
        return None

    def failed(self, queued: QueuedPod, rejected_by: frozenset[str], now: float, moves_before: int) -> None:
        """An attempt found no place. It waits for a change, or only backs off if there was one meanwhile."""
        again = QueuedPod(queued.pod, queued.attempts + 1, rejected_by, now)
        uid = queued.pod.metadata.uid
        self._pods[uid] = again
        if self.moves != moves_before:
            self._push_backoff(again)
        else:
            self._where[uid] = "unschedulable"
            self._unschedulable[uid] = now

    def move_all(self) -> None:
        """The cluster changed in a way that may make waiting pods schedulable."""
        self.moves += 1
        for uid in self._unschedulable:
            self._push_backoff(self._pods[uid])
        self._unschedulable.clear()

    def next_wake(self, now: float) -> float | None:
        """Seconds until something may become ready by time alone; None when nothing waits."""
        if self._active:
            return 0.0
        times = [self._backoff[0][0]] if self._backoff else []
        times += [failed_at + MAX_UNSCHEDULABLE_SECONDS for failed_at in islice(self._unschedulable.values(), 1)]
        return max(0.0, min(times) - now) if times else None

    def _promote(self, now: float) -> None:
        while self._backoff and self._backoff[0][0] <= now:
            _, uid = heapq.heappop(self._backoff)
            if self._where.get(uid) == "backoff":
                self._push_active(self._pods[uid])
        while self._unschedulable:
            uid, failed_at = next(iter(self._unschedulable.items()))
            if failed_at + MAX_UNSCHEDULABLE_SECONDS > now:
                break
            self._push_active(self._pods[uid])

    def _push_active(self, queued: QueuedPod) -> None:
        uid = queued.pod.metadata.uid
        self._pods[uid], self._where[uid] = queued, "active"
        self._unschedulable.pop(uid, None)
        heapq.heappush(self._active, (queued.order, uid))

    def _push_backoff(self, queued: QueuedPod) -> None:
        uid = queued.pod.metadata.uid
        self._where[uid] = "backoff"
        heapq.heappush(self._backoff, (queued.ready_at, uid))
