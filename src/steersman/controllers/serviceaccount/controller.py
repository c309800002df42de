"""The ServiceAccount controller and the root CA publisher: what every namespace is given."""

from datetime import datetime
from typing import Any, TypeVar

from steersman.api.core import ConfigMap, Namespace, ServiceAccount
from steersman.api.meta import Kind
from steersman.client.cache import ObjectKey
from steersman.controllers.serviceaccount.plan import DEFAULT_ACCOUNT, ROOT_CA, View, plan_account, plan_certificate
from steersman.reconcile.controller import Keys, Reader, Watch, own_key
from steersman.reconcile.plan import Plan

K = TypeVar("K", bound=Kind)


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
        """See `plan_account`."""
        return plan_account(view)


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
        """See `plan_certificate`."""
        return plan_certificate(view, self._ca_pem)


def _observe(reader: Reader, key: ObjectKey, kind: type[K], name: str) -> View[K] | None:
    """The object of this name in a namespace; nothing for a namespace that is going."""
    namespace = reader.get(Namespace, key)
    if namespace is None or namespace.metadata.deletionTimestamp is not None:
        return None
    return View(key.name, reader.cache(kind).get(key.name, name))


def _namespace_of_named(name: str) -> Keys[Any]:
    """Key function: changes of the object of this name concern its namespace."""

    def keys(_: Reader, old: Kind | None, new: Kind | None) -> tuple[ObjectKey, ...]:
        obj = new if new is not None else old
        return (ObjectKey("", obj.metadata.namespace),) if obj is not None and obj.metadata.name == name else ()

    return keys
