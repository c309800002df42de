"""`Kind`: the base of types that are stored and served on their own."""

from typing import Annotated

from steersman.api.meta.objectmeta import ObjectMeta
from steersman.apimachinery.markers import Wire, always
from steersman.apimachinery.object import Object


class Kind(Object):
    """An object with a name: kind and apiVersion are filled in by the class, metadata is each object's own."""

    kind: str = always("")
    apiVersion: str = always("")
    metadata: Annotated[ObjectMeta, Wire(1)] = always(ObjectMeta)
