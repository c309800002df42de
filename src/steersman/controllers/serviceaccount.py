"""What every namespace has: a default ServiceAccount, and the cluster's CA certificate in a ConfigMap.

Pure but for `observe`.

Source: pkg/controller/serviceaccount, pkg/controller/certificates/rootcacertpublisher.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from steersman.api.core import ConfigMap, Namespace, ServiceAccount
from steersman.api.meta import Kind, ObjectMeta
from steersman.apimachinery.object import replace
from steersman.client.cache import ObjectKey
from steersman.reconcile.controller import Reader, Watch, own_key
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


class ServiceAccountController:
    """Gives each namespace its default ServiceAccount."""

    name = "serviceaccount-controller"

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """Namespaces and their default accounts."""
        return (Watch(Namespace, own_key), Watch(ServiceAccount, _namespace_of_named(DEFAULT_ACCOUNT)))

    async def observe(self, reader: Reader, key: ObjectKey) -> View[ServiceAccount] | None:
        """See `_observe`."""
        return _observe(reader, key, ServiceAccount, DEFAULT_ACCOUNT)

    def plan(self, view: View[ServiceAccount], now: datetime) -> Plan:
        """Create the account when it is missing; what users made of it stays."""
        if view.current is not None:
            return NOTHING
        made = ServiceAccount(metadata=ObjectMeta(name=DEFAULT_ACCOUNT, namespace=view.namespace))
        return Plan((Create(made, exists_is_fine=True),))


class RootCAPublisher:
    """Puts the CA certificate into each namespace, for pods to verify the API server with."""

    name = "root-ca-certificate-publisher-controller"

    def __init__(self, ca_pem: str) -> None:
        self._ca_pem = ca_pem

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """Namespaces and the published ConfigMaps."""
        return (Watch(Namespace, own_key), Watch(ConfigMap, _namespace_of_named(ROOT_CA)))

    async def observe(self, reader: Reader, key: ObjectKey) -> View[ConfigMap] | None:
        """See `_observe`."""
        return _observe(reader, key, ConfigMap, ROOT_CA)

    def plan(self, view: View[ConfigMap], now: datetime) -> Plan:
        """Create the ConfigMap, or put its data right."""
        data = {CA_KEY: self._ca_pem}
        current = view.current
        if current is None:
            meta = ObjectMeta(name=ROOT_CA, namespace=view.namespace, annotations={DESCRIPTION: ROOT_CA_DESCRIPTION})
            return Plan((Create(ConfigMap(metadata=meta, data=data), exists_is_fine=True),))
        annotations = {**current.metadata.annotations, DESCRIPTION: ROOT_CA_DESCRIPTION}
        wanted = replace(current, data=data, metadata=replace(current.metadata, annotations=annotations))
        return NOTHING if wanted == current else Plan((Update(wanted),))


def _observe(reader: Reader, key: ObjectKey, kind: type[K], name: str) -> View[K] | None:
    """The object of this name in a namespace; nothing for a namespace that is going."""
    namespace = reader.get(Namespace, key)
    if namespace is None or namespace.metadata.deletionTimestamp is not None:
        return None
    return View(key.name, reader.cache(kind).get(key.name, name))


def _namespace_of_named(name: str) -> Any:
    """Key function: changes of the object of this name concern its namespace."""

    def keys(_: Reader, old: Kind | None, new: Kind | None) -> tuple[ObjectKey, ...]:
        obj = new if new is not None else old
        return (ObjectKey("", obj.metadata.namespace),) if obj is not None and obj.metadata.name == name else ()

    return keys
