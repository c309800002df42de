"""A custom resource's structural schema, read into the same `TypeSchema` that built-in types give.

What is read here drives pruning, defaulting, strict decoding and server-side apply; what a value must satisfy is
checked elsewhere, on the written schema itself.
Source: apiextensions-apiserver/pkg/apiserver/schema: structural.go, pruning, defaulting.
"""

from collections.abc import Mapping
from typing import Any

from steersman.apimachinery.markers import Atomic, Default, ListMap, ListSet
from steersman.apimachinery.object import Object, ObjectFacts
from steersman.apimachinery.schema import FieldSchema, Form, TypeSchema

Written = Mapping[str, Any]

_SCALARS = {
    "string": Form.STRING, "integer": Form.INTEGER, "number": Form.NUMBER, "boolean": Form.BOOLEAN,
}  # fmt: skip
KEEPS_UNKNOWN = "x-kubernetes-preserve-unknown-fields"
EMBEDDED = "x-kubernetes-embedded-resource"
INT_OR_STRING = "x-kubernetes-int-or-string"
LIST_TYPE, LIST_KEYS, MAP_TYPE = "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type"
# An embedded object always has these, declared or not.
OF_EVERY_OBJECT = ("kind", "apiVersion", "metadata")


def read_structural(written: Written) -> TypeSchema:
    """The TypeSchema of a schema in JSON form."""
    match written.get("type"):
        case "object":
            return _read_object(written)
        case "array":
            return TypeSchema(Form.LIST, items=_read_items(written.get("items")), is_structural=True)
        case str(kind) if kind in _SCALARS:
            return TypeSchema(_SCALARS[kind], is_structural=True)
        case _ if written.get(INT_OR_STRING):
            return TypeSchema(Form.INT_OR_STRING, is_structural=True)
        case _ if written.get("properties"):
            return _read_object(written)
        case _:
            return TypeSchema(Form.ANY, is_structural=True)


def _read_object(written: Written) -> TypeSchema:
    below = written.get("additionalProperties")
    facts = ObjectFacts(atomic=written.get(MAP_TYPE) == "atomic")
    if isinstance(below, Mapping) or below is True:
        items = read_structural(below) if isinstance(below, Mapping) else TypeSchema(Form.ANY, is_structural=True)
        return TypeSchema(Form.MAP, facts=facts, items=items, is_structural=True)
    is_embedded = bool(written.get(EMBEDDED))
    made = TypeSchema(
        Form.OBJECT,
        facts=facts,
        is_structural=True,
        keeps_unknown=bool(written.get(KEEPS_UNKNOWN)),
        is_embedded=is_embedded,
    )
    for name, one in (written.get("properties") or {}).items():
        made.fields[name] = _read_field(name, one)
    for name in OF_EVERY_OBJECT if is_embedded else ():
        made.fields.setdefault(name, _read_field(name, {KEEPS_UNKNOWN: True}))
    return made


def _read_items(written: Any) -> TypeSchema:
    return read_structural(written if isinstance(written, Mapping) else {})


def _read_field(name: str, written: Written) -> FieldSchema:
    markers: list[Any] = []
    if written.get("default") is not None:
        markers.append(Default(written["default"]))
    match written.get(LIST_TYPE):
        case "map":
            markers.append(ListMap(*(written.get(LIST_KEYS) or ())))
        case "set":
            markers.append(ListSet())
        case "atomic":
            markers.append(Atomic())
    if written.get(MAP_TYPE) == "atomic":
        markers.append(Atomic())
    return FieldSchema(
        name, name, read_structural(written), Object, tuple(markers), nullable=bool(written.get("nullable"))
    )
