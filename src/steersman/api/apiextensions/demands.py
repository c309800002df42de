"""How strictly a CustomResourceDefinition is judged.

Source: apiextensions-apiserver/pkg/apis/apiextensions/validation: requireOpenAPISchema, requireStructuralSchema,
validatePreserveUnknownFields, validateAPIApproval.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from steersman.api.apiextensions.customresource import (
    CustomResourceDefinition,
    CustomResourceDefinitionSpec,
    CustomResourceDefinitionVersion,
)
from steersman.apimachinery.codec.json import to_wire
from steersman.apimachinery.fieldpath import ROOT
from steersman.apimachinery.structural import Written
from steersman.apimachinery.structuralrules import structural_faults

APPROVED = "api-approved.kubernetes.io"
# Under these keywords stand values, not schemas.
VALUES = frozenset({"default", "enum", "example", "required", "x-kubernetes-validations"})


@dataclass(frozen=True, slots=True)
class Demands:
    """What is asked: an older version asks for less, and what is stored already isn't held to more.

    schemas: every version has one. structure: schemas are structural. pruning: what no schema knows goes. approval:
    groups of the community itself need one.
    """

    schemas: bool = True
    structure: bool = True
    pruning: bool = True
    approval: bool = True


ALL_DEMANDS = Demands()
NO_DEMANDS = Demands(schemas=False, structure=False, pruning=False, approval=False)


def on_update(demands: Demands, crd: CustomResourceDefinition, old: CustomResourceDefinition) -> Demands:
    """What is asked of a change."""
    schemas = [schema_of_version(one) for one in old.spec.versions]
    approval, was = crd.metadata.annotations.get(APPROVED), old.metadata.annotations.get(APPROVED)
    return Demands(
        schemas=demands.schemas and None not in schemas,
        structure=demands.structure and not any(structural_faults(one, ROOT) for one in schemas if one is not None),
        pruning=demands.pruning and not old.spec.preserveUnknownFields,
        approval=demands.approval and approval != was,
    )


def on_versions(demands: Demands, spec: CustomResourceDefinitionSpec) -> Demands:
    """What is asked of each version: pruning, defaults and extensions take a structural schema."""
    needs_structure = not spec.preserveUnknownFields or any(map(_is_extension, _keywords(spec)))
    return replace(demands, structure=demands.structure or needs_structure, pruning=not spec.preserveUnknownFields)


def has_defaults(spec: CustomResourceDefinitionSpec) -> bool:
    """Any schema has a default anywhere."""
    return "default" in _keywords(spec)


def schema_of_version(version: CustomResourceDefinitionVersion) -> Written | None:
    """The schema of a version in JSON form."""
    schema = version.schema.openAPIV3Schema if version.schema is not None else None
    return None if schema is None else to_wire(schema)


def _is_extension(keyword: str) -> bool:
    return keyword == "default" or keyword.startswith("x-kubernetes-")


def _keywords(spec: CustomResourceDefinitionSpec) -> frozenset[str]:
    """Every keyword of all schemas."""
    found = (schema_of_version(one) for one in spec.versions)
    return frozenset(name for schema in _each(found) for name in schema)


def _each(parts: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Every schema among these parts, and below them."""
    for part in parts:
        if isinstance(part, list):
            yield from _each(part)
        elif isinstance(part, dict):
            yield part
            yield from _each((part.get("properties") or {}).values())
            yield from _each(value for name, value in part.items() if name not in VALUES and name != "properties")
