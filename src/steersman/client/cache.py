"""`Cache`: the objects of one kind as an informer knows them, with indexes kept while they change.

A plain value holder: no I/O and no waiting. Objects are frozen and shared with every reader.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from steersman.api.core import Pod
from steersman.api.meta import Kind

K = TypeVar("K", bound=Kind)

IndexFunction = Callable[[K], Iterable[str]]

NAMESPACE = "namespace"
CONTROLLER = "controller"
NODE = "node"


class ObjectKey(NamedTuple):
    """Where an object is: namespace (empty for cluster scope) and name."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


def key_of(obj: Kind) -> ObjectKey:
    """The object's key."""
    return ObjectKey(obj.metadata.namespace, obj.metadata.name)


@dataclass(frozen=True, slots=True)
class Change(Generic[K]):
    """What a cache entry was and is now; one of the two may be missing."""

    old: K | None
    new: K | None


def by_namespace(obj: Kind) -> tuple[str, ...]:
    """Index by namespace."""
    return (obj.metadata.namespace,)


def by_controller(obj: Kind) -> tuple[str, ...]:
    """Index by the uid of the owner that has `controller: true`."""
    return tuple(ref.uid for ref in obj.metadata.ownerReferences if ref.controller)


def by_node(obj: Kind) -> tuple[str, ...]:
    """Index pods by the node they are bound to."""
    return (obj.spec.nodeName,) if isinstance(obj, Pod) and obj.spec.nodeName else ()


class Cache(Generic[K]):
    """Objects by key, and by every index. Reads are in order of arrival."""

    def __init__(self) -> None:
        self._objects: dict[ObjectKey, K] = {}
        self._functions: dict[str, IndexFunction[K]] = {}
        self._indexes: dict[str, dict[str, dict[ObjectKey, None]]] = {}
        self.add_index(NAMESPACE, by_namespace)
        self.add_index(CONTROLLER, by_controller)

    def __len__(self) -> int:
        return len(self._objects)

    def __iter__(self) -> Iterator[K]:
        return iter(tuple(self._objects.values()))

    def add_index(self, name: str, function: IndexFunction[K]) -> None:
        """Begin to keep an index; a second call with the same name changes nothing."""
        if name in self._functions:
            return
        self._functions[name] = function
        self._indexes[name] = {}
        for key, obj in self._objects.items():
            self._enter(name, key, obj)

    def get(self, namespace: str | None, name: str) -> K | None:
        """The object of this name."""
        return self._objects.get(ObjectKey(namespace or "", name))

    def list(self, namespace: str | None = None) -> tuple[K, ...]:
        """All objects, or those of one namespace."""
        return tuple(self._objects.values()) if namespace is None else self.by_index(NAMESPACE, namespace)

    def by_index(self, name: str, value: str) -> tuple[K, ...]:
        """Objects for which the index function gave this value."""
        return tuple(self._objects[key] for key in self._indexes[name].get(value, ()))

    def put(self, obj: K) -> Change[K]:
        """Enter or replace an object."""
        key = key_of(obj)
        old = self._objects.get(key)
        if old is not None:
            self._leave(key, old)
        self._objects[key] = obj
        for name in self._functions:
            self._enter(name, key, obj)
        return Change(old, obj)

    def remove(self, key: ObjectKey) -> Change[K]:
        """Forget an object."""
        old = self._objects.pop(key, None)
        if old is not None:
            self._leave(key, old)
        return Change(old, None)

    def replace(self, objects: Iterable[K]) -> tuple[Change[K], ...]:
        """Take over a complete list; the changes that it makes, without those that change nothing."""
        given = {key_of(obj): obj for obj in objects}
        gone = [self.remove(key) for key in tuple(self._objects) if key not in given]
        put = [self.put(obj) for key, obj in given.items() if not self._is_same(key, obj)]
        return (*gone, *put)

    def _is_same(self, key: ObjectKey, obj: K) -> bool:
        old = self._objects.get(key)
        return old is not None and old.metadata.resourceVersion == obj.metadata.resourceVersion != ""

    def _enter(self, name: str, key: ObjectKey, obj: K) -> None:
        for value in self._functions[name](obj):
            self._indexes[name].setdefault(value, {})[key] = None

    def _leave(self, key: ObjectKey, old: K) -> None:
        for name, function in self._functions.items():
            for value in function(old):
                entries = self._indexes[name].get(value, {})
                entries.pop(key, None)
                if not entries:
                    self._indexes[name].pop(value, None)
