"""The namespace controller: empties namespaces that are being deleted."""

from datetime import datetime
from typing import Any

from steersman.api.core import Namespace
from steersman.apimachinery.status import MethodNotSupported, NotFound
from steersman.client.cache import ObjectKey
from steersman.controllers.namespace.plan import FINALIZER, Content, View, plan
from steersman.reconcile.allkinds import namespaced_resources
from steersman.reconcile.controller import Reader, Watch, own_key
from steersman.reconcile.plan import Plan


class NamespaceController:
    """Deletes the content of terminating namespaces, then their finalizer."""

    name = "namespace-controller"

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """Namespaces only: the content is read live when it is to go."""
        return (Watch(Namespace, own_key),)

    async def observe(self, reader: Reader, key: ObjectKey) -> View | None:
        """A terminating namespace and everything left in it, read live: a cache could miss what was just created."""
        namespace = reader.get(Namespace, key)
        if namespace is None or namespace.metadata.deletionTimestamp is None:
            return None
        if FINALIZER not in namespace.spec.finalizers:
            return None
        contents: list[Content] = []
        custom = (one for one in reader.custom_resources if one.namespaced)
        for resource in (*namespaced_resources(), *custom):
            try:
                found = await reader.live.list(resource.object_type, key.name)
            except (NotFound, MethodNotSupported):
                continue  # the server doesn't serve it (any more)
            if found.items:
                contents.append(Content(resource, found.items))
        return View(namespace, tuple(contents), reader.failure)

    def plan(self, view: View, now: datetime) -> Plan:
        """See `plan`."""
        return plan(view, now)
