"""AuthorizationConfiguration: what is read, and what is wrong with one."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from steersman.apiserver.attributes import Decision
from steersman.apiserver.authz.accessreview import BadReview, decision_of, label_requirements
from steersman.apiserver.authz.configuration import KIND, VERSIONS, AuthorizationConfiguration
from steersman.apiserver.authz.configurationrules import faults_of
from steersman.apiserver.configurationfile import ConfigurationError, read_configuration
from steersman.cluster.webhookauthorizers import settings_of

TYPES = {"Webhook", "Node", "RBAC", "ABAC"}


def read(*authorizers: Any, version: str = VERSIONS[0]) -> AuthorizationConfiguration:
    text = yaml.safe_dump({"apiVersion": version, "kind": KIND, "authorizers": list(authorizers)})
    return read_configuration(text.encode(), AuthorizationConfiguration, KIND, VERSIONS)


def hook(**more: Any) -> dict[str, Any]:
    given = {
        "timeout": "3s",
        "subjectAccessReviewVersion": "v1",
        "failurePolicy": "Deny",
        "connectionInfo": {"type": "InClusterConfig"},
    }
    return {"type": "Webhook", "name": "w", "webhook": {**given, **more}}


def faults(*authorizers: Any) -> list[str]:
    return [f"{one.field}: {one.message}" for one in faults_of(read(*authorizers), TYPES)]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_good_one_is_read_with_its_defaults(version: str) -> None:
    configuration = read(hook(), {"type": "RBAC", "name": "rbac"}, version=version)
    assert faults_of(configuration, TYPES) == []
    webhook = configuration.authorizers[0].webhook
    assert webhook is not None
    settings = settings_of("w", webhook)
    assert (settings.authorized_seconds, settings.unauthorized_seconds, settings.timeout_seconds) == (300, 30, 3)
    assert settings.is_closed_on_failure
    uncached = read(hook(cacheAuthorizedRequests=False, cacheUnauthorizedRequests=False)).authorizers[0].webhook
    assert uncached is not None
    assert settings_of("w", uncached).authorized_seconds == settings_of("w", uncached).unauthorized_seconds == 0


@pytest.mark.parametrize(
    ("authorizers", "expected"),
    [
        ([], ["authorizers: Required value: at least one authorization mode must be defined"]),
        ([{"name": "a"}], ["authorizers[0].type: Required value"]),
        (
            [{"type": "Magic", "name": "a"}],
            ['authorizers[0].type: Unsupported value: "Magic": supported values: "ABAC", "Node", "RBAC", "Webhook"'],
        ),
        (
            [{"type": "RBAC", "name": "a"}, {"type": "RBAC", "name": "b"}],
            ['authorizers[1].type: Duplicate value: "RBAC"'],
        ),
        ([{"type": "RBAC"}], ["authorizers[0].name: Required value"]),
        (
            [{"type": "RBAC", "name": "a"}, {"type": "Node", "name": "a"}],
            ['authorizers[1].name: Duplicate value: "a"'],
        ),
        ([{"type": "Webhook", "name": "a"}], ["authorizers[0].webhook: Required value: required when type=Webhook"]),
        (
            [{**hook(), "type": "RBAC"}],
            ['authorizers[0].webhook: Invalid value: "non-null": may only be specified when type=Webhook'],
        ),
        ([hook(timeout="")], ["authorizers[0].timeout: Required value"]),
        ([hook(timeout="31s")], ['authorizers[0].timeout: Invalid value: "31s": must be > 0s and <= 30s']),
        ([hook(timeout="soon")], ['authorizers[0].timeout: Invalid value: "soon": it is no duration']),
        ([hook(authorizedTTL="-1s")], ['authorizers[0].authorizedTTL: Invalid value: "-1s": must be > 0s']),
        ([hook(unauthorizedTTL="0s")], ["authorizers[0].unauthorizedTTL: Required value"]),
        ([hook(subjectAccessReviewVersion="")], ["authorizers[0].subjectAccessReviewVersion: Required value"]),
        (
            [hook(subjectAccessReviewVersion="v2")],
            [
                'authorizers[0].subjectAccessReviewVersion: Unsupported value: "v2": supported values: "v1", "v1beta1"',
            ],
        ),
        (
            [hook(matchConditions=[{"expression": "true"}])],
            [
                (
                    "authorizers[0].matchConditionSubjectAccessReviewVersion: Required value: required if match "
                    "conditions are specified"
                )
            ],
        ),
        ([hook(failurePolicy="")], ["authorizers[0].failurePolicy: Required value"]),
        ([hook(connectionInfo={})], ["authorizers[0].connectionInfo.type: Required value"]),
        (
            [hook(connectionInfo={"type": "KubeConfigFile"})],
            ["authorizers[0].connectionInfo.kubeConfigFile: Required value"],
        ),
        (
            [hook(connectionInfo={"type": "KubeConfigFile", "kubeConfigFile": "x"})],
            ['authorizers[0].connectionInfo.kubeConfigFile: Invalid value: "x": must be an absolute path'],
        ),
        (
            [hook(connectionInfo={"type": "KubeConfigFile", "kubeConfigFile": "/"})],
            ['authorizers[0].connectionInfo.kubeConfigFile: Invalid value: "/": must be a regular file'],
        ),
        (
            [hook(connectionInfo={"type": "InClusterConfig", "kubeConfigFile": "/x"})],
            [
                (
                    'authorizers[0].connectionInfo.kubeConfigFile: Invalid value: "/x": can only be set when '
                    "type=KubeConfigFile"
                )
            ],
        ),
    ],
)
def test_what_is_wrong_is_told_in_upstreams_words(authorizers: list[Any], expected: list[str]) -> None:
    assert faults(*authorizers) == expected


def test_conditions_are_compiled_and_counted() -> None:
    def told(*expressions: str) -> list[str]:
        conditions = [{"expression": one} for one in expressions]
        return faults(hook(matchConditionSubjectAccessReviewVersion="v1", matchConditions=conditions))

    where = "authorizers[0].matchConditions"
    assert told("request.user == 'a'", "'a' in request.groups", "request.resourceAttributes.verb != 'get'") == []
    assert told(" ") == [f"{where}[0].expression: Required value"]
    assert told("true", "true") == [f'{where}[1].expression: Duplicate value: "true"']
    assert told("request.user")[0].startswith(f'{where}[0].expression: Invalid value: "request.user": compilation ')
    assert "undefined field 'nobody'" in told("request.nobody == ''")[0]
    assert told(*(f"{n} == 1" for n in range(65))) == [f"{where}: Too many: 65: must have at most 64 items"]


@pytest.mark.parametrize(
    ("text", "why"), [(b"", "empty config data"), (b"[]", "it is no object"), (b"kind: X", 'no kind "X" is registered')]
)
def test_what_is_no_configuration_is_refused(text: bytes, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        read_configuration(text, AuthorizationConfiguration, KIND, VERSIONS)


def test_unknown_fields_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="unknown field"):
        read({"type": "RBAC", "name": "a", "colour": "red"})


@pytest.mark.parametrize(
    ("status", "decision"),
    [
        ({"allowed": True, "reason": "r"}, Decision(True, "r")),
        ({"denied": True}, Decision(False, denied=True)),
        ({}, Decision(False)),
        (None, Decision(False)),
        (
            {"allowed": True, "denied": True},
            Decision(False, denied=True, error="webhook subject access review returned both allow and deny response"),
        ),
    ],
)
def test_what_a_webhook_says_is_what_is_decided(status: Any, decision: Decision) -> None:
    assert decision_of({"apiVersion": "authorization.k8s.io/v1", "status": status}, "v1") == decision


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"apiVersion": "authorization.k8s.io/v1beta1"},
               {"apiVersion": "authorization.k8s.io/v1", "status": {"allowed": "yes"}},
               {"apiVersion": "authorization.k8s.io/v1", "status": {"reason": 3}}]
)  # fmt: skip
def test_what_is_no_answer_decides_nothing(answer: Any) -> None:
    with pytest.raises(BadReview):
        decision_of(answer, "v1")


def test_requirements_that_webhooks_cannot_be_told_are_left_out() -> None:
    assert label_requirements("a=b,c!=d,e in (f),g notin (h),i,!j,k>3") == [
        {"key": "a", "operator": "In", "values": ["b"]},
        {"key": "c", "operator": "NotIn", "values": ["d"]},
        {"key": "e", "operator": "In", "values": ["f"]},
        {"key": "g", "operator": "NotIn", "values": ["h"]},
        {"key": "i", "operator": "Exists"},
        {"key": "j", "operator": "DoesNotExist"},
    ]
    assert label_requirements("a in (") == []
