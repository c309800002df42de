"""Every kind that is stored, for controllers that care about all of them: garbage collection and namespace deletion."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeVar

from steersman.api import core, events
from steersman.api.meta import Kind, ObjectMeta
from steersman.api.resources import RESOURCES, Resource
from steersman.apimachinery.object import GroupVersionKind, replace

K = TypeVar("K", bound=Kind)

# Events have no owners that matter and are many; upstream ignores them too.
IGNORED_BY_COLLECTOR: frozenset[type[Kind]] = frozenset({core.Event, events.Event})


# Kinds that an older group serves too (`api/older`), with the group they are stored in.
MOVED: Mapping[tuple[str, str], str] = {("extensions", "Ingress"): "networking.k8s.io"}


@cache
def deletable_resources() -> tuple[Resource, ...]:
    """Resources that are stored under their own name and can be listed, watched and deleted."""
    wanted = {"delete", "list", "watch"}
    return tuple(r for r in RESOURCES if r.stored and r.stored_type is r.object_type and wanted <= set(r.verbs))


@cache
def collected_kinds() -> tuple[type[Kind], ...]:
    """Kinds the garbage collector follows."""
    return tuple(r.object_type for r in deletable_resources() if r.object_type not in IGNORED_BY_COLLECTOR)


@cache
def namespaced_resources() -> tuple[Resource, ...]:
    """Resources whose objects go with their namespace."""
    return tuple(resource for resource in deletable_resources() if resource.namespaced)


def collected_resource(gvk: GroupVersionKind) -> Resource | None:
    """The resource an owner reference names, whatever its version; also where its kind has moved to another group."""
    group = MOVED.get((gvk.group, gvk.kind), gvk.group)
    same = (r for r in deletable_resources() if r.kind == gvk.kind and r.group == group)
    return next(same, None)


def without_owned_fields(obj: K) -> K:
    """A transform that forgets who owns which field: it is long, and nobody decides by it. Who updates keeps it."""
    if not obj.metadata.managedFields:
        return obj
    return replace(obj, metadata=replace(obj.metadata, managedFields=()))


def metadata_only(kind: type[K]) -> Callable[[K], K]:
    """A transform that keeps nothing of an object but the metadata ownership needs."""

    def strip(obj: K) -> K:
        meta: ObjectMeta = replace(obj.metadata, managedFields=(), annotations={}, labels={})
        return kind(metadata=meta)

    return strip
