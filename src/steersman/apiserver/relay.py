"""Requests handed on to another server, and its answers handed back: streamed, or as a raw connection after an upgrade.

Source: apimachinery/pkg/util/proxy: UpgradeAwareHandler, Transport.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote, urlsplit, urlunsplit

from steersman.apimachinery.status import BadRequest, InternalError
from steersman.apiserver.http.body import read_body
from steersman.apiserver.locations import Place
from steersman.component.http.client import ClientResponse, HTTPPool, SentHeaders
from steersman.component.http.duplex import tunnel
from steersman.component.http.message import UPGRADED, BodyWriter, Request, Response

# These belong to one connection and say nothing about the message. Source: RFC 9110 7.6.1.
HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
    "upgrade", "content-length", "host",
})  # fmt: skip
# Nobody else must learn how the client proves who it is to the API server, or whom it asks to be there.
PRIVATE = frozenset({"authorization", "impersonate-user", "impersonate-group", "impersonate-uid"})
PRIVATE_PREFIXES = ("impersonate-extra-", "x-remote-")

# Of an answer this server says itself.
OWN = "audit-id"

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Backend:
    """The place a request goes on to, and connections there.

    prefix is the path up to and with `/proxy`. added: headers of our own. is_shared: the connections are for others too
    and stay open.
    """

    place: Place
    pool: HTTPPool
    prefix: str = ""
    added: SentHeaders = field(default_factory=dict)
    is_shared: bool = False

    async def done(self) -> None:
        """The request is answered."""
        if not self.is_shared:
            await self.pool.close()


def wants_upgrade(request: Request) -> bool:
    """The client asks for another protocol on its connection."""
    return "upgrade" in request.headers.get("connection", "").lower()


def _passed_on(backend: Backend, request: Request) -> dict[str, str | tuple[str, ...]]:
    left_out = HOP_BY_HOP | PRIVATE
    headers: dict[str, str | tuple[str, ...]] = {
        name: value
        for name, value in request.headers.items()
        if name not in left_out and not name.startswith(PRIVATE_PREFIXES)
    }
    if backend.prefix:
        headers["x-forwarded-uri"] = backend.prefix + (backend.place.path or "/")
    client = request.peer_address.rpartition(":")[0].strip("[]")
    if client:
        known = headers.get("x-forwarded-for")
        headers["x-forwarded-for"] = f"{known}, {client}" if known else client
    return headers | dict(backend.added)


def _passed_back(backend: Backend, request: Request, headers: Mapping[str, str]) -> Headers:
    passed = {name: value for name, value in headers.items() if name not in HOP_BY_HOP and name != OWN}
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


async def relayed(backend: Backend, request: Request, *, is_log: bool = False) -> Response:
    """The backend's answer, its body as it comes."""
    pool, passed = backend.pool, _passed_on(backend, request)
    response = await pool.request(request.method, backend.place.target, passed, await read_body(request))
    if is_log and response.status == HTTPStatus.BAD_REQUEST:
        # The kubelet says in plain text why there is no log. Source: registry/generic/rest/response_checker.go
        raise BadRequest((await response.read()).decode(errors="replace"))
    headers = _passed_back(backend, request, response.headers)
    if request.method == "HEAD":
        response.close()
        await backend.done()
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
            await backend.done()

    return Response(response.status, headers, stream)


async def upgraded(backend: Backend, request: Request) -> Response:
    """UPGRADED when all has been said, or the backend's refusal."""
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
        await backend.done()
    return UPGRADED


async def _declined(backend: Backend, request: Request, response: ClientResponse) -> Response:
    """The backend's refusal, as it is."""
    try:
        if response.status < HTTPStatus.BAD_REQUEST:
            raise InternalError(f"invalid upgrade response: status code {response.status}")
        return Response(response.status, _passed_back(backend, request, response.headers), await response.read())
    finally:
        await backend.done()
