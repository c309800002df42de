"""The kinds a server knows, for those who meet objects outside their own write: what else they are served as, and
their defaults."""

from collections.abc import Hashable
from typing import Any

from steersman.api.meta import Kind
from steersman.api.resources import Resource
from steersman.apimachinery.codec.json import from_wire, to_wire
from steersman.apimachinery.defaulting import apply_defaults
from steersman.apimachinery.object import GroupVersionKind, Object
from steersman.apiserver.collections import Collections
from steersman.apiserver.resourcetable import ResourceTable


class Versions:
    """Answers by the resource table and the collections as they are now."""

    def __init__(self, table: ResourceTable, collections: Collections) -> None:
        self._table = table
        self._collections = collections

    def others(self, resource: Resource) -> tuple[Resource, ...]:
        """The same objects under other names: in other versions, and in other groups."""
        if not resource.stored:
            return ()
        own = _family(resource)
        return tuple(one for one in self._table.all if one is not resource and one.stored and _family(one) == own)

    def resource_of_kind(self, gvk: GroupVersionKind) -> Resource | None:
        """The resource whose objects are of a kind."""
        return next((one for one in self._table.all if one.stored and one.gvk == gvk), None)

    def converted(self, obj: Object | None, resource: Resource, wanted: Resource) -> Any:
        """The object of a resource in another of its versions; bodies that aren't the resource's own stay."""
        if wanted is resource or not isinstance(obj, resource.object_type):
            return obj
        return self._collections.converted(obj, resource.object_type, wanted.object_type)

    def patched(self, obj: Object, tree: Any) -> Object:
        """The object of a tree that a webhook has made of another, with its defaults."""
        made = apply_defaults(from_wire(tree, type(obj)))
        if isinstance(made, Kind) and self._collections.has(type(made)):
            return self._collections.of(type(made)).defaulted(made)
        return made

    def tree(self, obj: Object) -> Any:
        """The object as a wire tree."""
        return to_wire(obj)


def _family(resource: Resource) -> Hashable:
    """What all versions of a resource have in common. Those of a custom one are stored each as itself."""
    return (resource.group, resource.plural) if resource.custom else resource.stored_type
