"""The keys of an issuer: found by discovery, fetched when a token needs one that isn't there.

Source: OpenID Connect Discovery 1.0; github.com/coreos/go-oidc: NewProvider, RemoteKeySet.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.codec.json import DecodeError, parse
from steersman.apimachinery.gotext import quote
from steersman.component import jwt
from steersman.component.clock import Clock
from steersman.component.http.fetch import Fetcher, FetchError
from steersman.component.jws import KeyFormatError, PublicKey, key_of

WELL_KNOWN = "/.well-known/openid-configuration"
# Tokens with a wrong signature must not make us fetch as often as they come.
LEAST_INTERVAL_SECONDS = 1.0


class KeysMissing(Exception):
    """The keys can't be had; the text says why."""


@dataclass(frozen=True, slots=True)
class NamedKey:
    """A key and its `kid`, which may be empty."""

    name: str
    key: PublicKey


async def discovered(fetcher: Fetcher, issuer: str, discovery_url: str = "") -> str:
    """Where the issuer's keys are. KeysMissing."""
    url = discovery_url or f"{issuer.rstrip('/')}{WELL_KNOWN}"
    try:
        document = parse((await fetcher.get(url)).data)
    except (FetchError, DecodeError) as error:
        raise KeysMissing(str(error)) from error
    found = document if isinstance(document, Mapping) else {}
    if found.get("issuer") != issuer:
        told = quote(str(found.get("issuer", "")))
        raise KeysMissing(
            f"oidc: issuer did not match the issuer returned by provider, expected {quote(issuer)} got {told}"
        )
    where = found.get("jwks_uri")
    if not isinstance(where, str) or not where:
        raise KeysMissing("provider did not return JWKS URL")
    return where


def keys_of(document: Any) -> tuple[NamedKey, ...]:
    """The keys of a JSON Web Key Set that sign by what we know; others are left out. KeysMissing for no such set."""
    listed = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(listed, list):
        raise KeysMissing("oidc: failed to decode keys: it is no JSON Web Key Set")
    found = []
    for one in listed:
        if not isinstance(one, Mapping) or one.get("use", "sig") != "sig":
            continue
        try:
            found.append(NamedKey(str(one.get("kid", "")), key_of(one)))
        except KeyFormatError:
            continue
    return tuple(found)


class RemoteKeys:
    """Keys at a URL, fetched by one at a time."""

    def __init__(self, fetcher: Fetcher, url: str, clock: Clock) -> None:
        self._fetcher = fetcher
        self._url = url
        self._clock = clock
        self._keys: tuple[NamedKey, ...] = ()
        self._fetched_at = -LEAST_INTERVAL_SECONDS
        self._fetching = asyncio.Lock()

    async def check(self, token: jwt.Token) -> None:
        """The token is signed by one of the keys. TokenError when it isn't, KeysMissing when that can't be told."""
        known = self._keys
        if _is_signed(token, known):
            return
        async with self._fetching:
            if self._keys is known and self._clock.monotonic() - self._fetched_at >= LEAST_INTERVAL_SECONDS:
                await self._fetch()
        if not _is_signed(token, self._keys):
            raise jwt.TokenError("failed to verify id token signature")

    async def _fetch(self) -> None:
        try:
            document = parse((await self._fetcher.get(self._url)).data)
            self._keys = keys_of(document)
        except (FetchError, DecodeError) as error:
            raise KeysMissing(f"fetching keys oidc: get keys failed: {error}") from error
        finally:
            self._fetched_at = self._clock.monotonic()


def _is_signed(token: jwt.Token, keys: tuple[NamedKey, ...]) -> bool:
    candidates = [one.key for one in keys if not token.key_id or one.name == token.key_id]
    try:
        jwt.checked(token, candidates)
    except jwt.TokenError:
        return False
    return True
