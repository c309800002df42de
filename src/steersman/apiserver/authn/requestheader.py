"""Users that a front proxy vouches for: it shows a certificate of its own authority and names the user in headers.

Such a certificate says nothing about its bearer but that; a client's own certificate makes no front proxy.
Source: apiserver/pkg/authentication/request/headerrequest.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from steersman.apimachinery.status import Unauthorized
from steersman.apiserver.attributes import Presented
from steersman.apiserver.authn.x509 import X509Authenticator
from steersman.apiserver.user import AUTHENTICATED_GROUP, UserInfo
from steersman.component.clock import Clock

USER, UID, GROUP, EXTRA_PREFIX = "x-remote-user", "x-remote-uid", "x-remote-group", "x-remote-extra-"


class RequestHeaderAuthenticator:
    """allowed_names: the common names of front proxies; none allows every certificate of the authority."""

    def __init__(self, ca_pem: bytes, allowed_names: Sequence[str], clock: Clock) -> None:
        self._proxies = X509Authenticator(ca_pem, clock)
        self._allowed = frozenset(allowed_names)

    async def authenticate(self, presented: Presented) -> UserInfo | None:
        """The user that the proxy names; None for who is no proxy, or a proxy that names nobody."""
        name = presented.headers.get(USER, "")
        if presented.peer_cert_der is None or not name:
            return None
        try:
            proxy = await self._proxies.authenticate(presented)
        except Unauthorized:
            return None
        if proxy is None or (self._allowed and proxy.name not in self._allowed):
            return None
        groups = _values(presented.headers.get(GROUP, ""))
        return UserInfo(name, presented.headers.get(UID, ""), _authenticated(groups), _extra(presented.headers))


def _authenticated(groups: tuple[str, ...]) -> tuple[str, ...]:
    return groups if AUTHENTICATED_GROUP in groups else (*groups, AUTHENTICATED_GROUP)


def _extra(headers: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {
        unquote(header.removeprefix(EXTRA_PREFIX)): _values(value)
        for header, value in headers.items()
        if header.startswith(EXTRA_PREFIX)
    }


def _values(joined: str) -> tuple[str, ...]:
    """A header that was sent several times comes joined by commas."""
    return tuple(part for part in (one.strip() for one in joined.split(",")) if part)
