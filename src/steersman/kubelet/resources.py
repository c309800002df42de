"""Requests and limits as the kernel takes them: CPU shares, quota, memory. Pure.

Source: pkg/kubelet/cm/helpers_linux.go, pkg/kubelet/kuberuntime/kuberuntime_container_linux.go.
"""

from collections.abc import Mapping
from decimal import Decimal

from steersman.api.core import Container, Pod
from steersman.api.core.podresources import pod_limits, pod_requests
from steersman.apimachinery.quantity import Quantity
from steersman.cri import records
from steersman.kubelet.qos import oom_score_adj

SHARES_PER_CPU = 1024
MIN_SHARES, MAX_SHARES = 2, 262144
PERIOD_MICROSECONDS = 100_000
MIN_QUOTA_MICROSECONDS = 1000


def shares_of(milli_cpu: int) -> int:
    """CPU shares in proportion to a request."""
    return max(MIN_SHARES, min(milli_cpu * SHARES_PER_CPU // 1000, MAX_SHARES))


def quota_of(milli_cpu: int) -> int:
    """Microseconds of CPU in each period; 0 means without limit."""
    if milli_cpu == 0:
        return 0
    return max(milli_cpu * PERIOD_MICROSECONDS // 1000, MIN_QUOTA_MICROSECONDS)


def container_resources(pod: Pod, container: Container, memory_capacity: int) -> records.LinuxContainerResources:
    """The cgroup settings of a container."""
    requests, limits = container.resources.requests, container.resources.limits
    cpu_limit = _milli(limits.get("cpu"))
    memory = limits.get("memory")
    return records.LinuxContainerResources(
        cpu_period=PERIOD_MICROSECONDS,
        cpu_quota=quota_of(cpu_limit),
        cpu_shares=shares_of(_milli(requests.get("cpu")) or cpu_limit),
        memory_limit_in_bytes=memory.int_value() if memory is not None else 0,
        oom_score_adj=oom_score_adj(pod, container, memory_capacity),
        hugepage_limits=_hugepages(limits),
    )


def pod_cgroup_resources(pod: Pod) -> records.LinuxContainerResources:
    """The cgroup settings of a whole pod: a limit holds only where every container has one."""
    requests, limits = pod_requests(pod), pod_limits(pod)
    shared = pod.spec.resources.limits if pod.spec.resources is not None else {}
    containers = (*pod.spec.containers, *pod.spec.initContainers)

    def is_limited(name: str) -> bool:
        return name in shared or all(name in container.resources.limits for container in containers)

    milli = int(requests.get("cpu", Decimal(0)) * 1000)
    quota = quota_of(int(limits.get("cpu", Decimal(0)) * 1000)) if is_limited("cpu") else 0
    memory = int(limits.get("memory", Decimal(0))) if is_limited("memory") else 0
    return records.LinuxContainerResources(
        cpu_period=PERIOD_MICROSECONDS,
        cpu_quota=quota,
        cpu_shares=shares_of(milli),
        memory_limit_in_bytes=memory,
    )


def _milli(quantity: Quantity | None) -> int:
    return 0 if quantity is None else quantity.milli_value()


def _hugepages(limits: Mapping[str, Quantity]) -> tuple[records.HugepageLimit, ...]:
    prefix = "hugepages-"
    return tuple(
        # CRI writes sizes as the kernel's cgroup files do: 2Mi is 2MB there.
        records.HugepageLimit(f"{name.removeprefix(prefix).removesuffix('i')}B", quantity.int_value())
        for name, quantity in limits.items()
        if name.startswith(prefix)
    )
