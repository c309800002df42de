"""Older versions of kinds, where `--runtime-config` serves them: the same objects, in either version."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from tests.api.server import CONFIG, Served, serving
from tests.api.test_webhooks import allow, hooked, patch

from steersman.apiserver.app import Deps
from steersman.apiserver.attributes import AdmitEverybody, AlwaysAllow
from steersman.apiserver.runtimeconfig import served_resources
from steersman.component.clock import RealClock
from steersman.storage.memory import MemoryStore

RBAC = "/apis/rbac.authorization.k8s.io"
ROLES, OLD_ROLES = f"{RBAC}/v1/namespaces/default/roles", f"{RBAC}/v1beta1/namespaces/default/roles"
OLD = "rbac.authorization.k8s.io/v1beta1"
RULES = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
WARNING = (
    '299 - "rbac.authorization.k8s.io/v1beta1 Role is deprecated in v1.17+, unavailable in v1.22+; '
    'use rbac.authorization.k8s.io/v1 Role"'
)
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PROTOBUF = "application/vnd.kubernetes.protobuf"
APPLY = "application/apply-patch+yaml"


@contextlib.asynccontextmanager
async def serving_older(config: Mapping[str, bool]) -> AsyncIterator[Served]:
    clock = RealClock()
    deps = Deps(MemoryStore(clock), clock, AdmitEverybody(), AlwaysAllow(), CONFIG, resources=served_resources(config))
    async with serving(deps) as served:
        assert (await served.post("/api/v1/namespaces", {"metadata": {"name": "default"}})).status == 201
        yield served


@pytest.fixture
async def older() -> AsyncIterator[Served]:
    async with serving_older({"api/beta": True}) as served:
        yield served


def role(name: str, version: str = OLD, **fields: Any) -> dict[str, Any]:
    return {"kind": "Role", "apiVersion": version, "metadata": {"name": name}, "rules": RULES, **fields}


def said(obj: Any) -> tuple[str, str]:
    return obj["kind"], obj["apiVersion"]


async def test_without_the_flag_there_is_no_older_version(server: Served) -> None:
    assert (await server.get(OLD_ROLES)).status == 404
    groups = (await server.get("/apis")).json["groups"]
    assert "extensions" not in [one["name"] for one in groups]


async def test_what_is_written_in_one_version_is_read_in_the_other(older: Served) -> None:
    made = await older.post(OLD_ROLES, role("a"))
    assert (made.status, said(made.json), made.headers["warning"]) == (201, ("Role", OLD), WARNING)
    new = await older.get(f"{ROLES}/a")
    assert said(new.json) == ("Role", "rbac.authorization.k8s.io/v1")
    assert "warning" not in new.headers
    assert new.json["rules"] == RULES
    assert new.json["metadata"]["resourceVersion"] == made.json["metadata"]["resourceVersion"]
    old = (await older.get(f"{OLD_ROLES}/a")).json
    assert {**old, "apiVersion": ""} == {**new.json, "apiVersion": ""}
    listed = await older.get(OLD_ROLES)
    assert said(listed.json) == ("RoleList", OLD)
    assert [one["metadata"]["name"] for one in listed.json["items"]] == ["a"]
    assert listed.headers["warning"] == WARNING


async def test_every_write_works_in_the_older_version(older: Served) -> None:
    await older.post(ROLES, role("a", "rbac.authorization.k8s.io/v1"))
    old = (await older.get(f"{OLD_ROLES}/a")).json
    changed = await older.put(f"{OLD_ROLES}/a", {**old, "rules": []})
    assert (changed.status, said(changed.json), changed.json["rules"]) == (200, ("Role", OLD), [])
    stale = await older.put(f"{OLD_ROLES}/a", old)
    assert (stale.status, stale.json["reason"]) == (409, "Conflict")
    for kind, body in (
        ("merge", {"metadata": {"labels": {"a": "1"}}}),
        ("strategic", {"metadata": {"labels": {"b": "1"}}}),
        ("json", [{"op": "add", "path": "/metadata/labels/c", "value": "1"}]),
    ):
        patched = await older.patch(f"{OLD_ROLES}/a", body, kind)
        assert (patched.status, said(patched.json)) == (200, ("Role", OLD))
    labels = (await older.get(f"{ROLES}/a")).json["metadata"]["labels"]
    assert labels == {"a": "1", "b": "1", "c": "1"}
    assert (await older.get(f"{OLD_ROLES}?labelSelector=a%3D1")).json["items"]
    assert (await older.delete(f"{OLD_ROLES}/a")).status == 200
    assert (await older.get(f"{ROLES}/a")).status == 404
    await older.post(OLD_ROLES, role("b"))
    gone = await older.delete(OLD_ROLES)
    assert said(gone.json) == ("RoleList", OLD)
    assert (await older.get(ROLES)).json["items"] == []


async def test_what_is_wrong_is_told_of_the_stored_kind(older: Served) -> None:
    refused = await older.post(OLD_ROLES, role("a", "rbac.authorization.k8s.io/v1"))
    assert refused.status == 400
    assert "does not match the expected API version" in refused.json["message"]
    missing = await older.get(f"{OLD_ROLES}/x")
    assert missing.json["message"] == 'roles.rbac.authorization.k8s.io "x" not found'
    await older.post(ROLES, role("a", "rbac.authorization.k8s.io/v1"))
    assert (await older.post(OLD_ROLES, role("a"))).json["reason"] == "AlreadyExists"
    dry = await older.post(f"{OLD_ROLES}?dryRun=All", role("dry"))
    assert (dry.status, said(dry.json)) == (201, ("Role", OLD))
    assert (await older.get(f"{ROLES}/dry")).status == 404


async def test_watches_tables_and_protobuf_are_of_the_version_asked(older: Served) -> None:
    await older.post(ROLES, role("a", "rbac.authorization.k8s.io/v1"))
    async with older.watching(f"{OLD_ROLES}?watch=true&resourceVersion=0") as events:
        first = await anext(events)
        assert (first["type"], said(first["object"])) == ("ADDED", ("Role", OLD))
        await older.delete(f"{ROLES}/a")
        second = await anext(events)
        assert (second["type"], said(second["object"])) == ("DELETED", ("Role", OLD))
    await older.post(ROLES, role("b", "rbac.authorization.k8s.io/v1"))
    table = (await older.get(f"{OLD_ROLES}?includeObject=Object", accept=TABLE)).json
    same = (await older.get(f"{ROLES}?includeObject=Object", accept=TABLE)).json
    assert table["rows"][0]["cells"] == same["rows"][0]["cells"]
    assert said(table["rows"][0]["object"]) == ("Role", OLD)
    packed = await older.get(f"{OLD_ROLES}/b", accept=PROTOBUF)
    assert OLD.encode() in packed.data
    again = await older.ask("PUT", f"{OLD_ROLES}/b", packed.data, content_type=PROTOBUF)
    assert (again.status, again.json["rules"]) == (200, RULES)


async def test_discovery_and_openapi_tell_of_them(older: Served) -> None:
    group = (await older.get(RBAC)).json
    assert [one["version"] for one in group["versions"]] == ["v1", "v1beta1"]
    assert group["preferredVersion"]["version"] == "v1"
    names = [one["name"] for one in (await older.get(f"{RBAC}/v1beta1")).json["resources"]]
    assert names == ["clusterrolebindings", "clusterroles", "rolebindings", "roles"]
    paths = (await older.get("/openapi/v3/apis/rbac.authorization.k8s.io/v1beta1")).json
    assert "io.k8s.api.rbac.v1beta1.Role" in paths["components"]["schemas"]
    assert (
        "/apis/batch/v1beta1/namespaces/{namespace}/cronjobs/{name}/status"
        in ((await older.get("/openapi/v2")).json["paths"])
    )


def owners(obj: Any) -> list[tuple[str, str, str]]:
    fields = obj["metadata"].get("managedFields", ())
    return sorted((one["manager"], one["operation"], one["apiVersion"].rpartition("/")[2]) for one in fields)


async def test_owners_of_both_versions_stand_beside_each_other(older: Served) -> None:
    await older.ask("POST", f"{OLD_ROLES}?fieldManager=first", role("a"))
    applied = await older.ask(
        "PATCH",
        f"{ROLES}/a?fieldManager=second",
        {**role("a", "rbac.authorization.k8s.io/v1"), "metadata": {"name": "a", "labels": {"x": "1"}}},
        content_type=APPLY,
    )
    assert applied.status == 200, applied.json
    assert owners(applied.json) == [("first", "Update", "v1beta1"), ("second", "Apply", "v1")]
    other = role("a")
    other["rules"] = [{**RULES[0], "verbs": ["list"]}]
    refused = await older.ask("PATCH", f"{OLD_ROLES}/a?fieldManager=third", other, content_type=APPLY)
    assert refused.status == 409
    assert "rules" in refused.json["message"]
    forced = await older.ask("PATCH", f"{OLD_ROLES}/a?fieldManager=third&force=true", other, content_type=APPLY)
    assert (forced.status, said(forced.json)) == (200, ("Role", OLD))
    assert owners(forced.json) == [("second", "Apply", "v1"), ("third", "Apply", "v1beta1")]
    bare = {"kind": "Role", "apiVersion": OLD, "metadata": {"name": "a"}}
    back = await older.ask("PATCH", f"{OLD_ROLES}/a?fieldManager=second", bare, content_type=APPLY)
    assert "labels" not in back.json["metadata"]


async def test_a_status_is_written_in_the_older_version(older: Served) -> None:
    jobs = "/apis/batch/v1beta1/namespaces/default/cronjobs"
    pod = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}
    spec = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": pod}}}}
    made = await older.post(jobs, {"metadata": {"name": "a"}, "spec": spec})
    assert (made.status, made.json["apiVersion"]) == (201, "batch/v1beta1")
    assert made.json["spec"]["concurrencyPolicy"] == "Allow"
    patched = await older.patch(f"{jobs}/a/status", {"status": {"lastScheduleTime": "2024-01-01T00:00:00Z"}})
    assert (patched.status, patched.json["apiVersion"]) == (200, "batch/v1beta1")
    new = (await older.get(jobs.replace("v1beta1", "v1") + "/a")).json
    assert new["status"]["lastScheduleTime"] == "2024-01-01T00:00:00Z"


async def test_a_version_is_served_where_the_newer_one_is_not() -> None:
    config = {"rbac.authorization.k8s.io/v1": False, "rbac.authorization.k8s.io/v1beta1": True}
    async with serving_older(config) as served:
        assert (await served.get(ROLES)).status == 404
        assert (await served.post(OLD_ROLES, role("a"))).status == 201
        assert (await served.get(f"{OLD_ROLES}/a")).json["rules"] == RULES


def jobs_rule(version: str) -> list[dict[str, Any]]:
    return [{"operations": ["*"], "apiGroups": ["batch"], "apiVersions": [version], "resources": ["cronjobs"]}]


async def test_webhooks_see_a_request_in_the_version_of_their_rules() -> None:
    async with hooked({"batch/v1beta1": True}) as hooks:
        hooks.replies |= {
            "/new": patch({"op": "replace", "path": "/spec/schedule", "value": "1 * * * *"}),
            "/old": patch({"op": "replace", "path": "/spec/suspend", "value": True}),
            "/exact": allow,
        }
        await hooks.configure("mutating", "new", rules=jobs_rule("v1"))
        await hooks.configure("mutating", "old", rules=jobs_rule("v1beta1"))
        await hooks.configure("validating", "exact", rules=jobs_rule("v1"), matchPolicy="Exact")
        pod = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}
        spec = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": pod}}}}
        path = "/apis/batch/v1beta1/namespaces/default/cronjobs"
        made = await hooks.server.post(path, {"metadata": {"name": "a"}, "spec": spec})
        assert (made.status, made.json["apiVersion"]) == (201, "batch/v1beta1")
        assert (made.json["spec"]["schedule"], made.json["spec"]["suspend"]) == ("1 * * * *", True)
        asked = dict(hooks.asked)
        assert sorted(asked) == ["/new", "/old"]
        assert [one["object"]["apiVersion"] for one in asked.values()] == ["batch/v1", "batch/v1beta1"]
        for request, version in zip(asked.values(), ("v1", "v1beta1"), strict=True):
            assert (request["kind"]["version"], request["requestKind"]["version"]) == (version, "v1beta1")
            assert (request["resource"]["version"], request["requestResource"]["version"]) == (version, "v1beta1")


async def test_a_deletion_is_shown_in_the_version_of_the_rules_too() -> None:
    async with hooked({"batch/v1beta1": True}) as hooks:
        hooks.replies["/old"] = allow
        await hooks.configure("validating", "old", rules=jobs_rule("v1beta1"))
        pod = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}
        spec = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": pod}}}}
        path = "/apis/batch/v1/namespaces/default/cronjobs"
        await hooks.server.post(path, {"metadata": {"name": "a"}, "spec": spec})
        assert (await hooks.server.delete(f"{path}/a")).status == 200
        shown = [(one["operation"], (one["object"] or one["oldObject"])["apiVersion"]) for _, one in hooks.asked]
        assert shown == [("CREATE", "batch/v1beta1"), ("DELETE", "batch/v1beta1")]


async def test_pages_bookmarks_and_tries_are_of_the_version_asked(older: Served) -> None:
    for name in ("a", "b", "c"):
        await older.post(ROLES, role(name, "rbac.authorization.k8s.io/v1"))
    page = (await older.get(f"{OLD_ROLES}?limit=2")).json
    assert [one["metadata"]["name"] for one in page["items"]] == ["a", "b"]
    await older.delete(f"{ROLES}/c")
    rest = (await older.get(f"{OLD_ROLES}?limit=2&continue={page['metadata']['continue']}")).json
    assert [one["metadata"]["name"] for one in rest["items"]] == ["c"]
    tried = await older.patch(f"{OLD_ROLES}/a?dryRun=All", {"rules": []})
    assert (said(tried.json), tried.json["rules"]) == (("Role", OLD), [])
    assert (await older.get(f"{ROLES}/a")).json["rules"] == RULES
    options = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    async with older.watching(f"{OLD_ROLES}?{options}") as events:
        told = [await anext(events) for _ in range(3)]
    assert [(one["type"], said(one["object"])) for one in told] == [
        ("ADDED", ("Role", OLD)),
        ("ADDED", ("Role", OLD)),
        ("BOOKMARK", ("Role", OLD)),
    ]
    metadata = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
    bare = (await older.get(OLD_ROLES, accept=metadata)).json
    assert [sorted(one) for one in bare["items"]] == [["apiVersion", "kind", "metadata"]] * 2
    packed = await older.get(OLD_ROLES, accept=PROTOBUF)
    assert packed.data.count(OLD.encode()) == 1  # the list says it once for all
