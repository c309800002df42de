# ruff: noqa: PLR0913  # the parameters are those of the Client protocol
"""`MemoryClient`: the Client contract over a dictionary, for tests of controllers and informers without a server.

It has revisions, uids, generations, conflicts, watches, status subresources, finalizers and owner-free deletion; it has
no admission, validation or defaulting. Deletion is graceful only for pods on a node, and only when asked to be.
"""

import asyncio
import copy
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from steersman.api import core
from steersman.api.meta import Kind, ObjectMeta
from steersman.api.resources import resource_for
from steersman.apimachinery import status
from steersman.apimachinery.codec.json import from_wire, parse, to_wire
from steersman.apimachinery.object import Object, replace
from steersman.apimachinery.patch import json as json_patch
from steersman.apimachinery.patch import merge, strategic
from steersman.apimachinery.schema import TypeSchema, schema_of
from steersman.apimachinery.selectors import parse_field_selector, parse_label_selector
from steersman.apimachinery.times import to_time
from steersman.client.cache import ObjectKey, key_of
from steersman.client.interface import EventType, ListResult, PatchBody, PatchType, Propagation, WatchEvent
from steersman.component.clock import Clock

K = TypeVar("K", bound=Kind)
Body = TypeVar("Body", bound=Object)


PATCHES: Mapping[PatchType, Callable[[Any, Any, TypeSchema], Any]] = {
    PatchType.JSON: lambda tree, body, _: json_patch.apply(tree, body),
    PatchType.MERGE: lambda tree, body, _: merge.apply(tree, body),
    PatchType.STRATEGIC: lambda tree, body, schema: strategic.apply(tree, copy.deepcopy(body), schema),
}


@dataclass(frozen=True, slots=True)
class _Entry:
    revision: int
    type: EventType
    object: Kind


