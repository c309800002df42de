"""The cluster in columns: one row a node, one NumPy column a fact, so that a plugin judges all nodes at once.

Amounts are int64: milli-units for cpu, whole units (bytes, counts) for everything else. The table grows by doubling;
rows of deleted nodes are reused. `Snapshot` is changed only by the driver, between decisions; plugins read it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal

import numpy as np
from numpy.typing import NDArray

from steersman.api.core import Node, Pod
from steersman.api.core.podresources import pod_requests

Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]

CPU, MEMORY, STORAGE, PODS = 0, 1, 2, 3
FIXED_RESOURCES = ("cpu", "memory", "ephemeral-storage", "pods")

# What scoring assumes of a container that requests nothing, so that such pods spread too.
# Source: pkg/scheduler/util/pod_resources.go.
ASSUMED_MILLI_CPU = 100
ASSUMED_MEMORY_BYTES = 200 * 1024 * 1024

NO_ROW = -1


def to_units(resource: str, amount: Decimal) -> int:
    """The column's integer for an amount, rounded up as upstream does."""
    scaled = amount * 1000 if resource == "cpu" else amount
    return int(scaled.to_integral_value(ROUND_CEILING))


@dataclass(frozen=True, slots=True)
class PodRequest:
    """What a pod takes from a node: by resource name in column units, and the cpu and memory that scoring counts."""

    amounts: Mapping[str, int]
    scored_milli_cpu: int
    scored_memory_bytes: int

    @classmethod
    def of(cls, pod: Pod) -> "PodRequest":
        """From the pod's containers."""
        amounts = {name: to_units(name, amount) for name, amount in pod_requests(pod).items()}
        missing_cpu = sum(ASSUMED_MILLI_CPU for c in pod.spec.containers if "cpu" not in c.resources.requests)
        missing_memory = sum(ASSUMED_MEMORY_BYTES for c in pod.spec.containers if "memory" not in c.resources.requests)
        return cls(amounts, amounts.get("cpu", 0) + missing_cpu, amounts.get("memory", 0) + missing_memory)


@dataclass(frozen=True, slots=True)
class PlacedPod:
    """A pod counted on a node."""

    pod: Pod
    request: PodRequest
    row: int


@dataclass(slots=True)
class Snapshot:
    """The table. `alive` masks the rows that hold a node."""

    alive: Mask = field(default_factory=lambda: np.zeros(16, bool))
    allocatable: Numbers = field(default_factory=lambda: np.zeros((16, 4), np.int64))
    requested: Numbers = field(default_factory=lambda: np.zeros((16, 4), np.int64))
    scored: Numbers = field(default_factory=lambda: np.zeros((16, 2), np.int64))
    unschedulable: Mask = field(default_factory=lambda: np.zeros(16, bool))
    nodes: list[Node | None] = field(default_factory=lambda: [None] * 16)
    rows: dict[str, int] = field(default_factory=dict)
    resources: dict[str, int] = field(default_factory=lambda: {name: i for i, name in enumerate(FIXED_RESOURCES)})
    placed: dict[str, PlacedPod] = field(default_factory=dict)
    _waiting: dict[str, dict[str, Pod]] = field(default_factory=dict)
    _per_node: dict[str, Mask | NDArray[np.int64]] = field(default_factory=dict)

    @property
    def node_count(self) -> int:
        """How many nodes there are."""
        return len(self.rows)

    def set_node(self, node: Node) -> None:
        """Add a node or take over its new state."""
        name = node.metadata.name
        row = self.rows.get(name, NO_ROW)
        if row == NO_ROW:
            row = self._free_row()
            self.rows[name] = row
            self.alive[row] = True
        before = self.nodes[row]
        self.nodes[row] = node
        self.unschedulable[row] = node.spec.unschedulable
        amounts = node.status.allocatable or node.status.capacity
        self.allocatable[row] = 0
        for resource, quantity in amounts.items():
            # The column is found first: naming a new resource replaces the array.
            column = self._column(resource)
            self.allocatable[row, column] = to_units(resource, quantity.value)
        if before is None or before.metadata.labels != node.metadata.labels or before.spec != node.spec:
            self._per_node.clear()
        for pod in self._waiting.pop(name, {}).values():
            self.place(pod, name)

    def remove_node(self, name: str) -> None:
        """Forget a node; pods still bound to it are kept aside, in case it comes back."""
        row = self.rows.pop(name, NO_ROW)
        if row == NO_ROW:
            return
        for uid, placed in [(uid, one) for uid, one in self.placed.items() if one.row == row]:
            del self.placed[uid]
            self._waiting.setdefault(name, {})[uid] = placed.pod
        self.alive[row] = self.unschedulable[row] = False
        self.allocatable[row] = self.requested[row] = 0
        self.scored[row] = 0
        self.nodes[row] = None
        self._per_node.clear()

    def place(self, pod: Pod, node_name: str) -> None:
        """Count a pod on a node; one that is counted already is moved or updated."""
        uid = pod.metadata.uid
        self.unplace(uid)
        row = self.rows.get(node_name, NO_ROW)
        if row == NO_ROW:
            self._waiting.setdefault(node_name, {})[uid] = pod
            return
        placed = PlacedPod(pod, PodRequest.of(pod), row)
        self._count(placed, 1)
        self.placed[uid] = placed

    def unplace(self, uid: str) -> None:
        """Stop counting a pod."""
        placed = self.placed.pop(uid, None)
        if placed is not None:
            self._count(placed, -1)
            return
        for waiting in self._waiting.values():
            waiting.pop(uid, None)

    def vector(self, name: str, judge: Callable[[Node], bool | int]) -> Mask | NDArray[np.int64]:
        """A per-node fact computed once for all nodes and kept until a node's labels or spec change.

        `name` identifies the fact: two judges of one name must agree.
        """
        known = self._per_node.get(name)
        if known is None:
            values = [judge(node) if node is not None else 0 for node in self.nodes]
            known = self._per_node[name] = np.array(values)
            if len(self._per_node) > 256:
                self._per_node.pop(next(iter(self._per_node)))
        return known

    def column(self, resource: str) -> int | None:
        """The column of a resource, or None when no node has ever offered it."""
        return self.resources.get(resource)

    def _count(self, placed: PlacedPod, sign: int) -> None:
        row = placed.row
        for resource, amount in placed.request.amounts.items():
            column = self._column(resource)
            self.requested[row, column] += sign * amount
        self.requested[row, PODS] += sign
        self.scored[row] += sign * np.array((placed.request.scored_milli_cpu, placed.request.scored_memory_bytes))

    def _column(self, resource: str) -> int:
        column = self.resources.get(resource)
        if column is None:
            column = self.resources[resource] = len(self.resources)
            if column >= self.allocatable.shape[1]:
                extra = np.zeros((len(self.nodes), 4), np.int64)
                self.allocatable = np.hstack((self.allocatable, extra))
                self.requested = np.hstack((self.requested, extra))
        return column

    def _free_row(self) -> int:
        free = np.flatnonzero(~self.alive)
        if free.size:
            return int(free[0])
        size = len(self.nodes)
        for name in ("alive", "allocatable", "requested", "scored", "unschedulable"):
            column = getattr(self, name)
            setattr(self, name, np.concatenate((column, np.zeros_like(column))))
        self.nodes += [None] * size
        self._per_node.clear()
        return size
