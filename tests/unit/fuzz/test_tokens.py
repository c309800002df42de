"""Any bytes are refused as a token, whoever they are meant for; a signed token altered anywhere is refused."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.api import core
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.status import Unauthorized
from steersman.apiserver.authn.accounts import bound_claims, legacy_claims
from steersman.apiserver.authn.accounttokens import AccountTokens
from steersman.apiserver.authn.bearer import protocol_token
from steersman.apiserver.authn.bootstraptokens import BootstrapTokens
from steersman.apiserver.authn.issuer import Issuer
from steersman.apiserver.authn.oidc.claims import mapper_of, user_of
from steersman.apiserver.authn.oidc.configuration import (
    ClaimMappings,
    ClaimOrExpression,
    JWTAuthenticator,
    PrefixedClaimOrExpression,
)
from steersman.apiserver.authn.oidc.distributed import endpoint_of
from steersman.apiserver.authn.oidc.keyset import KeysMissing, keys_of
from steersman.apiserver.authn.oidc.verifying import NotVerified, Wanted, check, issuer_of
from steersman.apiserver.authn.tokens import TokenUnion
from steersman.apiserver.authn.webhook import BadReview, verdict_of
from steersman.component import jwt
from steersman.component.clock import FakeClock
from steersman.component.jws import ALGORITHMS, KeyFormatError, key_of
from steersman.component.keys import key_id, new_private_key

EXAMPLES = 200
KEY = new_private_key()
URL = "https://issuer.example.com"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BEGINS = int(NOW.timestamp())
ABOUT = {"namespace": "ns", "serviceaccount": {"name": "robot", "uid": "u"}}
CLAIMS = {"iss": URL, "aud": [URL], "exp": BEGINS + 600, "nbf": BEGINS, "jti": "j", "kubernetes.io": ABOUT}
GOOD = jwt.signed(CLAIMS, KEY, key_id(KEY.public_key()))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["iss", "aud", "exp", "nbf", "sub", "jti", "kubernetes.io", "email", "email_verified", "groups", "_claim_names",
     "_claim_sources", "namespace", "serviceaccount", "pod", "uid", "name", "keys", "kty", "crv", "x", "y", "n", "e",
     "kubernetes.io/serviceaccount/namespace", "status", "user", "username", "authenticated", "audiences", "extra"]
)  # fmt: skip
TREES = st.dictionaries(NAMES, st.dictionaries(NAMES, JSON, max_size=4) | JSON, max_size=6)


def tokens() -> TokenUnion:
    account = core.ServiceAccount(metadata=ObjectMeta(name="robot", namespace="ns", uid="u"))
    objects = {(core.ServiceAccount, "ns", "robot"): account}
    issuer = Issuer((URL,), (URL,), KEY)
    clock = FakeClock(NOW)
    accounts = AccountTokens(issuer, lambda *name: objects.get(name), clock)
    return TokenUnion((accounts, BootstrapTokens(lambda _: None, (URL,), clock)))


async def test_the_token_that_is_altered_below_is_good() -> None:
    assert await tokens().verify(GOOD, (URL,)) is not None


async def is_refused(token: str) -> bool:
    try:
        return await tokens().verify(token, (URL,)) is None
    except Unauthorized:
        return True


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")) | st.text(alphabet="abeyJ.-_=", max_size=60))
async def test_any_text_is_refused(token: str) -> None:
    assert await is_refused(token)


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.integers(0, len(GOOD) - 1), st.sampled_from("ABCDwxyz0189-_.=/+ \u00e9"))
async def test_a_token_with_another_character_anywhere_is_refused(at: int, character: str) -> None:
    if GOOD[at] != character:
        assert await is_refused(GOOD[:at] + character + GOOD[at + 1 :])


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.integers(0, len(GOOD)), st.text(min_size=1, max_size=3), st.booleans())
async def test_a_token_with_more_or_less_in_it_is_refused(at: int, more: str, is_cut: bool) -> None:
    assert at == len(GOOD) or await is_refused(GOOD[:at])
    assert await is_refused(GOOD[:at] + more + GOOD[at + (1 if is_cut else 0) :]) or GOOD[at : at + 1] == more


@settings(deadline=None, max_examples=EXAMPLES)
@given(JSON | TREES, JSON | TREES, st.binary(max_size=80))
def test_any_json_is_a_token_that_nobody_has_signed(head: Any, claims: Any, signature: bytes) -> None:
    parts = (json.dumps(head).encode(), json.dumps(claims).encode(), signature)
    text = ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    try:
        jwt.verify(text, {"": KEY.public_key(), "k": KEY.public_key()})
    except jwt.TokenError:
        return
    pytest.fail("it was believed")


@settings(deadline=None, max_examples=EXAMPLES)
@given(TREES)
async def test_any_claims_that_are_signed_are_judged(claims: dict[str, Any]) -> None:
    if claims.get("iss") != URL:
        claims = {**claims, "iss": URL}
    try:
        token = jwt.parse(jwt.signed(claims, KEY, ""))
    except jwt.TokenError:  # half a character in it
        return
    assert jwt.checked(token, [KEY.public_key()]).keys() == claims.keys()
    await is_refused(jwt.signed(claims, KEY, ""))
    for judge in (bound_claims, legacy_claims):
        try:
            judge(token.claims)
        except Unauthorized:
            continue
    try:
        check(token, Wanted(issuer_of(token.claims), ("me",), ALGORITHMS), NOW)
        endpoint_of("groups", token.claims)
    except NotVerified:
        return


CONFIGURED = JWTAuthenticator(
    claimMappings=ClaimMappings(
        username=PrefixedClaimOrExpression(expression="claims.email"),
        groups=PrefixedClaimOrExpression(expression="claims.groups"),
        uid=ClaimOrExpression(expression="claims.?uid.orValue('')"),
    )
)
PLAIN = JWTAuthenticator(
    claimMappings=ClaimMappings(
        username=PrefixedClaimOrExpression(claim="email", prefix=""),
        groups=PrefixedClaimOrExpression(claim="groups", prefix="g:"),
        uid=ClaimOrExpression(claim="uid"),
    )
)
MAPPERS = ((CONFIGURED, mapper_of(CONFIGURED)), (PLAIN, mapper_of(PLAIN)))


@settings(deadline=None, max_examples=EXAMPLES)
@given(TREES)
def test_any_claims_make_a_user_or_are_refused(claims: dict[str, Any]) -> None:
    for configured, mapper in MAPPERS:
        try:
            user = user_of(configured, mapper, claims)
        except Unauthorized:
            continue
        assert isinstance(user.name, str)
        assert all(isinstance(group, str) for group in user.groups)


@settings(deadline=None, max_examples=EXAMPLES)
@given(JSON | TREES)
def test_any_json_is_a_set_of_keys_or_not(document: Any) -> None:
    try:
        keys_of(document)
    except KeysMissing:
        return
    assert isinstance(document, dict)


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.dictionaries(st.sampled_from(["n", "e", "x", "y"]), st.text(alphabet="AQAB_-=9", max_size=50) | JSON),
       st.sampled_from(["RSA", "EC", "oct", None]), st.sampled_from(["P-256", "P-384", "P-521", "x"]))  # fmt: skip
def test_any_json_is_a_key_or_not(parts: dict[str, Any], kind: str | None, curve: str) -> None:
    try:
        key_of({**parts, "kty": kind, "crv": curve})
    except KeyFormatError:
        return
    assert kind in ("RSA", "EC")


@settings(deadline=None, max_examples=EXAMPLES)
@given(JSON | TREES)
def test_any_answer_of_a_webhook_is_judged(answer: Any) -> None:
    reviewed = {**answer, "apiVersion": "authentication.k8s.io/v1"} if isinstance(answer, dict) else answer
    try:
        verdict_of(reviewed, ("a",), ("a",), "v1")
    except (BadReview, Unauthorized):
        return


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.text(max_size=40))
def test_any_protocol_of_a_websocket_carries_a_token_or_not(text: str) -> None:
    listed = f"base64url.bearer.authorization.k8s.io.{text}, other"
    try:
        assert isinstance(protocol_token({"upgrade": "websocket", "sec-websocket-protocol": listed}), str)
    except Unauthorized:
        return


def test_a_deep_token_is_refused() -> None:
    deep = urlsafe_b64encode(b"[" * 9000).rstrip(b"=").decode()
    for text in (f"{deep}.e30.x", f"e30.{deep}.x"):
        with pytest.raises(jwt.TokenError):
            jwt.parse(text[: jwt.MAX_TOKEN_BYTES])


def test_random_bytes_are_no_token() -> None:
    random = Random(1)
    for _ in range(200):
        with pytest.raises(jwt.TokenError):
            jwt.parse(random.randbytes(64).decode("latin-1"))