class MemoryClient:
    """A Client whose whole cluster is in memory; `fail_next`, `compact` and `cut` make trouble on demand."""

    def __init__(self, clock: Clock, *objects: Kind, graceful: bool = False) -> None:
        self._clock, self._graceful = clock, graceful
        self._objects: dict[type[Kind], dict[ObjectKey, Kind]] = {}
        self._history: dict[type[Kind], list[_Entry]] = {}
        self._revision = self._compacted = 0
        self._names = 0
        self._streams: dict[type[Kind], list[asyncio.Queue[_Entry | None]]] = {}
        self._failures: list[tuple[Callable[[str, type[Kind], str], bool], Exception]] = []
        self.calls: list[tuple[str, str, str]] = []
        for obj in objects:
            self._put(self._born(obj), EventType.ADDED)

    def fail_next(self, verb: str, kind: type[Kind], error: Exception) -> None:
        """The next call of this verb on this kind raises the error."""
        self._failures.append((lambda v, k, _: v == verb and k is kind, error))

    def compact(self) -> None:
        """Forget all history: a watch from an older revision gets Expired."""
        self._compacted = self._revision
        self._history.clear()

    def cut(self) -> None:
        """End every running watch, as a restarting server does."""
        for streams in self._streams.values():
            for stream in streams:
                stream.put_nowait(None)

    def all(self, kind: type[K]) -> tuple[K, ...]:
        """Everything of a kind, without waiting."""
        found: Any = tuple(self._objects.get(kind, {}).values())
        return tuple(found)

    async def get(self, kind: type[K], name: str, namespace: str | None = None) -> K:
        """As Client."""
        self._note("get", kind, name)
        return self._stored(kind, ObjectKey(namespace or "", name))

    async def list(
        self,
        kind: type[K],
        namespace: str | None = None,
        *,
        label_selector: str = "",
        field_selector: str = "",
        resource_version: str = "",
        limit: int = 0,
        continue_: str = "",
    ) -> ListResult[K]:
        """As Client; always one page."""
        self._note("list", kind, "")
        matches = _matcher(namespace, label_selector, field_selector)
        return ListResult(tuple(obj for obj in self.all(kind) if matches(obj)), str(self._revision))

    async def create(self, obj: K, *, dry_run: bool = False) -> K:
        """As Client."""
        kind = type(obj)
        self._note("create", kind, obj.metadata.name)
        made = self._born(obj)
        if key_of(made) in self._objects.get(kind, {}):
            raise status.already_exists(resource_for(kind).group_resource, made.metadata.name)
        return made if dry_run else self._put(made, EventType.ADDED)

    async def update(self, obj: K, subresource: str = "") -> K:
        """As Client."""
        self._note("update", type(obj), obj.metadata.name)
        old = self._stored(type(obj), key_of(obj))
        given = obj.metadata
        if given.uid and given.uid != old.metadata.uid:
            raise self._conflict(old)
        if given.resourceVersion and given.resourceVersion != old.metadata.resourceVersion:
            raise self._conflict(old)
        return self._change(old, obj, subresource)

    async def patch(
        self,
        kind: type[K],
        name: str,
        namespace: str | None,
        patch: PatchBody,
        patch_type: PatchType = PatchType.MERGE,
        subresource: str = "",
        *,
        field_manager: str = "",
        force: bool = False,
    ) -> K:
        """As Client, but for server-side apply."""
        self._note("patch", kind, name)
        change = PATCHES[patch_type]
        old = self._stored(kind, ObjectKey(namespace or "", name))
        body: Any = parse(patch) if isinstance(patch, bytes) else patch
        wanted = body.get("metadata", {}) if isinstance(body, Mapping) else {}
        for precondition in ("uid", "resourceVersion"):
            if wanted.get(precondition, getattr(old.metadata, precondition)) != getattr(old.metadata, precondition):
                raise self._conflict(old)
        return self._change(old, from_wire(change(to_wire(old), body, schema_of(kind)), kind), subresource)

    async def delete(
        self,
        kind: type[K],
        name: str,
        namespace: str | None = None,
        *,
        grace_period_seconds: int | None = None,
        propagation: Propagation | None = None,
        uid: str | None = None,
        resource_version: str | None = None,
    ) -> None:
        """As Client; propagation adds the finalizer that the garbage collector looks for."""
        self._note("delete", kind, name)
        old = self._stored(kind, ObjectKey(namespace or "", name))
        if uid not in (None, old.metadata.uid) or resource_version not in (None, old.metadata.resourceVersion):
            raise self._conflict(old)
        finalizers = old.metadata.finalizers
        extra = {Propagation.FOREGROUND: "foregroundDeletion", Propagation.ORPHAN: "orphan"}.get(
            propagation or Propagation.BACKGROUND
        )
        if extra is not None and extra not in finalizers:
            finalizers = (*finalizers, extra)
        grace = self._grace(old) if grace_period_seconds is None else grace_period_seconds
        if isinstance(old, core.Namespace) and old.spec.finalizers:
            finalizers = (*finalizers, "")  # kept by its own finalizers, not by metadata's
        if not finalizers and not grace:
            self._remove(old)
        elif old.metadata.deletionTimestamp is None:
            changes = {"deletionTimestamp": to_time(self._clock.now()), "deletionGracePeriodSeconds": grace}
            meta = replace(old.metadata, finalizers=tuple(filter(None, finalizers)), **changes)
            self._put(replace(old, metadata=meta), EventType.MODIFIED)

    async def delete_collection(
        self,
        kind: type[K],
        namespace: str | None = None,
        *,
        label_selector: str = "",
        field_selector: str = "",
        grace_period_seconds: int | None = None,
        propagation: Propagation | None = None,
    ) -> None:
        """As Client."""
        matches = _matcher(namespace, label_selector, field_selector)
        for obj in self.all(kind):
            if matches(obj):
                await self.delete(
                    kind, obj.metadata.name, obj.metadata.namespace,
                    grace_period_seconds=grace_period_seconds, propagation=propagation,
                )  # fmt: skip

    async def watch(
        self,
        kind: type[K],
        namespace: str | None = None,
        *,
        resource_version: str = "",
        label_selector: str = "",
        field_selector: str = "",
        bookmarks: bool = True,
    ) -> AsyncGenerator[WatchEvent[K], None]:
        """As Client, without bookmarks; an object that stops matching the selector is not reported as deleted."""
        self._note("watch", kind, "")
        since = int(resource_version or 0)
        if since < self._compacted:
            raise status.Expired(f"too old resource version: {since} ({self._compacted})")
        stream: asyncio.Queue[_Entry | None] = asyncio.Queue()
        for entry in self._history.get(kind, []):
            if entry.revision > since:
                stream.put_nowait(entry)
        streams = self._streams.setdefault(kind, [])
        streams.append(stream)
        matches = _matcher(namespace, label_selector, field_selector)
        try:
            while (found := await stream.get()) is not None:
                if matches(found.object):
                    obj: Any = found.object
                    yield WatchEvent(found.type, obj)
        finally:
            streams.remove(stream)

    async def create_subresource(
        self, kind: type[Kind], name: str, namespace: str | None, subresource: str, body: Body
    ) -> Body:
        """As Client: a binding sets the node, an eviction deletes."""
        self._note(subresource, kind, name)
        if isinstance(body, core.Binding):
            pod = self._stored(core.Pod, ObjectKey(namespace or "", name))
            self._change(pod, replace(pod, spec=replace(pod.spec, nodeName=body.target.name)), "")
        elif subresource == "eviction":
            await self.delete(kind, name, namespace)
        return body

    async def close(self) -> None:
        """End the watches."""
        self.cut()

    def _note(self, verb: str, kind: type[Kind], name: str) -> None:
        self.calls.append((verb, kind.__name__, name))
        for failure in self._failures:
            if failure[0](verb, kind, name):
                self._failures.remove(failure)
                raise failure[1]

    def _stored(self, kind: type[K], key: ObjectKey) -> K:
        found: Any = self._objects.get(kind, {}).get(key)
        if found is None:
            raise status.not_found(resource_for(kind).group_resource, key.name)
        stored: K = found
        return stored

    def _conflict(self, old: Kind) -> status.StatusError:
        return status.conflict(
            resource_for(type(old)).group_resource, old.metadata.name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )  # fmt: skip

    def _grace(self, old: Kind) -> int:
        if not (self._graceful and isinstance(old, core.Pod) and old.spec.nodeName):
            return 0
        return 30 if old.spec.terminationGracePeriodSeconds is None else old.spec.terminationGracePeriodSeconds

    def _born(self, obj: K) -> K:
        meta = obj.metadata
        self._names += 1
        name = meta.name or f"{meta.generateName}{self._names:05d}"
        made = replace(
            meta,
            name=name,
            uid=meta.uid or f"uid-{self._names:05d}",
            creationTimestamp=meta.creationTimestamp or to_time(self._clock.now()),
            generation=meta.generation or 1,
        )
        return replace(obj, metadata=made)

    def _change(self, old: K, new: K, subresource: str) -> K:
        if subresource == "status" or subresource == "finalize":
            part = {"status": "status", "finalize": "spec"}[subresource]
            new = replace(old, **{part: getattr(new, part)})
        elif resource_for(type(old)).subresource("status") is not None:
            new = replace(new, status=getattr(old, "status"))  # noqa: B009  # Kind declares no status
        kept = _kept_metadata(old.metadata, new.metadata)
        if getattr(old, "spec", None) != getattr(new, "spec", None):
            kept = replace(kept, generation=old.metadata.generation + 1)
        new = replace(new, metadata=kept)
        if new == old:
            return old
        is_namespace_done = not (isinstance(new, core.Namespace) and new.spec.finalizers)
        if kept.deletionTimestamp and not kept.finalizers and not kept.deletionGracePeriodSeconds and is_namespace_done:
            return self._remove(new)
        return self._put(new, EventType.MODIFIED)

    def _put(self, obj: K, event: EventType) -> K:
        self._revision += 1
        obj = replace(obj, metadata=replace(obj.metadata, resourceVersion=str(self._revision)))
        self._objects.setdefault(type(obj), {})[key_of(obj)] = obj
        self._publish(event, obj)
        return obj

    def _remove(self, obj: K) -> K:
        del self._objects[type(obj)][key_of(obj)]
        self._revision += 1
        obj = replace(obj, metadata=replace(obj.metadata, resourceVersion=str(self._revision)))
        self._publish(EventType.DELETED, obj)
        return obj

    def _publish(self, event: EventType, obj: Kind) -> None:
        entry = _Entry(self._revision, event, obj)
        self._history.setdefault(type(obj), []).append(entry)
        for stream in self._streams.get(type(obj), []):
            stream.put_nowait(entry)


def _kept_metadata(old: ObjectMeta, new: ObjectMeta) -> ObjectMeta:
    """The fields only the server sets stay as they were."""
    return replace(
        new,
        uid=old.uid,
        resourceVersion=old.resourceVersion,
        generation=old.generation,
        creationTimestamp=old.creationTimestamp,
        deletionTimestamp=old.deletionTimestamp,
        deletionGracePeriodSeconds=old.deletionGracePeriodSeconds,
    )


def _matcher(namespace: str | None, label_selector: str, field_selector: str) -> Callable[[Kind], bool]:
    labels, fields = parse_label_selector(label_selector), parse_field_selector(field_selector)

    def matches(obj: Kind) -> bool:
        if namespace and obj.metadata.namespace != namespace:
            return False
        if label_selector and not labels.matches(obj.metadata.labels):
            return False
        return not field_selector or fields.matches(_Paths(obj))

    return matches


class _Paths(Mapping[str, str]):
    """An object's scalar fields by dotted path, as a field selector asks for them."""

    def __init__(self, obj: Kind) -> None:
        self._obj = obj

    def __getitem__(self, path: str) -> str:
        value: Any = self._obj
        for name in path.split("."):
            value = getattr(value, name)
        return str(value)

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0
