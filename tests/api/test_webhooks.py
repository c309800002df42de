"""Admission webhooks: what they are asked, what they may change, and what becomes of requests when they fail."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.api.server import CONFIG, WAIT_SECONDS, Answer, Served, serving

from steersman.apiserver.admission.chain import AdmissionChain
from steersman.apiserver.admission.plugin import Plugin
from steersman.apiserver.admission.reach import Reach
from steersman.apiserver.admission.webhooks import MutatingWebhooks, ValidatingWebhooks
from steersman.apiserver.app import Deps
from steersman.apiserver.attributes import AdmissionAttributes, AdmitEverybody, AlwaysAllow, Operation
from steersman.apiserver.locations import Locator
from steersman.apiserver.lookup import CollectionLookup
from steersman.apiserver.runtimeconfig import served_resources
from steersman.apiserver.webhooks.caller import WebhookCaller
from steersman.apiserver.webhooks.identities import Identities, Identity
from steersman.apiserver.webhooks.versions import Versions
from steersman.component import certs, tls
from steersman.component.clock import RealClock
from steersman.component.http.client import connect_tcp
from steersman.component.http.message import Request, Response
from steersman.component.http.server import HTTPServer
from steersman.storage.memory import MemoryStore

MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
GROUP = "/apis/admissionregistration.k8s.io/v1"
RULE = {"operations": ["*"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps", "pods"]}
Reply = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class Hooks:
    """A server with webhooks on; path by path they answer what they are told to."""

    server: Served
    url: str
    ca: str
    replies: dict[str, Reply] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    noted: dict[str, str] = field(default_factory=dict)

    async def handle(self, request: Request) -> Response:
        review = json.loads(await request.body(1 << 20))
        self.asked.append((request.path, review["request"]))
        self.shown.append(request.headers.get("authorization", ""))
        if request.path == "/slow":
            await asyncio.sleep(WAIT_SECONDS)
        answer = {"uid": review["request"]["uid"], **self.replies[request.path](review["request"])}
        body = {"kind": "AdmissionReview", "apiVersion": review["apiVersion"], "response": answer}
        return Response(200, (("content-type", "application/json"),), json.dumps(body).encode())

    async def configure(self, kind: str, name: str, group: str = GROUP, **more: Any) -> None:
        hook = {
            "name": f"{name}.example.com", "clientConfig": {"url": f"{self.url}/{name}", "caBundle": self.ca},
            "rules": [RULE], "sideEffects": "None", "admissionReviewVersions": ["v1"], **more,
        }  # fmt: skip
        body = {"metadata": {"name": name}, "webhooks": [hook]}
        made = await self.server.post(f"{group}/{kind}webhookconfigurations", body)
        assert made.status == 201, made.json
        await self.server.get(f"{GROUP}/{kind}webhookconfigurations")

    async def create(self, name: str = "a", options: str = "", **data: str) -> Answer:
        return await self.server.post(f"{MAPS}{options}", {"metadata": {"name": name}, "data": data})


class Noting(Plugin):
    """Keeps what the audit log would say."""

    operations = frozenset(Operation)

    def __init__(self) -> None:
        self.noted: dict[str, str] = {}

    async def validate(self, attributes: AdmissionAttributes) -> None:
        self.noted.update(attributes.annotations)


@asynccontextmanager
async def hooked(config: Mapping[str, bool] | None = None) -> AsyncIterator[Hooks]:
    """config: what `--runtime-config` says."""
    now, clock, random = RealClock().now(), RealClock(), Random(1)
    ca = certs.new_ca("ca", now)
    pair = certs.issue(ca, certs.Leaf("hook", certs.Usage.SERVER, dns_names=("localhost",)), now)
    lookup = CollectionLookup()
    reach = Reach(lookup, random)
    noting = Noting()
    chain = AdmissionChain(
        (
            MutatingWebhooks(reach),
            ValidatingWebhooks(reach, Identities({"localhost": Identity("Bearer x"), "*": Identity("Bearer y")})),
            noting,
        )
    )
    resources = served_resources(config or {})
    deps = Deps(
        MemoryStore(clock), clock, AdmitEverybody(), AlwaysAllow(), CONFIG, admission=chain, resources=resources
    )
    async with serving(deps) as server:
        lookup.attach(server.server.collections)
        caller = WebhookCaller(Locator(server.server.collections, random), connect_tcp)
        reach.attach(caller, Versions(server.server.table, server.server.collections), AlwaysAllow())
        hooks = Hooks(server, "", base64.b64encode(ca.cert_pem).decode(), noted=noting.noted)
        http = HTTPServer(hooks.handle, ssl_context=tls.server_context(pair))
        await http.start()
        hooks.url = f"https://localhost:{http.port}"
        try:
            yield hooks
        finally:
            await caller.close()
            await http.stop(deadline_seconds=0.1)


def allow(_: dict[str, Any]) -> dict[str, Any]:
    return {"allowed": True}


def patch(*operations: dict[str, Any]) -> Reply:
    encoded = base64.b64encode(json.dumps(operations).encode()).decode()
    return lambda _: {"allowed": True, "patchType": "JSONPatch", "patch": encoded}


async def test_a_webhook_sees_the_request_and_its_denial_is_told() -> None:
    async with hooked() as hooks:
        hooks.replies["/no"] = lambda _: {"allowed": False, "status": {"message": "not today"}, "warnings": ["mind"]}
        await hooks.configure("validating", "no")
        refused = await hooks.create(x="1")
        assert (refused.status, refused.json["message"]) == (
            400,
            'admission webhook "no.example.com" denied the request: not today',
        )
        assert 'mind"' in refused.headers["warning"]
        ((_, request),) = hooks.asked
        assert (request["operation"], request["resource"]["resource"], request["object"]["data"]) == (
            "CREATE",
            "configmaps",
            {"x": "1"},
        )
        assert (request["name"], request["namespace"], request["oldObject"]) == ("a", "default", None)


async def test_what_a_webhook_changes_gets_defaults_and_is_shown_to_those_before_it() -> None:
    async with hooked() as hooks:
        container = {"name": "added", "image": "i"}
        hooks.replies |= {
            "/first": allow,
            "/second": patch({"op": "add", "path": "/spec/initContainers", "value": [container]}),
        }
        await hooks.configure("mutating", "first", reinvocationPolicy="IfNeeded")
        await hooks.configure("mutating", "second")
        body = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
        made = await hooks.server.post(PODS, body)
        assert made.json["spec"]["initContainers"][0]["terminationMessagePolicy"] == "File"
        assert [path for path, _ in hooks.asked] == ["/first", "/second", "/first"]


async def test_a_webhook_that_fails_fails_the_request_unless_it_may_be_ignored() -> None:
    async with hooked() as hooks:
        hooks.replies["/slow"] = allow
        await hooks.configure("validating", "slow", timeoutSeconds=1)
        late = await hooks.create()
        assert (late.status, late.json["reason"]) == (500, "InternalError")
        assert f'Post "{hooks.url}/slow?timeout=1s": context deadline exceeded' in late.json["message"]
        ignored = [{"op": "add", "path": "/webhooks/0/failurePolicy", "value": "Ignore"}]
        await hooks.server.patch(f"{GROUP}/validatingwebhookconfigurations/slow", ignored, "json")
        await hooks.server.get(f"{GROUP}/validatingwebhookconfigurations")
        assert (await hooks.create()).status == 201


async def test_a_dry_run_asks_only_webhooks_without_side_effects() -> None:
    older = "admissionregistration.k8s.io/v1beta1"
    async with hooked({older: True}) as hooks:
        hooks.replies["/some"] = allow
        await hooks.configure("validating", "some", f"/apis/{older}", sideEffects="Some")
        refused = await hooks.create(options="?dryRun=All")
        assert refused.json["message"] == 'admission webhook "some.example.com" does not support dry run'
        assert (await hooks.create()).status == 201


async def test_selectors_choose_and_configurations_are_nobodys_to_decide() -> None:
    async with hooked() as hooks:
        hooks.replies["/no"] = lambda _: {"allowed": False}
        everything = [{"operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*/*"]}]
        await hooks.configure("validating", "no", rules=everything, objectSelector={"matchLabels": {"ask": "me"}})
        assert (await hooks.create()).status == 201
        asked = await hooks.server.post(MAPS, {"metadata": {"name": "b", "labels": {"ask": "me"}}})
        assert asked.json["message"] == 'admission webhook "no.example.com" denied the request without explanation'
        assert (await hooks.server.delete(f"{GROUP}/validatingwebhookconfigurations/no")).status == 200


async def test_a_webhook_is_shown_who_asks_where_the_configuration_says_so() -> None:
    async with hooked() as hooks:
        hooks.replies |= {"/mutate": allow, "/check": allow}
        await hooks.configure("mutating", "mutate")
        await hooks.configure("validating", "check")
        assert (await hooks.create()).status == 201
        assert dict(zip((path for path, _ in hooks.asked), hooks.shown, strict=True)) == {
            "/mutate": "", "/check": "Bearer y",
        }  # fmt: skip


async def test_the_audit_log_is_told_what_webhooks_said_and_did() -> None:
    async with hooked() as hooks:
        added = {"op": "add", "path": "/data/y", "value": "2"}
        encoded = base64.b64encode(json.dumps([added]).encode()).decode()
        hooks.replies |= {
            "/change": lambda _: {"allowed": True, "patchType": "JSONPatch", "patch": encoded},
            "/check": lambda _: {"allowed": True, "auditAnnotations": {"why": "fine"}},
        }
        await hooks.configure("mutating", "change")
        await hooks.configure("mutating", "gone", failurePolicy="Ignore", timeoutSeconds=1)
        await hooks.configure("validating", "away", failurePolicy="Ignore", timeoutSeconds=1)
        await hooks.configure("validating", "check")
        assert (await hooks.create(x="1")).status == 201
        change, gone = (
            {"configuration": name, "webhook": f"{name}.example.com"} for name in ("change", "gone")
        )  # fmt: skip
        assert hooks.noted.pop("check.example.com/why") == "fine"
        assert hooks.noted.pop("failed-open.mutation.webhook.admission.k8s.io/round_0_index_1") == "gone.example.com"
        assert hooks.noted.pop("failed-open.validating.webhook.admission.k8s.io/round_0_index_0") == "away.example.com"
        assert {key: json.loads(text) for key, text in hooks.noted.items()} == {
            "mutation.webhook.admission.k8s.io/round_0_index_0": {**change, "mutated": True},
            "patch.webhook.admission.k8s.io/round_0_index_0": {**change, "patch": [added], "patchType": "JSONPatch"},
            "mutation.webhook.admission.k8s.io/round_0_index_1": {**gone, "mutated": False},
        }


def condition(expression: str) -> list[dict[str, str]]:
    return [{"name": "c", "expression": expression}]


async def test_a_webhook_is_asked_only_where_its_conditions_are_true() -> None:
    async with hooked() as hooks:
        hooks.replies["/no"] = lambda _: {"allowed": False}
        asked = "object.data.x == '1' && oldObject == null && request.operation == 'CREATE'"
        may = "authorizer.requestResource.check('delete').allowed() && request.userInfo.username == 'admin'"
        await hooks.configure("validating", "no", matchConditions=condition(f"{asked} && {may}"))
        assert (await hooks.create("a", x="1")).status == 400
        assert (await hooks.create("a", x="2")).status == 201
        assert len(hooks.asked) == 1


async def test_conditions_that_cant_be_told_fail_a_request_unless_they_are_ignored_or_another_is_false() -> None:
    async with hooked() as hooks:
        hooks.replies["/no"] = lambda _: {"allowed": False}
        await hooks.configure("validating", "no", matchConditions=condition("object.data.missing == ''"))
        refused = await hooks.create("a", x="1")
        assert (refused.status, refused.json["message"]) == (
            403,
            (
                'configmaps "a" is forbidden: '
                "expression 'object.data.missing == ''' resulted in error: no such key: missing"
            ),
        )
        more = [*condition("object.data.missing == ''"), {"name": "d", "expression": "object.data.x == '2'"}]
        await hooks.server.patch(
            f"{GROUP}/validatingwebhookconfigurations/no",
            [{"op": "add", "path": "/webhooks/0/matchConditions", "value": more}],
            "json",
        )
        await hooks.server.get(f"{GROUP}/validatingwebhookconfigurations")
        assert (await hooks.create("a", x="1")).status == 201
        await hooks.server.patch(
            f"{GROUP}/validatingwebhookconfigurations/no",
            [
                {"op": "add", "path": "/webhooks/0/failurePolicy", "value": "Ignore"},
                {"op": "remove", "path": "/webhooks/0/matchConditions/1"},
            ],
            "json",
        )
        await hooks.server.get(f"{GROUP}/validatingwebhookconfigurations")
        assert (await hooks.create("b", x="1")).status == 201
        assert not hooks.asked
