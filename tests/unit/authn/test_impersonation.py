"""Acting as somebody else: who that is then, and what must be allowed for it."""

from dataclasses import dataclass, field

import pytest

from steersman.apimachinery.status import BadRequest, Forbidden
from steersman.apiserver.attributes import Decision
from steersman.apiserver.authn.impersonation import Impersonation
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import UserInfo

ROOT = UserInfo("root")


@dataclass
class Presents:
    """What a client shows."""

    headers: dict[str, str]
    repeated: dict[str, list[str]] | None = None
    peer_cert_der: bytes | None = None
    path: str = "/api"


@dataclass
class Allowing:
    """Allows everything but some names, and notes what it was asked."""

    denied: frozenset[str] = frozenset()
    asked: list[str] = field(default_factory=list)

    def authorize(self, user: UserInfo, request: RequestInfo) -> Decision:
        path = "/".join(filter(None, (request.group, request.namespace, request.resource, request.subresource)))
        self.asked.append(f"{request.verb} {path} {request.name}")
        return Decision(request.name not in self.denied)


AUTHENTICATED, UNAUTHENTICATED = "system:authenticated", "system:unauthenticated"
ACCOUNTS = "system:serviceaccounts"


@pytest.mark.parametrize(
    ("headers", "repeated", "user"),
    [
        ({"impersonate-user": "ada"}, {}, UserInfo("ada", groups=(AUTHENTICATED,))),
        (
            {"impersonate-user": "ada", "impersonate-group": "a, b"},
            {"impersonate-group": ["a", "b"]},
            UserInfo("ada", groups=("a", "b", AUTHENTICATED)),
        ),
        ({"impersonate-user": "ada", "impersonate-group": "a,b"}, {}, UserInfo("ada", groups=("a,b", AUTHENTICATED))),
        (
            {"impersonate-user": "ada", "impersonate-group": UNAUTHENTICATED},
            {},
            UserInfo("ada", groups=(UNAUTHENTICATED,)),
        ),
        ({"impersonate-user": "system:anonymous"}, {}, UserInfo("system:anonymous", groups=(UNAUTHENTICATED,))),
        (
            {"impersonate-user": "system:serviceaccount:n:a"},
            {},
            UserInfo("system:serviceaccount:n:a", groups=(ACCOUNTS, f"{ACCOUNTS}:n", AUTHENTICATED)),
        ),
        (
            {"impersonate-user": "system:serviceaccount:n:a", "impersonate-group": "g"},
            {},
            UserInfo("system:serviceaccount:n:a", groups=("g", AUTHENTICATED)),
        ),
        (
            {"impersonate-user": "ada", "impersonate-uid": "7", "impersonate-extra-a.com%2fb": "x, y"},
            {"impersonate-extra-a.com%2fb": ["x", "y"]},
            UserInfo("ada", "7", (AUTHENTICATED,), {"a.com/b": ("x", "y")}),
        ),
    ],
)
async def test_who_acts_as_another_is_that_other(
    headers: dict[str, str], repeated: dict[str, list[str]], user: UserInfo
) -> None:
    assert await Impersonation(Allowing()).assumed(ROOT, Presents(headers, repeated)) == user


async def test_each_part_of_the_other_must_be_allowed() -> None:
    headers = {
        "impersonate-user": "system:serviceaccount:n:a", "impersonate-group": "g", "impersonate-uid": "7",
        "impersonate-extra-scope": "s",
    }  # fmt: skip
    allowing = Allowing()
    await Impersonation(allowing).assumed(ROOT, Presents(headers))
    assert sorted(allowing.asked) == [
        "impersonate authentication.k8s.io/uids 7",
        "impersonate authentication.k8s.io/userextras/scope s",
        "impersonate groups g",
        "impersonate n/serviceaccounts a",
    ]
    for name in ("a", "g", "7", "s"):
        with pytest.raises(Forbidden, match="cannot impersonate resource"):
            await Impersonation(Allowing(frozenset({name}))).assumed(ROOT, Presents(headers))


async def test_half_a_service_accounts_name_is_a_users_name() -> None:
    allowing = Allowing()
    await Impersonation(allowing).assumed(ROOT, Presents({"impersonate-user": "system:serviceaccount:n"}))
    assert allowing.asked == ["impersonate users system:serviceaccount:n"]


async def test_nobody_acts_as_a_group_without_a_user() -> None:
    with pytest.raises(BadRequest, match="without impersonating a user"):
        await Impersonation(Allowing()).assumed(ROOT, Presents({"impersonate-group": "g"}))
    assert await Impersonation(Allowing()).assumed(ROOT, Presents({})) is ROOT
