"""Calls again when there was no answer, or one that says to try later.

Source: apiserver/pkg/util/webhook/webhook.go: WithExponentialBackoff, DefaultShouldRetry.
"""

from random import Random

from steersman.apiserver.webhooks.kubeconfigcaller import CallRefused, KubeconfigCaller
from steersman.component.backoff import Backoff
from steersman.component.clock import Clock
from steersman.component.http.client import ConnectionLost

# Source: DefaultRetryBackoff.
TRIES, FIRST_DELAY, FACTOR, JITTER = 5, 0.5, 1.5, 0.2
# Statuses after which it is worth while to ask again.
RETRIED = frozenset({429, 500, 504})


class PatientCaller:
    """Around a caller."""

    def __init__(self, caller: KubeconfigCaller, clock: Clock, random: Random) -> None:
        self._caller = caller
        self._clock = clock
        self._random = random
        self._backoff = Backoff(FIRST_DELAY, FACTOR, float("inf"), JITTER)

    async def post(self, body: bytes) -> bytes:
        """The answer. HTTPClientError, OSError or CallRefused when there is none; the caller bounds the time."""
        for attempt in range(TRIES):
            try:
                return await self._caller.post(body)
            except (ConnectionLost, CallRefused) as error:
                is_last = attempt == TRIES - 1
                if is_last or (isinstance(error, CallRefused) and error.status not in RETRIED):
                    raise
            await self._clock.sleep(self._backoff.delay(attempt, self._random))
        raise AssertionError("the last attempt returns or raises")

    async def close(self) -> None:
        """Close every connection."""
        await self._caller.close()
