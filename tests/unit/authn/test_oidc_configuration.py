"""AuthenticationConfiguration: what is wrong with one."""

import json
from typing import Any

import pytest

from steersman.apiserver.authn.oidc.configuration import configuration_of
from steersman.apiserver.authn.oidc.validation import faults_of
from steersman.apiserver.configurationfile import ConfigurationError

HEAD = {"kind": "AuthenticationConfiguration", "apiVersion": "apiserver.config.k8s.io/v1"}
GOOD: dict[str, Any] = {
    "issuer": {"url": "https://issuer.example.com", "audiences": ["me"]},
    "claimMappings": {"username": {"claim": "sub", "prefix": ""}},
}


def read(*issuers: dict[str, Any], **rest: Any) -> list[str]:
    """The faults of a configuration, each as text."""
    configuration = configuration_of(json.dumps({**HEAD, "jwt": list(issuers), **rest}).encode())
    return [f"{cause.field}: {cause.message}" for cause in faults_of(configuration, ("https://own.example.com",))]


def with_issuer(**changed: Any) -> dict[str, Any]:
    return {**GOOD, "issuer": {**GOOD["issuer"], **changed}}


def with_mappings(**changed: Any) -> dict[str, Any]:
    return {**GOOD, "claimMappings": {**GOOD["claimMappings"], **changed}}


def test_a_configuration_without_faults_may_have_no_issuer_or_everything() -> None:
    assert read() == []
    whole = {
        **with_issuer(
            discoveryURL="https://discovery.example.com/x", audienceMatchPolicy="MatchAny", audiences=["a", "b"]
        ),
        "claimMappings": {
            "username": {"expression": "claims.email"},
            "groups": {"expression": "claims.roles.split(',')"},
            "uid": {"claim": "sub"},
            "extra": [{"key": "example.com/verified", "valueExpression": "string(claims.email_verified)"}],
        },
        "claimValidationRules": [{"claim": "hd", "requiredValue": "x"}, {"expression": "claims.exp > 1"}],
        "userValidationRules": [{"expression": "!user.username.startsWith('system:')", "message": "no"}],
    }
    assert read(whole, anonymous={"enabled": True, "conditions": [{"path": "/livez"}]}) == []


@pytest.mark.parametrize(
    ("issuer", "said"),
    [
        (with_issuer(url=""), "jwt[0].issuer.url: Required value"),
        (with_issuer(url="http://a"), 'jwt[0].issuer.url: Invalid value: "http://a": URL scheme must be https'),
        (with_issuer(url="https://u:p@a"), "URL must not contain a username or password"),
        (with_issuer(url="https://a?b"), "URL must not contain a query"),
        (with_issuer(url="https://a#b"), "URL must not contain a fragment"),
        (with_issuer(url="https://own.example.com"), "not overlap with disallowed issuers: [https://own.example.com]"),
        (with_issuer(discoveryURL="https://issuer.example.com/"), "discoveryURL must be different from URL"),
        (with_issuer(audiences=[]), "jwt[0].issuer.audiences: Required value: at least one jwt[0].issuer.audiences is"),
        (with_issuer(audiences=["a", "a"], audienceMatchPolicy="MatchAny"), 'audiences[1]: Duplicate value: "a"'),
        (with_issuer(audiences=["a", "b"]), "audienceMatchPolicy must be MatchAny for multiple audiences"),
        (with_issuer(audienceMatchPolicy="x"), "audienceMatchPolicy must be empty or MatchAny for single audience"),
        (with_issuer(certificateAuthority="x"), 'certificateAuthority: Invalid value: "<omitted>": data'),
        (with_issuer(egressSelectorType="etcd"), "egress selector must be either controlplane or cluster"),
        (with_mappings(username={}), "jwt[0].claimMappings.username: Required value: claim or"),
        (with_mappings(username={"claim": "a", "prefix": "", "expression": "b"}), "claim and expression can't both"),
        (with_mappings(username={"claim": "a"}), "username.prefix: Required value: prefix is required"),
        (with_mappings(username={"expression": "'a'", "prefix": ""}), "may not be specified when expression is set"),
        (with_mappings(username={"expression": "claims."}), "expression: Invalid value: \"claims.\""),
        (with_mappings(username={"expression": "claims.email"}), "claims.email_verified must be used in"),
        (with_mappings(uid={"claim": "a", "expression": "b"}), "jwt[0].claimMappings.uid: Invalid value: \"\""),
        (with_mappings(extra=[{"key": "a", "valueExpression": "'b'"}]), "extra[0].key: Invalid value: \"a\": must be"),
        (with_mappings(extra=[{"key": "A.com/X", "valueExpression": "'b'"}]), "must be lowercase"),
        (with_mappings(extra=[{"key": "a.k8s.io/x", "valueExpression": "'b'"}]), "are reserved for Kubernetes use"),
        (with_mappings(extra=[{"key": "a.com/x"}]), "extra[0].valueExpression: Required value"),
        ({**GOOD, "claimValidationRules": [{}]}, "claimValidationRules[0]: Required value: claim or"),
        ({**GOOD, "claimValidationRules": [{"claim": "a", "message": "b"}]}, "may not be specified when claim is set"),
        ({**GOOD, "claimValidationRules": [{"claim": "a"}] * 2}, 'claimValidationRules[1].claim: Duplicate value: "a"'),
        ({**GOOD, "claimValidationRules": [{"expression": "claims.a"}]}, "must evaluate to bool"),
        ({**GOOD, "claimValidationRules": [{"expression": "user.username == 'a'"}]}, "undeclared reference to 'user'"),
        ({**GOOD, "userValidationRules": [{"expression": "user.name == 'a'"}]}, "undefined field 'name'"),
        ({**GOOD, "userValidationRules": [{"expression": "true"}] * 2}, "Rules[1].expression: Duplicate value"),
        ({**GOOD, "userValidationRules": [{}]}, "userValidationRules[0].expression: Required value"),
    ],
)  # fmt: skip
def test_each_fault_is_told_at_its_place(issuer: dict[str, Any], said: str) -> None:
    told = read(issuer)
    assert any(said in one for one in told), told


def test_issuers_and_their_discovery_are_told_apart() -> None:
    one = with_issuer(discoveryURL="https://d.example.com")
    assert read(one, one) == [
        'jwt[1].issuer.url: Duplicate value: "https://issuer.example.com"',
        'jwt[1].issuer.discoveryURL: Duplicate value: "https://d.example.com"',
    ]
    assert read(*[GOOD] * 65) == ["jwt: Too many: 65: must have at most 64 items"]


def test_paths_for_anonymous_requests_need_that_these_are_allowed() -> None:
    told = read(anonymous={"enabled": False, "conditions": [{"path": "/livez"}]})
    assert len(told) == 1
    assert "enabled should be set to true when conditions are defined" in told[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty config data"),
        ("[]", "it is no object"),
        ("kind: AuthenticationConfiguration\napiVersion: v1\n", 'no kind "AuthenticationConfiguration" is registered'),
        (json.dumps({**HEAD, "jwks": []}), 'unknown field "jwks"'),
        (json.dumps({**HEAD, "jwt": {}}), "jwt"),
        ("a: [", ""),
    ],
)
def test_what_is_no_configuration_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        configuration_of(text.encode())
    assert said in str(refused.value)
