"""Every collection of a server over one store, and the watch caches that follow it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from steersman.api.meta import Kind
from steersman.api.older.version import Older
from steersman.api.resources import Resource, resource_for
from steersman.apimachinery.status import Timeout
from steersman.apiserver.collection import ROOT, Collection, Conversion, indexer
from steersman.apiserver.crd.convert import between, fitted_to
from steersman.apiserver.crd.converted import ConvertedCacher
from steersman.apiserver.crd.resources import ServedVersion
from steersman.apiserver.crd.webhook import WebhookConverter
from steersman.apiserver.older import OlderCollection
from steersman.apiserver.registry import strategy_for
from steersman.storage.cacher import Cacher
from steersman.storage.cacheset import CacheSet
from steersman.storage.interface import Store

K = TypeVar("K", bound=Kind)

# Source: cacher.go blockTimeout: how long a read waits for the cache to reach a revision.
CATCH_UP = timedelta(seconds=3)
# How long one waits for a webhook to convert what was written.
CONVERSION = timedelta(seconds=30)


class Collections:
    """All stored resources. `run` must be running for anything to be found."""

    def __init__(
        self, store: Store, resources: Sequence[Resource], conversions: Mapping[type[Kind], Conversion]
    ) -> None:
        self._store = store
        self._caches = CacheSet(store, ROOT)
        self._cachers: dict[str, Cacher] = {}
        self._others: list[Cacher] = []
        self._by_kind: dict[type[Kind], Collection[Any]] = {}
        for resource in resources:
            if resource.has_objects and resource.older is None:
                self._by_kind[resource.object_type] = self._collection(resource, conversions)
        for resource in resources:
            if resource.older is not None and resource.has_objects:
                self._by_kind[resource.object_type] = self._older(resource, resource.older)

    def of(self, kind: type[K]) -> Collection[K]:
        """The collection of a kind; KeyError when it isn't stored."""
        return self._by_kind[kind]

    def has(self, kind: type[Kind]) -> bool:
        """Whether a kind is stored."""
        return kind in self._by_kind

    def converted(self, obj: Kind, kind: type[Kind], wanted: type[Kind]) -> Kind:
        """An object of one version of a resource in another."""
        return self._by_kind[wanted].to_served(self._by_kind[kind].to_stored(obj))

    def cacher_of(self, group_resource: str) -> Cacher | None:
        """The cache of what is stored as `plural.group`, or `plural` in the core's; None if nothing is."""
        return self._cachers.get(f"{ROOT}{group_resource}/")

    @property
    def cachers(self) -> Mapping[str, Cacher]:
        """Every cache, by `plural.group` of what is stored."""
        return {prefix[len(ROOT) : -1]: cacher for prefix, cacher in self._cachers.items()}

    def ensured(self, kind: type[K]) -> Collection[K]:
        """The collection of a kind of our own, even if it isn't served. Ask before `run`."""
        found = self._by_kind.get(kind)
        return self._collection(resource_for(kind), {}) if found is None else found

    def keep(self, cacher: Cacher) -> Cacher:
        """A cache of what is no object is filled and follows too. Give it before `run`."""
        self._others.append(cacher)
        return cacher

    @property
    def revision(self) -> int:
        """How far the caches have come."""
        return self._caches.revision

    async def run(self) -> None:
        """Follow the store until cancelled."""
        for cacher in (*self._cachers.values(), *self._others):
            await self._caches.add(cacher)
        await self._caches.run()

    async def synced(self) -> None:
        """Returns once everything stored is in the caches."""
        await self._caches.wait_synced()

    async def catch_up(self, kind: type[Kind] | None = None) -> None:
        """Wait until every acknowledged write can be read, those of a kind also in its version."""
        await self.wait_for(await self._store.current_revision())
        collection = self._by_kind.get(kind) if kind is not None else None
        if collection is not None and isinstance(collection.cacher, ConvertedCacher):
            await collection.cacher.wait_current(CONVERSION.total_seconds())

    async def wait_for(self, revision: int) -> None:
        """Wait until the caches have reached a revision; Timeout when they haven't in time."""
        if self._caches.revision >= revision:
            return
        if not await self._caches.wait_for(revision, CATCH_UP.total_seconds()):
            raise Timeout(f"Too large resource version: {revision}, current: {self._caches.revision}")

    async def put(
        self, found: Sequence[ServedVersion], converter: WebhookConverter | None = None
    ) -> Sequence[ConvertedCacher]:
        """Collections of a custom resource's versions, the stored one first, in place of those it had.

        With a converter each version has a cache of its own, which has to be run.
        """
        if converter is not None:
            return await self._put_converted(found, converter)
        stored = found[0]
        kind, strategy = stored.resource.object_type, stored.strategy
        prefix = f"{ROOT}{stored.resource.group_resource}/"
        index = indexer(kind, *(one.strategy for one in found))
        self._caches.remove(prefix)
        cacher = self._cachers[prefix] = Cacher(prefix, index, fitted_to(kind, strategy))
        await self._caches.add(cacher)
        for one in found:
            conversion = None if one.is_stored else between(one, stored)
            served = Collection(one.resource, one.strategy, self._store, cacher, conversion)
            self._by_kind[one.resource.object_type] = served
        return ()

    async def _put_converted(
        self, found: Sequence[ServedVersion], converter: WebhookConverter
    ) -> Sequence[ConvertedCacher]:
        stored = found[0]
        prefix = f"{ROOT}{stored.resource.group_resource}/"
        # Objects may be stored in any version; only what they have in common is looked at here.
        source = Cacher(prefix, indexer(stored.resource.object_type))
        self._caches.remove(prefix)
        self._cachers[prefix] = source
        await self._caches.add(source)
        made = []
        for one in found:
            kind = one.resource.object_type
            convert = partial(converter.converted, wanted=one)
            cacher = ConvertedCacher(source, indexer(kind, one.strategy), convert, converter.clock)
            made.append(cacher)
            remote = None if one.is_stored else partial(converter.to_stored, stored=stored)
            self._by_kind[kind] = Collection(one.resource, one.strategy, self._store, cacher, remote=remote)
        return made

    def drop(self, found: Sequence[ServedVersion]) -> None:
        """Forget a custom resource; its watches end."""
        for one in found:
            prefix = f"{ROOT}{one.resource.group_resource}/"
            self._caches.remove(prefix)
            self._cachers.pop(prefix, None)
            self._by_kind.pop(one.resource.object_type, None)

    async def heal(self) -> None:
        """Read again what is stored and couldn't be read; its keys may be there now."""
        for cacher in (*self._cachers.values(), *self._others):
            for key in cacher.unreadable:
                entry = await self._store.get(key)
                if entry is not None:
                    cacher.heal(entry)

    def close_watches(self) -> None:
        """End every watch: the server stops."""
        self._caches.close_watches()

    def _older(self, resource: Resource, older: Older) -> Collection[Any]:
        hub = self._by_kind.get(older.hub)
        if hub is None:  # it isn't served, but its objects are there
            hub = self._by_kind[older.hub] = self._collection(resource_for(older.hub), {})
        return OlderCollection(resource, older, self._store, hub)

    def _collection(self, resource: Resource, conversions: Mapping[type[Kind], Conversion]) -> Collection[Any]:
        stored_as = resource.stored_as or resource.object_type
        prefix = f"{ROOT}{resource_for(stored_as).group_resource}/"
        if prefix not in self._cachers:
            strategy = strategy_for(stored_as)
            index = indexer(stored_as, strategy)
            self._cachers[prefix] = Cacher(prefix, index, found_by=strategy.index())
        conversion = conversions[resource.object_type] if resource.stored_as is not None else None
        return Collection(resource, strategy_for(resource.object_type), self._store, self._cachers[prefix], conversion)
