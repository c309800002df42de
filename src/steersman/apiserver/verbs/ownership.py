"""Who owns which field: metadata.managedFields on every write, and server-side apply.

Between the typed objects of the pipeline and `managedfields`, whose values are wire trees.
Source: apiserver/pkg/endpoints/handlers: create.go, update.go, patch.go: all of them before admission.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from steersman.api.meta import Kind, ManagedFieldsEntry
from steersman.api.older.version import Family
from steersman.apimachinery.codec.json import DecodeError, decode_value, from_wire, to_wire
from steersman.apimachinery.managedfields.fieldmanager import FieldManager, Write
from steersman.apimachinery.managedfields.fieldset import FieldSet
from steersman.apimachinery.managedfields.merge import Versions
from steersman.apimachinery.managedfields.topology import topology_of
from steersman.apimachinery.object import GroupVersionKind, replace
from steersman.apimachinery.schema import schema_of
from steersman.apimachinery.status import BadRequest
from steersman.apiserver.context import RequestContext

K = TypeVar("K", bound=Kind)

Entries = tuple[ManagedFieldsEntry, ...]


class Ownership:
    """Keeps what a FieldManager has to know of every kind and subresource that has been written.

    families: kinds that are served in several versions, by the type of each version.
    """

    def __init__(self, families: Mapping[type[Kind], Family]) -> None:
        self._families = families
        self._versions: dict[tuple[type[Kind], str], Versions] = {}

    def tracked(self, context: RequestContext, new: K, old: K | None, reset: Sequence[str]) -> K:
        """A created (old is None) or changed object with the owners of its fields; defaults are the writer's too.

        reset: the top level fields that the strategy will take away from this write, so that nobody owns them.
        """
        kind = _spoken(context, type(new))
        live = None if old is None else self._tree(old, kind)
        entries = self._manager(context, kind, reset).update(live, self._tree(new, kind), _write(context))
        return with_entries(new, entries)

    def applied(
        self, context: RequestContext, config: Mapping[str, Any], kind: type[K], old: K | None, reset: Sequence[str]
    ) -> K:
        """What applying a configuration makes of an object, or of nothing, in the version of kind."""
        live = None if old is None else self._tree(old, kind)
        made = self._manager(context, kind, reset).apply(live, dict(config), _write(context))
        try:
            return from_wire(made, kind)
        except DecodeError as error:
            raise BadRequest(str(error)) from error

    def _manager(self, context: RequestContext, kind: type[Kind], reset: Sequence[str]) -> FieldManager:
        subresource = context.info.subresource
        versions = self._versions.get((kind, subresource))
        if versions is None:
            versions = self._versions[kind, subresource] = self._known_versions(kind, reset)
        return FieldManager(versions, _gvk(kind), subresource)

    def _known_versions(self, kind: type[Kind], reset: Sequence[str]) -> Versions:
        ignored = FieldSet.of(*((f"f:{name}",) for name in reset))
        own, family = _gvk(kind).api_version, self._families.get(kind)
        if family is None:
            return Versions(own, {own: topology_of(schema_of(kind))}, ignored={own: ignored})
        topologies = {version: topology_of(schema_of(one)) for version, one in family.types.items()}
        return Versions(own, topologies, family.converted, dict.fromkeys(topologies, ignored))

    def _tree(self, obj: Kind, kind: type[Kind]) -> Any:
        """The object as a wire tree in the version of kind."""
        family = self._families.get(kind)
        return to_wire(obj) if family is None else family.shown(obj, kind)


def with_entries(obj: K, entries: list[dict[str, Any]]) -> K:
    """The object with these managedFields."""
    typed: Entries = decode_value(entries, Entries)
    return replace(obj, metadata=replace(obj.metadata, managedFields=typed))


def keep_times(new: K, old: K) -> K:
    """The new object with the old one's managedFields, if only their times differ: then nothing is to be written.

    Source: apiserver/pkg/endpoints/handlers/fieldmanager/equality.go.
    """
    before, after = old.metadata.managedFields, new.metadata.managedFields
    if before == after or [replace(one, time=None) for one in before] != [replace(one, time=None) for one in after]:
        return new
    kept = replace(new, metadata=replace(new.metadata, managedFields=before))
    return kept if kept == old else new


def _spoken(context: RequestContext, kind: type[Kind]) -> type[Kind]:
    """The type in the client's version, of what is written in the stored one."""
    return context.requested.object_type if kind is context.resource.object_type else kind


def _gvk(kind: type[Kind]) -> GroupVersionKind:
    gvk = kind.__facts__.gvk
    assert gvk is not None, f"{kind.__name__} declares no api"
    return gvk


def _write(context: RequestContext) -> Write:
    return Write(context.manager, context.now, force=context.query.is_true("force"))
