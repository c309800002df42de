"""Tokens: files of them, bootstrap tokens, where requests carry them, what is remembered of them."""

import asyncio
import base64
from dataclasses import dataclass, field
from random import Random

import pytest

from steersman.api import core
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Unauthorized
from steersman.apiserver.authn.anonymous import NOBODY, Anonymous
from steersman.apiserver.authn.bearer import BearerTokens
from steersman.apiserver.authn.bootstraptokens import BootstrapTokens
from steersman.apiserver.authn.tokencache import CachedTokens, Lifetimes
from steersman.apiserver.authn.tokenfile import TokenFileError, tokens_of
from steersman.apiserver.authn.tokens import Known, StaticTokens, TokenUnion
from steersman.apiserver.user import UserInfo
from steersman.component.clock import FakeClock
from steersman.component.metrics import Registry

ADA = UserInfo("ada", "1", ("dev",))


@dataclass
class Presents:
    """What a client shows."""

    headers: dict[str, str] = field(default_factory=dict)
    peer_cert_der: bytes | None = None
    path: str = "/api"
    repeated: dict[str, list[str]] | None = None


def test_a_file_of_tokens_names_users_with_uids_and_groups() -> None:
    text = 'secret,ada,1,"dev,ops"\n\nother,bob,2\n,nobody,3\nother,carl,4\n'
    assert tokens_of(text, "f") == {"secret": UserInfo("ada", "1", ("dev", "ops")), "other": UserInfo("carl", "4")}


@pytest.mark.parametrize(
    ("text", "said"), [("a,b\n", "at least 3 columns (token, user name, user uid), found 2"), ('a,"b" x,c\n', "f")]
)
def test_what_is_no_file_of_tokens_is_refused(text: str, said: str) -> None:
    with pytest.raises(TokenFileError) as refused:
        tokens_of(text, "f")
    assert said in str(refused.value)


async def test_a_fixed_token_is_for_the_servers_own_audiences() -> None:
    tokens = StaticTokens({"secret": ADA}, ("api", "other"))
    assert await tokens.verify("secret", ()) == Known(ADA, ())
    assert await tokens.verify("secret", ("api", "vault")) == Known(ADA, ("api",))
    assert await tokens.verify("secret", ("vault",)) is None
    assert await tokens.verify("guess", ()) is None


def bootstrap(**data: str) -> core.Secret:
    given = {"token-id": "abcdef", "token-secret": "0123456789abcdef", "usage-bootstrap-authentication": "true"}
    return core.Secret(
        metadata=ObjectMeta(name="bootstrap-token-abcdef", namespace="kube-system"),
        type="bootstrap.kubernetes.io/token",
        data={name.replace("_", "-"): text.encode() for name, text in {**given, **data}.items()},
    )


GOOD = "abcdef.0123456789abcdef"


async def whose(secret: core.Secret, token: str = GOOD, clock: FakeClock | None = None) -> UserInfo | None:
    objects = {"bootstrap-token-abcdef": secret}
    known = await BootstrapTokens(objects.get, ("api",), clock or FakeClock()).verify(token, ("api",))
    return known and known.user


async def test_a_bootstrap_token_lets_a_node_in_with_its_groups() -> None:
    assert await whose(bootstrap()) == UserInfo("system:bootstrap:abcdef", groups=("system:bootstrappers",))
    user = await whose(bootstrap(auth_extra_groups="system:bootstrappers:z,system:bootstrappers:kubeadm:x"))
    assert user is not None
    assert user.groups == ("system:bootstrappers", "system:bootstrappers:kubeadm:x", "system:bootstrappers:z")


@pytest.mark.parametrize(
    "secret",
    [
        bootstrap(token_secret="0123456789abcdeX"),
        bootstrap(token_id="abcdeg"),
        bootstrap(usage_bootstrap_authentication="yes"),
        bootstrap(expiration="2026-01-01T00:00:00Z"),
        bootstrap(expiration="tomorrow"),
        bootstrap(auth_extra_groups="system:masters"),
        bootstrap(auth_extra_groups="system:bootstrappers:a,"),
        replace(bootstrap(), type="Opaque"),
    ],
)
async def test_a_bootstrap_token_that_is_not_good_is_nobodys(secret: core.Secret) -> None:
    assert await whose(secret) is None


async def test_a_bootstrap_token_ends_at_its_time() -> None:
    clock, secret = FakeClock(), bootstrap(expiration="2026-01-01T01:00:00+01:00")
    assert await whose(secret, clock=clock) is None
    secret = bootstrap(expiration="2026-01-01T00:00:01Z")
    assert await whose(secret, clock=clock) is not None
    await clock.advance(1)
    assert await whose(secret, clock=clock) is None


@pytest.mark.parametrize(
    "token", ["abcdef", "ABCDEF.0123456789abcdef", f"{GOOD}0", f" {GOOD}", "abcdef.0123456789abcdeg"]
)
async def test_what_is_written_otherwise_is_no_bootstrap_token(token: str) -> None:
    assert await whose(bootstrap(), token) is None


