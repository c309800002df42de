"""The custom resources of the moment, as kinds of which only the metadata is read: for controllers that care about all
kinds."""

from collections.abc import Callable

from steersman.api.apiextensions import CustomResourceDefinition
from steersman.api.customresources import metadata_resource
from steersman.api.resources import Resource
from steersman.apimachinery.object import GroupVersionKind
from steersman.client.informer import Informers

Listener = Callable[[Resource], None]


class CustomKinds:
    """Follows the definitions; a kind stays the same type as long as its name, scope and version do."""

    def __init__(self, informers: Informers) -> None:
        self._informers = informers
        self._known: dict[str, tuple[object, Resource]] = {}
        self._listeners: list[Listener] = []
        informers.of(CustomResourceDefinition).add_handler(self._take)

    @property
    def resources(self) -> tuple[Resource, ...]:
        """Every resource that is served now."""
        return tuple(resource for _, resource in self._known.values())

    def resource(self, gvk: GroupVersionKind) -> Resource | None:
        """The resource of an owner reference, whatever its version."""
        found = (one for one in self.resources if (one.kind, one.group) == (gvk.kind, gvk.group))
        return next(found, None)

    def on_new(self, listener: Listener) -> None:
        """Call for each resource that comes, those that are there included; its informer starts right after."""
        self._listeners.append(listener)
        for resource in self.resources:
            listener(resource)

    def _take(self, old: CustomResourceDefinition | None, new: CustomResourceDefinition | None) -> None:
        crd = new if new is not None else old
        if crd is None:
            return
        name, known = crd.metadata.name, self._known.get(crd.metadata.name)
        identity = _identity(crd) if new is not None and _is_established(crd) else None
        if known is not None and known[0] == identity:
            return
        if known is not None:
            del self._known[name]
            self._informers.stop(known[1].object_type)
        resource = metadata_resource(crd) if identity is not None else None
        if resource is None:
            return
        self._known[name] = (identity, resource)
        for listener in self._listeners:
            listener(resource)
        self._informers.start(resource.object_type)


def _identity(crd: CustomResourceDefinition) -> object:
    """What the type of a definition depends on."""
    served = next((one.name for one in crd.spec.versions if one.served), None)
    return (crd.metadata.uid, crd.status.acceptedNames, crd.spec.scope, served)


def _is_established(crd: CustomResourceDefinition) -> bool:
    return any(one.type == "Established" and one.status == "True" for one in crd.status.conditions)
