"""Acting as somebody else, for those who are allowed to: `kubectl --as`.

Source: apiserver/pkg/endpoints/filters/impersonation.go.
"""

from collections.abc import Mapping

from steersman.apimachinery.status import BadRequest, forbidden
from steersman.apiserver.attributes import Authorizer
from steersman.apiserver.authn.accounts import USER_PREFIX as ACCOUNT_PREFIX
from steersman.apiserver.authn.accounts import account_groups
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import ANONYMOUS, AUTHENTICATED_GROUP, UNAUTHENTICATED_GROUP, UserInfo

USER, UID, GROUP, EXTRA_PREFIX = "impersonate-user", "impersonate-uid", "impersonate-group", "impersonate-extra-"


class Impersonation:
    """Lets who is authenticated be the user of the Impersonate headers, one right a name."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    def assumed(self, user: UserInfo, headers: Mapping[str, str]) -> UserInfo:
        """Whom the user acts as: himself without such headers. Forbidden when he may not be the other."""
        if not any(name.startswith("impersonate-") for name in headers):
            return user
        wanted = headers.get(USER, "")
        if not wanted:
            raise BadRequest("requested impersonation without impersonating a user")
        groups = tuple(part.strip() for part in headers.get(GROUP, "").split(",") if part.strip())
        self._check(user, wanted, groups)
        extra = self._extra(user, headers)
        if (uid := headers.get(UID, "")) and not self._may(user, "authentication.k8s.io", "uids", "", uid):
            raise forbidden("uids.authentication.k8s.io", uid, _why(user, "uids", "authentication.k8s.io"))
        return UserInfo(wanted, uid, groups or _own_groups(wanted), extra)

    def _check(self, user: UserInfo, wanted: str, groups: tuple[str, ...]) -> None:
        if wanted.startswith(ACCOUNT_PREFIX):
            namespace, _, name = wanted.removeprefix(ACCOUNT_PREFIX).partition(":")
            asked = [("serviceaccounts", namespace, name)]
        else:
            asked = [("users", "", wanted)]
        for resource, namespace, name in (*asked, *(("groups", "", group) for group in groups)):
            if not self._may(user, "", resource, namespace, name):
                raise forbidden(resource, name, _why(user, resource, ""))

    def _extra(self, user: UserInfo, headers: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for header, value in headers.items():
            if header.startswith(EXTRA_PREFIX):
                key = header.removeprefix(EXTRA_PREFIX)
                if not self._may(user, "authentication.k8s.io", "userextras", "", value, key):
                    raise forbidden("userextras", value, _why(user, f"userextras/{key}", "authentication.k8s.io"))
                found[key] = (value,)
        return found

    def _may(  # noqa: PLR0913  # the parts of one question
        self, user: UserInfo, group: str, resource: str, namespace: str, name: str, subresource: str = ""
    ) -> bool:
        request = RequestInfo("impersonate", "", True, group, "v1", namespace, resource, subresource, name)
        return self._authorizer.authorize(user, request).allowed


def _own_groups(name: str) -> tuple[str, ...]:
    if name.startswith(ACCOUNT_PREFIX):
        namespace = name.removeprefix(ACCOUNT_PREFIX).partition(":")[0]
        return account_groups(namespace)
    return (UNAUTHENTICATED_GROUP,) if name == ANONYMOUS else (AUTHENTICATED_GROUP,)


def _why(user: UserInfo, resource: str, group: str) -> str:
    return f'User "{user.name}" cannot impersonate resource "{resource}" in API group "{group}" at the cluster scope'
