"""Service account tokens for projected volumes: bound to their pod, renewed before they end.

Source: pkg/kubelet/token/token_manager.go.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from steersman.api.authentication import BoundObjectReference, TokenRequest, TokenRequestSpec
from steersman.api.core import Pod, ServiceAccount, ServiceAccountTokenProjection
from steersman.client.interface import Client
from steersman.component.clock import Clock

DEFAULT_SECONDS = 3600
RENEW_AT = 0.8
OLDEST = timedelta(hours=24)
REQUEST_TIMEOUT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Token:
    """A token and when it has to be replaced."""

    text: str
    renew_at: datetime


class Tokens:
    """The tokens in use, by pod, audience and lifetime."""

    def __init__(self, client: Client, clock: Clock) -> None:
        """Tokens are asked for when needed."""
        self._client, self._clock = client, clock
        self._tokens: dict[tuple[str, str, int], Token] = {}

    async def get(self, pod: Pod, wanted: ServiceAccountTokenProjection) -> Token:
        """A token that is good for a while; StatusError when the server gives none."""
        seconds = wanted.expirationSeconds or DEFAULT_SECONDS
        key = (pod.metadata.uid, wanted.audience, seconds)
        known = self._tokens.get(key)
        if known is not None and self._clock.now() < known.renew_at:
            return known
        request = TokenRequest(
            spec=TokenRequestSpec(
                audiences=(wanted.audience,) if wanted.audience else (),
                expirationSeconds=seconds,
                boundObjectRef=BoundObjectReference(
                    kind="Pod", apiVersion="v1", name=pod.metadata.name, uid=pod.metadata.uid
                ),
            )
        )
        asked_at = self._clock.now()
        async with asyncio.timeout(REQUEST_TIMEOUT.total_seconds()):
            account = pod.spec.serviceAccountName or "default"
            made = await self._client.create_subresource(
                ServiceAccount, account, pod.metadata.namespace, "token", request
            )
        ends = made.status.expirationTimestamp or asked_at + timedelta(seconds=seconds)
        token = Token(made.status.token, asked_at + min((ends - asked_at) * RENEW_AT, OLDEST))
        self._tokens[key] = token
        return token

    def forget(self, uid: str) -> None:
        """The pod is gone."""
        self._tokens = {key: token for key, token in self._tokens.items() if key[0] != uid}
