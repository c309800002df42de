"""Custom resources as types and lines of the resource table, made of their definitions.

A type is a Struct with typed metadata, whose other fields are wire trees: so everything generic treats built-in and
custom resources alike.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from msgspec import structs

from steersman.api import autoscaling
from steersman.api.apiextensions import (
    CustomResourceDefinition,
    CustomResourceDefinitionVersion,
    CustomResourceValidation,
    JSONSchemaProps,
)
from steersman.api.meta import Kind
from steersman.api.resources import Resource, Subresource
from steersman.apimachinery.codec.json import to_wire
from steersman.apimachinery.object import ObjectType
from steersman.apimachinery.schema import FieldSchema, Form, TypeSchema, schema_of
from steersman.apimachinery.structural import KEEPS_UNKNOWN, OF_EVERY_OBJECT, read_structural

_ONLY_METADATA = CustomResourceValidation(openAPIV3Schema=JSONSchemaProps(type="object"))
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
    if crd.spec.preserveUnknownFields:
        _keep_unknown(structural)
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


def _keep_unknown(schema: TypeSchema) -> None:
    """Prune nothing: what definitions asked for before there was pruning. The schema has just been made."""
    schema.keeps_unknown = schema.form is Form.OBJECT
    for field in schema.fields.values():
        _keep_unknown(field.schema)
    if schema.items is not None:
        _keep_unknown(schema.items)


def custom_resource(
    crd: CustomResourceDefinition, version: CustomResourceDefinitionVersion, kind: type[Kind]
) -> Resource:
    """The line of a version in the resource table. The type knows it too, as it stands in no fixed table."""
    names = crd.status.acceptedNames
    made = Resource(
        kind,
        names.plural,
        namespaced=crd.spec.scope == "Namespaced",
        short_names=names.shortNames,
        categories=names.categories,
        subresources=_subresources(kind, version),
        custom=True,
        singular_name=names.singular,
        list_kind=names.listKind,
    )
    schema_of(kind).facts = replace(kind.__facts__, resource=made)
    setattr(kind, "__facts__", schema_of(kind).facts)  # noqa: B010  # declared on Object
    return made


def metadata_resource(crd: CustomResourceDefinition) -> Resource | None:
    """A resource whose objects are read as nothing but metadata, in any served version; None when there is none."""
    served = next((one for one in crd.spec.versions if one.served), None)
    if served is None:
        return None
    bare = structs.replace(served, schema=_ONLY_METADATA)
    return custom_resource(crd, served, custom_kind(crd, bare))


def _subresources(kind: type[Kind], version: CustomResourceDefinitionVersion) -> tuple[Subresource, ...]:
    declared = version.subresources
    if declared is None:
        return ()
    status = (Subresource("status", kind),) if declared.status is not None else ()
    scale = (Subresource("scale", autoscaling.Scale),) if declared.scale is not None else ()
    return (*status, *scale)


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
