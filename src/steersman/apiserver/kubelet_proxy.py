"""Logs, exec, attach, port-forward and proxies: requests handed on to a node's kubelet, or to a pod or Service itself.

Source: pkg/registry/core/pod/strategy.go: LogLocation, streamLocation, PortForwardLocation; pkg/kubelet/client.
"""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote, urlencode

from steersman.api import core, discovery
from steersman.apimachinery.status import BadRequest, InternalError, ServiceUnavailable, not_found
from steersman.apiserver.collections import Collections
from steersman.apiserver.connect import CONNECTED
from steersman.apiserver.context import RequestContext
from steersman.apiserver.http.body import read_body
from steersman.component.http.client import ClientResponse, Connect, ConnectFailed, ConnectionLost, HTTPPool
from steersman.component.http.duplex import tunnel
from steersman.component.http.message import UPGRADED, BodyWriter, Request, Response

# Source: kubeadm's --kubelet-preferred-address-types.
ADDRESS_TYPES = ("InternalIP", "ExternalIP", "Hostname")
DEFAULT_KUBELET_PORT = 10250
# These belong to one connection and say nothing about the message. Source: RFC 9110 7.6.1.
HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
    "upgrade", "content-length", "host",
})  # fmt: skip
# A kubelet, pod or Service must not learn who the client is to the API server.
PRIVATE = frozenset({"authorization", "impersonate-user", "impersonate-group", "impersonate-uid"})
LOG_OPTIONS = (
    "follow", "previous", "timestamps", "sinceSeconds", "sinceTime", "tailLines", "limitBytes", "stream",
)  # fmt: skip
STREAM_OPTIONS = {"stdin": "input", "stdout": "output", "stderr": "error", "tty": "tty"}
ON_NODE = {"log": "containerLogs", "exec": "exec", "attach": "attach", "portforward": "portForward"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request goes on to."""

    host: str
    port: int
    target: str
    is_tls: bool = True


class KubeletConnector:
    """Reaches kubelets with the server's own client certificate, and pods in the clear."""

    def __init__(self, collections: Collections, ssl_context: ssl.SSLContext | None, connect: Connect) -> None:
        self._collections = collections
        self._ssl = ssl_context
        self._connect = connect

    def handles(self, context: RequestContext) -> bool:
        """See Connector."""
        return context.info.subresource in CONNECTED

    async def connect(self, context: RequestContext, request: Request) -> Response:
        """See Connector."""
        await context.catch_up()
        place = self._place(context, request)
        if place is None:
            # Source: LogLocation: a pod without a node has said nothing yet.
            return Response(200, (("Content-Type", "text/plain"),), b"")
        pool = HTTPPool(
            place.host, place.port, ssl_context=self._ssl if place.is_tls else None, connect=self._connect
        )  # fmt: skip
        try:
            if "upgrade" in request.headers.get("connection", "").lower():
                return await _upgraded(pool, place, request)
            return await _relayed(pool, place, request, is_log=context.info.subresource == "log")
        except (ConnectFailed, ConnectionLost) as error:
            await pool.close()
            raise InternalError(f"error dialing backend: {error}") from error
        except BaseException:
            await pool.close()
            raise

    def _place(self, context: RequestContext, request: Request) -> Place | None:
        if context.info.subresource == "proxy":
            return self._proxied(context, request)
        pods = self._collections.of(core.Pod)
        pod = pods.decoded(pods.find(context.namespace, context.info.name))
        sub = context.info.subresource
        path = f"/{ON_NODE[sub]}/{quote(context.namespace)}/{quote(pod.metadata.name)}"
        if sub != "portforward":
            path += "/" + quote(container_of(pod, context.query.get("container")))
        if not pod.spec.nodeName:
            if sub == "log":
                return None
            raise BadRequest(f"pod {pod.metadata.name} does not have a host assigned")
        options = _options(context, sub)
        host, port = self._kubelet(pod.spec.nodeName)
        return Place(host, port, f"{path}?{urlencode(options)}" if options else path)

    def _kubelet(self, node_name: str) -> tuple[str, int]:
        nodes = self._collections.of(core.Node)
        node = nodes.decoded(nodes.find("", node_name))
        by_type = {address.type: address.address for address in node.status.addresses}
        host = next((by_type[wanted] for wanted in ADDRESS_TYPES if wanted in by_type), "")
        if not host:
            raise InternalError(f"no preferred addresses found; known addresses: {sorted(by_type)}")
        endpoint = node.status.daemonEndpoints.kubeletEndpoint
        return host, endpoint.Port or DEFAULT_KUBELET_PORT

    def _proxied(self, context: RequestContext, request: Request) -> Place:
        scheme, name, port = _name_parts(context.info.name)
        target = f"/{context.info.rest}"
        target = f"{target}?{request.query}" if request.query else target
        match context.resource.plural:
            case "nodes":
                host, kubelet_port = self._kubelet(name)
                return Place(host, int(port) if port else kubelet_port, target)
            case "services":
                host, number = self._endpoint(context.namespace, name, port)
            case _:
                host, number = self._pod(context.namespace, name, port)
        return Place(host, number, target, is_tls=scheme == "https")

    def _pod(self, namespace: str, name: str, port: str) -> tuple[str, int]:
        pods = self._collections.of(core.Pod)
        pod = pods.decoded(pods.find(namespace, name))
        if not pod.status.podIP:
            raise BadRequest(f"address not allowed: pod {name} has none")
        ports = [one for container in pod.spec.containers for one in container.ports]
        if not port:
            return pod.status.podIP, ports[0].containerPort if ports else 80
        if port.isdecimal():
            return pod.status.podIP, int(port)
        return pod.status.podIP, next((one.containerPort for one in ports if one.name == port), 80)

    def _endpoint(self, namespace: str, name: str, port: str) -> tuple[str, int]:
        """A ready endpoint of a Service."""
        services = self._collections.of(core.Service)
        service = services.decoded(services.find(namespace, name))
        wanted = next((one for one in service.spec.ports if port in ("", one.name, str(one.port))), None)
        if wanted is None:
            raise not_found("services", name)
        slices = self._collections.of(discovery.EndpointSlice)
        for cached in slices.cacher.under(slices.under(namespace)):
            if cached.facts.labels.get("kubernetes.io/service-name") != name:
                continue
            found = _ready_endpoint(slices.decoded(cached), wanted.name)
            if found is not None:
                return found
        raise ServiceUnavailable(f'no endpoints available for service "{name}"')


def container_of(pod: core.Pod, wanted: str) -> str:
    """The container a request is about: the only one when it names none."""
    groups: tuple[Sequence[str], ...] = (
        [one.name for one in pod.spec.containers],
        [one.name for one in pod.spec.initContainers],
        [one.name for one in pod.spec.ephemeralContainers],
    )
    regular, initial, _ = groups
    name = pod.metadata.name
    if wanted:
        if not any(wanted in names for names in groups):
            raise BadRequest(f"container {wanted} is not valid for pod {name}")
        return wanted
    if len(regular) == 1:
        return regular[0]
    if not regular:
        raise BadRequest(f"a container name must be specified for pod {name}")
    message = f"a container name must be specified for pod {name}, choose one of: [{' '.join(regular)}]"
    if initial:
        message += f" or one of the init containers: [{' '.join(initial)}]"
    raise BadRequest(message)


def _options(context: RequestContext, sub: str) -> list[tuple[str, str]]:
    """The query in the kubelet's words."""
    query = context.query
    if sub == "log":
        return [(name, query.get(name)) for name in LOG_OPTIONS if query.get(name)]
    if sub == "portforward":
        return [("port", port) for value in query.all("ports") for port in value.split(",")]
    given = [(theirs, "1") for ours, theirs in STREAM_OPTIONS.items() if query.is_true(ours)]
    return given + [("command", word) for word in query.all("command")]


def _name_parts(name: str) -> tuple[str, str, str]:
    """`scheme:name:port`, where scheme and port may be left out."""
    parts = name.split(":")
    if len(parts) == 3:
        return parts[0], parts[1], parts[2]
    return ("", parts[0], parts[1]) if len(parts) == 2 else ("", name, "")


def _ready_endpoint(found: discovery.EndpointSlice, port_name: str) -> tuple[str, int] | None:
    port = next((one.port for one in found.ports if (one.name or "") == port_name and one.port), None)
    ready = next((one for one in found.endpoints if one.conditions.ready is not False and one.addresses), None)
    return (ready.addresses[0], port) if port is not None and ready is not None else None


def _passed_on(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.headers.items() if name not in HOP_BY_HOP | PRIVATE}


async def _relayed(pool: HTTPPool, place: Place, request: Request, *, is_log: bool) -> Response:
    response = await pool.request(request.method, place.target, _passed_on(request), await read_body(request))
    if is_log and response.status == HTTPStatus.BAD_REQUEST:
        # The kubelet says in plain text why there is no log. Source: registry/generic/rest/response_checker.go
        raise BadRequest((await response.read()).decode(errors="replace"))
    headers = tuple((name, value) for name, value in response.headers.items() if name not in HOP_BY_HOP)

    async def stream(writer: BodyWriter) -> None:
        try:
            async for chunk in response.chunks():
                writer.write(chunk)
                await writer.drain()
                if writer.is_closed:
                    return
        finally:
            response.close()
            await pool.close()

    return Response(response.status, headers, stream)


async def _upgraded(pool: HTTPPool, place: Place, request: Request) -> Response:
    headers = _passed_on(request) | {"connection": "Upgrade", "upgrade": request.headers.get("upgrade", "")}
    response, backend = await pool.upgrade(request.method, place.target, headers)
    if backend is None:
        return await _declined(pool, response)
    client = request.upgrade({name: value for name, value in response.headers.items() if name != "date"})
    try:
        await tunnel(client, backend)
    finally:
        client.close()
        backend.close()
        await pool.close()
    return UPGRADED


async def _declined(pool: HTTPPool, response: ClientResponse) -> Response:
    """The backend's refusal, as it is."""
    headers = tuple((name, value) for name, value in response.headers.items() if name not in HOP_BY_HOP)
    try:
        return Response(response.status, headers, await response.read())
    finally:
        await pool.close()
