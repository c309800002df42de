"""`Kind`: the base of types that are stored and served on their own."""

from typing import Annotated

from steersman.api.meta.objectmeta import ObjectMeta
from steersman.apimachinery.markers import Doc, Wire, always
from steersman.apimachinery.object import API_VERSION, KIND, Object


class Kind(Object):
    """An object with a name: kind and apiVersion are filled in by the class, metadata is each object's own."""

    kind: Annotated[str, KIND] = always("")
    apiVersion: Annotated[str, API_VERSION] = always("")
    metadata: Annotated[ObjectMeta, Wire(1), Doc("Standard object's metadata.")] = always(ObjectMeta)
