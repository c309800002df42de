"""What a pod asks of a node: the sums over its containers that scheduler, kubelet, quota and QoS all work from.

Source: KEP-753 (sidecars), k8s.io/component-helpers/resource: PodRequests.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from steersman.api.core.container import Container, ResourceRequirements
from steersman.api.core.pod import Pod
from steersman.apimachinery.quantity import Quantity

Amounts = Mapping[str, Decimal]


def is_sidecar(container: Container) -> bool:
    """An init container that keeps running beside the app containers."""
    return container.restartPolicy == "Always"


def pod_requests(pod: Pod) -> dict[str, Decimal]:
    """Requests of the whole pod by resource name, in whole units, overhead included."""
    return _pod_amounts(pod, lambda resources: resources.requests)


def pod_limits(pod: Pod) -> dict[str, Decimal]:
    """Limits of the whole pod by resource name, in whole units, overhead included."""
    return _pod_amounts(pod, lambda resources: resources.limits)


def _pod_amounts(pod: Pod, side: Callable[[ResourceRequirements], Mapping[str, Quantity]]) -> dict[str, Decimal]:
    running = _sum(_amounts(side(container.resources)) for container in pod.spec.containers)
    sidecars: dict[str, Decimal] = {}
    starting: dict[str, Decimal] = {}
    for container in pod.spec.initContainers:
        own = _amounts(side(container.resources))
        if is_sidecar(container):
            sidecars = _sum((sidecars, own))
            starting = _highest(starting, sidecars)
        else:
            # An init container runs alone but for the sidecars started before it.
            starting = _highest(starting, _sum((sidecars, own)))
    total = _highest(_sum((running, sidecars)), starting)
    if pod.spec.resources is not None:
        total |= _amounts(side(pod.spec.resources))
    return _sum((total, _amounts(pod.spec.overhead)))


def _amounts(quantities: Mapping[str, Quantity]) -> dict[str, Decimal]:
    return {name: quantity.value for name, quantity in quantities.items()}


def _sum(parts: Iterable[Amounts]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for part in parts:
        for name, amount in part.items():
            total[name] = total.get(name, Decimal(0)) + amount
    return total


def _highest(one: Amounts, other: Amounts) -> dict[str, Decimal]:
    return {name: max(one.get(name, Decimal(0)), other.get(name, Decimal(0))) for name in {**one, **other}}
