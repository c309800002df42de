"""What makes workloads wrong, and what of them may change."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from steersman.api.apps import DaemonSet, Deployment, StatefulSet
from steersman.api.apps.defaults import default_daemon_set, default_deployment, default_stateful_set
from steersman.api.apps.validation import (
    stateful_set_changes,
    validate_daemon_set,
    validate_deployment,
    validate_stateful_set,
)
from steersman.apimachinery.codec.json import from_wire

Fields = Mapping[str, Any]
LABELS = {"app": "a"}
TEMPLATE = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "c", "image": "i"}]}}


def wire(spec: Fields) -> Fields:
    plain = {"selector": {"matchLabels": LABELS}, "template": TEMPLATE}
    return {"metadata": {"name": "w", "namespace": "d"}, "spec": {**plain, **spec}}


def deployment(spec: Fields) -> list[str]:
    return told(validate_deployment(default_deployment(from_wire(wire(spec), Deployment))))


def daemon_set(spec: Fields) -> list[str]:
    return told(validate_daemon_set(default_daemon_set(from_wire(wire(spec), DaemonSet))))


def stateful_set(spec: Fields) -> list[str]:
    return told(validate_stateful_set(default_stateful_set(from_wire(wire(spec), StatefulSet))))


def told(causes: Any) -> list[str]:
    return [f"{cause.field}: {cause.message}" for cause in causes]


def rolling(**fields: object) -> Fields:
    return {"type": "RollingUpdate", "rollingUpdate": fields}


def running(**spec: object) -> Fields:
    return {"template": {**TEMPLATE, "spec": {**TEMPLATE["spec"], **spec}}}


@pytest.mark.parametrize(
    ("check", "spec", "beginning"),
    [
        (deployment, {"replicas": -1}, "spec.replicas: Invalid value: -1: must be greater than or equal to 0"),
        (deployment, {"selector": {}}, "spec.selector: Invalid value: {}: empty selector is invalid for deployment"),
        (daemon_set, {"selector": {}}, "spec.selector: Invalid value: {}: empty selector is invalid for daemonset"),
        (stateful_set, {"selector": {}}, "spec.selector: Invalid value: {}: empty selector is invalid for statefulset"),
        (
            deployment,
            {"selector": {"matchLabels": {"b": "c"}}},
            'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
        ),
        (deployment, {"strategy": rolling(maxSurge=0, maxUnavailable=0)}, "spec.strategy.rollingUpdate.maxUnavailable"),
        (deployment, {"strategy": rolling(maxUnavailable="101%")}, "spec.strategy.rollingUpdate.maxUnavailable: "),
        (deployment, {"strategy": rolling(maxSurge="x")}, "spec.strategy.rollingUpdate.maxSurge: Invalid value: "),
        (
            deployment,
            {"strategy": {"type": "Recreate", "rollingUpdate": {}}},
            "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
        ),
        (deployment, {"progressDeadlineSeconds": 5, "minReadySeconds": 5}, "spec.progressDeadlineSeconds: "),
        (deployment, running(restartPolicy="Never"), "spec.template.spec.restartPolicy: Unsupported value: "),
        (
            deployment,
            running(activeDeadlineSeconds=5),
            "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported",
        ),
        (
            daemon_set,
            {"updateStrategy": rolling(maxSurge=1, maxUnavailable=1)},
            "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable",
        ),
        (
            daemon_set,
            {"updateStrategy": rolling(maxSurge=0, maxUnavailable=0)},
            "spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0",
        ),
        (
            stateful_set,
            {"podManagementPolicy": "x"},
            "spec.podManagementPolicy: Invalid value: \"x\": must be 'OrderedReady' or 'Parallel'",
        ),
        (stateful_set, {"updateStrategy": rolling(partition=-1)}, "spec.updateStrategy.rollingUpdate.partition: "),
        (
            stateful_set,
            {"updateStrategy": {"type": "OnDelete", "rollingUpdate": {}}},
            "spec.updateStrategy.rollingUpdate: Invalid value: ",
        ),
        (
            stateful_set,
            {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "x", "whenScaled": "Retain"}},
            'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "x": supported values: "Retain"',
        ),
        (stateful_set, {"ordinals": {"start": -1}}, "spec.ordinals.start: Invalid value: -1"),
    ],
)
def test_a_rule_that_is_broken_is_named(check: Callable[[Fields], list[str]], spec: Fields, beginning: str) -> None:
    (found,) = check(spec)
    assert found.startswith(beginning), found


@pytest.mark.parametrize("check", [deployment, daemon_set, stateful_set])
def test_a_plain_one_is_right(check: Callable[[Fields], list[str]]) -> None:
    assert check({}) == []


@pytest.mark.parametrize(
    ("change", "is_allowed"),
    [
        ({"replicas": 3}, True),
        ({"minReadySeconds": 3}, True),
        ({"revisionHistoryLimit": 3}, True),
        ({"ordinals": {"start": 3}}, True),
        ({"serviceName": "other"}, False),
        ({"podManagementPolicy": "Parallel"}, False),
        ({"selector": {"matchLabels": {"b": "c"}}}, False),
    ],
)
def test_most_of_a_stateful_set_stays(change: Fields, is_allowed: bool) -> None:
    old = default_stateful_set(from_wire(wire({}), StatefulSet))
    new = default_stateful_set(from_wire(wire(change), StatefulSet))
    found = told(stateful_set_changes(new, old))
    assert (found == []) is is_allowed
    if found:
        assert found[0].startswith("spec: Forbidden: updates to statefulset spec for fields other than 'replicas'")
