"""What may be written in a CustomResourceDefinition."""

from typing import Any

import pytest
from tests.api.test_custom import definition

from steersman.api.apiextensions import CustomResourceDefinition
from steersman.api.apiextensions.validation import validate_definition, validate_definition_update
from steersman.apimachinery.codec.json import from_wire


def crd(schema: dict[str, Any] | None = None, **version: Any) -> CustomResourceDefinition:
    tree = definition(schema, **version)
    tree["spec"]["names"] |= {"singular": "crontab", "listKind": "CronTabList"}
    return from_wire(tree, CustomResourceDefinition)


def faults(found: CustomResourceDefinition) -> list[str]:
    return [f"{one.field}: {one.message}" for one in validate_definition(found)]


def with_spec(**spec: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": {"a": spec}}}}


def test_a_good_definition_has_no_faults() -> None:
    assert faults(crd()) == []


A = "spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[a]"
KEYED = {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]}


EMBEDDED = "x-kubernetes-embedded-resource"
STRING = {"type": "string"}
UNKEYED = {**KEYED, "items": {"type": "object", "properties": {"k": STRING}}}
MIXED = {"type": "object", "properties": {"b": STRING}, "additionalProperties": STRING}


@pytest.mark.parametrize(
    ("field", "fault"),
    [
        ({}, "type: Required value: must not be empty for specified object fields"),
        ({"type": "array"}, "items: Required value: must be specified"),
        (
            {"type": "string", "x-kubernetes-list-type": "set"},
            'type: Invalid value: "string": must be array if x-kubernetes-list-type is specified',
        ),
        ({"type": "string", "anyOf": [STRING]}, "anyOf[0].type: Forbidden: must be empty to be structural"),
        (MIXED, "additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive"),
        (
            {"type": "integer", "default": "x"},
            'default: Invalid value: "string":  in body must be of type integer: "string"',
        ),
        ({"type": "object", EMBEDDED: True}, f"properties: Required value: must not be empty if {EMBEDDED} is true"),
        (UNKEYED, "items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys"),
        (
            {"type": "array", "items": STRING, "uniqueItems": True},
            "uniqueItems: Forbidden: uniqueItems cannot be set to true",
        ),
    ],
)
def test_a_schema_must_be_structural(field: dict[str, Any], fault: str) -> None:
    (found,) = faults(crd(with_spec(**field), selectableFields=[]))
    assert found.startswith(f"{A}.{fault}")


def test_either_an_integer_or_a_string_is_structural() -> None:
    either = {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]}
    assert faults(crd(with_spec(**either), selectableFields=[])) == []


def test_names_versions_and_columns_are_checked() -> None:
    tree = definition()
    tree["spec"] |= {"group": "nodots", "scope": "Galaxy"}
    version = tree["spec"]["versions"][0]
    version |= {"storage": False, "additionalPrinterColumns": [{"name": "A", "type": "colour", "jsonPath": "spec"}]}
    found = faults(from_wire(tree, CustomResourceDefinition))
    for words in (
        'metadata.name: Invalid value: "crontabs.stable.example.com": must be spec.names.plural+"."+spec.group',
        'spec.group: Invalid value: "nodots": should be a domain with at least one dot',
        'spec.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"',
        "must have exactly one version marked as storage version",
        'spec.versions[0].additionalPrinterColumns[0].type: Invalid value: "colour": must be one of boolean,date',
        'additionalPrinterColumns[0].JSONPath: Invalid value: "spec": must be a simple json path starting with .',
        "spec.names.singular: Required value",
    ):
        assert any(words in one for one in found), (words, found)


def test_what_names_the_resource_stays_and_stored_versions_too() -> None:
    old = crd()
    tree = definition()
    tree["spec"]["versions"][0]["name"] = "v2"
    tree["spec"]["names"] |= {"singular": "crontab", "listKind": "CronTabList"}
    tree["status"] = {"storedVersions": ["v1", "v2"]}
    new = from_wire(tree, CustomResourceDefinition)
    (fault,) = validate_definition_update(new, old)
    assert (fault.field, "missing from spec.versions; v1 was previously a storage version" in fault.message) == (
        "status.storedVersions[0]",
        True,
    )
