"""Connections to the servers that answer for other group versions, as the front proxy that this server is to them.

Source: kube-aggregator/pkg/apiserver/handler_proxy.go; client-go/transport/round_trippers.go: SetAuthProxyHeaders.
"""

import ssl
from collections.abc import Collection
from urllib.parse import quote

from steersman.api.apiregistration import APIService
from steersman.apiserver.locations import Locator, Place, Transport
from steersman.apiserver.relay import Backend
from steersman.apiserver.user import MASTERS_GROUP, UserInfo
from steersman.component.http.client import Connect, HTTPPool, SentHeaders
from steersman.component.keypair import KeyPair
from steersman.component.tls import client_context

DEFAULT_PORT = 443
# As whom the aggregator itself asks. Source: available_controller.go, openapi/aggregator.
ITSELF = UserInfo("system:kube-aggregator", groups=(MASTERS_GROUP,))
# What may stand in the name of a header as it is. Source: round_trippers.go: legalHeaderKeyBytes.
HEADER_SAFE = "!#$&'*+-.^_`|~"


class Backends:
    """Finds an endpoint of an APIService's Service at each request; connections to an endpoint are kept."""

    def __init__(self, locator: Locator, connect: Connect, client_pair: KeyPair | None) -> None:
        self._locator = locator
        self._connect = connect
        self._pair = client_pair
        self._pools: dict[str, dict[tuple[object, ...], HTTPPool]] = {}

    def backend(self, service: APIService, path: str, query: str, user: UserInfo) -> Backend:
        """Where a request goes. ServiceUnavailable or NotFound when there is no endpoint."""
        spec = service.spec
        assert spec.service is not None, "a local APIService has no backend"
        port = str(spec.service.port or DEFAULT_PORT)
        host, endpoint_port = self._locator.endpoint(spec.service.namespace, spec.service.name, port, is_any=True)
        name = f"{spec.service.name}.{spec.service.namespace}.svc"
        pool = self._pool(service, (host, endpoint_port), name)
        place = Place(host, endpoint_port, path, query, Transport.UNVERIFIED)
        return Backend(place, pool, added={**identity_headers(user), "host": name}, is_shared=True)

    async def keep(self, names: Collection[str]) -> None:
        """Close the connections of APIServices that are not among these any more."""
        for gone in self._pools.keys() - set(names):
            for pool in self._pools.pop(gone).values():
                await pool.close()

    async def close(self) -> None:
        """Close every connection."""
        await self.keep(())

    def _pool(self, service: APIService, address: tuple[str, int], name: str) -> HTTPPool:
        spec = service.spec
        key = (*address, name, spec.caBundle, spec.insecureSkipTLSVerify)
        pools = self._pools.setdefault(service.metadata.name, {})
        found = pools.get(key)
        if found is None:
            context = self._context(service)
            found = pools[key] = HTTPPool(*address, ssl_context=context, server_hostname=name, connect=self._connect)
        return found

    def _context(self, service: APIService) -> ssl.SSLContext:
        spec = service.spec
        return client_context(spec.caBundle or None, self._pair, is_insecure=spec.insecureSkipTLSVerify)


def identity_headers(user: UserInfo) -> SentHeaders:
    """Who the user is, told to a server that believes this one."""
    headers: dict[str, str | tuple[str, ...]] = {"x-remote-user": _sendable(user.name)}
    if user.uid:
        headers["x-remote-uid"] = _sendable(user.uid)
    if user.groups:
        headers["x-remote-group"] = tuple(map(_sendable, user.groups))
    for name, values in user.extra.items():
        headers[f"x-remote-extra-{quote(name, safe=HEADER_SAFE)}"] = tuple(map(_sendable, values))
    return headers


def _sendable(text: str) -> str:
    """A header's value: UTF-8 goes as it is, ends of lines don't."""
    return text.replace("\r", " ").replace("\n", " ").encode().decode("latin-1")
