"""Calls a server that a kubeconfig names, for those whose webhook isn't configured through the API.

Source: apiserver/pkg/util/webhook/webhook.go: NewGenericWebhook.
"""

import ssl
from http import HTTPStatus
from urllib.parse import urlsplit

from steersman.client.kubeconfig import ClientConfig, KubeconfigError
from steersman.component.http.client import HTTPPool
from steersman.component.keypair import KeyPair
from steersman.component.threads import Threads
from steersman.component.tls import client_context

PORTS = {"http": 80, "https": 443}


class CallRefused(Exception):
    """The server answered, but with no success."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the server answered {status}")
        self.status = status


class KubeconfigCaller:
    """Posts JSON as who the kubeconfig says; name: of its thread. KubeconfigError for what can't be called."""

    def __init__(self, config: ClientConfig, name: str) -> None:
        parts = urlsplit(config.server)
        if parts.scheme not in PORTS or not parts.hostname:
            raise KubeconfigError(f"{config.server}: no URL of a server")
        self._path = parts.path or "/"
        self._credentials = config.credentials
        self._threads = Threads(1, name)
        context = _context(config) if parts.scheme == "https" else None
        host = config.tls_server_name or parts.hostname
        port = parts.port or PORTS[parts.scheme]
        self._pool = HTTPPool(parts.hostname, port, ssl_context=context, server_hostname=host)

    async def post(self, body: bytes) -> bytes:
        """The answer. HTTPClientError, OSError or CallRefused when there is none; the caller bounds the time."""
        headers = {"content-type": "application/json", "accept": "application/json"}
        token = await self._token()
        if token:
            headers["authorization"] = f"Bearer {token}"
        response = await self._pool.request("POST", self._path, headers, body)
        data = await response.read()
        if not HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            raise CallRefused(response.status)
        return data

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()
        self._threads.close()

    async def _token(self) -> str:
        """Read anew each time: whoever gives it out replaces it, and calls are few."""
        file = self._credentials.token_file
        return self._credentials.token if file is None else (await self._threads.run(file.read_text)).strip()


def _context(config: ClientConfig) -> ssl.SSLContext:
    credentials = config.credentials
    pair = (
        KeyPair(credentials.cert_pem, credentials.key_pem)
        if credentials.cert_pem is not None and credentials.key_pem is not None
        else None
    )
    return client_context(config.ca_pem, pair, is_insecure=config.is_insecure)
