"""Definitions without references: each stands where it was referred to.

Source: apiserver/pkg/cel/openapi/resolver/refs.go: PopulateRefs.
"""

from collections.abc import Mapping
from typing import Any

from steersman.apimachinery.object import Object
from steersman.apimachinery.openapi.schemas import INT_OR_STRING, V3, Definitions
from steersman.apimachinery.schema import schema_of

# What is within itself is shown once; deeper down it is an object of which nothing is known.
_AGAIN: Mapping[str, Any] = {"type": "object"}


def whole_schema(wanted: type[Object]) -> Mapping[str, Any]:
    """The schema of a type, as version 3 has it, with all that it refers to."""
    definitions = Definitions(V3)
    reference = definitions.reference(schema_of(wanted))
    return _resolved(reference, definitions.made, frozenset())


def _resolved(schema: Mapping[str, Any], known: Mapping[str, Any], outer: frozenset[str]) -> Mapping[str, Any]:
    name = _referred(schema)
    if name:
        if name in outer:
            return _AGAIN
        schema, outer = known[name], outer | {name}
        if name == INT_OR_STRING:
            return {**schema, "x-kubernetes-int-or-string": True}
    below: dict[str, Any] = {}
    if properties := schema.get("properties"):
        below["properties"] = {key: _resolved(one, known, outer) for key, one in properties.items()}
    for key in ("additionalProperties", "items"):
        if isinstance(one := schema.get(key), Mapping):
            below[key] = _resolved(one, known, outer)
    return {**schema, **below}


def _referred(schema: Mapping[str, Any]) -> str:
    """The name of the definition that a schema stands for; words beside a reference have it wrapped."""
    for one in (schema, *schema.get("allOf", ())):
        if "$ref" in one:
            return str(one["$ref"]).removeprefix(V3.prefix)
    return ""
