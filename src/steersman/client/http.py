# ruff: noqa: PLR0913  # the parameters are those of the Client protocol
"""`HTTPClient`: the Client over the wire, as a client certificate or by bearer token."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta
from random import Random
from typing import TypeVar
from urllib.parse import urlsplit

from steersman.api.meta import Kind
from steersman.apimachinery.codec.json import decode, encode, from_wire, parse
from steersman.apimachinery.object import Object
from steersman.client import wire
from steersman.client.interface import ListResult, PatchBody, PatchType, Propagation, WatchEvent
from steersman.client.kubeconfig import ClientConfig
from steersman.component.clock import Clock
from steersman.component.http.client import ClientResponse, HTTPPool
from steersman.component.keypair import KeyPair
from steersman.component.threads import Threads
from steersman.component.tls import client_context

K = TypeVar("K", bound=Kind)
Body = TypeVar("Body", bound=Object)

REQUEST_TIMEOUT = timedelta(seconds=60)
# Source: client-go reflector: a watch asks to be ended after 5 to 10 minutes, so that load spreads over servers again.
SHORTEST_WATCH_SECONDS = 300
WATCH_SLACK_SECONDS = 30
TRIES = 10
TOKEN_LIFETIME = timedelta(seconds=60)
JSON = "application/json"
# Sent again even after a 5xx: doing them twice is as good as once.
IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})


class HTTPClient:
    """A Client of the server that a kubeconfig names."""

    def __init__(
        self,
        config: ClientConfig,
        clock: Clock,
        threads: Threads,
        *,
        user_agent: str = "steersman",
        random: Random | None = None,
    ) -> None:
        self._config, self._clock, self._threads = config, clock, threads
        self._user_agent, self._random = user_agent, random or Random()
        self._token = config.credentials.token
        self._token_read_at: float | None = None
        self._prefix = urlsplit(config.server).path.rstrip("/")
        self._pool = _pool(config)

    async def get(self, kind: type[K], name: str, namespace: str | None = None) -> K:
        """As Client."""
        return decode(await self._call("GET", wire.path_of(kind, namespace, name)), kind)

    async def list(
        self,
        kind: type[K],
        namespace: str | None = None,
        *,
        label_selector: str = "",
        field_selector: str = "",
        resource_version: str = "",
        limit: int = 0,
        continue_: str = "",
    ) -> ListResult[K]:
        """As Client."""
        parameters = {
            "labelSelector": label_selector,
            "fieldSelector": field_selector,
            "resourceVersion": resource_version,
            "limit": str(limit or ""),
            "continue": continue_,
        }
        return wire.read_list(await self._call("GET", wire.with_query(wire.path_of(kind, namespace), parameters)), kind)

    async def create(self, obj: K, *, dry_run: bool = False) -> K:
        """As Client."""
        path = wire.path_of(type(obj), obj.metadata.namespace)
        target = wire.with_query(path, {"dryRun": "All" if dry_run else ""})
        return decode(await self._call("POST", target, encode(obj)), type(obj))

    async def update(self, obj: K, subresource: str = "") -> K:
        """As Client."""
        meta = obj.metadata
        path = wire.path_of(type(obj), meta.namespace, meta.name, subresource)
        return decode(await self._call("PUT", path, encode(obj)), type(obj))

    async def patch(
        self,
        kind: type[K],
        name: str,
        namespace: str | None,
        patch: PatchBody,
        patch_type: PatchType = PatchType.MERGE,
        subresource: str = "",
        *,
        field_manager: str = "",
        force: bool = False,
    ) -> K:
        """As Client."""
        parameters = {"fieldManager": field_manager, "force": "true" if force else ""}
        target = wire.with_query(wire.path_of(kind, namespace, name, subresource), parameters)
        body = patch if isinstance(patch, bytes) else encode(patch)
        return decode(await self._call("PATCH", target, body, str(patch_type)), kind)

    async def delete(
        self,
        kind: type[K],
        name: str,
        namespace: str | None = None,
        *,
        grace_period_seconds: int | None = None,
        propagation: Propagation | None = None,
        uid: str | None = None,
        resource_version: str | None = None,
    ) -> None:
        """As Client."""
        body = wire.delete_options(grace_period_seconds, propagation, uid, resource_version)
        await self._call("DELETE", wire.path_of(kind, namespace, name), body)

    async def delete_collection(
        self,
        kind: type[K],
        namespace: str | None = None,
        *,
        label_selector: str = "",
        field_selector: str = "",
        grace_period_seconds: int | None = None,
        propagation: Propagation | None = None,
    ) -> None:
        """As Client."""
        parameters = {"labelSelector": label_selector, "fieldSelector": field_selector}
        target = wire.with_query(wire.path_of(kind, namespace), parameters)
        await self._call("DELETE", target, wire.delete_options(grace_period_seconds, propagation))

    async def watch(
        self,
        kind: type[K],
        namespace: str | None = None,
        *,
        resource_version: str = "",
        label_selector: str = "",
        field_selector: str = "",
        bookmarks: bool = True,
    ) -> AsyncGenerator[WatchEvent[K], None]:
        """As Client."""
        seconds = SHORTEST_WATCH_SECONDS + self._random.randrange(SHORTEST_WATCH_SECONDS)
        parameters = {
            "watch": "true",
            "resourceVersion": resource_version,
            "labelSelector": label_selector,
            "fieldSelector": field_selector,
            "allowWatchBookmarks": "true" if bookmarks else "",
            "timeoutSeconds": str(seconds),
        }
        target = wire.with_query(wire.path_of(kind, namespace), parameters)
        async with asyncio.timeout(REQUEST_TIMEOUT.total_seconds()):
            response = await self._request("GET", target, b"", JSON)
        try:
            if response.status >= 400:
                raise wire.read_error(response.status, await response.read())
            async with aclosing(_lines(response, seconds + WATCH_SLACK_SECONDS)) as lines:
                async for line in lines:
                    yield wire.read_event(line, kind)
        finally:
            response.close()

    async def create_subresource(
        self, kind: type[Kind], name: str, namespace: str | None, subresource: str, body: Body
    ) -> Body:
        """As Client."""
        answer = parse(await self._call("POST", wire.path_of(kind, namespace, name, subresource), encode(body)))
        # A binding or an eviction is answered with a Status: success, and nothing more to tell.
        return body if answer.get("kind") == "Status" else from_wire(answer, type(body))

    async def close(self) -> None:
        """As Client."""
        await self._pool.close()

    async def _call(self, method: str, target: str, body: bytes = b"", content_type: str = JSON) -> bytes:
        """The body of a successful answer; tries again when the server says when."""
        attempt = 0
        while True:
            async with asyncio.timeout(REQUEST_TIMEOUT.total_seconds()):
                response = await self._request(method, target, body, content_type)
                data = await response.read()
            if response.status < 400:
                return data
            attempt += 1
            delay = _retry_delay(method, response)
            if delay is None or attempt >= TRIES:
                raise wire.read_error(response.status, data)
            await self._clock.sleep(delay)

    async def _request(self, method: str, target: str, body: bytes, content_type: str) -> ClientResponse:
        headers = {"accept": JSON, "user-agent": self._user_agent}
        if body:
            headers["content-type"] = content_type
        if token := await self._current_token():
            headers["authorization"] = f"Bearer {token}"
        return await self._pool.request(method, self._prefix + target, headers, body)

    async def _current_token(self) -> str:
        """The bearer token; a file is read again now and then, since mounted tokens are renewed."""
        path, now = self._config.credentials.token_file, self._clock.monotonic()
        if path is None:
            return self._token
        if self._token_read_at is None or now - self._token_read_at > TOKEN_LIFETIME.total_seconds():
            self._token = (await self._threads.run(path.read_text)).strip()
            self._token_read_at = now
        return self._token


def _pool(config: ClientConfig) -> HTTPPool:
    parts = urlsplit(config.server)
    host, credentials = parts.hostname or "localhost", config.credentials
    if parts.scheme != "https":
        return HTTPPool(host, parts.port or 80)
    pair = None
    if credentials.cert_pem is not None and credentials.key_pem is not None:
        pair = KeyPair(credentials.cert_pem, credentials.key_pem)
    context = client_context(config.ca_pem, pair, is_insecure=config.is_insecure)
    return HTTPPool(host, parts.port or 443, ssl_context=context, server_hostname=config.tls_server_name or host)


def _retry_delay(method: str, response: ClientResponse) -> float | None:
    """Seconds after which the server wants to be asked again; None when it doesn't or may have acted already."""
    after = response.headers.get("retry-after", "")
    is_refused = response.status == 429 or (response.status >= 500 and method in IDEMPOTENT)
    return float(after) if is_refused and after.isdecimal() else None


async def _lines(response: ClientResponse, timeout_seconds: float) -> AsyncGenerator[bytes, None]:
    """Lines of a streamed body until it ends, or until the server has been silent for longer than it may."""
    rest = b""
    async with aclosing(response.chunks()) as chunks:
        while True:
            # The timeout must not span the yields below: it would strike the task wherever the caller has it wait then.
            try:
                async with asyncio.timeout(timeout_seconds):
                    chunk = await anext(chunks)
            except (StopAsyncIteration, TimeoutError):
                return
            *lines, rest = (rest + chunk).split(b"\n")
            for line in filter(None, lines):
                yield line
