"""Custom resources: from a definition to objects that are served like any other."""

import asyncio
from typing import Any

from tests.api.server import WAIT_SECONDS, Served

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
TABS = "/apis/stable.example.com/v1/namespaces/default/crontabs"
KEEPS_UNKNOWN = "x-kubernetes-preserve-unknown-fields"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


def definition(schema: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    spec = {
        "type": "object",
        "properties": {"cron": {"type": "string"}, "replicas": {"type": "integer", "default": 1}},
    }
    status = {"type": "object", "properties": {"replicas": {"type": "integer"}}}
    whole = schema or {"type": "object", "properties": {"spec": spec, "status": status}}
    version = {
        "name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": whole},
        "subresources": {"status": {}, "scale": {
            "specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas",
        }},
        "additionalPrinterColumns": [{"name": "Cron", "type": "string", "jsonPath": ".spec.cron"}],
        "selectableFields": [{"jsonPath": ".spec.cron"}],
        **more,
    }  # fmt: skip
    names = {"plural": "crontabs", "kind": "CronTab", "shortNames": ["ct"]}
    return {
        "metadata": {"name": "crontabs.stable.example.com"},
        "spec": {"group": "stable.example.com", "scope": "Namespaced", "names": names, "versions": [version]},
    }


def tab(name: str, **fields: Any) -> dict[str, Any]:
    return {"apiVersion": "stable.example.com/v1", "kind": "CronTab", "metadata": {"name": name}, **fields}


async def established(server: Served, crd: dict[str, Any]) -> None:
    made = await server.post(CRDS, crd)
    assert made.status == 201, made.json
    async with asyncio.timeout(WAIT_SECONDS):
        while not any(
            one["type"] == "Established" and one["status"] == "True"
            for one in (await server.get(f"{CRDS}/{crd['metadata']['name']}")).json["status"]["conditions"]
        ):
            await asyncio.sleep(0.005)


async def test_a_custom_resource_lives_like_any_other(server: Served) -> None:
    assert (await server.get(TABS)).status == 404
    await established(server, definition())
    made = await server.post(TABS, tab("a", spec={"cron": "* *", "colour": "red"}, status={"replicas": 9}))
    assert made.status == 201
    assert made.json["spec"] == {"cron": "* *", "replicas": 1}
    assert "status" not in made.json
    assert made.json["metadata"]["generation"] == 1
    changed = await server.patch(f"{TABS}/a", {"spec": {"cron": "x"}})
    assert (changed.json["spec"]["cron"], changed.json["metadata"]["generation"]) == ("x", 2)
    status = await server.patch(f"{TABS}/a/status", {"status": {"replicas": 3}, "spec": {"cron": "y"}})
    assert (status.json["status"], status.json["spec"]["cron"]) == ({"replicas": 3}, "x")
    assert status.json["metadata"]["generation"] == 2
    listed = (await server.get(TABS)).json
    assert (listed["kind"], listed["items"][0]["kind"]) == ("CronTabList", "CronTab")
    scaled = await server.patch(f"{TABS}/a/scale", {"spec": {"replicas": 5}})
    assert (scaled.json["spec"], scaled.json["status"]["replicas"]) == ({"replicas": 5}, 3)
    assert (await server.get(f"{TABS}/a")).json["spec"]["replicas"] == 5


async def test_unknown_fields_are_reported_and_wrong_bodies_refused(server: Served) -> None:
    await established(server, definition())
    strict = await server.post(f"{TABS}?fieldValidation=Strict", tab("a", spec={"colour": "red"}))
    assert (strict.status, 'unknown field "spec.colour"' in strict.json["message"]) == (400, True)
    unsupported = await server.patch(f"{TABS}/a", {}, "strategic")
    assert unsupported.status == 415


async def test_columns_and_selectors_come_from_the_definition(server: Served) -> None:
    await established(server, definition())
    await server.post(TABS, tab("a", spec={"cron": "one"}))
    await server.post(TABS, tab("b", spec={"cron": "two"}))
    table = (await server.get(TABS, accept=TABLE)).json
    assert [one["name"] for one in table["columnDefinitions"]] == ["Name", "Cron"]
    assert [row["cells"] for row in table["rows"]] == [["a", "one"], ["b", "two"]]
    chosen = (await server.get(f"{TABS}?fieldSelector=spec.cron%3Dtwo")).json
    assert [one["metadata"]["name"] for one in chosen["items"]] == ["b"]


