"""All objects of one resource: where they stand in the store, how they are read, written and taken away.

Every write compares the revision it was computed from, so that no write is lost and none needs a lock.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from steersman.api.meta import Kind
from steersman.api.resources import Resource
from steersman.apimachinery.codec.json import decode, encode
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import already_exists, modified, not_found
from steersman.apiserver.registry.strategy import Strategy
from steersman.apiserver.reservations import ALONE, Along
from steersman.storage.cached import CachedObject, Facts, with_resource_version
from steersman.storage.cacher import Cacher
from steersman.storage.interface import Compare, CompareFailed, Delete, Put, Store, TxnResult, Write

K = TypeVar("K", bound=Kind)

ROOT = "/registry/"
EVENT_TTL_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Conversion:
    """Between the type a resource is served as and the one it is stored as."""

    stored_type: type[Kind]
    to_stored: Callable[[Any], Kind]
    to_served: Callable[[Any], Kind]


# Gives the bytes of a write in the version that is stored, by asking somebody else; reads then come converted.
Remote = Callable[[bytes], Awaitable[bytes]]


class Collection(Generic[K]):
    """The objects of one resource. What comes out carries its resourceVersion; it isn't part of what is stored.

    Two resources over the same objects (Events) have a collection each and share the cacher.
    """

    def __init__(  # noqa: PLR0913  # what a collection is put together from
        self,
        resource: Resource,
        strategy: Strategy[K],
        store: Store,
        cacher: Cacher,
        conversion: Conversion | None = None,
        remote: Remote | None = None,
    ) -> None:
        self.resource = resource
        self.strategy = strategy
        self.kind: type[K] = resource.object_type  # type: ignore[assignment]  # the table pairs them
        self.cacher = cacher
        self._prefix = cacher.prefix
        self._store = store
        self._conversion = conversion
        self._remote = remote
        self._ttl = EVENT_TTL_SECONDS if resource.plural == "events" else None

    def key(self, namespace: str, name: str) -> str:
        """Where an object stands."""
        return f"{self._prefix}{namespace}/{name}" if self.resource.namespaced else f"{self._prefix}{name}"

    @property
    def hub(self) -> "Collection[Any]":
        """The collection through which the objects are written: another one for older versions."""
        return self

    @property
    def is_converted(self) -> bool:
        """Clients get other bytes than are stored."""
        return self._conversion is not None

    def under(self, namespace: str) -> str:
        """The prefix of a namespace's objects, of all objects when none is given."""
        return f"{self._prefix}{namespace}/" if namespace and self.resource.namespaced else self._prefix

    def find(self, namespace: str, name: str) -> CachedObject:
        """The object of this name, or NotFound."""
        cached = self.cacher.get(self.key(namespace, name))
        if cached is None:
            raise not_found(self.resource.group_resource, name)
        return cached

    def decoded(self, cached: CachedObject) -> K:
        """The object itself."""
        return decode(self.served(cached.data), self.kind)

    def unstored(self, obj: K) -> CachedObject:
        """An object that nobody wrote, as if it had been found."""
        data = encode(obj)
        return CachedObject(
            self.key(obj.metadata.namespace, obj.metadata.name), data, 0, 0, indexer(self.kind, self.strategy)(data)
        )

    def to_stored(self, obj: K) -> Kind:
        """The object in the version that is stored."""
        return obj if self._conversion is None else self._conversion.to_stored(obj)

    def to_served(self, stored: Kind) -> Kind:
        """A stored object in the version of this resource."""
        return stored if self._conversion is None else self._conversion.to_served(stored)

    def defaulted(self, obj: K) -> K:
        """The object with what its version fills in besides static defaults."""
        return self.strategy.default(obj)

    def selectable_fields(self) -> frozenset[str]:
        """The fields that selectors may name."""
        return frozenset(("metadata.name", "metadata.namespace", *self.strategy.selectable(self.kind())))

    def row(self, data: bytes, now: datetime) -> tuple[Any, ...]:
        """The cells of an object as it is served."""
        return self.strategy.row(decode(data, self.kind), now)

    def served(self, data: bytes) -> bytes:
        """Bytes from the cache as clients of this resource get them."""
        if self._conversion is None:
            return data
        return encode(self._conversion.to_served(decode(data, self._conversion.stored_type)))

    def stored(self, obj: K) -> bytes:
        """The bytes as they are stored: without resourceVersion."""
        if obj.metadata.resourceVersion:
            obj = replace(obj, metadata=replace(obj.metadata, resourceVersion=""))
        return encode(obj if self._conversion is None else self._conversion.to_stored(obj))

    async def create(self, obj: K, along: Along = ALONE) -> bytes:
        """Store a new object; its bytes with the resourceVersion. AlreadyExists when the name is taken.

        CompareFailed, here and in `replace`, when what was to go along with it is taken.
        """
        meta = obj.metadata
        key, data = self.key(meta.namespace, meta.name), self.stored(obj)
        try:
            result = await self._write(along, Compare(key, 0), Put(key, await self._kept(data), self._ttl))
        except CompareFailed as error:
            if error.key != key:
                raise
            raise already_exists(self.resource.group_resource, meta.name) from error
        return self.served(with_resource_version(data, result.revision))

    async def replace(self, obj: K, revision: int, along: Along = ALONE) -> bytes:
        """Store a changed object computed from `revision`. Conflict when another write came first."""
        meta = obj.metadata
        key, data = self.key(meta.namespace, meta.name), self.stored(obj)
        try:
            result = await self._write(along, Compare(key, revision), Put(key, await self._kept(data), self._ttl))
        except CompareFailed as error:
            if error.key != key:
                raise
            raise self._lost(meta.name, error) from error
        return self.served(with_resource_version(data, result.revision))

    async def remove(self, obj: K, revision: int, along: Along = ALONE) -> bytes:
        """Take an object away; its last state with the resourceVersion of its end."""
        meta = obj.metadata
        key = self.key(meta.namespace, meta.name)
        try:
            result = await self._write(along, Compare(key, revision), Delete(key))
        except CompareFailed as error:
            if error.key != key:
                # What was to go with it has changed meanwhile: to be looked at anew.
                raise modified(self.resource.group_resource, meta.name) from error
            raise self._lost(meta.name, error) from error
        return self.served(with_resource_version(self.stored(obj), result.revision))

    async def is_stale(self, obj: K) -> bool:
        """A write that changes nothing is worth it: the object would be stored otherwise today."""
        return await self._store.is_stale(self.key(obj.metadata.namespace, obj.metadata.name))

    async def _write(self, along: Along, compare: Compare, write: Write) -> TxnResult:
        return await self._store.txn((compare, *along.compares), (write, *along.writes))

    async def _kept(self, data: bytes) -> bytes:
        """What is put into the store."""
        return data if self._remote is None else await self._remote(data)

    def _lost(self, name: str, error: CompareFailed) -> Exception:
        if error.current is None:
            return not_found(self.resource.group_resource, name)
        return modified(self.resource.group_resource, name)


def indexer(kind: type[K], *strategies: Strategy[K]) -> Callable[[bytes], Facts]:
    """What selectors may ask of a stored object, in any of the versions it is served in."""
    if all(type(strategy).selectable is Strategy.selectable for strategy in strategies):
        return metadata_facts

    def index(stored: bytes) -> Facts:
        obj = decode(stored, kind)
        meta = obj.metadata
        fields = {"metadata.name": meta.name, "metadata.namespace": meta.namespace}
        for strategy in strategies:
            fields |= strategy.selectable(obj)
        return Facts(meta.namespace, meta.name, meta.labels, fields)

    return index


class _Meta(msgspec.Struct):
    name: str = ""
    namespace: str = ""
    labels: Mapping[str, str] = {}


class _Bare(msgspec.Struct):
    """An object of which only what tells it from others is read."""

    metadata: _Meta


_bare = msgspec.json.Decoder(_Bare)


def metadata_facts(stored: bytes) -> Facts:
    """What metadata alone says of a stored object."""
    meta = _bare.decode(stored).metadata
    fields = {"metadata.name": meta.name, "metadata.namespace": meta.namespace}
    return Facts(meta.namespace, meta.name, meta.labels, fields)