def in_protocol(token: str, rest: str = ", v5.channel.k8s.io") -> dict[str, str]:
    text = base64.urlsafe_b64encode(token.encode()).rstrip(b"=").decode()
    return {"upgrade": "websocket", "sec-websocket-protocol": f"base64url.bearer.authorization.k8s.io.{text}{rest}"}


async def test_a_token_comes_in_a_header_or_among_the_protocols_of_a_websocket() -> None:
    bearer = BearerTokens(StaticTokens({"secret": ADA}))
    grown = replace_groups(ADA, "system:authenticated")
    for headers in ({"authorization": "bearer secret"}, {"authorization": "Bearer  secret"}, in_protocol("secret")):
        assert await bearer.authenticate(Presents(headers)) == grown
    for nothing in ({}, {"authorization": "Basic secret"}, {"sec-websocket-protocol": "a"}, {"upgrade": "websocket"}):
        assert await bearer.authenticate(Presents(nothing)) is None


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"authorization": "Bearer guess"}, "invalid bearer token"),
        (in_protocol("secret", ""), "missing additional subprotocol"),
        (in_protocol("secret", ",base64url.bearer.authorization.k8s.io.x"), "multiple base64"),
        ({**in_protocol("x"), "sec-websocket-protocol": "base64url.bearer.authorization.k8s.io.?,a"}, "encoding"),
    ],
)
async def test_a_wrong_token_is_refused(headers: dict[str, str], said: str) -> None:
    with pytest.raises(Unauthorized, match=said):
        await BearerTokens(StaticTokens({"secret": ADA})).authenticate(Presents(headers))


def replace_groups(user: UserInfo, *groups: str) -> UserInfo:
    return UserInfo(user.name, user.uid, (*user.groups, *groups), user.extra)


@pytest.mark.parametrize(
    ("anonymous", "path", "is_allowed"),
    [
        (Anonymous(), "/api", True),
        (Anonymous(is_allowed=False), "/livez", False),
        (Anonymous(paths=("/livez", "/readyz")), "/readyz", True),
        (Anonymous(paths=("/livez",)), "/live%7a", True),
        (Anonymous(paths=("/livez",)), "/livez/etcd", False),
    ],
)
def test_anonymous_requests_may_be_for_some_paths_only(anonymous: Anonymous, path: str, is_allowed: bool) -> None:
    assert anonymous.user(Presents(path=path)) == (NOBODY if is_allowed else None)


class Counting:
    """Knows one token, refuses another, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def verify(self, token: str, audiences: tuple[str, ...]) -> Known | None:
        self.asked += 1
        await self.may_answer.wait()
        if token == "bad":
            raise Unauthorized("no good")
        return Known(ADA, audiences) if token == "good" else None


DEFAULT = Lifetimes()


def cached(lifetimes: Lifetimes = DEFAULT) -> tuple[Counting, CachedTokens, FakeClock]:
    counting, clock = Counting(), FakeClock()
    return counting, CachedTokens(counting, lifetimes, clock, Random(1), Registry()), clock


async def test_a_known_token_is_remembered_for_ten_seconds_and_for_its_audiences() -> None:
    counting, tokens, clock = cached()
    for _ in range(3):
        assert await tokens.verify("good", ("a",)) == Known(ADA, ("a",))
    assert counting.asked == 1
    assert await tokens.verify("good", ("b",)) == Known(ADA, ("b",))
    assert counting.asked == 2
    await clock.advance(10)
    await tokens.verify("good", ("a",))
    assert counting.asked == 3


async def test_refusals_are_not_remembered_and_unknown_tokens_only_if_asked_to() -> None:
    counting, tokens, _ = cached(Lifetimes(known=10, unknown=10))
    for _ in range(2):
        with pytest.raises(Unauthorized, match="no good"):
            await tokens.verify("bad", ())
        assert await tokens.verify("other", ()) is None
    assert counting.asked == 3


async def test_many_who_present_a_token_at_once_are_one_question() -> None:
    counting, tokens, clock = cached()
    counting.may_answer.clear()
    first = asyncio.create_task(tokens.verify("good", ()))
    others = [asyncio.create_task(tokens.verify("good", ())) for _ in range(5)]
    refused = [asyncio.create_task(tokens.verify("bad", ())) for _ in range(2)]
    await clock.drain()
    assert counting.asked == 2
    first.cancel()
    await clock.drain()
    assert counting.asked == 3
    counting.may_answer.set()
    assert await asyncio.gather(*others) == [Known(ADA, ())] * 5
    assert counting.asked == 3
    assert all(isinstance(one, Unauthorized) for one in await asyncio.gather(*refused, return_exceptions=True))


async def test_the_first_who_knows_a_token_says_whose_it_is_and_every_reason_is_told() -> None:
    counting = Counting()
    union = TokenUnion((counting, StaticTokens({"bad": ADA})))
    assert await union.verify("bad", ()) == Known(ADA, ())
    with pytest.raises(Unauthorized, match=r"^no good$"):
        await TokenUnion((counting, StaticTokens({}))).verify("bad", ())
    assert await union.verify("other", ()) is None
