"""Objects for those who decide within the server: admission, authorization, tokens. Read from the watch caches, decoded
once a revision."""

from collections.abc import Iterable
from typing import TypeVar

from steersman.api.meta import Kind
from steersman.api.rbac import ClusterRole, ClusterRoleBinding, Role, RoleBinding
from steersman.apiserver.authz.subjects import within
from steersman.apiserver.collections import Collections
from steersman.storage.cached import CachedObject

K = TypeVar("K", bound=Kind)


class CollectionLookup:
    """Made before the server, since the server is given who decides; `attach` gives it the server's collections."""

    def __init__(self) -> None:
        self._collections: Collections | None = None
        self._decoded: dict[str, tuple[int, Kind]] = {}

    def attach(self, collections: Collections) -> None:
        """From now on objects are found here."""
        self._collections = collections

    async def catch_up(self) -> None:
        """Wait until every acknowledged write can be found."""
        if self._collections is not None:
            await self._collections.catch_up()

    def find(self, kind: type[K], namespace: str, name: str) -> K | None:
        """The object, or None; kinds that aren't served have no objects."""
        if self._collections is None or not self._collections.has(kind):
            return None
        collection = self._collections.of(kind)
        cached = collection.cacher.get(collection.key(namespace, name))
        return self._object(kind, cached) if cached is not None else None

    def all(self, kind: type[K], namespace: str = "") -> Iterable[K]:
        """Every object of a kind, or those of one namespace."""
        if self._collections is None or not self._collections.has(kind):
            return ()
        collection = self._collections.of(kind)
        return [self._object(kind, cached) for cached in collection.cacher.under(collection.under(namespace))]

    def where(self, kind: type[K], value: str, namespace: str = "") -> Iterable[K]:
        """The objects with a value that their kind is found by, as pods are by their node."""
        if self._collections is None or not self._collections.has(kind):
            return ()
        collection = self._collections.of(kind)
        return [self._object(kind, cached) for cached in collection.cacher.where(value, collection.under(namespace))]

    def cluster_role(self, name: str) -> ClusterRole | None:
        """Source of Roles."""
        return self.find(ClusterRole, "", name)

    def role(self, namespace: str, name: str) -> Role | None:
        """Source of Roles."""
        return self.find(Role, namespace, name)

    def cluster_role_bindings(self, subject: str) -> Iterable[ClusterRoleBinding]:
        """Source of Roles."""
        return self.where(ClusterRoleBinding, subject)

    def role_bindings(self, subject: str, namespace: str) -> Iterable[RoleBinding]:
        """Source of Roles."""
        return self.where(RoleBinding, within(namespace, subject), namespace)

    def _object(self, kind: type[K], cached: CachedObject) -> K:
        known = self._decoded.get(cached.key)
        if known is not None and known[0] == cached.revision and isinstance(known[1], kind):
            return known[1]
        assert self._collections is not None
        obj = self._collections.of(kind).decoded(cached)
        self._decoded[cached.key] = (cached.revision, obj)
        return obj
