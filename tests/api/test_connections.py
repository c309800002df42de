"""exec, attach, port-forward, logs and proxies: whom they reach, who is asked before, what is left behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.api.fakekubelet import NODE, OTHER_POD, POD, Network, network, until
from tests.api.server import CONFIG, Served, serving

from steersman.api import core
from steersman.apimachinery.object import Object, replace
from steersman.apimachinery.status import forbidden
from steersman.apiserver.admission.chain import AdmissionChain
from steersman.apiserver.admission.plugin import Plugin
from steersman.apiserver.app import Deps
from steersman.apiserver.attributes import AdmissionAttributes, AdmitEverybody, Decision, Operation
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import UserInfo
from steersman.component.clock import RealClock
from steersman.component.http.client import ClientResponse
from steersman.component.http.duplex import Duplex
from steersman.component.http.message import Response
from steersman.storage.memory import MemoryStore

PODS = "/api/v1/namespaces/default/pods"
SERVICES = "/api/v1/namespaces/default/services"
SPDY = {"connection": "Upgrade", "upgrade": "SPDY/3.1", "authorization": "Bearer secret"}


class Witness(Plugin):
    """Remembers connections; refuses tty, and sends `sidecar` to the container of that name."""

    name = "Witness"
    operations = frozenset({Operation.CONNECT})

    def __init__(self) -> None:
        self.seen: list[AdmissionAttributes] = []

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        self.seen.append(attributes)
        options = attributes.object
        if isinstance(options, core.PodExecOptions) and options.command == ("sidecar",):
            return replace(options, container="sidecar")
        return options

    async def validate(self, attributes: AdmissionAttributes) -> None:
        if isinstance(attributes.object, core.PodExecOptions | core.PodAttachOptions) and attributes.object.tty:
            raise forbidden("pods", attributes.name, "no terminals")


@dataclass
class Denies:
    """Allows all but some verbs of subresources."""

    verbs: set[str] = field(default_factory=set)

    def authorize(self, user: UserInfo, request: RequestInfo) -> Decision:
        return Decision(not (request.subresource and request.verb in self.verbs))


@dataclass
class World:
    """A server, what it reaches, and what its plugins and authorizer know."""

    served: Served
    network: Network
    witness: Witness
    authorizer: Denies

    async def upgrade(self, target: str, method: str = "POST") -> tuple[ClientResponse, Duplex | None]:
        async with asyncio.timeout(10):
            return await self.served.pool.upgrade(method, target, SPDY)

    async def refusal(self, target: str, method: str = "POST") -> tuple[int, str]:
        """Code and message of an upgrade that isn't made."""
        response, stream = await self.upgrade(target, method)
        assert stream is None
        data = (await response.read()).decode()
        return response.status, data

    @asynccontextmanager
    async def stream(self, target: str, method: str = "POST") -> AsyncIterator[Duplex]:
        response, stream = await self.upgrade(target, method)
        assert stream is not None, (response.status, await response.read())
        try:
            yield stream
        finally:
            stream.close()


