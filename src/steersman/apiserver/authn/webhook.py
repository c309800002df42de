"""Tokens that a webhook knows: it is sent a TokenReview, and its answer holds for a while.

Source: apiserver/plugin/pkg/authenticator/token/webhook; apiserver/pkg/authentication/token/cache.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from steersman.apimachinery.codec.json import DecodeError, encode, parse
from steersman.apimachinery.status import Unauthorized
from steersman.apiserver.authn.tokens import Known
from steersman.apiserver.user import UserInfo
from steersman.apiserver.webhooks.kubeconfigcaller import CallRefused
from steersman.apiserver.webhooks.patientcaller import PatientCaller
from steersman.component.http.client import HTTPClientError
from steersman.component.log import get_logger

_log = get_logger(__name__)

VERSIONS = ("v1", "v1beta1")
# Source: sharedLookupTimeout.
TIMEOUT = timedelta(seconds=30)


class WebhookTokens:
    """Asks the webhook. own_audiences: what a token is for when the webhook doesn't say."""

    def __init__(self, caller: PatientCaller, version: str, own_audiences: tuple[str, ...]) -> None:
        self._caller = caller
        self._version = version
        self._own = own_audiences

    async def verify(self, token: str, audiences: tuple[str, ...]) -> Known | None:
        """Source of TokenAuthenticator.verify: whoever the webhook doesn't answer about isn't let in."""
        body = review_of(token, audiences, self._version)
        try:
            async with asyncio.timeout(TIMEOUT.total_seconds()):
                answer = await self._caller.post(body)
            return verdict_of(parse(answer), audiences, self._own, self._version)
        except (HTTPClientError, OSError, TimeoutError, CallRefused, DecodeError, BadReview) as error:
            why = str(error) or "context deadline exceeded"
            _log.error("failed to make webhook authenticator request", error=why)
            raise Unauthorized(why) from error

    async def close(self) -> None:
        """Close every connection."""
        await self._caller.close()


class BadReview(Exception):
    """The answer is no TokenReview."""


def review_of(token: str, audiences: tuple[str, ...], version: str) -> bytes:
    """What the webhook is sent."""
    spec: dict[str, Any] = {"token": token}
    if audiences:
        spec["audiences"] = list(audiences)
    return encode({"kind": "TokenReview", "apiVersion": f"authentication.k8s.io/{version}", "spec": spec})


def verdict_of(review: Any, asked: tuple[str, ...], own: tuple[str, ...], version: str) -> Known | None:
    """What the webhook says. Unauthorized with its reason, if it gives one; BadReview for what is no answer."""
    if not isinstance(review, dict) or review.get("apiVersion") != f"authentication.k8s.io/{version}":
        raise BadReview(f"the webhook's answer is no TokenReview of authentication.k8s.io/{version}")
    status = _map(review.get("status"))
    given = _texts(status.get("audiences")) or own
    meant = tuple(one for one in asked if one in given)
    if asked and not meant:
        return None
    if status.get("authenticated") is not True:
        if status.get("error"):
            raise Unauthorized(str(status["error"]))
        return None
    user = _map(status.get("user"))
    extra = {str(key): _texts(values) for key, values in _map(user.get("extra")).items()}
    return Known(
        UserInfo(_text(user.get("username")), _text(user.get("uid")), _texts(user.get("groups")), extra), meant
    )


def _map(given: Any) -> Mapping[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise BadReview("the webhook's answer is malformed")
    return given


def _text(given: Any) -> str:
    if given is not None and not isinstance(given, str):
        raise BadReview("the webhook's answer is malformed")
    return given or ""


def _texts(given: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise BadReview("the webhook's answer is malformed")
    return tuple(given)
