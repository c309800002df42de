"""The webhook that knows tokens: what it is told, and what its answers mean."""

import json
from typing import Any

import pytest

from steersman.apimachinery.status import Unauthorized
from steersman.apiserver.authn.tokens import Known
from steersman.apiserver.authn.webhook import BadReview, review_of, verdict_of
from steersman.apiserver.user import UserInfo

USER = {"username": "ada", "uid": "1", "groups": ["dev"], "extra": {"example.com/team": ["a", "b"]}}
ADA = UserInfo("ada", "1", ("dev",), {"example.com/team": ("a", "b")})


def answer(**status: Any) -> dict[str, Any]:
    return {"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "status": status}


def verdict(review: Any, asked: tuple[str, ...] = ("api",)) -> Known | None:
    return verdict_of(review, asked, ("api",), "v1")


def test_the_webhook_is_told_the_token_and_the_audiences() -> None:
    assert json.loads(review_of("t", ("a", "b"), "v1beta1")) == {
        "kind": "TokenReview",
        "apiVersion": "authentication.k8s.io/v1beta1",
        "spec": {"token": "t", "audiences": ["a", "b"]},
    }


@pytest.mark.parametrize(
    ("asked", "status", "known"),
    [
        (("api",), {"authenticated": True, "user": USER}, Known(ADA, ("api",))),
        (("api", "b"), {"authenticated": True, "user": USER, "audiences": ["b", "c"]}, Known(ADA, ("b",))),
        (("vault",), {"authenticated": True, "user": USER}, None),
        (("api",), {"authenticated": True, "user": USER, "audiences": ["vault"]}, None),
        ((), {"authenticated": True, "user": {"username": "bob"}}, Known(UserInfo("bob"), ())),
        (("api",), {"authenticated": False}, None),
        (("api",), {}, None),
    ],
)
def test_what_the_webhook_says_is_what_is_believed(
    asked: tuple[str, ...], status: dict[str, Any], known: Known | None
) -> None:
    assert verdict(answer(**status), asked) == known


def test_the_webhooks_reason_is_told() -> None:
    with pytest.raises(Unauthorized, match="too old"):
        verdict(answer(error="too old"))


@pytest.mark.parametrize(
    "review",
    [
        [],
        {},
        {**answer(authenticated=True), "apiVersion": "authentication.k8s.io/v1beta1"},
        answer(authenticated=True, user=[]),
        answer(authenticated=True, user={"username": 1}),
        answer(authenticated=True, user={"groups": "dev"}),
        answer(authenticated=True, user={"extra": {"a": "b"}}),
        answer(authenticated=True, audiences="api"),
    ],
)
def test_what_is_no_answer_lets_nobody_in(review: Any) -> None:
    with pytest.raises(BadReview):
        verdict(review)