async def filled(served: Served) -> None:
    async def made(path: str, body: dict[str, Any], status: dict[str, Any] | None = None) -> None:
        answer = await served.post(path, body)
        assert answer.status == 201, answer.data
        if status is not None:
            answer = await served.put(f"{path}/{body['metadata']['name']}/status", answer.json | {"status": status})
            assert answer.status == 200, answer.data

    await made("/api/v1/namespaces", {"metadata": {"name": "default"}})
    endpoint = {"kubeletEndpoint": {"Port": 10250}}
    addresses = [{"type": "Hostname", "address": "n"}, {"type": "InternalIP", "address": NODE}]
    await made("/api/v1/nodes", {"metadata": {"name": "n"}}, {"addresses": addresses, "daemonEndpoints": endpoint})
    main = {"name": "main", "image": "i", "ports": [{"containerPort": 8080}]}
    containers = [main, {"name": "sidecar", "image": "i"}]
    status = {"phase": "Running", "podIP": POD, "podIPs": [{"ip": POD}]}
    await made(PODS, {"metadata": {"name": "web"}, "spec": {"nodeName": "n", "containers": containers}}, status)
    await made(
        PODS, {"metadata": {"name": "one"}, "spec": {"nodeName": "n", "containers": [main]}}, {"podIP": "127.0.0.1"}
    )
    await made(PODS, {"metadata": {"name": "waiting"}, "spec": {"containers": [main]}})
    for name, target in (("web", "web"), ("stray", "other")):
        ports = [{"name": "http", "port": 80}, {"name": "tls", "port": 443}]
        await made(SERVICES, {"metadata": {"name": name}, "spec": {"ports": ports, "selector": {"a": "b"}}})
        reference = {"kind": "Pod", "namespace": "default", "name": target}
        await made(
            "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
            {
                "metadata": {"name": f"{name}-1", "labels": {"kubernetes.io/service-name": name}},
                "addressType": "IPv4",
                "endpoints": [
                    {"addresses": [OTHER_POD], "conditions": {"ready": False}, "targetRef": reference},
                    {"addresses": [POD], "conditions": {"ready": True}, "targetRef": reference},
                ],
                "ports": [{"name": "http", "port": 8080}, {"name": "tls", "port": 8443}],
            },
        )


@pytest.fixture
async def world() -> AsyncIterator[World]:
    witness, authorizer, clock = Witness(), Denies(), RealClock()
    async with network() as reached:
        deps = Deps(
            MemoryStore(clock),
            clock,
            AdmitEverybody(),
            authorizer,
            CONFIG,
            AdmissionChain((witness,)),
            connect=reached.connect,
            kubelet_tls=reached.client_tls,
        )
        async with serving(deps) as served:
            await filled(served)
            yield World(served, reached, witness, authorizer)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            "exec?container=main&command=sh&command=-c&stdin=true&stdout=1&stderr=false",
            "/exec/default/web/main?input=1&output=1&command=sh&command=-c",
        ),
        ("attach?container=sidecar&stdout=true&stderr=", "/attach/default/web/sidecar?output=1&error=1"),
        ("portforward?ports=80,81&ports=82", "/portForward/default/web?port=80&port=81&port=82"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_streams_reach_the_kubelet_of_the_pods_node(world: World, asked: str, told: str, method: str) -> None:
    async with world.stream(f"{PODS}/web/{asked}", method) as stream:
        stream.write(b"there")
        async with asyncio.timeout(10):
            assert await stream.read_exactly(5) == b"there"
    (request,) = world.network.kubelet.asked
    assert (request.method, request.target) == (method, told)
    assert request.peer_cert_der is not None, "the kubelet must see who asks"
    assert "authorization" not in request.headers
    assert request.headers["x-forwarded-for"] == "127.0.0.1"


async def test_admission_sees_the_options_of_a_connection_and_may_change_them(world: World) -> None:
    async with world.stream(f"{PODS}/web/exec?command=sidecar&stdout=1"):
        pass
    (seen,) = world.witness.seen
    assert seen.operation is Operation.CONNECT
    assert (seen.namespace, seen.name, seen.subresource) == ("default", "web", "exec")
    assert seen.object == core.PodExecOptions(stdout=True, command=("sidecar",))
    assert world.network.kubelet.asked[0].path == "/exec/default/web/sidecar"


async def test_what_admission_refuses_never_reaches_a_kubelet(world: World) -> None:
    code, message = await world.refusal(f"{PODS}/web/attach?container=main&stdout=1&tty=1")
    assert code == 403
    assert 'pods \\"web\\" is forbidden: no terminals' in message
    assert world.network.kubelet.asked == []


async def test_proxies_pass_admission_with_their_path_and_logs_pass_none(world: World) -> None:
    for target in (f"{PODS}/web:8080/proxy/a%20b/", f"{SERVICES}/web:http/proxy", "/api/v1/nodes/n/proxy/pods"):
        await world.served.get(target)
    await world.served.get(f"{PODS}/web/log?container=main")
    assert [(one.name, one.object) for one in world.witness.seen] == [
        ("web:8080", core.PodProxyOptions(path="/a b/")),
        ("web:http", core.ServiceProxyOptions()),
        ("n", core.NodeProxyOptions(path="/pods")),
    ]


async def test_who_may_only_get_runs_no_commands_over_websocket(world: World) -> None:
    world.authorizer.verbs.add("create")
    code, message = await world.refusal(f"{PODS}/web/exec?container=main&command=sh&stdout=1", "GET")
    assert code == 403
    assert 'cannot create resource \\"pods/exec\\"' in message
    assert world.network.kubelet.asked == []


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("web/exec?stdout=1&command=sh", "a container name must be specified for pod web"),
        ("web/exec?container=x&stdout=1&command=sh", "container x is not valid for pod web"),
        ("waiting/attach?stdout=1", "pod waiting does not have a host assigned"),
        ("web/portforward?ports=http", "cannot convert to []int32"),
        ("web/exec?container=main&command=sh&dryRun=All", "dryRun is not supported"),
    ],
)
async def test_what_cannot_be_connected_is_a_bad_request(world: World, target: str, message: str) -> None:
    code, text = await world.refusal(f"{PODS}/{target}")
    assert code == 400
    assert message in text