async def test_discovery_and_openapi_know_it_at_once(server: Served) -> None:
    await established(server, definition())
    found = (await server.get("/apis/stable.example.com/v1")).json["resources"]
    assert [one["name"] for one in found] == ["crontabs", "crontabs/scale", "crontabs/status"]
    assert found[0]["shortNames"] == ["ct"]
    schemas = (await server.get("/openapi/v3/apis/stable.example.com/v1")).json["components"]["schemas"]
    assert schemas["com.example.stable.v1.CronTab"]["properties"]["spec"]["properties"]["cron"] == {"type": "string"}
    assert "com.example.stable.v1.CronTab" in (await server.get("/openapi/v2")).json["definitions"]


async def test_apply_works_on_custom_resources(server: Served) -> None:
    await established(server, definition())
    kind = "application/apply-patch+yaml"
    made = await server.patch(f"{TABS}/a?fieldManager=one", tab("a", spec={"cron": "x"}), kind)
    assert made.status == 201, made.json
    refused = await server.patch(f"{TABS}/a?fieldManager=two", tab("a", spec={"cron": "y"}), kind)
    assert (refused.status, 'conflict with "one": .spec.cron' in refused.json["message"]) == (409, True)


async def test_a_root_that_keeps_unknown_fields_keeps_them(server: Served) -> None:
    await established(server, definition({"type": "object", KEEPS_UNKNOWN: True}, selectableFields=[]))
    await server.post(TABS, tab("a", anything={"b": [1, None]}, other=2))
    changed = await server.patch(f"{TABS}/a", {"more": True})
    assert {name: changed.json[name] for name in ("anything", "other", "more")} == {
        "anything": {"b": [1, None]}, "other": 2, "more": True,
    }  # fmt: skip


async def test_a_new_schema_shows_on_what_is_stored(server: Served) -> None:
    await established(server, definition(selectableFields=[]))
    await server.post(TABS, tab("a", spec={"cron": "x"}))
    crd = (await server.get(f"{CRDS}/crontabs.stable.example.com")).json
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    del schema["cron"]
    schema["size"] = {"type": "integer", "default": 7}
    assert (await server.put(f"{CRDS}/crontabs.stable.example.com", crd)).status == 200
    async with asyncio.timeout(WAIT_SECONDS):
        while (spec := (await server.get(f"{TABS}/a")).json.get("spec")) != {"replicas": 1, "size": 7}:
            assert spec is None or spec == {"cron": "x", "replicas": 1}
            await asyncio.sleep(0.005)


async def test_two_versions_show_the_same_object(server: Served) -> None:
    crd = definition()
    crd["spec"]["versions"].append({**crd["spec"]["versions"][0], "name": "v2", "storage": False})
    await established(server, crd)
    other = TABS.replace("/v1/", "/v2/")
    made = await server.post(other, {**tab("a", spec={"cron": "x"}), "apiVersion": "stable.example.com/v2"})
    assert made.json["apiVersion"] == "stable.example.com/v2"
    assert (await server.get(f"{TABS}/a")).json["apiVersion"] == "stable.example.com/v1"
    groups = {one["name"]: one for one in (await server.get("/apis")).json["groups"]}
    assert groups["stable.example.com"]["preferredVersion"]["version"] == "v2"


