"""The webhook backend: lists of events, posted to the server that a kubeconfig names.

Source: apiserver/plugin/pkg/audit/webhook, pkg/util/webhook.
"""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from random import Random
from urllib.parse import urlsplit

from steersman.apiserver.audit.batching import DeliveryError
from steersman.apiserver.audit.event import Event, list_of
from steersman.client.kubeconfig import ClientConfig, KubeconfigError
from steersman.component.backoff import Backoff
from steersman.component.clock import Clock
from steersman.component.http.client import HTTPClientError, HTTPPool
from steersman.component.keypair import KeyPair
from steersman.component.log import get_logger
from steersman.component.threads import Threads
from steersman.component.tls import client_context

_log = get_logger(__name__)

# Source: util/webhook: DefaultRetryBackoffWithInitialDelay, defaultRequestTimeout.
TRIES = 5
FACTOR, JITTER = 1.5, 0.2
REQUEST_TIMEOUT = timedelta(seconds=30)
PORTS = {"http": 80, "https": 443}


class WebhookDelivery:
    """Posts lists; whatever goes wrong is tried again, later each time."""

    name = "webhook"

    def __init__(self, config: ClientConfig, initial_backoff_seconds: float, clock: Clock, random: Random) -> None:
        parts = urlsplit(config.server)
        if parts.scheme not in PORTS or not parts.hostname:
            raise KubeconfigError(f"{config.server}: no URL of a server")
        self._path = parts.path or "/"
        self._credentials = config.credentials
        self._backoff = Backoff(initial_backoff_seconds, FACTOR, float("inf"), JITTER)
        self._clock = clock
        self._random = random
        self._threads = Threads(1, "audit-webhook")
        context = _context(config) if parts.scheme == "https" else None
        name = config.tls_server_name or parts.hostname
        port = parts.port or PORTS[parts.scheme]
        self._pool = HTTPPool(parts.hostname, port, ssl_context=context, server_hostname=name)

    async def deliver(self, events: Sequence[Event]) -> None:
        """Post them in one list."""
        body = list_of(events)
        for attempt in range(TRIES):
            try:
                async with asyncio.timeout(REQUEST_TIMEOUT.total_seconds()):
                    return await self._post(body)
            except (HTTPClientError, OSError, TimeoutError, DeliveryError) as error:
                why = str(error) or "timeout"
                if attempt == TRIES - 1:
                    raise DeliveryError(why) from error
            delay = self._backoff.delay(attempt, self._random)
            _log.warning("audit events aren't taken yet", error=why, events=len(events), retry_seconds=round(delay, 1))
            await self._clock.sleep(delay)
        raise AssertionError("the last attempt returns or raises")

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()
        self._threads.close()

    async def _post(self, body: bytes) -> None:
        headers = {"content-type": "application/json", "accept": "application/json"}
        token = await self._token()
        if token:
            headers["authorization"] = f"Bearer {token}"
        response = await self._pool.request("POST", self._path, headers, body)
        await response.read()
        if not HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            raise DeliveryError(f"the server answered {response.status}")

    async def _token(self) -> str:
        """Read anew each time: whoever gives it out replaces it, and batches are few."""
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