async def test_a_stream_without_an_upgrade_is_a_bad_request(world: World) -> None:
    answer = await world.served.post(f"{PODS}/one/exec?command=sh&stdout=1", b"")
    assert (answer.status, answer.json["message"]) == (400, "Upgrade request required")


async def test_a_kubelets_refusal_is_passed_on_and_one_that_is_down_or_not_itself_is_an_error(world: World) -> None:
    target = f"{PODS}/one/exec?command=sh&stdout=1"
    world.network.kubelet.answers["/exec/default/one/main"] = Response(403, (), b"not you")
    assert await world.refusal(target) == (403, "not you")
    world.network.ports[NODE, 10250] = world.network.ports[POD, 8443]
    code, message = await world.refusal(target)
    assert code == 500
    assert "error dialing backend" in message
    del world.network.ports[NODE, 10250]
    code, message = await world.refusal(target)
    assert code == 500
    assert "error dialing backend: can't connect to 10.1.0.7:10250" in message


async def test_a_client_that_leaves_an_exec_abruptly_leaves_nothing_behind(world: World) -> None:
    before = len(asyncio.all_tasks())
    response, stream = await world.upgrade(f"{PODS}/one/exec?command=sh&stdin=1")
    assert stream is not None, response.status
    stream.write(b"x" * 100_000)
    async with asyncio.timeout(10):
        await world.network.kubelet.upgraded.wait()
        stream._transport.abort()
        await world.network.kubelet.ended.wait()
    await until(lambda: len(asyncio.all_tasks()) <= before)


async def test_a_kubelet_that_ends_an_exec_ends_the_clients_stream(world: World) -> None:
    async with world.stream(f"{PODS}/one/exec?command=sh&stdin=1") as stream:
        stream.write_eof()
        async with asyncio.timeout(10):
            assert await stream.read() == b""


async def test_logs_come_as_they_are_and_a_kubelets_complaint_becomes_a_status(world: World) -> None:
    answer = await world.served.get(f"{PODS}/one/log?follow=true&tailLines=3&pretty=1")
    assert (answer.status, answer.data) == (200, b"hello")
    assert world.network.kubelet.asked[-1].target == "/containerLogs/default/one/main?follow=true&tailLines=3"
    world.network.kubelet.answers["/containerLogs/default/one/main"] = Response(400, (), b"no such log")
    answer = await world.served.get(f"{PODS}/one/log")
    assert (answer.status, answer.json["reason"], answer.json["message"]) == (400, "BadRequest", "no such log")
    answer = await world.served.get(f"{PODS}/waiting/log")
    assert (answer.status, answer.data) == (200, b"")


async def test_a_client_that_leaves_an_endless_answer_ends_it_at_its_source(world: World) -> None:
    response = await world.served.pool.request("GET", "/api/v1/nodes/n/proxy/endless", {})
    async with asyncio.timeout(10):
        assert await anext(response.chunks()) == b"first line\n"
        response.close()
        await world.network.kubelet.ended.wait()


