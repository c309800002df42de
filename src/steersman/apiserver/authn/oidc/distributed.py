"""Claims that aren't in the token: it says where they are, and another token there has them.

Source: OpenID Connect Core 1.0, 5.6.2; plugin/pkg/authenticator/token/oidc: claimResolver.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from steersman.apiserver.authn.oidc.keyset import KeysMissing, RemoteKeys, discovered
from steersman.apiserver.authn.oidc.verifying import NotVerified, Wanted, check, issuer_of
from steersman.component import jwt
from steersman.component.clock import Clock
from steersman.component.http.fetch import Fetcher, FetchError

# Whoever may sign a token may name many issuers in it.
MOST_ISSUERS = 16


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a claim is; the token that lets us have it may be empty."""

    url: str
    access_token: str


def endpoint_of(claim: str, claims: Mapping[str, Any]) -> Endpoint | None:
    """Where the claim is to be found; None when it is in the token, or nowhere. Pure.

    NotVerified for what contradicts itself.
    """
    names = claims.get("_claim_names")
    if claim in claims or names is None:
        return None
    sources = claims.get("_claim_sources")
    if sources is None:
        raise NotVerified("oidc: no claim sources")
    if not isinstance(names, Mapping) or not isinstance(sources, Mapping):
        raise NotVerified("oidc: could not parse claim sources")
    if claim not in names:
        return None
    source = sources.get(names[claim]) if isinstance(names[claim], str) else None
    if not isinstance(source, Mapping):
        raise NotVerified(f"id token _claim_names contained a source {names[claim]} missing in _claims_sources")
    url, token = source.get("endpoint") or "", source.get("access_token") or ""
    if not isinstance(url, str) or not isinstance(token, str):
        raise NotVerified("oidc: could not parse claim sources")
    # What has no endpoint may carry its token itself, which upstream doesn't support either.
    return Endpoint(url, token) if url else None


class ClaimResolver:
    """Finds one claim, the groups. Who signs the other token is found by discovery, by the same authorities."""

    def __init__(self, claim: str, wanted: Wanted, fetcher: Fetcher, clock: Clock) -> None:
        self._claim = claim
        self._wanted = wanted
        self._fetcher = fetcher
        self._clock = clock
        self._keys: dict[str, RemoteKeys] = {}

    async def expanded(self, claims: Mapping[str, Any]) -> Mapping[str, Any]:
        """The claims, and the one that is elsewhere. NotVerified, KeysMissing, TokenError."""
        endpoint = endpoint_of(self._claim, claims)
        if endpoint is None:
            return claims
        try:
            document = await self._fetcher.get(endpoint.url, endpoint.access_token)
        except FetchError as error:
            raise KeysMissing(f'while getting distributed claim "{self._claim}": {error}') from error
        token = jwt.parse(document.data.decode(errors="replace").strip())
        issuer = issuer_of(token.claims)
        check(token, replace(self._wanted, issuer=issuer), self._clock.now())
        await (await self._keys_of(issuer)).check(token)
        if self._claim not in token.claims:
            raise NotVerified(
                f'jwt returned by distributed claim endpoint "{endpoint.url}" did not contain claim: {self._claim}'
            )
        return {**claims, self._claim: token.claims[self._claim]}

    async def _keys_of(self, issuer: str) -> RemoteKeys:
        keys = self._keys.get(issuer)
        if keys is None:
            keys = RemoteKeys(self._fetcher, await discovered(self._fetcher, issuer), self._clock)
            if len(self._keys) >= MOST_ISSUERS:
                self._keys.pop(next(iter(self._keys)))
            self._keys[issuer] = keys
        return keys
