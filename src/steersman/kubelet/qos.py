"""A pod's quality of service class, and what follows from it for the kernel's out-of-memory killer.

Source: pkg/apis/core/v1/helper/qos, pkg/kubelet/qos/policy.go.
"""

from steersman.api.core import Container, Pod, PodQOSClass
from steersman.api.core.podresources import is_sidecar

GUARANTEED_OOM_SCORE = -997
BEST_EFFORT_OOM_SCORE = 1000
POD_INFRA_OOM_SCORE = -998
_HIGHEST_BURSTABLE, _LOWEST_BURSTABLE = 999, 3
_COMPUTE = ("cpu", "memory")
CRITICAL_PRIORITY = 2_000_000_000


def qos_class(pod: Pod) -> PodQOSClass:
    """Guaranteed where every container limits what it requests, BestEffort where none asks for anything."""
    if pod.status.qosClass:
        return PodQOSClass(pod.status.qosClass)
    containers = (*pod.spec.containers, *pod.spec.initContainers)
    if pod.spec.resources is not None:
        sides = [(pod.spec.resources.requests, pod.spec.resources.limits)]
    else:
        sides = [(container.resources.requests, container.resources.limits) for container in containers]
    asked = any(amounts.get(name) for side in sides for amounts in side for name in _COMPUTE)
    if not asked:
        return PodQOSClass.BEST_EFFORT
    for requests, limits in sides:
        for name in _COMPUTE:
            limit = limits.get(name)
            if not limit or requests.get(name, limit) != limit:
                return PodQOSClass.BURSTABLE
    return PodQOSClass.GUARANTEED


def oom_score_adj(pod: Pod, container: Container, memory_capacity: int) -> int:
    """The adjustment a container's processes start with: the less it asked for, the sooner it is killed."""
    if (pod.spec.priority or 0) >= CRITICAL_PRIORITY:
        return GUARANTEED_OOM_SCORE
    quality = qos_class(pod)
    if quality is PodQOSClass.GUARANTEED:
        return GUARANTEED_OOM_SCORE
    if quality is PodQOSClass.BEST_EFFORT:
        return BEST_EFFORT_OOM_SCORE
    score = _burstable_score(container, memory_capacity)
    if is_sidecar(container):
        # A sidecar must not be killed before the containers it serves.
        score = min(score, *(_burstable_score(app, memory_capacity) for app in pod.spec.containers), 1000)
    return score


def _burstable_score(container: Container, memory_capacity: int) -> int:
    request = container.resources.requests.get("memory")
    requested = request.int_value() if request is not None else 0
    score = 1000 - (1000 * requested) // max(memory_capacity, 1)
    return max(_LOWEST_BURSTABLE, min(score, _HIGHEST_BURSTABLE))