async def test_a_nodes_proxy_is_its_kubelet(world: World) -> None:
    for name in ("n", "n:10250", "https:n:10250"):
        answer = await world.served.get(f"/api/v1/nodes/{name}/proxy/stats/summary?only=cpu")
        assert answer.headers["x-server"] == "kubelet"
    assert {request.target for request in world.network.kubelet.asked} == {"/stats/summary?only=cpu"}
    assert all(request.peer_cert_der for request in world.network.kubelet.asked)


@pytest.mark.parametrize(
    ("target", "server"),
    [
        (f"{PODS}/web/proxy/", "pod"),
        (f"{PODS}/web:8080/proxy/", "pod"),
        (f"{PODS}/https:web:8443/proxy/", "secure"),
        (f"{SERVICES}/web:80/proxy/", "pod"),
        (f"{SERVICES}/web:http/proxy/", "pod"),
        (f"{SERVICES}/http:web:http/proxy/", "pod"),
        (f"{SERVICES}/https:web:tls/proxy/", "secure"),
    ],
)
async def test_pods_and_services_are_named_with_scheme_and_port(world: World, target: str, server: str) -> None:
    for method in ("GET", "HEAD", "PUT"):
        answer = await world.served.ask(method, target, b"sent" if method == "PUT" else None)
        assert (answer.status, answer.headers["x-server"]) == (200, server), answer.data
        assert answer.data == {"GET": b"hello", "HEAD": b"", "PUT": b"sent"}[method]


async def test_a_proxied_path_arrives_as_it_was_and_redirects_lead_back_through_the_proxy(world: World) -> None:
    base = f"{PODS}/web/proxy"
    world.network.pod.answers["/moved"] = Response(302, (("location", "/new?x=1"),), b"")
    world.network.pod.answers["/away"] = Response(302, (("location", "http://elsewhere/new"),), b"")
    await world.served.get(f"{base}/a%20b/%E2%82%AC/?q=1&q=2", accept="text/html")
    request = world.network.pod.asked[0]
    assert request.target == "/a%20b/%E2%82%AC/?q=1&q=2"
    assert request.headers["accept"] == "text/html"
    assert request.headers["x-forwarded-uri"] == f"{base}/a%20b/%E2%82%AC/"
    assert (await world.served.get(f"{base}/moved")).headers["location"] == f"{base}/new?x=1"
    assert (await world.served.get(f"{base}/away")).headers["location"] == "http://elsewhere/new"
    answer = await world.served.get(f"{base}?q=1")
    assert (answer.status, answer.headers["location"]) == (301, f"{base}/?q=1")


async def test_proxies_upgrade_too(world: World) -> None:
    async with world.stream(f"{SERVICES}/web:http/proxy/socket", "GET") as stream:
        stream.write(b"there")
        async with asyncio.timeout(10):
            assert await stream.read_exactly(5) == b"there"
    assert world.network.pod.asked[0].path == "/socket"


@pytest.mark.parametrize(
    ("target", "code", "message"),
    [
        (f"{SERVICES}/web:81/proxy/", 503, 'no service port 81 found for service "web"'),
        (f"{SERVICES}/web:other/proxy/", 503, 'no endpoints available for service "web"'),
        (f"{SERVICES}/stray:http/proxy/", 503, 'no endpoints available for service "stray"'),
        (f"{SERVICES}/none/proxy/", 404, 'services "none" not found'),
        (f"{SERVICES}/ftp:web:80/proxy/", 400, 'invalid service request "ftp:web:80"'),
        (f"{PODS}/one/proxy/", 400, "address not allowed"),
        (f"{PODS}/waiting/proxy/", 400, "address not allowed"),
        (f"{PODS}/web:9/proxy/", 503, "error trying to reach service: can't connect to 10.2.0.8:9"),
    ],
)
async def test_what_cannot_be_proxied_says_why(world: World, target: str, code: int, message: str) -> None:
    answer = await world.served.get(target)
    assert answer.status == code
    assert message in answer.json["message"]
