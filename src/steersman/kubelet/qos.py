"""What follows from a pod's quality of service class for the kernel's out-of-memory killer.

Source: pkg/kubelet/qos/policy.go.
"""

from steersman.api.core import Container, Pod, PodQOSClass
from steersman.api.core.podresources import is_sidecar
from steersman.api.core.qos import qos_class

GUARANTEED_OOM_SCORE = -997
BEST_EFFORT_OOM_SCORE = 1000
POD_INFRA_OOM_SCORE = -998
_HIGHEST_BURSTABLE, _LOWEST_BURSTABLE = 999, 3
CRITICAL_PRIORITY = 2_000_000_000


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
