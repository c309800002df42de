"""Where a connection leads: the kubelet of a pod's node, the pod itself, or an endpoint of a Service.

Source: pkg/registry/core/pod/strategy.go: LogLocation, streamLocation, PortForwardLocation, ResourceLocation;
pkg/registry/core/{node,service}: ResourceLocation; pkg/kubelet/client.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from random import Random
from urllib.parse import quote, urlencode

from steersman.api import core, discovery
from steersman.apimachinery.object import Object
from steersman.apimachinery.status import BadRequest, InternalError, ServiceUnavailable
from steersman.apiserver.collections import Collections
from steersman.apiserver.context import RequestContext

# Source: kubeadm's --kubelet-preferred-address-types.
ADDRESS_TYPES = ("InternalIP", "ExternalIP", "Hostname")
DEFAULT_KUBELET_PORT = 10250
LOG_OPTIONS = (
    "follow", "previous", "timestamps", "sinceSeconds", "sinceTime", "tailLines", "limitBytes", "stream",
)  # fmt: skip
# What may stand in a path as it is. Source: net/url: encodePath.
PATH_SAFE = "/:@$&+,;=-._~!*'()"


class Transport(StrEnum):
    """How a place is spoken to. Pods and Services have certificates of nobody's: those aren't verified."""

    CLEAR = "http"
    UNVERIFIED = "https"
    KUBELET = "kubelet"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request goes on to; path is encoded, and empty when a proxy's client left it out."""

    host: str
    port: int
    path: str
    query: str = ""
    transport: Transport = Transport.KUBELET

    @property
    def authority(self) -> str:
        """Host and port, as URLs have them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def target(self) -> str:
        """Path and query."""
        path = self.path or "/"
        return f"{path}?{self.query}" if self.query else path


class Locator:
    """Finds places by what the caches say now."""

    def __init__(self, collections: Collections, random: Random) -> None:
        self._collections = collections
        self._random = random

    def place(self, context: RequestContext, options: Object | None, query: str) -> Place | None:
        """Where a request leads; query is the client's own. None for the log of a pod that has no node yet."""
        namespace, name = context.namespace, context.info.name
        match options:
            case core.NodeProxyOptions() | core.PodProxyOptions() | core.ServiceProxyOptions():
                host, port, transport = self._proxied(options, namespace, name)
                return Place(host, port, quote(options.path, safe=PATH_SAFE), query, transport)
            case core.PodExecOptions():
                words = [("command", word) for word in options.command]
                return self._streamed(self._pod(namespace, name), "exec", options, words)
            case core.PodAttachOptions():
                return self._streamed(self._pod(namespace, name), "attach", options, [])
            case core.PodPortForwardOptions():
                pod = self._pod(namespace, name)
                ports = [("port", str(port)) for port in options.ports]
                return self._on_node(pod, f"/portForward/{quote(namespace)}/{quote(name)}", ports)
            case _:
                return self._log(context)

    def _log(self, context: RequestContext) -> Place | None:
        pod, query = self._pod(context.namespace, context.info.name), context.query
        container = container_of(pod, query.get("container"))
        if not pod.spec.nodeName:
            # Source: LogLocation: a pod without a node has said nothing yet.
            return None
        options = [(name, query.get(name)) for name in LOG_OPTIONS if query.get(name)]
        return self._on_node(pod, f"/containerLogs/{_path_of(pod)}/{quote(container)}", options)

    def _streamed(
        self,
        pod: core.Pod,
        endpoint: str,
        options: core.PodExecOptions | core.PodAttachOptions,
        words: list[tuple[str, str]],
    ) -> Place:
        container = container_of(pod, options.container)
        streams = (
            ("input", options.stdin),
            ("output", options.stdout),
            ("error", options.stderr),
            ("tty", options.tty),
        )
        query = [(name, "1") for name, is_wanted in streams if is_wanted]
        return self._on_node(pod, f"/{endpoint}/{_path_of(pod)}/{quote(container)}", query + words)

    def _on_node(self, pod: core.Pod, path: str, query: list[tuple[str, str]]) -> Place:
        if not pod.spec.nodeName:
            raise BadRequest(f"pod {pod.metadata.name} does not have a host assigned")
        host, port = self._kubelet(pod.spec.nodeName)
        return Place(host, port, path, urlencode(query))

    def _kubelet(self, node_name: str) -> tuple[str, int]:
        nodes = self._collections.of(core.Node)
        node = nodes.decoded(nodes.find("", node_name))
        by_type = {address.type: address.address for address in node.status.addresses}
        host = next((by_type[wanted] for wanted in ADDRESS_TYPES if wanted in by_type), "")
        if not host:
            raise InternalError(f"no preferred addresses found; known addresses: {sorted(by_type)}")
        endpoint = node.status.daemonEndpoints.kubeletEndpoint
        return host, endpoint.Port or DEFAULT_KUBELET_PORT

    def _proxied(self, options: Object, namespace: str, identity: str) -> tuple[str, int, Transport]:
        what = {core.NodeProxyOptions: "node", core.PodProxyOptions: "pod"}.get(type(options), "service")
        scheme, name, port = _scheme_name_port(what, identity)
        transport = Transport.UNVERIFIED if scheme == "https" else Transport.CLEAR
        match what:
            case "node":
                host, kubelet_port = self._kubelet(name)
                if port in ("", str(kubelet_port)):
                    return host, kubelet_port, Transport.KUBELET
                return _proxyable(host, is_name=True), _port_number(port), transport
            case "pod":
                pod = self._pod(namespace, name)
                return _proxyable(pod.status.podIP), _port_of(pod, port, transport), transport
            case _:
                return *self.endpoint(namespace, name, port), transport

    def _pod(self, namespace: str, name: str) -> core.Pod:
        pods = self._collections.of(core.Pod)
        return pods.decoded(pods.find(namespace, name))

    def endpoint(self, namespace: str, name: str, port: str, *, is_any: bool = False) -> tuple[str, int]:
        """A ready endpoint of a Service, any of them; port is a number of the Service's or a name.

        is_any: an administrator has named the Service, so that its endpoints needn't be pods, or it another's name.
        """
        services = self._collections.of(core.Service)
        service = services.decoded(services.find(namespace, name))
        if is_any and service.spec.type == "ExternalName":
            return service.spec.externalName, int(port)
        if port.isdecimal():
            wanted = next((one for one in service.spec.ports if one.port == int(port)), None)
            if wanted is None:
                raise ServiceUnavailable(f'no service port {port} found for service "{name}"')
            port = wanted.name
        ready = list(self._ready(namespace, name, port, is_any))
        if not ready:
            raise ServiceUnavailable(f'no endpoints available for service "{name}"')
        return self._random.choice(ready)

    def _ready(self, namespace: str, name: str, port_name: str, is_any: bool) -> Iterator[tuple[str, int]]:
        slices = self._collections.of(discovery.EndpointSlice)
        for cached in slices.cacher.under(slices.under(namespace)):
            if cached.facts.labels.get("kubernetes.io/service-name") != name:
                continue
            found = slices.decoded(cached)
            port = next((one.port for one in found.ports if (one.name or "") == port_name and one.port), None)
            for endpoint in found.endpoints if port is not None else ():
                if endpoint.conditions.ready is not False and (is_any or self._is_a_pods(namespace, endpoint)):
                    assert port is not None
                    yield endpoint.addresses[0], port

    def _is_a_pods(self, namespace: str, endpoint: discovery.Endpoint) -> bool:
        """The address belongs to a pod of the namespace: who writes endpoints could otherwise reach anything.

        Source: service/storage: isValidAddress.
        """
        reference, pods = endpoint.targetRef, self._collections.of(core.Pod)
        if reference is None or reference.namespace != namespace or not endpoint.addresses:
            return False
        cached = pods.cacher.get(pods.key(namespace, reference.name))
        return cached is not None and endpoint.addresses[0] in [one.ip for one in pods.decoded(cached).status.podIPs]


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


