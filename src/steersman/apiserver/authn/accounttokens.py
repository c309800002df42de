"""Service account tokens: valid while their account, what they are bound to, and their time last.

Source: pkg/serviceaccount: jwt.go, claims.go, legacy.go; KEP-1205, KEP-2799, KEP-4193.
"""

import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from steersman.api import core
from steersman.api.meta import Kind
from steersman.apimachinery.status import Unauthorized
from steersman.apiserver.authn.accounts import AccountClaims, Reference, bound_claims, legacy_claims
from steersman.apiserver.authn.issuer import Issuer
from steersman.apiserver.authn.tokens import Known
from steersman.component import jwt, legacyclaims
from steersman.component.clock import Clock

# A token of a deleted pod stops working this long after, so that its last requests pass. Source: claims.go.
LEEWAY = timedelta(seconds=60)
REMEMBERED = 4096
# What the controller puts on Secrets whose token was long unused. Source: KEP-2799.
INVALID_SINCE = "kubernetes.io/legacy-token-invalid-since"
INVALIDATED = "Token has been invalidated"

# The object of a kind, namespace and name as it is now, or None.
Find = Callable[[type[Kind], str, str], Kind | None]


class AccountTokens:
    """Knows the users of tokens that the issuer, or the controller of Secrets, has signed."""

    def __init__(self, issuer: Issuer, find: Find, clock: Clock) -> None:
        self._issuer = issuer
        self._find = find
        self._clock = clock
        self._verified: dict[str, Mapping[str, Any]] = {}

    async def verify(self, token: str, audiences: tuple[str, ...]) -> Known | None:
        """Source of TokenAuthenticator.verify."""
        try:
            claims = self._claims(token)
        except jwt.TokenError as error:
            raise Unauthorized(str(error)) from error
        if claims is None:
            return None
        if claims["iss"] == legacyclaims.ISSUER:
            found, given = legacy_claims(claims), self._issuer.audiences
        else:
            found = bound_claims(claims)
            given = found.audiences
        meant = tuple(one for one in audiences if one in given)
        if not meant and audiences:
            raise Unauthorized(
                f"token audiences {_listed(given)} is invalid for the target audiences {_listed(audiences)}"
            )
        self._check(found, token)
        return Known(found.user, meant)

    def _claims(self, token: str) -> Mapping[str, Any] | None:
        """The claims of a token of ours, its signature checked. TokenError for one that only says so."""
        claims = self._verified.get(token)
        if claims is not None:
            return claims
        try:
            issuer = jwt.parse(token).claims.get("iss")
        except jwt.TokenError:
            return None
        if not isinstance(issuer, str) or issuer not in (legacyclaims.ISSUER, *self._issuer.urls):
            return None
        claims = jwt.verify(token, self._issuer.named_keys)
        if len(self._verified) >= REMEMBERED:
            self._verified.pop(next(iter(self._verified)))
        self._verified[token] = claims
        return claims

    def _check(self, found: AccountClaims, token: str) -> None:
        now = self._clock.now().timestamp()
        if found.ends is None:
            return self._check_secret(found, token)
        if now < found.begins:
            raise Unauthorized("service account token is not valid yet")
        if now >= found.ends:
            raise Unauthorized("service account token has expired")
        self._check_alive(core.ServiceAccount, found.namespace, found.account)
        if found.pod is not None:
            return self._check_alive(core.Pod, found.namespace, found.pod)
        if found.node is not None:
            return self._check_alive(core.Node, "", found.node)
        if found.secret is not None:
            self._check_alive(core.Secret, found.namespace, found.secret)
        return None

    def _check_secret(self, found: AccountClaims, token: str) -> None:
        """A token without an end is as good as the Secret it lives in."""
        if not self._issuer.checks_secrets or found.secret is None:
            return
        secret = self._find(core.Secret, found.namespace, found.secret.name)
        if not isinstance(secret, core.Secret) or secret.metadata.deletionTimestamp is not None:
            raise Unauthorized(INVALIDATED)
        if not hmac.compare_digest(secret.data.get("token", b""), token.encode()):
            raise Unauthorized("Token does not match server's copy")
        account = self._find(core.ServiceAccount, found.namespace, found.account.name)
        named = f"{found.namespace}/{found.account.name}"
        if account is None:
            raise Unauthorized(f'serviceaccounts "{found.account.name}" not found')
        if account.metadata.deletionTimestamp is not None:
            raise Unauthorized(f"ServiceAccount {named} has been deleted")
        if account.metadata.uid != found.account.uid:
            raise Unauthorized(
                f"ServiceAccount UID ({account.metadata.uid}) does not match claim ({found.account.uid})"
            )
        if INVALID_SINCE in secret.metadata.labels:
            raise Unauthorized(
                f"the token in secret {found.namespace}/{secret.metadata.name} for service account {named} has been "
                f"marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or "
                f"remove the '{INVALID_SINCE}' label from the secret to temporarily allow use of this token"
            )

    def _check_alive(self, kind: type[Kind], namespace: str, named: Reference) -> None:
        found = self._find(kind, namespace, named.name)
        if found is None or found.metadata.uid != named.uid:
            raise Unauthorized("service account token has been invalidated")
        deleted: datetime | None = found.metadata.deletionTimestamp
        if deleted is not None and deleted.astimezone(UTC) + LEEWAY < self._clock.now():
            raise Unauthorized("service account token has been invalidated")


def _listed(audiences: tuple[str, ...]) -> str:
    quoted = " ".join(f'"{one}"' for one in audiences)
    return f"[{quoted}]"
