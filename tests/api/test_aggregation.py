"""Group versions that another server answers for: proxied, looked after, and shown among the server's own."""

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from tests.api.server import CONFIG, WAIT_SECONDS, Served, serving
from tests.api.test_custom import CRDS, definition, established

from steersman.apiserver.app import Deps
from steersman.apiserver.attributes import AdmitEverybody, AlwaysAllow
from steersman.component import certs, tls
from steersman.component.clock import RealClock
from steersman.component.http.client import connect_tcp
from steersman.component.http.message import BodyWriter, Request, Response
from steersman.component.http.server import HTTPServer
from steersman.storage.memory import MemoryStore

SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
GROUP = "/apis/wardle.example.com/v1"
FLUNDERS = f"{GROUP}/namespaces/default/flunders"
FLUNDER = {"name": "flunders", "singularName": "flunder", "namespaced": True, "kind": "Flunder", "verbs": ["list"]}
DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
ENDPOINT = "10.7.0.9"  # nobody is there: connections to it are led to the extension


@dataclass
class Extension:
    """A server of another group version; it remembers what it was asked, and by whom."""

    server: Served
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    peers: list[bytes | None] = field(default_factory=list)
    is_well: bool = True
    swagger: Any = None

    async def handle(self, request: Request) -> Response:
        self.asked.append((request.method, request.path, dict(request.headers)))
        self.peers.append(request.peer_cert_der)
        if not self.is_well:
            return Response(500, (), b"unwell")
        if request.path == GROUP:
            return told({"kind": "APIResourceList", "groupVersion": "wardle.example.com/v1", "resources": [FLUNDER]})
        if request.path == "/openapi/v2":
            return told(self.swagger)
        if request.path == "/openapi/v3":
            return told({"paths": {GROUP[1:]: {"serverRelativeURL": f"/openapi/v3{GROUP}?hash=1"}}})
        if request.path == f"/openapi/v3{GROUP}":
            return told({"openapi": "3.0.0", "paths": {}})
        if "watch=true" in request.query:
            return Response(200, (("content-type", "application/json"),), self.events)
        body = json.loads(await request.body(1 << 20) or b"null")
        answer = told({"kind": "Flunder", "sent": body, "query": request.query}, 201 if body else 200)
        said = ("audit-id", request.headers["audit-id"])
        return replace(answer, headers=(*answer.headers, said))

    async def events(self, writer: BodyWriter) -> None:
        for number in range(2):
            writer.write(json.dumps({"type": "ADDED", "object": {"metadata": {"name": f"f{number}"}}}).encode() + b"\n")
            await writer.drain()
        await asyncio.sleep(WAIT_SECONDS)

    def users_asking(self) -> list[dict[str, str]]:
        """The headers of requests that a user caused."""
        return [headers for _, path, headers in self.asked if path.startswith(FLUNDERS)]

    async def condition(self, *reasons: str) -> dict[str, Any]:
        """The condition Available, once its reason is among these."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                found = (await self.server.get(f"{SERVICES}/v1.wardle.example.com")).json.get("status", {})
                for one in found.get("conditions", ()):
                    if one["reason"] in reasons:
                        return dict(one)
                await asyncio.sleep(0.02)


def told(body: Any, status: int = 200) -> Response:
    return Response(status, (("content-type", "application/json"),), json.dumps(body).encode())


def api_service(ca: bytes, **more: Any) -> dict[str, Any]:
    spec = {
        "group": "wardle.example.com", "version": "v1", "groupPriorityMinimum": 2000, "versionPriority": 200,
        "service": {"name": "api", "namespace": "default"}, "caBundle": base64.b64encode(ca).decode(),
    }  # fmt: skip
    return {"metadata": {"name": "v1.wardle.example.com"}, "spec": spec | more}


async def offer(server: Served) -> None:
    """The Service, with an endpoint."""
    port = {"port": 443, "targetPort": 8443}
    assert (await server.post(
        "/api/v1/namespaces/default/services", {"metadata": {"name": "api"}, "spec": {"ports": [port]}}
    )).status == 201  # fmt: skip
    endpoints = {
        "metadata": {"name": "api-1", "labels": {"kubernetes.io/service-name": "api"}}, "addressType": "IPv4",
        "ports": [{"name": "", "port": 8443}], "endpoints": [{"addresses": [ENDPOINT], "conditions": {"ready": True}}],
    }  # fmt: skip
    made = await server.post("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", endpoints)
    assert made.status == 201, made.json


@asynccontextmanager
async def extended(*, is_offered: bool = True) -> AsyncIterator[Extension]:
    now, clock = RealClock().now(), RealClock()
    ca, proxy_ca = certs.new_ca("ca", now), certs.new_ca("front-proxy", now)
    pair = certs.issue(ca, certs.Leaf("api", certs.Usage.SERVER, dns_names=("api.default.svc",)), now)
    front_proxy = certs.issue(proxy_ca, certs.Leaf("front-proxy-client", certs.Usage.CLIENT), now)
    ports: list[int] = []

    async def connect(host: str, port: int, context: ssl.SSLContext | None, name: str | None) -> Any:
        assert (host, port) == (ENDPOINT, 8443)
        return await connect_tcp("127.0.0.1", ports[0], context, name)

    deps = Deps(
        MemoryStore(clock), clock, AdmitEverybody(), AlwaysAllow(), CONFIG, connect=connect, front_proxy=front_proxy
    )
    async with serving(deps) as server:
        extension = Extension(server)
        context = tls.server_context(pair, client_ca_pem=proxy_ca.cert_pem)
        http = HTTPServer(extension.handle, ssl_context=context)
        await http.start()
        ports.append(http.port)
        try:
            assert (await server.post("/api/v1/namespaces", {"metadata": {"name": "default"}})).status == 201
            made = await server.post(SERVICES, api_service(ca.cert_pem))
            assert made.status == 201, made.json
            if is_offered:
                await offer(server)
                await extension.condition("Passed")
            yield extension
        finally:
            await http.stop(deadline_seconds=0.1)


async def test_requests_go_to_the_other_server_with_the_users_identity_and_no_secrets_of_theirs() -> None:
    async with extended() as extension:
        made = await extension.server.post(
            f"{FLUNDERS}?dryRun=All", {"a": 1}, authorization="Bearer mine", x_remote_user="root", x_remote_group="x"
        )
        assert (made.status, made.json["sent"], made.json["query"]) == (201, {"a": 1}, "dryRun=All")
        (headers,) = extension.users_asking()
        assert headers["x-remote-user"] == "admin"
        assert headers["x-remote-group"] == "system:masters, system:authenticated"
        assert "authorization" not in headers
        assert headers["host"] == "api.default.svc"
        assert extension.peers[-1] is not None


async def test_a_request_has_the_same_audit_id_in_both_servers() -> None:
    async with extended() as extension:
        answer = await extension.server.get(FLUNDERS, audit_id="mine")
        other = await extension.server.get(FLUNDERS)
        named, made = extension.users_asking()
    assert answer.headers["audit-id"] == named["audit-id"] == "mine"
    assert other.headers["audit-id"] == made["audit-id"] != "mine"


async def test_watches_of_the_other_server_are_streamed() -> None:
    async with extended() as extension, extension.server.watching(f"{FLUNDERS}?watch=true") as events:
        names = [(await anext(events))["object"]["metadata"]["name"] for _ in range(2)]
        assert names == ["f0", "f1"]


async def test_why_the_other_server_cant_be_had_is_told() -> None:
    async with extended(is_offered=False) as extension:
        found = await extension.condition("ServiceNotFound")
        assert (found["status"], found["message"]) == ("False", 'service/api in "default" is not present')
        assert (await extension.server.get(FLUNDERS)).status == 503
        await offer(extension.server)
        assert (await extension.condition("Passed"))["message"] == "all checks passed"
        extension.is_well = False
        await extension.server.delete("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/api-1")
        found = await extension.condition("EndpointsNotFound")
        assert found["message"] == 'cannot find endpointslices for service/api in "default"'


async def test_a_server_that_answers_with_errors_is_not_available() -> None:
    async with extended(is_offered=False) as extension:
        extension.is_well = False
        await offer(extension.server)
        found = await extension.condition("FailedDiscoveryCheck")
        assert "bad status from https://10.7.0.9:8443/apis/wardle.example.com/v1: 500" in found["message"]


async def test_discovery_has_the_resources_of_all_servers_and_says_which_are_stale() -> None:
    async with extended() as extension:
        groups = (await extension.server.get("/apis")).json["groups"]
        (group,) = [one for one in groups if one["name"] == "wardle.example.com"]
        assert group["preferredVersion"] == {"groupVersion": "wardle.example.com/v1", "version": "v1"}
        assert (await extension.server.get(GROUP)).json["resources"] == [FLUNDER]
        assert await freshness(extension) == ("Current", ["flunders"])
        await extension.server.delete("/api/v1/namespaces/default/services/api")
        await extension.condition("ServiceNotFound")
        assert await freshness(extension) == ("Stale", [])


async def freshness(extension: Extension) -> tuple[str, list[str]]:
    found = (await extension.server.get("/apis", accept=DISCOVERY)).json["items"]
    (group,) = [one for one in found if one["metadata"]["name"] == "wardle.example.com"]
    (version,) = group["versions"]
    return version["freshness"], [one["resource"] for one in version.get("resources", ())]


async def test_the_index_of_openapi_names_the_other_servers_documents() -> None:
    async with extended() as extension:
        paths = (await extension.server.get("/openapi/v3")).json["paths"]
        assert paths[GROUP[1:]] == {"serverRelativeURL": f"/openapi/v3{GROUP}?hash=1"}
        assert "api/v1" in paths
        index = await extension.server.get("/openapi/v3")
        known = await extension.server.get("/openapi/v3", **{"if-none-match": index.headers["etag"]})
        assert (known.status, known.data) == (304, b"")
        assert (await extension.server.get(f"/openapi/v3{GROUP}?hash=1")).json["openapi"] == "3.0.0"


SWAGGER = {
    "swagger": "2.0",
    "info": {"title": "other", "version": "1"},
    "paths": {
        "/apis/": {"get": {"responses": {"200": {"description": "OK"}}}},
        f"{FLUNDERS}/{{name}}": {
            "get": {"responses": {"200": {"schema": {"$ref": "#/definitions/Flunder"}}}},
            "parameters": [{"$ref": "#/parameters/name"}],
        },
    },
    "definitions": {"Flunder": {"type": ["object"], "allOf": [{}]}},
    "parameters": {"name": {"in": "path", "name": "name", "type": "string", "required": True}},
}


async def test_openapi_version_2_has_the_other_servers_paths_in_both_forms() -> None:
    async with extended() as extension:
        alone = await extension.server.get("/openapi/v2")
        extension.swagger = SWAGGER
        async with asyncio.timeout(WAIT_SECONDS):
            while FLUNDERS not in (both := await extension.server.get("/openapi/v2")).data.decode():
                await extension.server.patch(f"{SERVICES}/v1.wardle.example.com", {"metadata": {"labels": {"x": "1"}}})
                await asyncio.sleep(0.02)
        assert both.json["definitions"]["Flunder"] == SWAGGER["definitions"]["Flunder"]  # type: ignore[index]  # a tree
        assert both.json["paths"].keys() - alone.json["paths"].keys() == {f"{FLUNDERS}/{{name}}"}
        assert both.json["info"] == alone.json["info"]
        assert both.headers["etag"] != alone.headers["etag"]
        known = await extension.server.get("/openapi/v2", **{"if-none-match": both.headers["etag"]})
        assert (known.status, known.data) == (304, b"")
        accept = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
        binary = await extension.server.get("/openapi/v2", accept=accept)
        assert b"#/definitions/Flunder" in binary.data
        assert b"#/parameters/name" in binary.data
        assert (await extension.server.get("/openapi/v2", accept="text/html")).status == 406


@pytest.mark.parametrize("wrong", [[], {"paths": {f"{FLUNDERS}": 1}}, {"paths": {FLUNDERS: {"get": {"responses": 7}}}}])
async def test_a_server_that_says_nonsense_in_openapi_is_left_out(wrong: Any) -> None:
    async with extended() as extension:
        extension.swagger = wrong
        found = await extension.server.get("/openapi/v2")
        assert found.status == 200
        assert FLUNDERS not in found.json["paths"]
        assert "/api/v1/pods" in found.json["paths"]


async def test_local_group_versions_have_an_apiservice_each_and_custom_ones_come_and_go_with_theirs() -> None:
    async with extended() as extension:
        listed = (await extension.server.get(SERVICES)).json["items"]
        local = {one["metadata"]["name"] for one in listed if "service" not in one["spec"]}
        assert {"v1.", "v1.apps", "v1.batch", "v2.autoscaling"} <= local
        custom = f"{SERVICES}/v1.stable.example.com"
        await established(extension.server, definition())
        await answering(extension.server, custom, 200)
        await extension.server.delete(f"{CRDS}/crontabs.stable.example.com")
        await answering(extension.server, custom, 404)


async def answering(server: Served, path: str, status: int) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while (await server.get(path)).status != status:
            await asyncio.sleep(0.02)


async def test_a_deleted_apiservice_is_nobodys() -> None:
    async with extended() as extension:
        assert (await extension.server.get(FLUNDERS)).status == 200
        assert (await extension.server.delete(f"{SERVICES}/v1.wardle.example.com")).status == 200
        assert (await extension.server.get(FLUNDERS)).status == 404
