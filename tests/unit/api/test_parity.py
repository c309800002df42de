"""Our types against upstream's published definitions, protobuf numbers and JSON fixtures.

What is compared: fields, types, formats, required, list and map types, patch strategies and merge keys.
"""

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from steersman import api
from steersman.api.resources import RESOURCES
from steersman.apimachinery.codec.json import decode, from_wire, to_wire
from steersman.apimachinery.object import Object
from steersman.apimachinery.openapi.schemas import V2, Definitions, definition_name
from steersman.apimachinery.schema import Form, TypeSchema, schema_of

DEFINITIONS = "kubernetes-json-schema/v1.37.0-local/_definitions.json"
NUMBERS = Path(__file__).parent / "protobuf-numbers.json"
FACTS = Path(__file__).parents[4] / "shared" / "facts"
COMPARED = (
    "type", "format", "$ref", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type",
    "x-kubernetes-patch-strategy", "x-kubernetes-patch-merge-key",
)  # fmt: skip


@cache
def upstream() -> dict[str, Any]:
    path = Path(kubernetes_validate.__file__).parent / DEFINITIONS
    found: dict[str, Any] = json.loads(path.read_text())["$defs"]
    return found


@cache
def declared() -> dict[str, TypeSchema]:
    """Every type reachable from a served kind or a subresource's body, by definition name."""
    found: dict[str, TypeSchema] = {}

    def visit(schema: TypeSchema) -> None:
        if schema.object_type is not None:
            name = definition_name(schema.object_type)
            if name in found:
                return
            found[name] = schema
        for field in schema.fields.values():
            visit(field.schema)
        if schema.items is not None:
            visit(schema.items)

    for resource in RESOURCES:
        visit(schema_of(resource.object_type))
        for sub in resource.subresources:
            visit(schema_of(sub.kind))
    for kind in (api.meta.Status, api.meta.DeleteOptions, api.meta.ListMeta, api.meta.APIResourceList):
        visit(schema_of(kind))
    return found


@cache
def ours() -> dict[str, Any]:
    definitions = Definitions(V2)
    definitions.add(schema.object_type for schema in declared().values() if schema.object_type is not None)
    return definitions.made


def shape(schema: dict[str, Any]) -> Any:
    """What is compared of a property, its items and values; the nullability that JSON schema adds is left out."""
    made: dict[str, Any] = {}
    for key in COMPARED:
        if key in schema:
            value = schema[key]
            made[key] = (
                next((one for one in value if one != "null"), None)
                if key == "type" and isinstance(value, list)
                else value
            )
    if "$ref" in made:
        made["$ref"] = made["$ref"].rpartition("/")[2]
    for below in ("items", "additionalProperties"):
        if isinstance(schema.get(below), dict):
            made[below] = shape(schema[below])
    return made


NAMES = sorted(declared())
# Options of connections are query parameters: upstream's document says them there.
CONNECTING = re.compile(r"\.(Pod(Attach|Exec|PortForward)|(Pod|Node|Service)Proxy)Options$")


@pytest.mark.parametrize("name", [name for name in NAMES if not CONNECTING.search(name)])
def test_a_type_says_what_upstream_publishes(name: str) -> None:
    assert name in upstream(), f"{name} is no definition of upstream's"
    theirs, mine = upstream()[name], ours()[name]
    assert {field: shape(one) for field, one in mine.get("properties", {}).items()} == {
        field: shape(one) for field, one in theirs.get("properties", {}).items()
    }
    assert mine.get("required", []) == sorted(theirs.get("required", []))
    assert mine.get("x-kubernetes-map-type") == theirs.get("x-kubernetes-map-type")


@cache
def tags() -> dict[str, Any]:
    path = FACTS / "protobuf-tags.json"
    if not path.exists():
        pytest.skip("facts are not at hand")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def numbers() -> dict[str, dict[str, int]]:
    """The protobuf number of every field of every type."""
    return {
        name: {field.name: field.number for field in schema.fields.values() if field.number is not None}
        for name, schema in sorted(declared().items())
    }


def test_protobuf_numbers_are_for_ever() -> None:
    """A number that changes breaks every client that has it. For new fields and types: NUMBERS=write, then look."""
    if os.environ.get("NUMBERS") == "write":
        lines = (f'"{name}": {json.dumps(found)}' for name, found in numbers().items())
        NUMBERS.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    known = json.loads(NUMBERS.read_text())
    for name, found in numbers().items():
        assert known.get(name) == found, f"{name}: {found}; a new field? see CONTRIBUTING.md"


