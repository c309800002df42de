"""What was found out about a token holds for a moment, and is found out once for all who present it meanwhile.

Source: apiserver/pkg/authentication/token/cache.
"""

import asyncio
import hmac
from collections import OrderedDict
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from steersman.apimachinery.status import Unauthorized
from steersman.apiserver.authn.tokens import Known, TokenAuthenticator
from steersman.component.clock import Clock
from steersman.component.metrics import Registry

REMEMBERED = 32 * 1024


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long answers hold, in seconds; 0: they don't. Refusals with a reason never hold."""

    known: float = 10.0
    unknown: float = 0.0


@dataclass(frozen=True, slots=True)
class GaveUp:
    """Who asked was cancelled, or failed."""


Answer: TypeAlias = Known | Unauthorized | GaveUp | None


class CachedTokens:
    """Around what knows tokens. It keeps their hashes only, by a key of its own."""

    def __init__(
        self, tokens: TokenAuthenticator, lifetimes: Lifetimes, clock: Clock, random: Random, metrics: Registry
    ) -> None:
        self._tokens = tokens
        self._lifetimes = lifetimes
        self._clock = clock
        self._key = random.randbytes(32)
        self._answers: OrderedDict[bytes, tuple[float, Known | None]] = OrderedDict()
        self._asked: dict[bytes, asyncio.Future[Answer]] = {}
        self._requests = metrics.counter("authentication_token_cache_request_total", "Requests.", ("status",))

    async def verify(self, token: str, audiences: tuple[str, ...]) -> Known | None:
        """Source of TokenAuthenticator.verify."""
        name = self._name(token, audiences)
        while True:
            held = self._answers.get(name)
            if held is not None and self._clock.monotonic() < held[0]:
                self._requests.inc("hit")
                return held[1]
            asked = self._asked.get(name)
            if asked is None:
                break
            match await asyncio.shield(asked):
                case Unauthorized() as refused:
                    raise Unauthorized(refused.message)
                case GaveUp():
                    continue  # who asked is gone, so the next one asks
                case known:
                    return known
        self._requests.inc("miss")
        return await self._ask(name, token, audiences)

    async def _ask(self, name: bytes, token: str, audiences: tuple[str, ...]) -> Known | None:
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked[name] = answer
        try:
            known = await self._tokens.verify(token, audiences)
            self._note(name, known)
            answer.set_result(known)
        except Unauthorized as error:
            answer.set_result(error)
            raise
        finally:
            if not answer.done():
                answer.set_result(GaveUp())
            del self._asked[name]
        return known

    def forget(self) -> None:
        """Find out anew: what knows tokens has changed."""
        self._answers.clear()

    def _note(self, name: bytes, known: Known | None) -> None:
        seconds = self._lifetimes.unknown if known is None else self._lifetimes.known
        if seconds <= 0:
            return
        self._answers[name] = (self._clock.monotonic() + seconds, known)
        self._answers.move_to_end(name)
        if len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)

    def _name(self, token: str, audiences: tuple[str, ...]) -> bytes:
        mac = hmac.new(self._key, digestmod="sha256")
        for part in (token, *audiences):
            data = part.encode(errors="surrogatepass")
            mac.update(len(data).to_bytes(4, "big") + data)
        return mac.digest()
