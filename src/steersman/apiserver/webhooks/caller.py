"""Calls a webhook, by URL or through a Service of the cluster.

Source: apiserver/pkg/util/webhook/client.go: a Service is reached at one of its endpoints, under its DNS name.
"""

import asyncio
import ssl
from collections import OrderedDict
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from steersman.apimachinery.gotext import quote
from steersman.apimachinery.status import StatusError
from steersman.apiserver.locations import Locator
from steersman.apiserver.webhooks.config import ClientConfig, WebhookError
from steersman.apiserver.webhooks.identities import NOBODY, Identities, Identity
from steersman.component.http.client import Connect, HTTPClientError, HTTPPool
from steersman.component.tls import client_context

# Webhooks come and go with tests and upgrades; connections to a few dozen are kept.
MAX_POOLS = 64
HTTPS_PORT = 443
MAX_SHOWN = 1024


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a call goes. authority is what the webhook believes to be called."""

    host: str
    port: int
    path: str
    authority: str
    is_tls: bool = True

    @property
    def url(self) -> str:
        return f"{'https' if self.is_tls else 'http'}://{self.authority}{self.path}"

    @property
    def called(self) -> tuple[str, int]:
        """The host and port that are called, whichever endpoint answers."""
        parts = urlsplit(f"//{self.authority}")
        return parts.hostname or self.host, parts.port or HTTPS_PORT


class WebhookCaller:
    """Keeps connections to the webhooks that were called lately."""

    def __init__(self, locator: Locator, connect: Connect) -> None:
        self._locator = locator
        self._connect = connect
        self._pools: OrderedDict[tuple[str, int, str, bytes, Identity], HTTPPool] = OrderedDict()

    async def call(
        self,
        config: ClientConfig,
        body: bytes,
        timeout_seconds: float,
        query: str = "",
        identities: Identities | None = None,
    ) -> bytes:
        """The answer's body. WebhookError when there is none in time, or it is no success."""
        target = self._target(config)
        identity = identities.of(*target.called) if identities is not None else NOBODY
        url = f"{target.url}?{query}" if query else target.url
        path = f"{target.path}?{query}" if query else target.path
        headers = {"host": target.authority, "content-type": "application/json", "accept": "application/json"}
        if identity.authorization:
            headers["authorization"] = identity.authorization
        try:
            async with asyncio.timeout(timeout_seconds):
                pool = await self._pool(target, config.caBundle, identity)
                response = await pool.request("POST", path, headers, body)
                data = await response.read()
        except TimeoutError as error:
            raise WebhookError(f"failed to call webhook: Post {quote(url)}: context deadline exceeded") from error
        except (HTTPClientError, OSError, ssl.SSLError, StatusError) as error:
            raise WebhookError(f"failed to call webhook: Post {quote(url)}: {error}") from error
        if response.status != HTTPStatus.OK:
            shown = data[:MAX_SHOWN].decode(errors="replace").strip()
            raise WebhookError(f"failed to call webhook: the server rejected our request: {response.status} {shown}")
        return data

    async def close(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            await pool.close()
        self._pools.clear()

    def _target(self, config: ClientConfig) -> _Target:
        if config.url:
            return _target_of_url(config.url)
        service = config.service
        if service is None:
            raise WebhookError("webhook configuration must have either service or URL")
        port = service.port or HTTPS_PORT
        try:
            host, endpoint_port = self._locator.endpoint(service.namespace, service.name, str(port), is_any=True)
        except StatusError as error:
            name = f"{service.name}.{service.namespace}.svc"
            path = service.path or "/"
            raise WebhookError(f'failed to call webhook: Post "https://{name}:{port}{path}": {error}') from error
        name = f"{service.name}.{service.namespace}.svc"
        return _Target(host, endpoint_port, service.path or "/", f"{name}:{port}")

    async def _pool(self, target: _Target, ca: bytes, identity: Identity) -> HTTPPool:
        key = (target.host, target.port, target.authority, ca, identity)
        found = self._pools.get(key)
        if found is None:
            name = urlsplit(f"//{target.authority}").hostname
            context = client_context(ca or None, identity.pair) if target.is_tls else None
            found = self._pools[key] = HTTPPool(
                target.host, target.port, ssl_context=context, server_hostname=name, connect=self._connect
            )
            if len(self._pools) > MAX_POOLS:
                _, oldest = self._pools.popitem(last=False)
                await oldest.close()
        self._pools.move_to_end(key)
        return found


def _target_of_url(url: str) -> _Target:
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    port = parts.port or (HTTPS_PORT if is_tls else 80)
    if not parts.hostname or not is_tls:
        raise WebhookError(f"invalid webhook URL {quote(url)}")
    return _Target(parts.hostname, port, parts.path or "/", parts.netloc)
