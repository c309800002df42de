"""The resource quota controller: what admission counts in, it counts out again, and puts right what went wrong."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from steersman.api.core import PersistentVolumeClaim, Pod, ResourceQuota, ResourceQuotaStatus, Service
from steersman.api.meta import Kind
from steersman.client.cache import ObjectKey, key_of
from steersman.component.clock import Clock
from steersman.controllers.resourcequota.plan import SETTLES, View, counted_resources, plan
from steersman.reconcile.allkinds import collected_kinds, namespaced_resources
from steersman.reconcile.controller import Keys, Reader, Watch, own_key
from steersman.reconcile.plan import Plan

# Kinds of which more than their number may be counted.
WHOLE: tuple[type[Kind], ...] = (Pod, Service, PersistentVolumeClaim)
# Deletions come in bursts; the count may lag a little behind them.
REST = timedelta(milliseconds=100)


class ResourceQuotaController:
    """Keeps status.used of every quota."""

    name = "resourcequota-controller"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # The status of each quota as last seen, and since when it is so.
        self._seen: dict[ObjectKey, tuple[ResourceQuotaStatus, float]] = {}

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """Quotas, and everything in namespaces that may be counted."""
        counted = [one.object_type for one in namespaced_resources() if one.object_type in collected_kinds()]
        others = [kind for kind in counted if kind is not ResourceQuota and kind not in WHOLE]
        return (
            Watch(ResourceQuota, own_key, delay=REST),
            *(Watch(kind, _quotas_of(kind), delay=REST) for kind in WHOLE),
            *(Watch(kind, _quotas_of(kind), metadata_only=True, delay=REST) for kind in others),
        )

    async def observe(self, reader: Reader, key: ObjectKey) -> View | None:
        """The quota and what it counts."""
        quota = reader.get(ResourceQuota, key)
        if quota is None or quota.metadata.deletionTimestamp is not None:
            self._seen.pop(key, None)
            return None
        now = self._clock.monotonic()
        status, since = self._seen.get(key, (None, now))
        if status != quota.status:
            self._seen[key] = (quota.status, since := now)
        found = {
            resource: tuple(_in_namespace(reader, resource.object_type, key.namespace))
            for resource in counted_resources(quota, namespaced_resources())
        }
        return View(quota, found, is_settled=now - since >= SETTLES.total_seconds())

    def plan(self, view: View, now: datetime) -> Plan:
        """See `plan`."""
        return plan(view, now)


def _in_namespace(reader: Reader, kind: type[Kind], namespace: str) -> Iterable[Kind]:
    return (one for one in reader.cache(kind) if one.metadata.namespace == namespace)


def _quotas_of(kind: type[Kind]) -> Keys[Any]:
    """Key function: what is made, goes or changes what it uses concerns the quotas of its namespace."""

    def keys(reader: Reader, old: Kind | None, new: Kind | None) -> tuple[ObjectKey, ...]:
        obj = new if new is not None else old
        if obj is None or (kind not in WHOLE and old is not None and new is not None):
            return ()
        if isinstance(old, Pod) and isinstance(new, Pod) and not _has_changed(old, new):
            return ()
        namespace = obj.metadata.namespace
        return tuple(key_of(one) for one in reader.cache(ResourceQuota) if one.metadata.namespace == namespace)

    return keys


def _has_changed(old: Pod, new: Pod) -> bool:
    """A pod's usage may be another."""
    before = (old.spec.containers, old.status.phase, old.metadata.deletionTimestamp)
    return before != (new.spec.containers, new.status.phase, new.metadata.deletionTimestamp)
