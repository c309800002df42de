"""Requests handed on to a node's kubelet, or to a pod or Service itself, and their answers handed back.

Source: apimachinery/pkg/util/proxy: UpgradeAwareHandler, Transport.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from random import Random
from typing import assert_never
from urllib.parse import unquote, urlsplit, urlunsplit

from steersman.apimachinery.object import Object
from steersman.apimachinery.status import BadRequest, InternalError, ServiceUnavailable, StatusError
from steersman.apiserver.collections import Collections
from steersman.apiserver.connectoptions import STREAMED
from steersman.apiserver.context import RequestContext
from steersman.apiserver.http.body import read_body
from steersman.apiserver.locations import Locator, Place, Transport
from steersman.component.http.client import ClientResponse, Connect, ConnectFailed, ConnectionLost, HTTPPool
from steersman.component.http.duplex import tunnel
from steersman.component.http.message import UPGRADED, BodyWriter, Request, Response
from steersman.component.tls import client_context

# These belong to one connection and say nothing about the message. Source: RFC 9110 7.6.1.
HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
    "upgrade", "content-length", "host",
})  # fmt: skip
# A kubelet, pod or Service must not learn who the client is to the API server.
PRIVATE = frozenset({"authorization", "impersonate-user", "impersonate-group", "impersonate-uid"})

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Backend:
    """The place a request goes on to, and connections there; prefix is the path up to and with `/proxy`."""

    place: Place
    pool: HTTPPool
    prefix: str = ""


class KubeletConnector:
    """Reaches kubelets with the server's own client certificate, and pods with none."""

    def __init__(
        self, collections: Collections, ssl_context: ssl.SSLContext | None, connect: Connect, random: Random
    ) -> None:
        self._locator = Locator(collections, random)
        self._ssl = ssl_context
        self._connect = connect

    async def connect(self, context: RequestContext, options: Object | None, request: Request) -> Response:
        """See Connector."""
        await context.catch_up()
        place = self._locator.place(context, options, request.query)
        if place is None:
            return Response(200, (("Content-Type", "text/plain"),), b"")
        is_upgrade = _wants_upgrade(request)
        if isinstance(options, STREAMED) and not is_upgrade:
            raise BadRequest("Upgrade request required")
        if not place.path and not is_upgrade:
            # Relative links of a page at the root would lead out of the proxy.
            query = f"?{request.query}" if request.query else ""
            return Response(HTTPStatus.MOVED_PERMANENTLY, (("Location", f"{request.path}/{query}"),), b"")
        tls = self._tls(place.transport)
        pool = HTTPPool(place.host, place.port, ssl_context=tls, connect=self._connect)
        is_proxy = context.info.subresource == "proxy"
        backend = Backend(place, pool, _prefix(context, request) if is_proxy else "")
        try:
            if is_upgrade:
                return await _upgraded(backend, request)
            return await _relayed(backend, request, is_log=context.info.subresource == "log")
        except (ConnectFailed, ConnectionLost) as error:
            await pool.close()
            raise _unreachable(error, is_proxy) from error
        except BaseException:
            await pool.close()
            raise

    def _tls(self, transport: Transport) -> ssl.SSLContext | None:
        match transport:
            case Transport.KUBELET:
                return self._ssl
            case Transport.UNVERIFIED:
                return client_context(None, is_insecure=True)
            case Transport.CLEAR:
                return None
        assert_never(transport)


def _unreachable(error: Exception, is_proxy: bool) -> StatusError:
    if is_proxy:
        return ServiceUnavailable(f"error trying to reach service: {error}")
    return InternalError(f"error dialing backend: {error}")


def _wants_upgrade(request: Request) -> bool:
    return "upgrade" in request.headers.get("connection", "").lower()


def _prefix(context: RequestContext, request: Request) -> str:
    """`/api/v1/namespaces/ns/pods/name/proxy`, or a node's."""
    return "/".join(request.path.split("/")[: 8 if context.namespace else 6])


def _passed_on(backend: Backend, request: Request) -> dict[str, str]:
    headers = {name: value for name, value in request.headers.items() if name not in HOP_BY_HOP | PRIVATE}
    if backend.prefix:
        headers["x-forwarded-uri"] = backend.prefix + (backend.place.path or "/")
    client = request.peer_address.rpartition(":")[0].strip("[]")
    if client:
        known = headers.get("x-forwarded-for")
        headers["x-forwarded-for"] = f"{known}, {client}" if known else client
    return headers


def _passed_back(backend: Backend, request: Request, headers: Mapping[str, str]) -> Headers:
    passed = {name: value for name, value in headers.items() if name not in HOP_BY_HOP}
    if backend.prefix and "location" in passed:
        passed["location"] = _through_proxy(passed["location"], backend, request)
    return tuple(passed.items())


def _through_proxy(location: str, backend: Backend, request: Request) -> str:
    """Where a redirect leads for who comes through the proxy. Source: Transport.rewriteURL."""
    parts = urlsplit(location)
    is_elsewhere = parts.netloc not in ("", backend.place.authority, request.headers.get("host", ""))
    if is_elsewhere or not parts.path.startswith("/"):
        return location
    is_through = unquote(parts.path).startswith(unquote(backend.prefix))
    path = parts.path if is_through else backend.prefix + parts.path
    return urlunsplit(("", "", path, parts.query, parts.fragment))


async def _relayed(backend: Backend, request: Request, *, is_log: bool) -> Response:
    pool, passed = backend.pool, _passed_on(backend, request)
    response = await pool.request(request.method, backend.place.target, passed, await read_body(request))
    if is_log and response.status == HTTPStatus.BAD_REQUEST:
        # The kubelet says in plain text why there is no log. Source: registry/generic/rest/response_checker.go
        raise BadRequest((await response.read()).decode(errors="replace"))
    headers = _passed_back(backend, request, response.headers)
    if request.method == "HEAD":
        await pool.close()
        return Response(response.status, headers, b"")

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


async def _upgraded(backend: Backend, request: Request) -> Response:
    wanted = {"connection": "Upgrade", "upgrade": request.headers.get("upgrade", "")}
    headers = _passed_on(backend, request) | wanted
    response, duplex = await backend.pool.upgrade(request.method, backend.place.target, headers)
    if duplex is None:
        return await _declined(backend, request, response)
    try:
        client = request.upgrade({name: value for name, value in response.headers.items() if name != "date"})
        try:
            await tunnel(client, duplex)
        finally:
            client.close()
    finally:
        duplex.close()
        await backend.pool.close()
    return UPGRADED


async def _declined(backend: Backend, request: Request, response: ClientResponse) -> Response:
    """The backend's refusal, as it is."""
    try:
        if response.status < HTTPStatus.BAD_REQUEST:
            raise InternalError(f"invalid upgrade response: status code {response.status}")
        return Response(response.status, _passed_back(backend, request, response.headers), await response.read())
    finally:
        await backend.pool.close()
