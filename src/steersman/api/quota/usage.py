"""What one object uses of a quota.

Source: pkg/quota/v1/evaluator/core: pods.go, services.go, persistent_volume_claims.go; apiserver/pkg/quota/v1/generic.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from steersman.api.core import PersistentVolumeClaim, Pod, Service
from steersman.api.core.podresources import pod_limits, pod_requests
from steersman.api.meta import Kind
from steersman.apimachinery.quantity import Quantity

Amounts = Mapping[str, Quantity]

ONE = Quantity(1)
# Kinds that are also counted under their bare plural name.
COUNTED_BY_PLURAL = frozenset({
    "configmaps", "persistentvolumeclaims", "pods", "replicationcontrollers", "resourcequotas", "secrets", "services",
})  # fmt: skip
NATIVE_COMPUTE = ("cpu", "memory", "ephemeral-storage")
HUGE_PAGES = "hugepages-"
CLASS_SUFFIX = ".storageclass.storage.k8s.io/"
BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
BINARY = Quantity("1Ki")


def usage_of(obj: Kind, plural: str, group: str, now: datetime) -> Amounts:
    """The amounts by resource name, of every resource any quota could limit."""
    counted = {f"count/{plural}.{group}" if group else f"count/{plural}": ONE}
    match obj:
        case Pod():
            return counted | _pod_usage(obj, now)
        case Service():
            return counted | {"services": ONE} | _service_usage(obj)
        case PersistentVolumeClaim():
            return counted | {"persistentvolumeclaims": ONE} | _claim_usage(obj)
        case _ if not group and plural in COUNTED_BY_PLURAL:
            return counted | {plural: ONE}
        case _:
            return counted


def _pod_usage(pod: Pod, now: datetime) -> dict[str, Quantity]:
    if not counts(pod, now):
        return {}
    made = {"pods": ONE}
    for name, amount in pod_requests(pod).items():
        quantity = _quantity(name, amount)
        if name in NATIVE_COMPUTE or name.startswith(HUGE_PAGES):
            made[name] = quantity
        if name in NATIVE_COMPUTE or name.startswith(HUGE_PAGES) or "/" in name:
            made[f"requests.{name}"] = quantity
    for name, amount in pod_limits(pod).items():
        if name in NATIVE_COMPUTE:
            made[f"limits.{name}"] = _quantity(name, amount)
    return made


def counts(pod: Pod, now: datetime) -> bool:
    """Whether a pod uses anything: not when it is over, or should be gone."""
    if pod.status.phase in ("Failed", "Succeeded"):
        return False
    meta = pod.metadata
    if meta.deletionTimestamp is None or meta.deletionGracePeriodSeconds is None:
        return True
    return meta.deletionTimestamp + timedelta(0) > now


def _service_usage(service: Service) -> dict[str, Quantity]:
    spec, ports = service.spec, Quantity(len(service.spec.ports))
    match spec.type:
        case "NodePort":
            return {"services.nodeports": ports}
        case "LoadBalancer":
            has_ports = spec.allocateLoadBalancerNodePorts is not False
            given = Quantity(sum(1 for port in spec.ports if port.nodePort))
            return {"services.loadbalancers": ONE, "services.nodeports": ports if has_ports else given}
        case _:
            return {}


def _claim_usage(claim: PersistentVolumeClaim) -> dict[str, Quantity]:
    made: dict[str, Quantity] = {}
    requested = claim.spec.resources.requests.get("storage")
    name = claim.metadata.annotations.get(BETA_CLASS) or claim.spec.storageClassName
    if requested is not None:
        made["requests.storage"] = requested
    if name:
        made[f"{name}{CLASS_SUFFIX}persistentvolumeclaims"] = ONE
        if requested is not None:
            made[f"{name}{CLASS_SUFFIX}requests.storage"] = requested
    return made


def _quantity(name: str, amount: Decimal) -> Quantity:
    return Quantity.of(amount, None if name == "cpu" else BINARY)
