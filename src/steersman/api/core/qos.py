"""A pod's quality of service, by what its containers request and limit.

Source: pkg/apis/core/helper/qos: Guaranteed needs cpu and memory limits on every container, equal to the requests.
"""

from steersman.api.core.pod import Pod, PodQOSClass

_COMPUTE = ("cpu", "memory")


def qos_class(pod: Pod) -> PodQOSClass:
    """The class its status names; a pod that has none yet, as a static one, gets the computed one."""
    return PodQOSClass(pod.status.qosClass) if pod.status.qosClass else compute_qos_class(pod)


def compute_qos_class(pod: Pod) -> PodQOSClass:
    """Guaranteed where every container limits what it requests, BestEffort where none asks for anything."""
    if pod.spec.resources is not None:
        sides = [(pod.spec.resources.requests, pod.spec.resources.limits)]
    else:
        containers = (*pod.spec.containers, *pod.spec.initContainers)
        sides = [(container.resources.requests, container.resources.limits) for container in containers]
    # An amount of nothing asks for nothing.
    if not any(amounts.get(name) for side in sides for amounts in side for name in _COMPUTE):
        return PodQOSClass.BEST_EFFORT
    for requests, limits in sides:
        for name in _COMPUTE:
            limit = limits.get(name)
            if not limit or requests.get(name, limit) != limit:
                return PodQOSClass.BURSTABLE
    return PodQOSClass.GUARANTEED
