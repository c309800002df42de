"""Users that a front proxy vouches for: it shows a certificate of its own authority and names the user in headers.

Such a certificate says nothing about its bearer but that; a client's own certificate makes no front proxy.
Source: apiserver/pkg/authentication/request/headerrequest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from steersman.apimachinery.status import Unauthorized
from steersman.apiserver.attributes import Presented, values_of
from steersman.apiserver.authn.tokens import authenticated
from steersman.apiserver.authn.x509 import X509Authenticator
from steersman.apiserver.user import UserInfo
from steersman.component.clock import Clock


@dataclass(frozen=True, slots=True)
class ProxyHeaders:
    """Headers, in lower case, in which a front proxy names a user; of several for one thing the first counts."""

    users: tuple[str, ...] = ("x-remote-user",)
    uids: tuple[str, ...] = ("x-remote-uid",)
    groups: tuple[str, ...] = ("x-remote-group",)
    extra_prefixes: tuple[str, ...] = ("x-remote-extra-",)


STANDARD = ProxyHeaders()


class RequestHeaderAuthenticator:
    """allowed_names: the common names of front proxies; none allows every certificate of the authority."""

    def __init__(
        self, ca_pem: bytes, allowed_names: Sequence[str], clock: Clock, headers: ProxyHeaders = STANDARD
    ) -> None:
        self._proxies = X509Authenticator(ca_pem, clock)
        self._allowed = frozenset(allowed_names)
        self._headers = headers

    async def authenticate(self, presented: Presented) -> UserInfo | None:
        """The user that the proxy names; None for who is no proxy, or a proxy that names nobody."""
        name = _first(presented, self._headers.users)
        if presented.peer_cert_der is None or not name:
            return None
        try:
            proxy = await self._proxies.authenticate(presented)
        except Unauthorized:
            return None
        if proxy is None or (self._allowed and proxy.name not in self._allowed):
            return None
        groups = tuple(one for header in self._headers.groups for one in values_of(presented, header))
        uid = _first(presented, self._headers.uids)
        return authenticated(UserInfo(name, uid, groups, _extra(presented, self._headers.extra_prefixes)))


def _first(presented: Presented, names: Sequence[str]) -> str:
    return next((values[0] for name in names if (values := values_of(presented, name))), "")


def _extra(presented: Presented, prefixes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for prefix in prefixes:
        for header in presented.headers:
            if header.startswith(prefix):
                key = unquote(header.removeprefix(prefix))
                found[key] = (*found.get(key, ()), *values_of(presented, header))
    return found
