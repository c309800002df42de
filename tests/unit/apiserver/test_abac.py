"""Policies in a file: whom they are about, what they cover, and what is no policy."""

import json

import pytest

from steersman.apiserver.authz.abac import ABACAuthorizer, PolicyError, read_policies
from steersman.apiserver.authz.union import Member, UnionAuthorizer
from steersman.apiserver.request import EMPTY_QUERY, read_request
from steersman.apiserver.user import UserInfo

ADA = UserInfo("ada", groups=("dev", "system:authenticated"))
V1BETA1 = {"apiVersion": "abac.authorization.kubernetes.io/v1beta1", "kind": "Policy"}
PODS = "/api/v1/namespaces/n/pods"


def policy(**spec: object) -> str:
    return json.dumps({**V1BETA1, "spec": spec})


EVERY = {"namespace": "*", "resource": "*", "apiGroup": "*"}


@pytest.mark.parametrize(
    ("line", "method", "path", "expected"),
    [
        (policy(user="ada", **EVERY), "POST", PODS, True),
        (policy(user="eve", **EVERY), "GET", PODS, False),
        (policy(group="dev", **EVERY), "GET", PODS, True),
        (policy(user="ada", group="ops", **EVERY), "GET", PODS, False),
        (policy(user="*", **EVERY), "GET", PODS, True),
        (policy(**EVERY), "GET", PODS, False),
        (policy(user="ada", readonly=True, **EVERY), "GET", PODS, True),
        (policy(user="ada", readonly=True, **EVERY), "POST", PODS, False),
        (policy(user="ada", namespace="n", resource="pods"), "GET", PODS, True),
        (policy(user="ada", namespace="m", resource="pods"), "GET", PODS, False),
        (policy(user="ada", namespace="n", resource="pods", apiGroup="apps"), "GET", PODS, False),
        (policy(user="ada", **EVERY), "GET", "/version", False),
        (policy(user="ada", nonResourcePath="/api*"), "GET", "/apis", True),
        (policy(user="ada", nonResourcePath="*"), "GET", PODS, False),
        ('{"user":"ada"}', "DELETE", PODS, True),
        ('{"user":"ada"}', "GET", "/version", True),
        ('{"resource":"pods","readonly":true}', "GET", PODS, True),
        ('{"resource":"pods","readonly":true}', "GET", "/version", False),
        ('{"user":"ada","namespace":"m"}', "GET", PODS, False),
    ],
)
def test_a_policy_covers_what_it_names(line: str, method: str, path: str, expected: bool) -> None:
    decision = ABACAuthorizer(read_policies(f"# a comment\n\n{line}\n")).authorize(
        ADA, read_request(method, path, EMPTY_QUERY)
    )
    assert decision.allowed is expected
    assert decision.reason == ("" if expected else "No policy matched.")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "line 1: "),
        ("[]", "line 1: it is no object"),
        ('{"apiVersion":"v1","kind":"Policy"}', "line 1: it is no Policy of "),
        (json.dumps(V1BETA1), "line 1: it has no spec"),
        (policy(users="ada"), "line 1: there is no field users"),
        (policy(readonly="yes"), "line 1: readonly isn't true or false"),
        ('{"users":"ada"}', "line 1: there is no field users"),
    ],
)
def test_what_is_no_policy_is_told_by_its_line(line: str, why: str) -> None:
    with pytest.raises(PolicyError, match=why):
        read_policies(line)


def test_masters_may_do_everything_and_all_reasons_are_told() -> None:
    union = UnionAuthorizer([Member("ABAC", name, ABACAuthorizer(())) for name in ("a", "b")])
    request = read_request("GET", PODS, EMPTY_QUERY)
    assert union.authorize(UserInfo("root", groups=("system:masters",)), request).allowed
    assert union.authorize(ADA, request).reason == "No policy matched.\nNo policy matched."
