"""Several ways to say who one is, tried in order."""

from collections.abc import Mapping
from hmac import compare_digest

from steersman.apimachinery.status import Unauthorized
from steersman.apiserver.attributes import Authenticator, Presented
from steersman.apiserver.authn.x509 import bearer_token
from steersman.apiserver.user import ANONYMOUS, UNAUTHENTICATED_GROUP, UserInfo

NOBODY = UserInfo(ANONYMOUS, groups=(UNAUTHENTICATED_GROUP,))


class UnionAuthenticator:
    """The first that knows the client says who it is. Who presents nothing is anonymous; who presents what nobody knows
    is refused."""

    def __init__(self, authenticators: tuple[Authenticator, ...], allows_anonymous: bool = True) -> None:
        self._authenticators = authenticators
        self._allows_anonymous = allows_anonymous

    async def authenticate(self, presented: Presented) -> UserInfo | None:
        """Source of Authenticator.authenticate."""
        refused: Unauthorized | None = None
        for authenticator in self._authenticators:
            try:
                user = await authenticator.authenticate(presented)
            except Unauthorized as error:
                refused = error
                continue
            if user is not None:
                return user
        if refused is not None or not self._allows_anonymous:
            raise refused or Unauthorized()
        return NOBODY


class StaticTokens:
    """Fixed bearer tokens, kept in memory: the cluster's own bootstrap secrets and tests."""

    def __init__(self, users: Mapping[str, UserInfo]) -> None:
        self._users = tuple((token.encode(), user) for token, user in users.items())

    async def authenticate(self, presented: Presented) -> UserInfo | None:
        """The token's user. Every token is compared in constant time."""
        token = bearer_token(presented.headers).encode()
        found = None
        for known, user in self._users:
            if compare_digest(known, token):
                found = user
        if found is None and token:
            raise Unauthorized
        return found
