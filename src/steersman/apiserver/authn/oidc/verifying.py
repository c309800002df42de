"""Whether a token is an issuer's, for us, and in its time. Pure; keys are the caller's to find.

Source: github.com/coreos/go-oidc verify.go; plugin/pkg/authenticator/token/oidc: idTokenVerifier.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from steersman.apimachinery.gotext import quote
from steersman.component.jwt import Token

# One issuer has signed under two names. Source: go-oidc: issuerGoogleAccounts.
GOOGLE, GOOGLE_WITHOUT_SCHEME = "https://accounts.google.com", "accounts.google.com"
NOT_BEFORE_LEEWAY = timedelta(minutes=5)


class NotVerified(Exception):
    """The token isn't good; the text says why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a good token says. algorithms: by which it may be signed."""

    issuer: str
    audiences: tuple[str, ...]
    algorithms: Collection[str]


def issuer_of(claims: Mapping[str, Any]) -> str:
    """Who says to have signed; empty when nobody does."""
    issuer = claims.get("iss")
    if not isinstance(issuer, str):
        return ""
    return GOOGLE if issuer == GOOGLE_WITHOUT_SCHEME else issuer


def check(token: Token, wanted: Wanted, now: datetime) -> None:
    """Everything but the signature. NotVerified."""
    claims = token.claims
    if issuer_of(claims) != wanted.issuer:
        given = quote(str(claims.get("iss", "")))
        raise NotVerified(f"oidc: id token issued by a different provider, expected {quote(wanted.issuer)} got {given}")
    _check_audience(claims.get("aud"), wanted.audiences)
    ends, begins = _moment(claims, "exp") or 0.0, _moment(claims, "nbf")
    if ends < now.timestamp():
        raise NotVerified(f"oidc: token is expired (Token Expiry: {ends:.0f})")
    if begins is not None and now.timestamp() + NOT_BEFORE_LEEWAY.total_seconds() < begins:
        raise NotVerified(f"oidc: current time {now.timestamp():.0f} before the nbf (not before) time: {begins:.0f}")
    if token.algorithm not in wanted.algorithms:
        listed = " ".join(map(quote, wanted.algorithms))
        raise NotVerified(
            f"oidc: id token signed with unsupported algorithm, expected [{listed}] got {quote(token.algorithm)}"
        )


def _check_audience(given: Any, wanted: tuple[str, ...]) -> None:
    """One of ours is among the token's, which may stand without a list."""
    audiences = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    if not any(one in audiences for one in wanted):
        ours, theirs = (" ".join(quote(str(one)) for one in several) for several in (sorted(wanted), audiences))
        raise NotVerified(f"oidc: expected audience in [{ours}] got [{theirs}]")


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    given = claims.get(name)
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not abs(given) < 1 << 62:
        raise NotVerified(f"oidc: failed to unmarshal claims: {name} is no time")
    return float(given)
