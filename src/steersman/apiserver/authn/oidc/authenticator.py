"""One issuer: whether a token is his, and who its user is.

Source: apiserver/plugin/pkg/authenticator/token/oidc/oidc.go.
"""

from collections.abc import Collection, Mapping
from typing import Any

from steersman.apimachinery.status import Unauthorized
from steersman.apiserver.authn.oidc.claims import mapper_of, user_of
from steersman.apiserver.authn.oidc.configuration import JWTAuthenticator
from steersman.apiserver.authn.oidc.distributed import ClaimResolver
from steersman.apiserver.authn.oidc.keyset import KeysMissing, RemoteKeys, discovered
from steersman.apiserver.authn.oidc.verifying import NotVerified, Wanted, check, issuer_of
from steersman.apiserver.authn.tokens import Known, known_to
from steersman.component import jwt
from steersman.component.clock import Clock
from steersman.component.http.fetch import Fetcher
from steersman.component.jws import ALGORITHMS
from steersman.component.log import get_logger
from steersman.component.tls import client_context

_log = get_logger(__name__)

RETRY_SECONDS = 10.0


class IssuerTokens:
    """Knows the users of one issuer's tokens, as soon as its keys are found; `run` looks for them."""

    def __init__(
        self,
        configured: JWTAuthenticator,
        own_audiences: tuple[str, ...],
        clock: Clock,
        algorithms: Collection[str] = ALGORITHMS,
    ) -> None:
        issuer = configured.issuer
        self.url = issuer.url
        self.problem = f'oidc: authenticator for issuer "{issuer.url}" is not initialized'
        self._configured = configured
        self._mapper = mapper_of(configured)
        self._own = own_audiences
        self._clock = clock
        self._fetcher = Fetcher(client_context(issuer.certificateAuthority.encode() or None))
        self._wanted = Wanted(issuer.url, issuer.audiences, tuple(algorithms))
        self._keys: RemoteKeys | None = None
        groups = configured.claimMappings.groups.claim
        self._resolver = ClaimResolver(groups, self._wanted, self._fetcher, clock) if groups else None

    async def run(self) -> None:
        """Find the keys, however often it takes."""
        while self._keys is None:
            try:
                where = await discovered(self._fetcher, self.url, self._configured.issuer.discoveryURL)
                self._keys, self.problem = RemoteKeys(self._fetcher, where, self._clock), ""
            except KeysMissing as error:
                self.problem = f'oidc: authenticator for issuer "{self.url}" is not healthy: {error}'
                _log.warning("the keys of an issuer aren't found yet", issuer=self.url, error=str(error))
                await self._clock.sleep(RETRY_SECONDS)

    async def verify(self, token: str, audiences: tuple[str, ...]) -> Known | None:
        """Source of TokenAuthenticator.verify."""
        try:
            parsed = jwt.parse(token)
        except jwt.TokenError:
            return None
        if issuer_of(parsed.claims) != self.url:
            return None
        if self._keys is None:
            raise Unauthorized("oidc: authenticator not initialized")
        try:
            check(parsed, self._wanted, self._clock.now())
            await self._keys.check(parsed)
        except (NotVerified, KeysMissing, jwt.TokenError) as error:
            raise Unauthorized(f"oidc: verify token: {error}") from error
        claims = await self._expanded(parsed.claims)
        return known_to(user_of(self._configured, self._mapper, claims), audiences, self._own)

    async def _expanded(self, claims: Mapping[str, Any]) -> Mapping[str, Any]:
        if self._resolver is None:
            return claims
        try:
            return await self._resolver.expanded(claims)
        except (NotVerified, KeysMissing, jwt.TokenError) as error:
            raise Unauthorized(f"oidc: could not expand distributed claims: {error}") from error
