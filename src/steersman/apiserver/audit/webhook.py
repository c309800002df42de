"""The webhook backend: lists of events, posted to the server that a kubeconfig names.

Source: apiserver/plugin/pkg/audit/webhook, pkg/util/webhook.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from random import Random

from steersman.apiserver.audit.batching import DeliveryError
from steersman.apiserver.audit.event import Event, list_of
from steersman.apiserver.webhooks.kubeconfigcaller import CallRefused, KubeconfigCaller
from steersman.client.kubeconfig import ClientConfig
from steersman.component.backoff import Backoff
from steersman.component.clock import Clock
from steersman.component.http.client import HTTPClientError
from steersman.component.log import get_logger

_log = get_logger(__name__)

# Source: util/webhook: DefaultRetryBackoffWithInitialDelay, defaultRequestTimeout.
TRIES = 5
FACTOR, JITTER = 1.5, 0.2
REQUEST_TIMEOUT = timedelta(seconds=30)


class WebhookDelivery:
    """Posts lists; whatever goes wrong is tried again, later each time."""

    name = "webhook"

    def __init__(self, config: ClientConfig, initial_backoff_seconds: float, clock: Clock, random: Random) -> None:
        self._caller = KubeconfigCaller(config, "audit-webhook")
        self._backoff = Backoff(initial_backoff_seconds, FACTOR, float("inf"), JITTER)
        self._clock = clock
        self._random = random

    async def deliver(self, events: Sequence[Event]) -> None:
        """Post them in one list."""
        body = list_of(events)
        for attempt in range(TRIES):
            try:
                async with asyncio.timeout(REQUEST_TIMEOUT.total_seconds()):
                    await self._caller.post(body)
                    return
            except (HTTPClientError, OSError, TimeoutError, CallRefused) as error:
                why = str(error) or "timeout"
                if attempt == TRIES - 1:
                    raise DeliveryError(why) from error
            delay = self._backoff.delay(attempt, self._random)
            _log.warning("audit events aren't taken yet", error=why, events=len(events), retry_seconds=round(delay, 1))
            await self._clock.sleep(delay)
        raise AssertionError("the last attempt returns or raises")

    async def close(self) -> None:
        """Close every connection."""
        await self._caller.close()
