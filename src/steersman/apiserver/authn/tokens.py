"""Bearer tokens: whoever knows some of them says whose they are, and for which audiences.

Source: apiserver/pkg/authentication/authenticator: interfaces, audagnostic; token/union; group.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hmac import compare_digest
from typing import Protocol

from steersman.apimachinery.status import Unauthorized
from steersman.apiserver.user import ANONYMOUS, AUTHENTICATED_GROUP, UNAUTHENTICATED_GROUP, UserInfo


@dataclass(frozen=True, slots=True)
class Known:
    """A token's user, and which of the audiences that were asked for it is meant for."""

    user: UserInfo
    audiences: tuple[str, ...]


class TokenAuthenticator(Protocol):
    """Knows tokens of one kind."""

    async def verify(self, token: str, audiences: tuple[str, ...]) -> Known | None:
        """Whose the token is; None when it is none of ours. Unauthorized, with the reason, when it isn't good."""
        ...


class TokenUnion:
    """Several kinds of tokens: the first that knows one says whose it is."""

    def __init__(self, kinds: Sequence[TokenAuthenticator]) -> None:
        self._kinds = tuple(kinds)

    async def verify(self, token: str, audiences: tuple[str, ...]) -> Known | None:
        """Source of TokenAuthenticator.verify; the reasons of all who refused it."""
        reasons = []
        for kind in self._kinds:
            try:
                known = await kind.verify(token, audiences)
            except Unauthorized as error:
                reasons.append(error.message)
                continue
            if known is not None:
                return known
        if reasons:
            raise Unauthorized(reasons[0] if len(reasons) == 1 else f"[{', '.join(dict.fromkeys(reasons))}]")
        return None


class StaticTokens:
    """Fixed tokens, which know nothing of audiences: they are for the API server."""

    def __init__(self, users: Mapping[str, UserInfo], own_audiences: tuple[str, ...] = ()) -> None:
        self._users = tuple((token.encode(), user) for token, user in users.items())
        self._own = own_audiences

    async def verify(self, token: str, audiences: tuple[str, ...]) -> Known | None:
        """Source of TokenAuthenticator.verify. Every token is compared in constant time."""
        given, found = token.encode(), None
        for known, user in self._users:
            if compare_digest(known, given):
                found = user
        return known_to(found, audiences, self._own)


def known_to(user: UserInfo | None, asked: tuple[str, ...], own: tuple[str, ...]) -> Known | None:
    """A user whose token knows nothing of audiences: it is meant for the API server's own."""
    if user is None:
        return None
    meant = tuple(one for one in asked if one in own)
    return Known(user, meant) if meant or not asked or not own else None


def authenticated(user: UserInfo) -> UserInfo:
    """The user among those who are authenticated. Source: pkg/authentication/group/authenticated_group_adder.go."""
    if user.name == ANONYMOUS or {AUTHENTICATED_GROUP, UNAUTHENTICATED_GROUP} & set(user.groups):
        return user
    return replace(user, groups=(*user.groups, AUTHENTICATED_GROUP))