@pytest.mark.parametrize("name", NAMES)
def test_no_two_fields_of_a_message_share_a_number(name: str) -> None:
    schema = declared()[name]
    owned = [(field.owner, field.number) for field in schema.fields.values() if field.number is not None]
    assert len(set(owned)) == len(owned)


@pytest.mark.parametrize("name", NAMES)
def test_a_type_has_upstreams_protobuf_numbers(name: str) -> None:
    schema = declared()[name]
    for field in schema.fields.values():
        owner = schema.object_type if field.owner is api.meta.Kind else field.owner
        assert owner is not None
        message = f"{owner.__facts__.package}.{owner.__name__}"
        if field.name in ("kind", "apiVersion") and schema.facts.gvk is not None:
            continue
        known = tags().get(message)
        if known is None or (message, field.name) in YOUNG:
            continue
        # The names of protobuf fields differ from JSON's in case (uID) and signs (xKubernetes..., schema) at most.
        numbers = {name.lower(): number for name, (number, _) in known.items()}
        assert numbers.get(field.name.lower().replace("-", "").removeprefix("$")) == field.number, (
            f"{message}.{field.name}"
        )


# Fields younger than the facts at hand.
YOUNG = {
    ("k8s.io.api.core.v1.NodeSystemInfo", "runningInUserNamespace"),
    ("k8s.io.api.resource.v1.DeviceCounterConsumption", "compatibilityGroups"),
    ("k8s.io.api.resource.v1.DeviceSubRequest", "derivedAttributes"),
    ("k8s.io.api.resource.v1.ExactDeviceRequest", "derivedAttributes"),
}


def fixtures() -> list[tuple[type[Object], Path]]:
    found = []
    for resource in RESOURCES:
        gvk = resource.gvk
        path = FACTS / "api-fixtures" / f"{gvk.group or 'core'}.{gvk.version}.{gvk.kind}.json"
        found.append((resource.object_type, path))
    return found


@pytest.mark.parametrize(("kind", "path"), fixtures(), ids=lambda value: getattr(value, "stem", ""))
def test_a_fixture_survives_decoding_and_encoding(kind: type[Object], path: Path) -> None:
    if not path.exists():
        pytest.skip("no fixture")
    tree = json.loads(path.read_bytes())
    adjust(tree)
    assert to_wire(decode(path.read_bytes(), kind)) == tree


def adjust(tree: Any) -> None:
    """Make of a fixture what our target version would say."""
    # Upstream writes what a template is when it stores it; the fixtures' templates are written bare.
    for template in tree.get("spec", {}).get("volumeClaimTemplates", ()) if tree["kind"] == "StatefulSet" else ():
        template |= {"kind": "PersistentVolumeClaim", "apiVersion": "v1"}
    # Replaced by `mapping` and `overhead` in our version.
    for claim in (
        tree.get("status", {}).get("nodeAllocatableResourceClaimStatuses", ()) if tree["kind"] == "Pod" else ()
    ):
        claim.pop("resources", None)
    for device in tree["spec"]["devices"] if tree["kind"] == "ResourceSlice" else ():
        device.pop("nodeAllocatableResourceMappings", None)
    # Younger than the fixtures, and always written.
    if tree["kind"] == "CSINode":
        tree["status"] = {}


def zeros(schema: TypeSchema, depth: int = 0) -> Any:
    """A wire tree in which every pointer field holds an explicit zero."""
    made: dict[str, Any] = {}
    for field in schema.fields.values():
        if field.nullable and field.schema.form in (Form.INTEGER, Form.BOOLEAN, Form.STRING):
            made[field.name] = {Form.INTEGER: 0, Form.BOOLEAN: False, Form.STRING: ""}[field.schema.form]
        elif field.schema.form is Form.OBJECT and depth < 4:
            made[field.name] = zeros(field.schema, depth + 1)
    return made


@pytest.mark.parametrize("kind", [resource.object_type for resource in RESOURCES])
def test_an_explicit_zero_of_a_pointer_field_is_kept(kind: type[Object]) -> None:
    tree = zeros(schema_of(kind))

    def check(given: Any, kept: Any, where: str) -> None:
        for name, value in given.items():
            assert name in kept, f"{where}.{name} was lost"
            if isinstance(value, dict):
                check(value, kept[name], f"{where}.{name}")

    kept = to_wire(from_wire(tree, kind))
    check(prune_empty(tree), kept, kind.__name__)


def prune_empty(tree: Any) -> Any:
    """The tree without objects that hold nothing."""
    made = {name: prune_empty(value) if isinstance(value, dict) else value for name, value in tree.items()}
    return {name: value for name, value in made.items() if value != {}}
