"""An authorizer elsewhere: it is sent a SubjectAccessReview, and its answer holds for a while.

Source: apiserver/plugin/pkg/authorizer/webhook; KEP-3221.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from steersman.apimachinery.codec.json import DecodeError, encode, parse
from steersman.apiserver.attributes import Decision
from steersman.apiserver.authz.accessreview import BadReview, decision_of, review_of, spec_of
from steersman.apiserver.authz.asking import Undecided, told
from steersman.apiserver.authz.matchconditions import Matcher, MatchFailed
from steersman.apiserver.metrics.authorizers import AuthorizerMetrics
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import UserInfo
from steersman.apiserver.webhooks.kubeconfigcaller import CallRefused
from steersman.apiserver.webhooks.patientcaller import PatientCaller
from steersman.component.clock import Clock
from steersman.component.http.client import HTTPClientError
from steersman.component.log import get_logger

_log = get_logger(__name__)

REMEMBERED = 8192
# What clients make as long as they like is remembered up to here, in characters. Source: maxControlledAttrCacheSize.
LONGEST_REMEMBERED = 10_000
UNTOLD = "webhook authorizer does not support user rule resolution"


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """How one webhook is asked. The seconds are how long answers hold; 0: they don't."""

    name: str
    version: str
    authorized_seconds: float
    unauthorized_seconds: float
    timeout_seconds: float
    is_closed_on_failure: bool = False
    matcher: Matcher | None = None


class WebhookAuthorizer:
    """Asks the webhook."""

    def __init__(
        self, caller: PatientCaller, settings: WebhookSettings, clock: Clock, metrics: AuthorizerMetrics
    ) -> None:
        self._caller, self._settings = caller, settings
        self._clock, self._metrics = clock, metrics
        self._held: OrderedDict[bytes, tuple[float, Decision]] = OrderedDict()

    def authorize(self, user: UserInfo, request: RequestInfo) -> Decision:
        """Source of Authorizer.authorize."""
        spec = spec_of(user, request)
        try:
            if not self._is_meant(spec):
                return Decision(False)
        except MatchFailed as error:
            return self._failure(str(error))
        question = encode(spec)
        held = self._held.get(question)
        if held is not None and self._clock.monotonic() < held[0]:
            return held[1]
        # Several webhooks may be asked the same.
        key = (self._settings.name, question)
        answer = told(key)
        if answer is None:
            raise Undecided(key, partial(self._asked, spec, question, _controlled(request) < LONGEST_REMEMBERED))
        return answer

    def untold(self, user: UserInfo) -> str:
        """Source of Unexplained."""
        return UNTOLD

    async def close(self) -> None:
        """Close every connection."""
        await self._caller.close()

    def _is_meant(self, spec: Mapping[str, Any]) -> bool:
        settings = self._settings
        if settings.matcher is None:
            return True
        began = self._clock.monotonic()
        try:
            is_meant = settings.matcher.matches(spec)
        except MatchFailed:
            self._metrics.matched(settings.name, self._clock.monotonic() - began, has_failed=True)
            raise
        self._metrics.matched(settings.name, self._clock.monotonic() - began, is_excluded=not is_meant)
        return is_meant

    async def _asked(self, spec: Mapping[str, Any], question: bytes, is_remembered: bool) -> Decision:
        settings, began = self._settings, self._clock.monotonic()
        try:
            async with asyncio.timeout(settings.timeout_seconds):
                answer = await self._caller.post(review_of(spec, settings.version))
            decision = decision_of(parse(answer), settings.version)
        except (HTTPClientError, OSError, TimeoutError, CallRefused, DecodeError, BadReview) as error:
            why = str(error) or "context deadline exceeded"
            result = "timeout" if isinstance(error, TimeoutError) else "error"
            self._metrics.evaluated(settings.name, result, self._clock.monotonic() - began)
            if not settings.is_closed_on_failure:
                self._metrics.failed_open(settings.name, result)
            _log.error("failed to make webhook authorizer request", webhook=settings.name, error=why)
            return self._failure(why)
        self._metrics.evaluated(settings.name, "success", self._clock.monotonic() - began)
        seconds = settings.authorized_seconds if decision.allowed else settings.unauthorized_seconds
        if is_remembered and seconds > 0:
            self._hold(question, decision, seconds)
        return decision

    def _failure(self, why: str) -> Decision:
        return Decision(False, denied=self._settings.is_closed_on_failure, error=why)

    def _hold(self, question: bytes, decision: Decision, seconds: float) -> None:
        self._held[question] = (self._clock.monotonic() + seconds, decision)
        self._held.move_to_end(question)
        while len(self._held) > REMEMBERED:
            self._held.popitem(last=False)


def _controlled(request: RequestInfo) -> int:
    """How long what the client makes up is."""
    parts = (request.namespace, request.verb, request.group, request.version, request.resource, request.subresource)
    texts = (*parts, request.name, request.path, request.field_selector, request.label_selector)
    return sum(map(len, texts))
