"""What the audit log tells of requests, level by level and stage by stage."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.api.fakekubelet import network
from tests.api.server import CONFIG, WAIT_SECONDS, Served, serving
from tests.api.test_connections import filled

from steersman.api.core import ConfigMap
from steersman.apimachinery.object import Object
from steersman.apimachinery.status import forbidden
from steersman.apiserver.admission.chain import AdmissionChain
from steersman.apiserver.admission.plugin import CREATE, Plugin
from steersman.apiserver.app import Deps
from steersman.apiserver.attributes import AdmissionAttributes, Decision
from steersman.apiserver.authn.bearer import BearerTokens
from steersman.apiserver.authn.impersonation import Impersonation
from steersman.apiserver.authn.tokens import StaticTokens
from steersman.apiserver.authn.union import UnionAuthenticator
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import MASTERS_GROUP, UserInfo
from steersman.cluster.auditing import auditor_of
from steersman.cluster.serverflags import read_flags
from steersman.component.clock import RealClock
from steersman.component.http.message import Request, Response
from steersman.component.http.server import HTTPServer
from steersman.component.metrics import Registry
from steersman.storage.memory import MemoryStore

MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
USERS = {
    "root": UserInfo("root", "u-1", (MASTERS_GROUP,), {"team": ("a",)}),
    "nobody": UserInfo("nobody", groups=("none",)),
}
PROTOBUF = "application/vnd.kubernetes.protobuf"
SPDY = {"connection": "Upgrade", "upgrade": "SPDY/3.1", "authorization": "Bearer root"}
Events = list[dict[str, Any]]


class Masters:
    """Only masters may."""

    def authorize(self, user: UserInfo, request: RequestInfo) -> Decision:
        return Decision(True, "a master") if MASTERS_GROUP in user.groups else Decision(False, "no master")


class Annotator(Plugin):
    """Annotates what is created; refuses what is called `refused` and fails for `broken`."""

    name = "Annotator"
    operations = CREATE

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        attributes.annotations["example.com/note"] = "seen"
        attributes.annotations["patch.webhook.admission.k8s.io/round_0_index_0"] = "secret"
        if attributes.name == "broken":
            raise ZeroDivisionError("by zero")
        return attributes.object

    async def validate(self, attributes: AdmissionAttributes) -> None:
        if isinstance(attributes.object, ConfigMap) and attributes.name == "refused":
            raise forbidden("configmaps", attributes.name, "not this one")


@dataclass
class Audited:
    served: Served
    log: Path
    registry: Registry

    async def ask(self, method: str, target: str, body: Any = None, user: str = "root", **headers: str) -> Any:
        if user:
            headers["authorization"] = f"Bearer {user}"
        return await self.served.ask(method, target, body, **headers)

    async def create(self, name: str, **headers: str) -> Any:
        return await self.ask("POST", MAPS, {"metadata": {"name": name}, "data": {"a": "b"}}, **headers)

    def told(self, about: str = "") -> Events:
        events = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [event for event in events if about in event["requestURI"]]

    async def until(self, condition: Callable[[Events], bool], about: str = "") -> Events:
        async with asyncio.timeout(WAIT_SECONDS):
            while not condition(self.told(about)):
                await asyncio.sleep(0.01)
        return self.told(about)


@asynccontextmanager
async def audited(folder: Path, rules: str, head: str = "", **flags: str) -> AsyncIterator[Audited]:
    policy, log = folder / "policy.yaml", folder / "audit.log"
    policy.write_text(f"apiVersion: audit.k8s.io/v1\nkind: Policy\n{head}\nrules:\n{rules}\n")
    texts = {"audit-policy-file": str(policy), "audit-log-path": str(log)} | {
        name.replace("_", "-"): text for name, text in flags.items()
    }
    clock, registry, authorizer = RealClock(), Registry(), Masters()
    auditor = auditor_of(read_flags(texts), clock, Random(1), registry)
    assert auditor is not None
    async with network() as reached, auditor.running():
        deps = Deps(
            MemoryStore(clock), clock, UnionAuthenticator((BearerTokens(StaticTokens(USERS)),)), authorizer, CONFIG,
            AdmissionChain((Annotator(),)), Impersonation(authorizer), auditor, connect=reached.connect,
            kubelet_tls=reached.client_tls, metrics=registry,
        )  # fmt: skip
        async with serving(deps) as served:
            kept = Served.ask

            async def ask(method: str, target: str, body: Any = None, **headers: str) -> Any:
                return await kept(served, method, target, body, **({"authorization": "Bearer root"} | headers))

            served.ask = ask  # type: ignore[method-assign]  # whoever doesn't say who asks is root
            await filled(served)
            log.write_text("")
            yield Audited(served, log, registry)


async def test_metadata_tells_who_asked_for_what_and_what_came_of_it(tmp_path: Path) -> None:
    async with audited(tmp_path, "- level: Metadata") as it:
        made = await it.create("a", user_agent="me/1.0", x_forwarded_for="192.0.2.7, nonsense")
        received, complete = it.told()
    assert (received["stage"], complete["stage"]) == ("RequestReceived", "ResponseComplete")
    assert (received["kind"], received["apiVersion"], received["level"]) == ("Event", "audit.k8s.io/v1", "Metadata")
    assert received["auditID"] == complete["auditID"] == made.headers["audit-id"]
    assert received["requestReceivedTimestamp"] == received["stageTimestamp"] <= complete["stageTimestamp"]
    assert (complete["requestURI"], complete["verb"]) == (MAPS, "create")
    groups = [MASTERS_GROUP, "system:authenticated"]
    assert complete["user"] == {"username": "root", "uid": "u-1", "groups": groups, "extra": {"team": ["a"]}}
    assert (complete["sourceIPs"], complete["userAgent"]) == (["192.0.2.7", "127.0.0.1"], "me/1.0")
    assert complete["objectRef"] == {
        "resource": "configmaps", "namespace": "default", "name": "a", "apiVersion": "v1",
    }  # fmt: skip
    assert complete["responseStatus"] == {"metadata": {}, "code": 201}
    assert complete["annotations"] == {
        "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "a master",
        "example.com/note": "seen",
    }  # fmt: skip
    assert not {"requestObject", "responseObject", "impersonatedUser", "responseStatus"} & set(received)
    assert not {"requestObject", "responseObject"} & set(complete)


async def test_objects_are_told_from_their_levels_on(tmp_path: Path) -> None:
    rules = "- {level: Request, verbs: [create]}\n- {level: RequestResponse, namespaces: [default]}"
    async with audited(tmp_path, rules, "omitStages: [RequestReceived]\nomitManagedFields: true") as it:
        await it.create("a")
        body = b"metadata: {name: a}\ndata: {c: d}\n"
        await it.ask("PUT", f"{MAPS}/a", body, content_type="application/yaml", accept=PROTOBUF)
        await it.ask("PATCH", f"{MAPS}/a", {"data": {"e": "f"}}, content_type="application/merge-patch+json")
        await it.ask("GET", MAPS, accept="application/json;as=Table;v=v1;g=meta.k8s.io")
        await it.ask("GET", MAPS, accept=PROTOBUF)
        await it.ask("DELETE", f"{MAPS}/a", {"propagationPolicy": "Foreground"})
        create, update, patch, table, listed, delete = it.told()
    assert create["requestObject"]["data"] == {"a": "b"}
    assert "responseObject" not in create
    assert create["annotations"]["patch.webhook.admission.k8s.io/round_0_index_0"] == "secret"
    assert update["requestObject"]["data"] == update["responseObject"]["data"] == {"c": "d"}
    assert (update["requestObject"]["kind"], update["responseObject"]["kind"]) == ("ConfigMap", "ConfigMap")
    assert update["responseObject"]["metadata"]["uid"]
    assert "managedFields" not in update["responseObject"]["metadata"]
    assert (patch["requestObject"], patch["responseObject"]["data"]) == ({"data": {"e": "f"}}, {"c": "d", "e": "f"})
    assert (table["responseObject"]["kind"], len(table["responseObject"]["rows"])) == ("Table", 1)
    assert (listed["responseObject"]["kind"], len(listed["responseObject"]["items"])) == ("ConfigMapList", 1)
    assert "managedFields" not in json.dumps([table, listed])
    assert delete["requestObject"]["propagationPolicy"] == "Foreground"


async def test_big_lists_are_told_although_they_go_out_compressed(tmp_path: Path) -> None:
    async with audited(tmp_path, "- {level: RequestResponse, verbs: [list]}") as it:
        await it.ask("POST", MAPS, {"metadata": {"name": "big"}, "data": {"a": "x" * 200_000}})
        shown = await it.ask("GET", MAPS, accept_encoding="gzip")
        assert shown.headers["content-encoding"] == "gzip"
        (event,) = [one for one in it.told() if one["stage"] == "ResponseComplete"]
    assert len(event["responseObject"]["items"][0]["data"]["a"]) == 200_000


async def test_a_watch_is_told_when_it_begins_and_when_it_ends(tmp_path: Path) -> None:
    async with audited(tmp_path, "- {level: RequestResponse, verbs: [watch]}") as it:
        async with it.served.watching(f"{MAPS}?watch=1", authorization="Bearer root"):
            events = await it.until(lambda told: len(told) == 2)
            assert [one["stage"] for one in events] == ["RequestReceived", "ResponseStarted"]
            assert events[1]["responseStatus"]["code"] == 200
        events = await it.until(lambda told: len(told) == 3)
    assert events[2]["stage"] == "ResponseComplete"
    assert "responseObject" not in events[2]


async def test_a_stream_is_told_when_it_is_open_and_when_it_ends(tmp_path: Path) -> None:
    async with audited(tmp_path, '- {level: Metadata, resources: [{group: "", resources: [pods/exec]}]}') as it:
        async with asyncio.timeout(WAIT_SECONDS):
            response, stream = await it.served.pool.upgrade("POST", f"{PODS}/web/exec?container=main&command=sh", SPDY)
        assert stream is not None, response.status
        events = await it.until(lambda told: len(told) == 2)
        assert (events[1]["stage"], events[1]["responseStatus"]["code"]) == ("ResponseStarted", 101)
        stream.close()
        events = await it.until(lambda told: len(told) == 3)
    assert (events[2]["stage"], events[2]["objectRef"]["subresource"], events[2]["verb"]) == (
        "ResponseComplete", "exec", "create",
    )  # fmt: skip
    assert events[2]["responseStatus"] == {"metadata": {}, "code": 101}


async def test_refusals_are_told_with_their_reasons(tmp_path: Path) -> None:
    async with audited(tmp_path, "- level: RequestResponse", "omitStages: [RequestReceived]") as it:
        await it.ask("GET", MAPS, user="nobody")
        await it.create("refused", accept=PROTOBUF)
        await it.ask("GET", f"{MAPS}/missing")
        by_authorizer, by_admission, missing = it.told()
    assert by_authorizer["annotations"] == {
        "authorization.k8s.io/decision": "forbid", "authorization.k8s.io/reason": "no master",
    }  # fmt: skip
    status = by_authorizer["responseStatus"]
    assert (status["status"], status["reason"], status["code"]) == ("Failure", "Forbidden", 403)
    assert by_admission["responseStatus"]["message"] == 'configmaps "refused" is forbidden: not this one'
    assert by_admission["annotations"]["example.com/note"] == "seen"
    assert by_admission["responseObject"]["kind"] == "Status"
    assert (missing["responseStatus"]["code"], missing["responseStatus"]["details"]["name"]) == (404, "missing")


async def test_a_failed_login_is_told_once_and_without_a_user(tmp_path: Path) -> None:
    async with audited(tmp_path, "- level: Metadata") as it:
        assert (await it.ask("GET", MAPS, user="stranger")).status == 401
        (event,) = it.told()
    assert (event["stage"], event["user"]) == ("ResponseStarted", {})
    assert event["responseStatus"] == {
        "metadata": {}, "status": "Failure", "message": "Unauthorized", "reason": "Unauthorized", "code": 401,
    }  # fmt: skip


async def test_who_acts_as_somebody_else_is_told_with_whom(tmp_path: Path) -> None:
    async with audited(tmp_path, "- {level: Metadata, users: [root, nobody]}", "omitStages: [RequestReceived]") as it:
        acting = {"impersonate_user": "other", "impersonate_group": MASTERS_GROUP}
        assert (await it.ask("GET", MAPS, **acting)).status == 200
        assert (await it.ask("GET", MAPS, user="nobody", **acting)).status == 403
        allowed, refused = it.told()
    assert (allowed["user"]["username"], allowed["impersonatedUser"]["username"]) == ("root", "other")
    assert allowed["impersonatedUser"]["groups"] == [MASTERS_GROUP, "system:authenticated"]
    assert (refused["user"]["username"], "impersonatedUser" in refused) == ("nobody", False)
    assert refused["responseStatus"]["code"] == 403


async def test_what_nobody_foresaw_is_told_as_a_panic(tmp_path: Path) -> None:
    async with audited(tmp_path, "- level: Metadata", "omitStages: [RequestReceived]") as it:
        assert (await it.create("broken")).status == 500
        (event,) = it.told()
    assert (event["stage"], event["responseStatus"]["message"]) == ("Panic", "APIServer panic'd: by zero")


async def test_only_what_the_policy_names_is_told_and_paths_are_too(tmp_path: Path) -> None:
    async with audited(tmp_path, "- {level: RequestResponse, nonResourceURLs: [/version]}") as it:
        await it.create("a")
        await it.ask("GET", "/version?x=1")
        await it.ask("GET", "/healthz")
        received, complete = it.told()
        metrics = it.registry.render().decode()
    assert (complete["requestURI"], complete["verb"], "objectRef" in complete) == ("/version?x=1", "get", False)
    assert received["stage"] == "RequestReceived"
    assert 'apiserver_audit_level_total{level="RequestResponse"} 1' in metrics
    assert "apiserver_audit_event_total 2" in metrics


async def test_a_client_may_name_the_audit_id(tmp_path: Path) -> None:
    async with audited(tmp_path, "- level: Metadata") as it:
        named = await it.ask("GET", "/healthz", audit_id="mine")
        other = await it.ask("GET", "/healthz")
        assert [event["auditID"] for event in it.told()] == ["mine"] * 2 + [other.headers["audit-id"]] * 2
    assert named.headers["audit-id"] == "mine"


async def test_the_log_may_be_lines_of_text(tmp_path: Path) -> None:
    async with audited(tmp_path, "- level: Metadata", "omitStages: [RequestReceived]", audit_log_format="legacy") as it:
        await it.ask("GET", f"{MAPS}/a")
        (line,) = it.log.read_text().splitlines()
    assert ' stage="ResponseComplete" ip="127.0.0.1" method="get" user="root"' in line
    assert line.endswith(f'namespace="default" uri="{MAPS}/a" response="404"')


async def test_events_are_posted_to_a_webhook_and_those_left_at_the_end_too(tmp_path: Path) -> None:
    lists: list[dict[str, Any]] = []

    async def handle(request: Request) -> Response:
        lists.append(json.loads(await request.body(1 << 20)))
        return Response(200)

    hook = HTTPServer(handle)
    await hook.start()
    config = tmp_path / "webhook.kubeconfig"
    cluster = {"name": "a", "cluster": {"server": f"http://127.0.0.1:{hook.port}/audit"}}
    context = {"name": "a", "context": {"cluster": "a"}}
    config.write_text(json.dumps({"clusters": [cluster], "contexts": [context], "current-context": "a"}))
    flags = {"audit_webhook_config_file": str(config), "audit_webhook_batch_max_wait": "1h"}
    async with audited(tmp_path, "- {level: Metadata, verbs: [delete]}", **flags) as it:
        await it.create("a")
        await it.ask("DELETE", f"{MAPS}/a")
        assert lists == []
    await hook.stop(0.1)
    (listed,) = lists
    assert (listed["kind"], listed["apiVersion"], listed["metadata"]) == ("EventList", "audit.k8s.io/v1", {})
    assert [item["stage"] for item in listed["items"]] == ["RequestReceived", "ResponseComplete"]
    status = listed["items"][1]["responseStatus"]
    assert (status["status"], status["details"]["name"], status["code"]) == ("Success", "a", 200)


@pytest.mark.parametrize(("mode", "status"), [("blocking-strict", 500), ("blocking", 201), ("batch", 201)])
async def test_only_a_strict_log_that_cannot_be_written_refuses_requests(
    tmp_path: Path, mode: str, status: int
) -> None:
    rules = "- {level: Metadata, verbs: [create], resources: [{group: '', resources: [configmaps]}]}"
    flags = {"audit_log_path": "/dev/full", "audit_log_mode": mode, "audit_log_maxsize": "0"}
    async with audited(tmp_path, rules, **flags) as it:
        made = await it.create("a")
        assert made.status == status, made.json
        metrics = it.registry.render().decode()
    if status == 500:
        assert made.json["message"] == "Internal error occurred: failed to store audit event"
        assert "apiserver_audit_requests_rejected_total 1" in metrics
    assert 'apiserver_audit_error_total{plugin="log"}' in it.registry.render().decode()
