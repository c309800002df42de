"""Server-side apply and the owners of fields, over HTTP."""

from typing import Any

from tests.api.server import Answer, Served
from tests.api.test_changes import DEPLOYMENTS, deployment

MAPS = "/api/v1/namespaces/default/configmaps"
APPLY = "application/apply-patch+yaml"


def config_map(data: dict[str, str], name: str = "a") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


async def applied(server: Served, data: dict[str, str], manager: str, options: str = "") -> Answer:
    return await server.patch(f"{MAPS}/a?fieldManager={manager}{options}", config_map(data), APPLY)


def owners(obj: Any) -> dict[tuple[str, str, str], Any]:
    return {
        (one["manager"], one["operation"], one.get("subresource", "")): one["fieldsV1"]
        for one in obj["metadata"].get("managedFields", [])
    }


async def test_apply_creates_changes_and_drops_what_is_no_longer_applied(server: Served) -> None:
    made = await applied(server, {"x": "1", "y": "1"}, "one")
    assert (made.status, owners(made.json)) == (201, {("one", "Apply", ""): {"f:data": {"f:x": {}, "f:y": {}}}})
    again = await applied(server, {"x": "1", "y": "1"}, "one")
    assert (again.status, again.json) == (200, made.json)
    less = await applied(server, {"x": "2"}, "one")
    assert less.json["data"] == {"x": "2"}


async def test_two_appliers_of_one_field_are_in_conflict_until_one_forces(server: Served) -> None:
    await applied(server, {"x": "1"}, "one")
    refused = await applied(server, {"x": "2"}, "two")
    assert (refused.status, refused.json["reason"]) == (409, "Conflict")
    assert refused.json["message"] == 'Apply failed with 1 conflict: conflict with "one": .data.x'
    cause = {"reason": "FieldManagerConflict", "message": 'conflict with "one"', "field": ".data.x"}
    assert refused.json["details"]["causes"] == [cause]
    forced = await applied(server, {"x": "2"}, "two", "&force=true")
    assert owners(forced.json) == {("two", "Apply", ""): {"f:data": {"f:x": {}}}}


async def test_who_posts_puts_or_patches_owns_what_it_sets(server: Served) -> None:
    made = await server.post(MAPS, config_map({"x": "1"}), user_agent="curl/8.0 (linux)")
    assert owners(made.json) == {("curl", "Update", ""): {"f:data": {".": {}, "f:x": {}}}}
    patched = await server.patch(f"{MAPS}/a?fieldManager=me", {"data": {"y": "1"}})
    assert owners(patched.json)["me", "Update", ""] == {"f:data": {"f:y": {}}}
    await server.put(f"{MAPS}/a?fieldManager=other", config_map({"x": "2", "y": "1"}))
    found = (await server.get(f"{MAPS}/a")).json
    assert owners(found)["other", "Update", ""] == {"f:data": {"f:x": {}}}
    refused = await applied(server, {"y": "2"}, "one")
    assert 'conflict with "me" using v1: .data.y' in refused.json["message"]


async def test_a_client_may_make_the_owners_forgotten(server: Served) -> None:
    made = (await applied(server, {"x": "1"}, "one")).json
    made["metadata"]["managedFields"] = []
    assert owners((await server.put(f"{MAPS}/a", made)).json) == {}


async def test_defaults_are_their_writers_and_status_is_nobodys(server: Served) -> None:
    made = await server.post(f"{DEPLOYMENTS}?fieldManager=me", {**deployment("a"), "status": {"replicas": 9}})
    (fields,) = owners(made.json).values()
    assert "f:progressDeadlineSeconds" in fields["f:spec"]
    assert "f:status" not in fields
    body = {"spec": {"replicas": 5}, "status": {"replicas": 3}}
    status = await server.patch(f"{DEPLOYMENTS}/web/status?fieldManager=ctl", body)
    assert owners(status.json)["ctl", "Update", "status"] == {"f:status": {"f:replicas": {}}}


async def test_scaling_takes_the_replicas_over(server: Served) -> None:
    config = {"apiVersion": "apps/v1", "kind": "Deployment", **deployment("a")}
    await server.patch(f"{DEPLOYMENTS}/web?fieldManager=one", config, APPLY)
    scaled = await server.patch(f"{DEPLOYMENTS}/web/scale?fieldManager=hpa", {"spec": {"replicas": 3}})
    assert (scaled.json["spec"], owners(scaled.json)) == ({"replicas": 3}, {})
    found = (await server.get(f"{DEPLOYMENTS}/web")).json
    assert owners(found)["hpa", "Update", "scale"] == {"f:spec": {"f:replicas": {}}}
    assert "f:replicas" not in owners(found)["one", "Apply", ""]["f:spec"]
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "web"}, "spec": {"replicas": 4}}
    refused = await server.patch(f"{DEPLOYMENTS}/web/scale?fieldManager=two", scale, APPLY)
    assert (refused.status, "hpa" in refused.json["message"]) == (409, True)


async def test_a_dry_run_applies_nothing(server: Served) -> None:
    assert (await applied(server, {"x": "1"}, "one", "&dryRun=All")).status == 201
    assert (await server.get(f"{MAPS}/a")).status == 404


async def test_what_cannot_be_applied_is_refused_in_words(server: Served) -> None:
    nameless = await server.patch(f"{MAPS}/a", config_map({}), APPLY)
    assert (
        nameless.status,
        "fieldManager: Required value: is required for apply patch" in nameless.json["message"],
    ) == (
        422,
        True,
    )
    forced = await server.patch(f"{MAPS}/a?force=true", {"data": {}})
    assert "force: Forbidden: may not be specified for non-apply patch" in forced.json["message"]
    other = await server.patch(f"{MAPS}/b?fieldManager=one", config_map({}), APPLY)
    assert (other.status, "does not match the name on the URL" in other.json["message"]) == (400, True)
    unknown = await server.patch(f"{MAPS}/a?fieldManager=one", config_map({}) | {"colour": "red"}, APPLY)
    assert (unknown.status, ".colour: field not declared in schema" in unknown.json["message"]) == (500, True)
    text = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: a, x: b}\n"
    strict = await server.ask("PATCH", f"{MAPS}/a?fieldManager=one&fieldValidation=Strict", text, content_type=APPLY)
    assert (strict.status, "already set in map" in strict.json["message"]) == (400, True)