def _path_of(pod: core.Pod) -> str:
    return f"{quote(pod.metadata.namespace)}/{quote(pod.metadata.name)}"


def _scheme_name_port(what: str, identity: str) -> tuple[str, str, str]:
    """`name`, `name:port` or `scheme:name:port`. Source: apimachinery/pkg/util/net: SplitSchemeNamePort."""
    parts = identity.split(":")
    scheme = parts[0] if len(parts) == 3 else ""
    name, port = (*parts, "")[:2] if len(parts) < 3 else (parts[1], parts[2])
    if len(parts) > 3 or not name or scheme not in ("", "http", "https"):
        raise BadRequest(f'invalid {what} request "{identity}"')
    return scheme, name, port


def _port_of(pod: core.Pod, port: str, transport: Transport) -> int:
    if port:
        return _port_number(port)
    ports = (one.containerPort for container in pod.spec.containers for one in container.ports[:1])
    return next(ports, 443 if transport is Transport.UNVERIFIED else 80)


def _port_number(port: str) -> int:
    if port.isascii() and port.isdecimal() and 0 < int(port) < 1 << 16:
        return int(port)
    raise ServiceUnavailable(f"error trying to reach service: unknown port {port}")


def _proxyable(host: str, *, is_name: bool = False) -> str:
    """An address that may be proxied to. The server's own aren't: what listens there trusts whoever is near.

    Source: pkg/proxy/util: IsProxyableIP.
    """
    try:
        address = ip_address(host)
    except ValueError:
        if is_name:
            return host
        raise BadRequest("address not allowed") from None
    if address.is_loopback or address.is_link_local:
        raise BadRequest("address not allowed")
    return host
