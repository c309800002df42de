"""The Node object as the kubelet writes it. Pure: a function of the machine, the runtime and the time.

Source: pkg/kubelet/nodestatus/setters.go, pkg/kubelet/kubelet_node_status.go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from steersman.api.core import (
    ContainerImage,
    DaemonEndpoint,
    Node,
    NodeAddress,
    NodeCondition,
    NodeDaemonEndpoints,
    NodeRuntimeHandler,
    NodeSpec,
    NodeStatus,
    NodeSwapStatus,
    NodeSystemInfo,
)
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.times import to_time
from steersman.cri import records
from steersman.kubelet.machine import Machine, Usage

VERSION = "v1.37.0"
MAX_PODS = 110
MAX_IMAGES, MAX_IMAGE_NAMES = 50, 5
REPORT_INTERVAL = timedelta(minutes=5)
"""How often a status that stays the same is written all the same."""

# Upstream's default eviction thresholds.
MEMORY_RESERVED = 100 << 20
DISK_RESERVED = Decimal("0.10")
INODES_RESERVED = 0.05
PIDS_RESERVED = 0.10


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """What is particular to this node."""

    name: str
    addresses: tuple[str, ...]
    pod_cidr: str
    kubelet_port: int
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RuntimeFacts:
    """What the runtime says; `problem` is why it can't take pods."""

    version: str
    images: tuple[records.Image, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """All that a status is made of."""

    settings: NodeSettings
    machine: Machine
    usage: Usage
    runtime: RuntimeFacts


def new_node(observed: Observed, now: datetime) -> Node:
    """The object to register with."""
    settings = observed.settings
    node = Node(
        metadata=ObjectMeta(
            name=settings.name,
            labels=default_labels(settings, observed.machine),
            annotations={"volumes.kubernetes.io/controller-managed-attach-detach": "true"},
        ),
        spec=NodeSpec(podCIDR=settings.pod_cidr, podCIDRs=(settings.pod_cidr,)) if settings.pod_cidr else NodeSpec(),
    )
    return replace(node, status=node_status(node.status, observed, now))


def default_labels(settings: NodeSettings, machine: Machine) -> dict[str, str]:
    """The labels every node has, and those it was given."""
    return {
        "beta.kubernetes.io/arch": machine.architecture,
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": machine.architecture,
        "kubernetes.io/hostname": settings.name,
        "kubernetes.io/os": "linux",
        **settings.labels,
    }


def node_status(old: NodeStatus, observed: Observed, now: datetime) -> NodeStatus:
    """The status now; what others write of it stays."""
    capacity, allocatable = resources(observed.machine, observed.usage)
    machine, settings = observed.machine, observed.settings
    return replace(
        old,
        capacity=capacity,
        allocatable=allocatable,
        conditions=_conditions(old.conditions, observed, now),
        addresses=(
            *(NodeAddress(type="InternalIP", address=address) for address in settings.addresses),
            NodeAddress(type="Hostname", address=settings.name),
        ),
        daemonEndpoints=NodeDaemonEndpoints(kubeletEndpoint=DaemonEndpoint(Port=settings.kubelet_port)),
        nodeInfo=NodeSystemInfo(
            machineID=machine.machine_id,
            systemUUID=machine.system_uuid,
            bootID=machine.boot_id,
            kernelVersion=machine.kernel_version,
            osImage=machine.os_image,
            containerRuntimeVersion=observed.runtime.version,
            kubeletVersion=VERSION,
            operatingSystem="linux",
            architecture=machine.architecture,
            swap=NodeSwapStatus(capacity=machine.swap_bytes) if machine.swap_bytes else None,
        ),
        images=_images(observed.runtime.images),
        runtimeHandlers=(NodeRuntimeHandler(name=""),),
    )


def resources(machine: Machine, usage: Usage) -> tuple[dict[str, Quantity], dict[str, Quantity]]:
    """Capacity and what of it pods may have."""
    disk = Decimal(usage.disk_capacity_bytes)
    capacity = {
        "cpu": Quantity(machine.cpus),
        "ephemeral-storage": _kibibytes(usage.disk_capacity_bytes),
        **{f"hugepages-{size}": Quantity(amount) for size, amount in machine.hugepages},
        "memory": _kibibytes(machine.memory_bytes),
        "pods": Quantity(MAX_PODS),
    }
    hugepages = sum(amount for _, amount in machine.hugepages)
    allocatable = {
        **capacity,
        "ephemeral-storage": Quantity(int(disk - disk * DISK_RESERVED)),
        "memory": _kibibytes(max(machine.memory_bytes - MEMORY_RESERVED - hugepages, 0)),
    }
    return capacity, allocatable


def is_worth_writing(old: NodeStatus, new: NodeStatus, last_written: datetime | None, now: datetime) -> bool:
    """Something but heartbeats changed, or the status hasn't been written for long."""
    if last_written is None or now - last_written >= REPORT_INTERVAL:
        return True
    return _without_heartbeats(old) != _without_heartbeats(new)


def _without_heartbeats(status: NodeStatus) -> NodeStatus:
    conditions = tuple(replace(condition, lastHeartbeatTime=None) for condition in status.conditions)
    return replace(status, conditions=conditions)


def _conditions(old: Sequence[NodeCondition], observed: Observed, now: datetime) -> tuple[NodeCondition, ...]:
    usage, known = observed.usage, {condition.type: condition for condition in old}
    made = (
        _pressure("MemoryPressure", usage.memory_available_bytes < MEMORY_RESERVED, "Memory", "memory available"),
        _disk_pressure(usage),
        _pressure("PIDPressure", usage.pids_used > usage.pids_max * (1 - PIDS_RESERVED), "PID", "PID available"),
        _ready(observed.runtime.problem),
    )
    names = {condition.type for condition in made}
    foreign = tuple(condition for condition in old if condition.type not in names)
    return (*(_settled(condition, known.get(condition.type), now) for condition in made), *foreign)


def _pressure(type_: str, is_pressed: bool, what: str, words: str) -> NodeCondition:
    status, quantity = ("True", "Insufficient") if is_pressed else ("False", "Sufficient")
    message = f"kubelet has {quantity.lower()} {words}"
    return NodeCondition(type=type_, status=status, reason=f"KubeletHas{quantity}{what}", message=message)


def _disk_pressure(usage: Usage) -> NodeCondition:
    is_full = usage.disk_available_bytes < usage.disk_capacity_bytes * float(DISK_RESERVED)
    has_no_inodes = usage.inodes_total > 0 and usage.inodes_free < usage.inodes_total * INODES_RESERVED
    if is_full or has_no_inodes:
        return NodeCondition(
            type="DiskPressure", status="True", reason="KubeletHasDiskPressure", message="kubelet has disk pressure"
        )
    return NodeCondition(
        type="DiskPressure", status="False", reason="KubeletHasNoDiskPressure", message="kubelet has no disk pressure"
    )


def _ready(problem: str) -> NodeCondition:
    if problem:
        return NodeCondition(type="Ready", status="False", reason="KubeletNotReady", message=problem)
    return NodeCondition(type="Ready", status="True", reason="KubeletReady", message="kubelet is posting ready status")


def _settled(condition: NodeCondition, old: NodeCondition | None, now: datetime) -> NodeCondition:
    moment = old.lastTransitionTime if old is not None and old.status == condition.status else to_time(now)
    return replace(condition, lastHeartbeatTime=to_time(now), lastTransitionTime=moment)


def _images(images: Sequence[records.Image]) -> tuple[ContainerImage, ...]:
    largest = sorted(images, key=lambda image: (-image.size, image.id))[:MAX_IMAGES]
    return tuple(
        ContainerImage(names=(*image.repo_digests, *image.repo_tags)[:MAX_IMAGE_NAMES], sizeBytes=image.size)
        for image in largest
    )


def _kibibytes(size_bytes: int) -> Quantity:
    return Quantity(f"{size_bytes // 1024}Ki")
