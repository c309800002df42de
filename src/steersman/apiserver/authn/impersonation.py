"""Acting as somebody else, for those who are allowed to: `kubectl --as`.

Source: apiserver/pkg/endpoints/filters/impersonation.go.
"""

from urllib.parse import unquote

from steersman.apimachinery.status import BadRequest, forbidden
from steersman.apiserver.attributes import Authorizer, Presented, values_of
from steersman.apiserver.authn.accounts import USER_PREFIX as ACCOUNT_PREFIX
from steersman.apiserver.authn.accounts import account_groups
from steersman.apiserver.authz.asking import decided
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import ANONYMOUS, AUTHENTICATED_GROUP, UNAUTHENTICATED_GROUP, UserInfo

USER, UID, GROUP, EXTRA_PREFIX = "impersonate-user", "impersonate-uid", "impersonate-group", "impersonate-extra-"


class Impersonation:
    """Lets who is authenticated be the user of the Impersonate headers, one right a name."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    async def assumed(self, user: UserInfo, presented: Presented) -> UserInfo:
        """Whom the user acts as: himself without such headers. Forbidden when he may not be the other."""
        if not any(name.startswith("impersonate-") for name in presented.headers):
            return user
        return await decided(lambda: self._other(user, presented))

    def _other(self, user: UserInfo, presented: Presented) -> UserInfo:
        wanted, uid = (next(iter(values_of(presented, name)), "") for name in (USER, UID))
        if not wanted:
            raise BadRequest("requested impersonation without impersonating a user")
        groups = values_of(presented, GROUP)
        self._check(user, wanted, groups)
        extra = self._extra(user, presented)
        if uid and not self._may(user, "authentication.k8s.io", "uids", "", uid):
            raise forbidden("uids.authentication.k8s.io", uid, _why(user, "uids", "authentication.k8s.io"))
        return UserInfo(wanted, uid, _completed(wanted, groups), extra)

    def _check(self, user: UserInfo, wanted: str, groups: tuple[str, ...]) -> None:
        account = _account_of(wanted)
        asked = [("users", "", wanted)] if account is None else [("serviceaccounts", *account)]
        for resource, namespace, name in (*asked, *(("groups", "", group) for group in groups)):
            if not self._may(user, "", resource, namespace, name):
                raise forbidden(resource, name, _why(user, resource, ""))

    def _extra(self, user: UserInfo, presented: Presented) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for header in presented.headers:
            if not header.startswith(EXTRA_PREFIX):
                continue
            key = unquote(header.removeprefix(EXTRA_PREFIX))
            for value in values_of(presented, header):
                if not self._may(user, "authentication.k8s.io", "userextras", "", value, key):
                    raise forbidden("userextras", value, _why(user, f"userextras/{key}", "authentication.k8s.io"))
                found[key] = (*found.get(key, ()), value)
        return found

    def _may(  # noqa: PLR0913  # the parts of one question
        self, user: UserInfo, group: str, resource: str, namespace: str, name: str, subresource: str = ""
    ) -> bool:
        request = RequestInfo("impersonate", "", True, group, "v1", namespace, resource, subresource, name)
        return self._authorizer.authorize(user, request).allowed


def _account_of(name: str) -> tuple[str, str] | None:
    """Namespace and name, if it is a service account's name."""
    parts = name.removeprefix(ACCOUNT_PREFIX).split(":") if name.startswith(ACCOUNT_PREFIX) else []
    return (parts[0], parts[1]) if len(parts) == 2 and all(parts) else None


def _completed(name: str, groups: tuple[str, ...]) -> tuple[str, ...]:
    """The groups that were asked for, a service account's own if none were, and whether he is authenticated."""
    account = _account_of(name)
    if account is not None and not groups:
        groups = account_groups(account[0])
    if name == ANONYMOUS:
        return groups if UNAUTHENTICATED_GROUP in groups else (*groups, UNAUTHENTICATED_GROUP)
    return groups if {AUTHENTICATED_GROUP, UNAUTHENTICATED_GROUP} & set(groups) else (*groups, AUTHENTICATED_GROUP)


def _why(user: UserInfo, resource: str, group: str) -> str:
    return f'User "{user.name}" cannot impersonate resource "{resource}" in API group "{group}" at the cluster scope'
