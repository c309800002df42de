"""The options of a connection, read off the URL.

Source: apimachinery/pkg/runtime/conversion.go; pkg/apis/core/v1/conversion.go: url.Values to options;
apiserver/pkg/endpoints/handlers/get.go: getRequestOptions.
"""

from steersman.api import core
from steersman.apimachinery.object import Object
from steersman.apimachinery.status import BadRequest, unknown_resource
from steersman.apiserver.context import RequestContext
from steersman.apiserver.request import Query

# Connections that become a stream to a pod.
STREAMED = (core.PodAttachOptions, core.PodExecOptions, core.PodPortForwardOptions)
PROXIED = (core.NodeProxyOptions, core.PodProxyOptions, core.ServiceProxyOptions)
PORTS = range(1 << 16)


def connect_options(context: RequestContext) -> Object:
    """What a request to a connected subresource asks for. BadRequest for what can't be read."""
    sub = context.resource.subresource(context.info.subresource)
    kind, query = sub.kind if sub is not None else None, context.query
    if kind is core.PodPortForwardOptions:
        return core.PodPortForwardOptions(ports=_ports(query))
    if kind is core.PodExecOptions or kind is core.PodAttachOptions:
        attached = core.PodAttachOptions(
            stdin=_is_set(query, "stdin"),
            stdout=_is_set(query, "stdout"),
            stderr=_is_set(query, "stderr"),
            tty=_is_set(query, "tty"),
            container=query.get("container"),
        )
        return attached if kind is core.PodAttachOptions else _exec_options(attached, query.all("command"))
    for proxied in PROXIED:
        if kind is proxied:
            return proxied(path=_subpath(context))
    raise unknown_resource()


def _exec_options(streams: core.PodAttachOptions, command: tuple[str, ...]) -> core.PodExecOptions:
    return core.PodExecOptions(
        stdin=streams.stdin, stdout=streams.stdout, stderr=streams.stderr, tty=streams.tty,
        container=streams.container, command=command,
    )  # fmt: skip


def _is_set(query: Query, name: str) -> bool:
    """Given, and neither 0 nor false."""
    return name in query and query.get(name) != "0" and query.get(name).lower() != "false"


def _ports(query: Query) -> tuple[int, ...]:
    """Several parameters, or one with commas."""
    texts = [text for value in query.all("ports") for text in value.split(",")]
    for text in texts:
        if not (text.isascii() and text.isdecimal() and int(text) in PORTS):
            raise BadRequest(f'cannot convert to []int32: strconv.ParseUint: parsing "{text}": invalid syntax')
    return tuple(map(int, texts))


def _subpath(context: RequestContext) -> str:
    """What follows `/proxy`, with its slashes at both ends."""
    rest = context.info.rest
    path = f"/{rest}" if rest else ""
    return f"{path}/" if context.info.path.endswith("/") and not path.endswith("/") else path
