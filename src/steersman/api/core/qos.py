"""A pod's quality of service, by what its containers request and limit.

Source: pkg/apis/core/helper/qos: Guaranteed needs cpu and memory limits on every container, equal to the requests.
"""

from steersman.api.core.pod import Pod

COMPUTE = ("cpu", "memory")


def qos_class(pod: Pod) -> str:
    """Guaranteed, Burstable or BestEffort."""
    containers = (*pod.spec.containers, *pod.spec.initContainers)
    all_resources = [container.resources for container in containers]
    if pod.spec.resources is not None:
        all_resources = [pod.spec.resources]
    given = [
        amount
        for resources in all_resources
        for side in (resources.requests, resources.limits)
        for name, amount in side.items()
        if name in COMPUTE and amount
    ]
    if not given:
        return "BestEffort"
    for resources in all_resources:
        for name in COMPUTE:
            limit = resources.limits.get(name)
            if not limit or resources.requests.get(name, limit) != limit:
                return "Burstable"
    return "Guaranteed"
