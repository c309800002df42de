"""The garbage collector: follows every kind, and finds dependents by the uids in their owner references.

The caches are the graph. That an owner is absent is always confirmed live, since a cache may not have it yet.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from steersman.api.meta import Kind, OwnerReference
from steersman.api.resources import Resource
from steersman.apimachinery.object import GroupVersionKind
from steersman.apimachinery.status import NotFound
from steersman.controllers.garbagecollector.plan import (
    ORPHAN,
    Dependent,
    Foreground,
    Orphaning,
    OwnerState,
    View,
    is_waiting,
    plan,
)
from steersman.reconcile.allkinds import collected_kinds, collected_resource
from steersman.reconcile.controller import Reader, Watch
from steersman.reconcile.plan import Plan

OWNER, OWNER_KIND = "owner", "owner kind"


class ItemKey(NamedTuple):
    """An object of any kind."""

    kind: type[Kind]
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind.__name__} {self.namespace}/{self.name}"


class GarbageCollector:
    """Deletes dependents of deleted owners, and carries out foreground and orphaning deletion."""

    name = "garbage-collector-controller"

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """Every kind that can be owned or deleted."""
        return tuple(map(self.watch_of, collected_kinds()))

    def watch_of(self, kind: type[Kind]) -> Watch[Any]:
        """Any kind is watched alike."""
        indexes = ((OWNER, _owner_uids), (OWNER_KIND, _owner_kinds))
        return Watch(kind, partial(_keys, kind), metadata_only=True, indexes=indexes)

    def concerned_by(self, reader: Reader, resource: Resource) -> Iterable[ItemKey]:
        """Objects owned by such: their owner may have gone before anybody followed it."""
        named = _owner_kind(resource.group, resource.kind)
        return [_key(type(one), one) for one in _owned(reader, OWNER_KIND, named)]

    async def observe(self, reader: Reader, key: ItemKey) -> View | None:
        """The object, with its dependents or with what its owners are."""
        obj = reader.cache(key.kind).get(key.namespace, key.name)
        if obj is None:
            return None
        meta = obj.metadata
        if meta.deletionTimestamp is not None:
            if ORPHAN in meta.finalizers:
                return Orphaning(obj, tuple(_dependents(reader, meta.uid)))
            return Foreground(obj, tuple(_dependents(reader, meta.uid))) if is_waiting(obj) else None
        if not meta.ownerReferences:
            return None
        owners = [(ref, await _state(reader, obj, ref)) for ref in meta.ownerReferences]
        return Dependent(obj, tuple(owners), tuple(_dependents(reader, meta.uid)))

    def plan(self, view: View, now: datetime) -> Plan:
        """See `plan`."""
        return plan(view, now)


def _owner_uids(obj: Kind) -> tuple[str, ...]:
    return tuple(ref.uid for ref in obj.metadata.ownerReferences)


def _owner_kinds(obj: Kind) -> Iterable[str]:
    return {_owner_kind(ref.apiVersion.rpartition("/")[0], ref.kind) for ref in obj.metadata.ownerReferences}


def _owner_kind(group: str, kind: str) -> str:
    return f"{group}/{kind}"


def _dependents(reader: Reader, uid: str) -> Iterator[Kind]:
    return _owned(reader, OWNER, uid)


def _owned(reader: Reader, index: str, value: str) -> Iterator[Kind]:
    kinds = (*collected_kinds(), *(one.object_type for one in reader.custom_resources))
    for kind in kinds:
        yield from reader.cache(kind).by_index(index, value)


def _resource(reader: Reader, ref: OwnerReference) -> Resource | None:
    gvk = GroupVersionKind.parse(ref.apiVersion, ref.kind)
    found = collected_resource(gvk)
    return found if found is not None or reader.custom is None else reader.custom.resource(gvk)


async def _state(reader: Reader, obj: Kind, ref: OwnerReference) -> OwnerState:
    resource = _resource(reader, ref)
    if resource is None or (resource.namespaced and not obj.metadata.namespace):
        # A kind that isn't served, or a namespaced owner of a cluster-wide object: nothing can be said, so nothing is
        # done.
        return OwnerState.SOLID
    namespace = obj.metadata.namespace if resource.namespaced else ""
    owner = reader.cache(resource.object_type).get(namespace, ref.name)
    if owner is None or owner.metadata.uid != ref.uid:
        try:
            owner = await reader.live.get(resource.object_type, ref.name, namespace or None)
        except NotFound:
            return OwnerState.ABSENT
        if owner.metadata.uid != ref.uid:
            return OwnerState.ABSENT
    return OwnerState.WAITING if is_waiting(owner) else OwnerState.SOLID


def _keys(kind: type[Kind], reader: Reader, old: Kind | None, new: Kind | None) -> Iterable[ItemKey]:
    """Whom a change concerns: the object; when it goes its dependents; its owners when it blocks them no more."""
    obj = new if new is not None else old
    if obj is None:
        return
    is_going = new is None or _is_finishing(new)
    if new is not None and (_is_finishing(new) or (new.metadata.ownerReferences and _has_changed(old, new))):
        yield _key(kind, new)
    if is_going:
        for dependent in _dependents(reader, obj.metadata.uid):
            yield _key(type(dependent), dependent)
    if new is None or (old is not None and old.metadata.ownerReferences != new.metadata.ownerReferences):
        yield from _owners(reader, obj if old is None else old)


def _is_finishing(obj: Kind) -> bool:
    return is_waiting(obj) or (obj.metadata.deletionTimestamp is not None and ORPHAN in obj.metadata.finalizers)


def _has_changed(old: Kind | None, new: Kind) -> bool:
    return old is None or (old.metadata.ownerReferences, old.metadata.uid) != (
        new.metadata.ownerReferences,
        new.metadata.uid,
    )


def _key(kind: type[Kind], obj: Kind) -> ItemKey:
    return ItemKey(kind, obj.metadata.namespace, obj.metadata.name)


def _owners(reader: Reader, obj: Kind) -> Iterator[ItemKey]:
    for ref in obj.metadata.ownerReferences:
        resource = _resource(reader, ref)
        if resource is not None:
            namespace = obj.metadata.namespace if resource.namespaced else ""
            yield ItemKey(resource.object_type, namespace, ref.name)
