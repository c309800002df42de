"""The type of a custom resource: a Struct with typed metadata, whose other fields are wire trees.

So everything generic in the pipeline treats built-in and custom resources alike.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from steersman.api.apiextensions import CustomResourceDefinition, CustomResourceDefinitionVersion
from steersman.api.meta import Kind
from steersman.apimachinery.codec.json import to_wire
from steersman.apimachinery.object import ObjectType
from steersman.apimachinery.schema import FieldSchema, TypeSchema, schema_of
from steersman.apimachinery.structural import KEEPS_UNKNOWN, OF_EVERY_OBJECT, read_structural

ANYTHING_GOES: Mapping[str, Any] = {"type": "object", KEEPS_UNKNOWN: True}


def written_schema(crd: CustomResourceDefinition, version: CustomResourceDefinitionVersion) -> Mapping[str, Any]:
    """The schema of a version, in JSON form."""
    schema = version.schema.openAPIV3Schema if version.schema is not None else None
    if schema is None:
        return ANYTHING_GOES
    written: dict[str, Any] = to_wire(schema)
    return written | {KEEPS_UNKNOWN: True} if crd.spec.preserveUnknownFields else written


def custom_kind(crd: CustomResourceDefinition, version: CustomResourceDefinitionVersion) -> type[Kind]:
    """A new type for one version of a definition."""
    written = written_schema(crd, version)
    structural = read_structural({**written, "type": "object"})
    names = [name for name in structural.fields if name not in OF_EVERY_OBJECT]
    # A status is there to be written through its subresource, declared or not.
    fields = {"__annotations__": dict.fromkeys(names, Any), **dict.fromkeys(names), "__module__": __name__}
    api_version = f"{crd.spec.group}/{version.name}"
    kind = crd.spec.names.kind
    made: type[Kind] = ObjectType(kind, (Kind,), fields, api=api_version, kind=kind, package=_package(crd, version))
    whole = _with_envelope(structural, made)
    whole.facts = replace(made.__facts__, structural=whole, published={} if written is ANYTHING_GOES else written)
    setattr(made, "__facts__", whole.facts)  # noqa: B010  # declared on Object, read-only for everybody else
    made.__doc__ = str(written.get("description") or f"{kind} is a custom resource.")
    return made


def _package(crd: CustomResourceDefinition, version: CustomResourceDefinitionVersion) -> str:
    """Source: apiextensions controller/openapi/builder: `com.example.v1`; the first two parts are swapped again."""
    parts = crd.spec.group.split(".")
    return (
        ".".join([*parts[-2:], *reversed(parts[:-2]), version.name]) if len(parts) > 1 else f"{version.name}.{parts[0]}"
    )


def _with_envelope(structural: TypeSchema, made: type[Kind]) -> TypeSchema:
    """The root of a schema: what every object has is typed, whatever is written."""
    envelope: Mapping[str, FieldSchema] = schema_of(Kind).fields
    fields = {**{name: envelope[name] for name in OF_EVERY_OBJECT}, **structural.fields}
    fields |= {name: envelope[name] for name in OF_EVERY_OBJECT}
    return TypeSchema(structural.form, made, fields=fields, is_structural=True, keeps_unknown=structural.keeps_unknown)
