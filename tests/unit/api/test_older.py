"""Older versions against upstream's fixtures, and what the table says of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from steersman.api import core
from steersman.api.older import budgets, customresources, endpointslice, ingress
from steersman.api.older.table import older_resources
from steersman.api.older.version import families
from steersman.api.resources import RESOURCES, Resource
from steersman.apimachinery.codec import protobuf
from steersman.apimachinery.codec.json import decode, encode, parse, to_wire
from steersman.apimachinery.openapi.schemas import definition_name
from steersman.apimachinery.schema import TypeSchema, schema_of
from steersman.reconcile.allkinds import collected_resource

FIXTURES = Path(__file__).parents[4] / "shared" / "facts" / "api-fixtures"
LINES = older_resources()
NAMES = [f"{one.gvk.group}.{one.version}.{one.kind}" for one in LINES]


@pytest.mark.parametrize("line", LINES, ids=NAMES)
def test_an_object_survives_the_way_to_the_stored_version_and_back(line: Resource) -> None:
    older, kind = line.older, line.object_type
    assert older is not None
    path = FIXTURES / f"{line.group}.{line.version}.{line.kind}.json"
    if not path.exists():
        pytest.skip("no fixture")
    old = decode(path.read_bytes(), kind)
    stored = older.entered(old)
    assert type(stored) is older.hub
    shown = older.shown(stored, kind)
    assert older.shown(older.entered(shown), kind) == shown
    if line.kind != "EndpointSlice":  # there the node joins the labels of where an endpoint is
        assert shown == older.defaulted(old)
    if older.is_same:
        newer = path.with_name(path.name.replace(line.version, older.hub.__facts__.gvk.version))
        if newer.exists():
            assert encode(older.shown(decode(newer.read_bytes(), older.hub), kind)) == encode(old)


@pytest.mark.parametrize("line", LINES, ids=NAMES)
def test_protobuf_is_that_of_upstream(line: Resource) -> None:
    path = FIXTURES / f"{line.group}.{line.version}.{line.kind}.pb"
    if not path.exists():
        pytest.skip("no fixture")
    of_json = decode(path.with_suffix(".json").read_bytes(), line.object_type)
    golden = path.read_bytes()
    assert protobuf.decode(golden, line.object_type) == of_json
    if line.kind != "CSINode":  # the fixture is of a version without one of its fields
        assert protobuf.encode(of_json) == golden


@pytest.mark.parametrize("line", LINES, ids=NAMES)
def test_an_empty_object_can_be_shown_and_converted(line: Resource) -> None:
    older, kind = line.older, line.object_type
    assert older is not None
    family = families(LINES)[kind]
    empty = to_wire(older.shown(older.hub(), kind))
    assert family.converted(family.converted(empty, older.hub().apiVersion), line.gvk.api_version) == empty
    assert family.converted({}, line.gvk.api_version) == {}


def test_no_version_is_listed_twice_and_each_names_itself() -> None:
    names = [(one.gvk.api_version, one.plural) for one in LINES]
    assert len(set(names)) == len(names)
    assert not {one.gvk for one in LINES} & {one.gvk for one in RESOURCES}
    for one in LINES:
        assert one.warning.startswith(f"{one.gvk.api_version} {one.kind} is deprecated in v1.")
        assert f".{one.version}." in definition_name(one.object_type)
        assert parse(encode(one.object_type()))["apiVersion"] == one.gvk.api_version


def test_upstream_s_words_about_the_end_of_a_version() -> None:
    told = {(one.gvk.api_version, one.kind): one.warning for one in LINES}
    assert told["batch/v1beta1", "CronJob"] == (
        "batch/v1beta1 CronJob is deprecated in v1.21+, unavailable in v1.25+; use batch/v1 CronJob"
    )
    assert told["node.k8s.io/v1beta1", "RuntimeClass"] == (
        "node.k8s.io/v1beta1 RuntimeClass is deprecated in v1.22+, unavailable in v1.25+"
    )


KEY = budgets.LABEL
NONE = {"matchExpressions": [{"key": KEY, "operator": "Exists"}]}
ALL = {"matchExpressions": [{"key": KEY, "operator": "DoesNotExist"}]}


@pytest.mark.parametrize(
    ("selector", "newer", "back"),
    [
        (None, None, None),
        ({}, NONE, {}),
        ({"matchLabels": {}}, NONE, {}),
        (ALL, {}, ALL),
        ({"matchLabels": {"a": "b"}}, {"matchLabels": {"a": "b"}}, {"matchLabels": {"a": "b"}}),
    ],
)
def test_a_budget_s_selector_selects_the_same_in_both_versions(selector: Any, newer: Any, back: Any) -> None:
    made = budgets.inward({"spec": {"selector": selector}})
    assert made == {"spec": {"selector": newer}}
    assert budgets.outward(made) == {"spec": {"selector": back}}


@pytest.mark.parametrize(
    ("backend", "newer", "back"),
    [
        ({"serviceName": "a", "servicePort": 80}, {"service": {"name": "a", "port": {"number": 80}}}, None),
        ({"serviceName": "a", "servicePort": "http"}, {"service": {"name": "a", "port": {"name": "http"}}}, None),
        ({"servicePort": 0}, {}, {}),
        ({"servicePort": ""}, {"service": {"name": "", "port": {}}}, {"serviceName": "", "servicePort": 0}),
        ({"resource": {"kind": "B"}}, {"resource": {"kind": "B"}}, None),
        (None, None, None),
    ],
)
def test_a_backend_is_nested_and_flattened_again(backend: Any, newer: Any, back: Any) -> None:
    tree = {"spec": {"rules": [{"http": {"paths": [{"backend": backend}]}}, {"http": None}, None]}}
    made = ingress.inward(tree)
    assert made["spec"]["rules"][0]["http"]["paths"][0]["backend"] == newer
    shown = ingress.outward(made)["spec"]["rules"][0]["http"]["paths"][0]["backend"]
    assert shown == (backend if back is None else back)


def test_a_node_that_differs_from_the_map_is_kept_beside_it() -> None:
    endpoint = {"topology": {"kubernetes.io/hostname": "a"}, "nodeName": "b"}
    (made,) = endpointslice.inward({"endpoints": [endpoint]})["endpoints"]
    assert made == {"deprecatedTopology": {"kubernetes.io/hostname": "a"}, "nodeName": "b"}
    assert endpointslice.outward({"endpoints": [made]})["endpoints"] == [endpoint]


def own_types(schema: TypeSchema | None, seen: dict[str, TypeSchema]) -> None:
    """The types below that are of an older version themselves."""
    if schema is None or (schema.object_type is None and schema.items is None):
        return
    if schema.object_type is not None:
        name = f"{schema.facts.package}.{schema.object_type.__name__}"
        if name in seen:
            return
        seen[name] = schema
    for field in schema.fields.values():
        own_types(field.schema, seen)
    own_types(schema.items, seen)


def test_types_of_older_versions_have_upstreams_protobuf_numbers() -> None:
    path = FIXTURES.parent / "protobuf-tags.json"
    if not path.exists():
        pytest.skip("facts are not at hand")
    tags, seen = json.loads(path.read_text()), dict[str, TypeSchema]()
    for line in LINES:
        own_types(schema_of(line.object_type), seen)
    compared = 0
    for name, schema in seen.items():
        if "beta" not in name or name not in tags:
            continue
        known = {field.lower(): number for field, (number, _) in tags[name].items()}
        for field in schema.fields.values():
            if field.number is not None and field.owner.__name__ != "IngressRuleValue":  # that is a message of its own
                assert known[field.name.lower()] == field.number, f"{name}.{field.name}"
                compared += 1
    assert compared > 100


def test_a_definition_says_once_what_its_versions_share() -> None:
    schema, columns = {"openAPIV3Schema": {"type": "object"}}, [{"name": "A", "JSONPath": ".a"}]
    one, two = ({"name": name, "served": True, "storage": name == "v1"} for name in ("v1", "v2"))
    spec = {"version": "v1", "validation": schema, "versions": [one, {**two, "additionalPrinterColumns": columns}]}
    made = customresources.inward({"spec": {**spec, "preserveUnknownFields": False}})
    assert made["spec"]["versions"] == [
        {**one, "schema": schema},
        {**two, "schema": schema, "additionalPrinterColumns": [{"name": "A", "jsonPath": ".a"}]},
    ]
    assert customresources.outward(made) == {"spec": {**spec, "preserveUnknownFields": False}}


def test_kinds_that_have_moved_are_found_by_either_group() -> None:
    """Or nobody would clean up after an owner that is named in the older one."""
    for line in LINES:
        assert line.older is not None
        if line.stored and "delete" in line.verbs and line.older.hub is not core.Event:
            found = collected_resource(line.gvk)
            assert found is not None, line.gvk
            assert found.object_type is line.older.hub
