"""What every namespace has: a default ServiceAccount, and the cluster's CA certificate in a ConfigMap. Pure.

Source: pkg/controller/serviceaccount, pkg/controller/certificates/rootcacertpublisher.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from steersman.api.core import ConfigMap, ServiceAccount
from steersman.api.meta import Kind, ObjectMeta
from steersman.apimachinery.object import replace
from steersman.reconcile.plan import NOTHING, Create, Plan, Update

K = TypeVar("K", bound=Kind)

DEFAULT_ACCOUNT = "default"
ROOT_CA = "kube-root-ca.crt"
CA_KEY = "ca.crt"
DESCRIPTION = "kubernetes.io/description"
ROOT_CA_DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. "
    "No other usage is guaranteed across distributions of Kubernetes clusters."
)


@dataclass(frozen=True, slots=True)
class View(Generic[K]):
    """An active namespace and the object that it should have."""

    namespace: str
    current: K | None


def plan_account(view: View[ServiceAccount]) -> Plan:
    """Create the account when it is missing; what users made of it stays."""
    if view.current is not None:
        return NOTHING
    made = ServiceAccount(metadata=ObjectMeta(name=DEFAULT_ACCOUNT, namespace=view.namespace))
    return Plan((Create(made, exists_is_fine=True),))


def plan_certificate(view: View[ConfigMap], ca_pem: str) -> Plan:
    """Create the ConfigMap, or put its data right."""
    data, current = {CA_KEY: ca_pem}, view.current
    if current is None:
        meta = ObjectMeta(name=ROOT_CA, namespace=view.namespace, annotations={DESCRIPTION: ROOT_CA_DESCRIPTION})
        return Plan((Create(ConfigMap(metadata=meta, data=data), exists_is_fine=True),))
    annotations = {**current.metadata.annotations, DESCRIPTION: ROOT_CA_DESCRIPTION}
    wanted = replace(current, data=data, metadata=replace(current.metadata, annotations=annotations))
    return NOTHING if wanted == current else Plan((Update(wanted),))