async def test_a_definition_takes_its_objects_with_it(server: Served) -> None:
    await established(server, definition())
    await server.post(TABS, tab("a"))
    gone = await server.delete(f"{CRDS}/crontabs.stable.example.com")
    assert gone.json["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    async with asyncio.timeout(WAIT_SECONDS):
        while (await server.get(f"{CRDS}/crontabs.stable.example.com")).status != 404:
            await asyncio.sleep(0.005)
    assert (await server.get(TABS)).status == 404
    await established(server, definition())
    assert (await server.get(TABS)).json["items"] == []


async def test_a_name_that_is_taken_is_not_accepted(server: Served) -> None:
    await established(server, definition())
    other = definition()
    other["metadata"]["name"] = "crons.stable.example.com"
    other["spec"]["names"] = {"plural": "crons", "kind": "CronTab"}
    await server.post(CRDS, other)
    async with asyncio.timeout(WAIT_SECONDS):
        while not (found := (await server.get(f"{CRDS}/crons.stable.example.com")).json["status"]["conditions"]):
            await asyncio.sleep(0.005)
    conditions = {one["type"]: (one["status"], one["reason"]) for one in found}
    assert conditions == {"NamesAccepted": ("False", "ListKindConflict"), "Established": ("False", "NotAccepted")}


async def test_what_the_schema_forbids_is_refused_in_upstreams_words(server: Served) -> None:
    spec = {
        "type": "object", "required": ["cron"],
        "properties": {
            "cron": {"type": "string", "pattern": r"^\d+$"}, "replicas": {"type": "integer", "maximum": 3},
            "mode": {"type": "string", "enum": ["a", "b"]},
            "ports": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "integer"}},
        },
    }  # fmt: skip
    await established(server, definition({"type": "object", "properties": {"spec": spec}}))
    body = tab("a", spec={"cron": "x", "replicas": 4, "mode": "c", "ports": [1, 1]})
    refused = (await server.post(TABS, body)).json
    assert refused["code"] == 422
    assert refused["message"] == (
        'CronTab.stable.example.com "a" is invalid: ['
        "spec.cron: Invalid value: \"x\": spec.cron in body should match '^\\d+$', "
        "spec.replicas: Invalid value: 4: spec.replicas in body should be less than or equal to 3, "
        'spec.mode: Unsupported value: "c": supported values: "a", "b", '
        "spec.ports[1]: Duplicate value: 1]"
    )
    missing = (await server.post(TABS, tab("a", spec={"replicas": "x"}))).json["message"]
    assert "spec.cron: Required value" in missing
    assert 'spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"' in missing


async def test_what_was_invalid_before_does_not_hold_up_other_changes(server: Served) -> None:
    await established(server, definition())
    await server.post(TABS, tab("a", spec={"cron": "long", "replicas": 1}))
    crd = (await server.get(f"{CRDS}/crontabs.stable.example.com")).json
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["cron"]["maxLength"] = 2
    await server.put(f"{CRDS}/crontabs.stable.example.com", crd)
    async with asyncio.timeout(WAIT_SECONDS):
        while (await server.post(f"{TABS}?dryRun=All", tab("b", spec={"cron": "long"}))).status == 201:
            await asyncio.sleep(0.005)
    assert (await server.patch(f"{TABS}/a", {"spec": {"replicas": 2}})).status == 200
    assert (await server.patch(f"{TABS}/a", {"spec": {"cron": "longer"}})).status == 422


async def test_rules_hold_for_what_is_made_and_what_changes_and_bad_rules_are_refused(server: Served) -> None:
    spec = {
        "type": "object",
        "properties": {"low": {"type": "integer"}, "high": {"type": "integer"}, "cron": {"type": "string"}},
        "x-kubernetes-validations": [
            {"rule": "self.low <= self.high", "message": "low is above high"},
            {"rule": "self.high >= oldSelf.high", "messageExpression": "'not below ' + string(oldSelf.high)"},
        ],
    }  # fmt: skip
    await established(server, definition({"type": "object", "properties": {"spec": spec}}))
    wrong = await server.post(TABS, tab("x", spec={"low": 3, "high": 1}))
    assert wrong.status == 422
    assert wrong.json["message"].endswith('is invalid: spec: Invalid value: "object": low is above high')
    assert (await server.post(TABS, tab("x", spec={"low": 1, "high": 3}))).status == 201
    lower = await server.patch(f"{TABS}/x", {"spec": {"high": 2}})
    assert (lower.status, lower.json["details"]["causes"][0]["field"]) == (422, "spec")
    assert "not below 3" in lower.json["message"]
    bad = definition(
        {"type": "object", "x-kubernetes-validations": [{"rule": "self.nothing > 1"}]}, selectableFields=[]
    )
    bad["metadata"]["name"], bad["spec"]["names"] = "tabs.stable.example.com", {"plural": "tabs", "kind": "Tab"}
    refused = await server.post(CRDS, bad)
    assert refused.status == 422
    assert "undefined field 'nothing'" in refused.json["message"]
