"""Fetches small documents by their URLs, with bounds on time and size; redirects are followed as net/http does."""

import asyncio
import ssl
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from steersman.component.http.client import HTTPClientError, HTTPPool

TIMEOUT = timedelta(seconds=30)
MAX_BYTES = 4 * 1024 * 1024
MAX_REDIRECTS = 10
PORTS = {"http": 80, "https": 443}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class FetchError(Exception):
    """There is no such document to be had; the text says why."""


@dataclass(frozen=True, slots=True)
class Document:
    """A body, and the header that says how long it is good."""

    data: bytes
    cache_control: str = ""


class Fetcher:
    """Fetches from whomever the TLS context trusts; connections are not kept: documents are fetched seldom."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context

    async def get(self, url: str, token: str = "") -> Document:
        """The document; token: what proves that we may have it, which no redirect takes along. FetchError."""
        try:
            async with asyncio.timeout(TIMEOUT.total_seconds()):
                for _ in range(MAX_REDIRECTS):
                    found = await self._one(url, token)
                    if isinstance(found, Document):
                        return found
                    url, token = found, ""
        except TimeoutError as error:
            raise FetchError(f'Get "{url}": context deadline exceeded') from error
        except (HTTPClientError, OSError, ValueError) as error:
            raise FetchError(f'Get "{url}": {error}') from error
        raise FetchError(f'Get "{url}": stopped after {MAX_REDIRECTS} redirects')

    async def _one(self, url: str, token: str) -> Document | str:
        """The document, or where it is instead."""
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise FetchError(f'Get "{url}": unsupported protocol scheme "{parts.scheme}"')
        port = parts.port or PORTS[parts.scheme]
        context = self._context if parts.scheme == "https" else None
        pool = HTTPPool(parts.hostname, port, ssl_context=context, server_hostname=parts.hostname)
        headers = {"host": parts.netloc.rpartition("@")[2], "accept": "application/json"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        path = parts.path or "/"
        try:
            response = await pool.request("GET", f"{path}?{parts.query}" if parts.query else path, headers)
            where = response.headers.get("location", "")
            if response.status in _REDIRECTS and where:
                return urljoin(url, where)
            data = b""
            async for chunk in response.chunks():
                data += chunk
                if len(data) > MAX_BYTES:
                    raise FetchError(f'Get "{url}": the answer is too long')
        finally:
            await pool.close()
        if not HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            raise FetchError(f"{response.status}: {data[:1024].decode(errors='replace')}")
        return Document(data, response.headers.get("cache-control", ""))
