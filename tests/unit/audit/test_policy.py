"""Which requests a policy audits, and which policies can't be used."""

import pytest

from steersman.apiserver.audit.policy import Level, Stage, decide
from steersman.apiserver.audit.policyfile import PolicyError, policy_of
from steersman.apiserver.request import Query, RequestInfo, read_request
from steersman.apiserver.user import UserInfo

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\n"
ALICE = UserInfo("alice", groups=("devs", "system:authenticated"))
PODS = "/api/v1/namespaces/web/pods"


def asked(method: str, target: str) -> RequestInfo:
    path, _, query = target.partition("?")
    return read_request(method, path, Query(query))


def level(rules: str, method: str = "GET", target: str = f"{PODS}/a", user: UserInfo | None = ALICE) -> str:
    return decide(policy_of(f"{HEAD}rules:\n{rules}".encode()), user, asked(method, target)).level.label


@pytest.mark.parametrize(
    ("rule", "method", "target", "matches"),
    [
        ("{}", "GET", "/healthz", True),
        ("{users: [alice]}", "GET", PODS, True),
        ("{users: [bob]}", "GET", PODS, False),
        ("{userGroups: [ops, devs]}", "GET", PODS, True),
        ("{userGroups: [ops]}", "GET", PODS, False),
        ("{verbs: [list]}", "GET", PODS, True),
        ("{verbs: [get]}", "GET", PODS, False),
        ("{verbs: [watch]}", "GET", f"{PODS}?watch=1", True),
        ("{namespaces: [web]}", "GET", PODS, True),
        ('{namespaces: [""]}', "GET", PODS, False),
        ('{namespaces: [""]}', "GET", "/api/v1/nodes", True),
        ('{namespaces: [""]}', "GET", "/healthz", False),
        ('{resources: [{group: ""}]}', "GET", PODS, True),
        ("{resources: [{group: apps}]}", "GET", PODS, False),
        ('{resources: [{group: "*", resources: [pods]}]}', "GET", PODS, True),
        ('{resources: [{group: "", resources: [pods]}]}', "GET", f"{PODS}/a/log", False),
        ('{resources: [{group: "", resources: [pods/log]}]}', "GET", f"{PODS}/a/log", True),
        ('{resources: [{group: "", resources: ["pods/*"]}]}', "GET", f"{PODS}/a/log", True),
        ('{resources: [{group: "", resources: ["*/log"]}]}', "GET", f"{PODS}/a/log", True),
        ('{resources: [{group: "", resources: ["*/log"]}]}', "GET", f"{PODS}/a", False),
        ('{resources: [{group: "", resources: ["*"]}]}', "GET", f"{PODS}/a/log", True),
        ('{resources: [{group: "", resources: [pods], resourceNames: [a]}]}', "GET", f"{PODS}/a", True),
        ('{resources: [{group: "", resources: [pods], resourceNames: [b]}]}', "GET", f"{PODS}/a", False),
        ('{resources: [{group: "", resources: [pods], resourceNames: [a]}]}', "POST", PODS, False),
        ("{nonResourceURLs: [/healthz*]}", "GET", "/healthz/ping", True),
        ("{nonResourceURLs: [/healthz]}", "GET", "/healthz/ping", False),
        ('{nonResourceURLs: ["*"]}', "GET", "/version", True),
        ('{nonResourceURLs: ["*"]}', "GET", PODS, False),
    ],
)
def test_a_rule_matches_where_every_part_of_it_does(rule: str, method: str, target: str, matches: bool) -> None:
    written = f"- {{level: Request, {rule[1:]}" if rule != "{}" else "- {level: Request}"
    assert level(written, method, target) == ("Request" if matches else "None")


def test_the_first_rule_that_matches_decides() -> None:
    rules = "- {level: None, users: [alice]}\n- {level: RequestResponse}"
    assert level(rules) == "None"
    assert level(rules, user=UserInfo("bob")) == "RequestResponse"


def test_who_has_not_logged_in_matches_no_rule_about_users() -> None:
    assert level("- {level: Request, users: [alice]}\n- {level: Metadata, userGroups: [a]}", user=None) == "None"
    assert level("- {level: Metadata}", user=None) == "Metadata"


def test_stages_are_left_out_where_the_policy_or_the_rule_says_so() -> None:
    text = (
        f"{HEAD}omitStages: [RequestReceived]\nomitManagedFields: true\n"
        "rules:\n- {level: Metadata, users: [alice], omitStages: [Panic], omitManagedFields: false}\n- {level: Request}"
    )
    policy = policy_of(text.encode())
    first, second = (decide(policy, user, asked("GET", PODS)) for user in (ALICE, UserInfo("bob")))
    assert first.omit_stages == {Stage.REQUEST_RECEIVED, Stage.PANIC}
    assert (first.omit_managed_fields, second.omit_managed_fields) == (False, True)
    assert second.omit_stages == {Stage.REQUEST_RECEIVED}


def test_levels_are_in_order() -> None:
    assert Level.NONE < Level.METADATA < Level.REQUEST < Level.REQUEST_RESPONSE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "failed decoding: "),
        ("[]", "failed decoding: it is no object"),
        ("apiVersion: audit.k8s.io/v2\nkind: Policy", 'no kind "Policy" is registered for version "audit.k8s.io/v2"'),
        ("kind: Policy", 'no kind "Policy" is registered for version ""'),
        (HEAD, "loaded illegal policy with 0 rules"),
        (f"{HEAD}rules: 1", "failed decoding: "),
        (f"{HEAD}rules:\n- {{}}", r"^rules\[0\]\.level: Required value$"),
        (
            f"{HEAD}rules:\n- {{level: All}}",
            r'rules\[0\]\.level: Unsupported value: "All": supported values: "None", "Metadata", "Request"',
        ),
        (
            f"{HEAD}omitStages: [Begin]\nrules:\n- {{level: None}}",
            r'omitStages\[0\]: Invalid value: "Begin": allowed stages are RequestReceived,ResponseStarted',
        ),
        (
            f"{HEAD}rules:\n- {{level: None, nonResourceURLs: [healthz, /a*b]}}",
            r"^\[rules\[0\]\.nonResourceURLs\[0\]: Invalid value: .*, .*URLs\[1\]: .* must be the final character",
        ),
        (f"{HEAD}rules:\n- {{level: None, nonResourceURLs: [/a], namespaces: [b]}}", "both regular resources and non-"),
        (
            f"{HEAD}rules:\n- {{level: None, resources: [{{group: a/v1}}]}}",
            r"resources\.group: Invalid value: \"a/v1\"",
        ),
        (f"{HEAD}rules:\n- {{level: None, resources: [{{resourceNames: [a]}}]}}", "requires at least one resource"),
    ],
)
def test_a_policy_that_cannot_be_used_is_refused_in_upstreams_words(text: str, said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        policy_of(text.encode())


def test_a_field_nobody_knows_does_no_harm() -> None:
    """As upstream, which tells of it in its log."""
    assert policy_of(f"{HEAD}rules:\n- {{level: Metadata, nonsense: 1}}".encode()).rules[0].level is Level.METADATA
