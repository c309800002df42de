"""What a controller declares, and what it may read.

A controller is a value: its name, what it watches and how a change leads to keys, `observe` to gather a view, and a
pure `plan`. The loop does the rest.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from steersman.api.meta import Kind
from steersman.api.resources import Resource
from steersman.client.cache import Cache, ObjectKey, key_of
from steersman.client.informer import Informers
from steersman.client.interface import Client
from steersman.reconcile.customkinds import CustomKinds
from steersman.reconcile.owners import controller_of
from steersman.reconcile.plan import Failure, Plan

K = TypeVar("K", bound=Kind)
KeyIn = TypeVar("KeyIn", bound=Hashable, contravariant=True)
View = TypeVar("View")


@dataclass(frozen=True, slots=True)
class Reader:
    """What `observe` and the key functions read: the shared caches, and the API itself where a cache won't do."""

    informers: Informers
    live: Client
    failure: Failure | None = None
    custom: CustomKinds | None = None

    @property
    def custom_resources(self) -> tuple[Resource, ...]:
        """The custom resources of the moment, of which only metadata is read."""
        return self.custom.resources if self.custom is not None else ()

    def cache(self, kind: type[K]) -> Cache[K]:
        """The cache of a watched kind."""
        return self.informers.cache(kind)

    def get(self, kind: type[K], key: ObjectKey) -> K | None:
        """One object from the cache."""
        return self.cache(kind).get(key.namespace, key.name)


Keys = Callable[[Reader, K | None, K | None], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Watch(Generic[K]):
    """A kind to follow and which keys a change (old, new) concerns.

    metadata_only: nothing but metadata is needed, so the cache may keep just that when no other controller needs more.
    indexes: extra indexes of the cache, by name.
    delay: how long a change may rest before its keys are worked on.
    """

    kind: type[K]
    keys: Keys[K]
    metadata_only: bool = False
    indexes: tuple[tuple[str, Callable[[K], Iterable[str]]], ...] = ()
    delay: timedelta = timedelta(0)


class Controller(Protocol[KeyIn, View]):
    """Observe, then plan. `observe` may be slow and read live; `plan` is a function of its arguments alone."""

    @property
    def name(self) -> str:
        """As in metrics, Events and logs."""
        ...

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """What to follow."""
        ...

    async def observe(self, reader: Reader, key: KeyIn) -> View | None:
        """All that the decision needs, or None when there is nothing to decide."""
        ...

    def plan(self, view: View, now: datetime) -> Plan:
        """What to do."""
        ...


@runtime_checkable
class FollowsCustomKinds(Protocol):
    """A controller that watches custom resources too."""

    def watch_of(self, kind: type[Kind]) -> Watch[Any]:
        """How to watch a kind that came later; only its metadata is read."""
        ...

    def concerned_by(self, reader: Reader, resource: Resource) -> Iterable[Any]:
        """The keys of what could only be judged in part before the objects of this kind were known."""
        ...


def own_key(_: Reader, old: Kind | None, new: Kind | None) -> tuple[ObjectKey, ...]:
    """A change concerns the object itself."""
    obj = new if new is not None else old
    return () if obj is None else (key_of(obj),)


def controllers_of_kind(kind: type[Kind], old: Kind | None, new: Kind | None) -> tuple[ObjectKey, ...]:
    """Keys of the controllers, of this kind, that had or have the object; both when it changed hands."""
    found: dict[ObjectKey, None] = {}
    for obj in (old, new):
        ref = controller_of(obj) if obj is not None else None
        if obj is not None and ref is not None and ref.kind == kind.__name__:
            found[ObjectKey(obj.metadata.namespace, ref.name)] = None
    return tuple(found)
