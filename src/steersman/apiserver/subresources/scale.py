"""`scale`: the number of replicas of anything that has one, in one shape."""

from collections.abc import Callable
from typing import Any

from steersman.api import apps, autoscaling, core
from steersman.api.meta import Kind
from steersman.apimachinery.codec.json import decode, to_wire
from steersman.apimachinery.managedfields.fieldset import Path
from steersman.apimachinery.managedfields.scale import ScaleFields
from steersman.apimachinery.object import Object, replace
from steersman.apimachinery.selectors import from_label_selector, from_labels
from steersman.apimachinery.status import Cause, invalid, modified
from steersman.apiserver.collections import Collections
from steersman.apiserver.context import RequestContext
from steersman.apiserver.registry.strategy import Scaling
from steersman.apiserver.scaling import identity
from steersman.apiserver.subresources.interface import Unsupported
from steersman.apiserver.verbs.metadata import invalid_value
from steersman.apiserver.verbs.ownership import with_entries
from steersman.apiserver.verbs.write import Change, Writer

SCALED: tuple[type[Kind], ...] = (apps.Deployment, apps.ReplicaSet, apps.StatefulSet, core.ReplicationController)


class ScaleHandler(Unsupported):
    """Reads and writes spec.replicas of its parent."""

    def __init__(self, collections: Collections, writer: Writer) -> None:
        self._collections = collections
        self._writer = writer

    async def get(self, context: RequestContext) -> Object:
        """The parent's Scale."""
        collection = self._collections.of(context.resource.object_type)
        found = collection.decoded(collection.find(context.namespace, context.info.name))
        return (collection.strategy.scaling or BUILT_IN).scale_of(found)

    async def update(self, context: RequestContext, transform: Callable[[Any], Any], retries: bool) -> Object:
        """Set the number of replicas."""
        collection = self._collections.of(context.resource.object_type)
        scaling = collection.strategy.scaling or BUILT_IN

        def scaled(parent: Any) -> Any:
            owners = _owners(collection.kind, scaling.replicas)
            before = to_wire(parent.metadata).get("managedFields", [])
            scale: autoscaling.Scale = transform(with_entries(scaling.scale_of(parent), owners.to_scale(before)))
            _check(context, scale, parent)
            after = owners.to_object(before, to_wire(scale.metadata).get("managedFields", []))
            return with_entries(scaling.with_replicas(parent, scale.spec.replicas), after)

        written = await self._writer.update(
            context, collection, Change(scaled, retries=True, prepare=collection.strategy.prepare_for_update)
        )
        return scaling.scale_of(decode(written.data, collection.kind))


def scale_of(parent: Any) -> autoscaling.Scale:
    """The Scale of an object."""
    selector = parent.spec.selector
    chosen = from_labels(selector) if isinstance(parent, core.ReplicationController) else from_label_selector(selector)
    replicas = parent.spec.replicas
    return autoscaling.Scale(
        metadata=identity(parent),
        spec=autoscaling.ScaleSpec(replicas=1 if replicas is None else replicas),
        status=autoscaling.ScaleStatus(replicas=parent.status.replicas, selector=_text(chosen)),
    )


def with_replicas(parent: Any, replicas: int) -> Any:
    """The parent with another number of replicas."""
    return replace(parent, spec=replace(parent.spec, replicas=replicas))


class BuiltInScaling:
    """Replicas where apps and core have them."""

    replicas: Path = ("f:spec", "f:replicas")

    def scale_of(self, parent: Any) -> autoscaling.Scale:
        """As `scale_of`."""
        return scale_of(parent)

    def with_replicas(self, parent: Any, replicas: int) -> Any:
        """As `with_replicas`."""
        return with_replicas(parent, replicas)


BUILT_IN: Scaling = BuiltInScaling()


def _owners(kind: type[Kind], replicas: Path) -> ScaleFields:
    gvk = kind.__facts__.gvk
    assert gvk is not None, f"{kind.__name__} declares no api"
    return ScaleFields(gvk.api_version, {gvk.api_version: replicas})


def _text(selector: Any) -> str:
    """Source: labels.Selector.String: a single value is written with `=`."""
    terms = [
        f"{one.key}={one.values[0]}" if one.operator == "in" and len(one.values) == 1 else str(one)
        for one in sorted(selector.requirements, key=lambda one: one.key)
    ]
    return ",".join(terms)


def _check(context: RequestContext, scale: autoscaling.Scale, parent: Kind) -> None:
    causes: list[Cause] = []
    if scale.spec.replicas < 0:
        causes.append(invalid_value("spec.replicas", scale.spec.replicas, "must be greater than or equal to 0"))
    if causes:
        raise invalid("Scale.autoscaling", context.info.name, causes)
    if scale.metadata.resourceVersion not in ("", parent.metadata.resourceVersion):
        raise modified(context.resource.group_resource, context.info.name)
