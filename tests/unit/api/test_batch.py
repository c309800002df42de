"""Jobs and cron jobs: defaults, rules and what changes are allowed, each named by upstream's rule.

Source: pkg/apis/batch/validation/validation_test.go, pkg/apis/batch/v1/defaults_test.go.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from steersman.api.batch import CronJob, Job
from steersman.api.batch.cronjobvalidation import validate_cron_job, validate_cron_job_update
from steersman.api.batch.defaults import default_cron_job, default_job
from steersman.api.batch.selector import with_selector
from steersman.api.batch.statusrules import validate_job_status
from steersman.api.batch.validation import validate_job, validate_job_update
from steersman.apimachinery.codec.json import from_wire
from steersman.apimachinery.object import replace

START, END = "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"
INDEXED = {"completionMode": "Indexed", "completions": 4, "parallelism": 2}
ON_EXIT = {"operator": "In", "values": [1, 2]}


def pod_template(**spec: Any) -> dict[str, Any]:
    containers = [{"name": "c", "image": "busybox:1"}]
    return {"spec": {"restartPolicy": "Never", "containers": containers, **spec}}


def job(name: str = "j", status: Mapping[str, Any] | None = None, **spec: Any) -> Job:
    metadata = {"name": name, "namespace": "default", "uid": "u1"}
    spec.setdefault("template", pod_template())
    made = from_wire({"metadata": metadata, "spec": spec, "status": status or {}}, Job)
    return with_selector(default_job(made))


def failure_policy(**rule: Any) -> dict[str, Any]:
    return {"podFailurePolicy": {"rules": [rule]}}


def condition(*kinds: str) -> list[dict[str, str]]:
    return [{"type": kind, "status": "True"} for kind in kinds]


def told(causes: Any) -> list[str]:
    return [f"{cause.field}: {cause.message}" for cause in causes]


def test_a_job_gets_one_completion_and_a_selector_by_its_uid() -> None:
    made = job()
    spec = made.spec
    assert (spec.completions, spec.parallelism, spec.backoffLimit, spec.completionMode) == (1, 1, 6, "NonIndexed")
    assert (spec.suspend, spec.manualSelector, spec.podReplacementPolicy) == (False, False, "TerminatingOrFailed")
    assert spec.selector is not None
    assert spec.selector.matchLabels == {"batch.kubernetes.io/controller-uid": "u1"}
    assert spec.template.metadata.labels == {
        "controller-uid": "u1",
        "job-name": "j",
        "batch.kubernetes.io/controller-uid": "u1",
        "batch.kubernetes.io/job-name": "j",
    }
    assert validate_job(made) == []


def test_defaults_follow_what_is_given() -> None:
    assert job(parallelism=3).spec.completions is None
    assert job(**INDEXED, backoffLimitPerIndex=1).spec.backoffLimit == 2**31 - 1
    by_policy = job(**failure_policy(action="Ignore", onPodConditions=[{"type": "DisruptionTarget"}])).spec
    assert by_policy.podReplacementPolicy == "Failed"
    assert by_policy.podFailurePolicy is not None
    assert by_policy.podFailurePolicy.rules[0].onPodConditions[0].status == "True"


def test_labels_follow_the_templates() -> None:
    labelled = {**pod_template(), "metadata": {"labels": {"a": "b"}}}
    assert default_job(from_wire({"spec": {"template": labelled}}, Job)).metadata.labels == {"a": "b"}


def test_a_manual_selector_is_the_clients_own() -> None:
    labelled = {**pod_template(), "metadata": {"labels": {"a": "b"}}}
    own = {"matchLabels": {"a": "b"}}
    assert validate_job(job(manualSelector=True, selector=own, template=labelled)) == []
    other = job(manualSelector=True, selector={"matchLabels": {"a": "c"}}, template=labelled)
    (fault,) = validate_job(other)
    assert fault.message.endswith("`selector` does not match template `labels`")


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ({"parallelism": -1}, "spec.parallelism: Invalid value: -1: must be greater than or equal to 0"),
        ({"ttlSecondsAfterFinished": -1}, "spec.ttlSecondsAfterFinished: Invalid value: -1: must be greater than or"),
        ({"managedBy": "me"}, 'spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io'),
        ({"managedBy": "a.io/" + 60 * "x"}, "spec.managedBy: Too long: may not be more than 63 bytes"),
        (
            {"completionMode": "Some"},
            'spec.completionMode: Unsupported value: "Some": supported values: "NonIndexed", "Indexed"',
        ),
        (
            {"completionMode": "Indexed", "parallelism": 1},
            "spec.completions: Required value: when completion mode is Indexed",
        ),
        (
            {**INDEXED, "parallelism": 100_001},
            "spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 when completion mode is",
        ),
        ({"backoffLimitPerIndex": 1}, "spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode"),
        (
            {**INDEXED, "maxFailedIndexes": 1},
            "spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified",
        ),
        (
            {**INDEXED, "backoffLimitPerIndex": 1, "maxFailedIndexes": 5},
            "spec.maxFailedIndexes: Invalid value: 5: must be less than or equal to completions",
        ),
        (
            {**INDEXED, "completions": 100_001, "backoffLimitPerIndex": 1},
            "spec.maxFailedIndexes: Required value: must be specified when completions is above 100000",
        ),
        (
            {"template": pod_template(restartPolicy="Always")},
            'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
        ),
        (
            {"podReplacementPolicy": "Never"},
            'spec.podReplacementPolicy: Unsupported value: "Never": supported values: "Failed", "TerminatingOrFailed"',
        ),
        (
            {"successPolicy": {"rules": [{"succeededCount": 1}]}},
            'spec.successPolicy: Invalid value: {"rules":[{"succeededCount":1}]}: requires indexed completion mode',
        ),
    ],
)
def test_what_is_wrong_with_a_job_is_told(spec: dict[str, Any], fault: str) -> None:
    (found,) = told(validate_job(job(**spec)))
    assert found.startswith(fault)


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (
            {"onExitCodes": ON_EXIT},
            '[0].action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]',
        ),
        (
            {"action": "FailIndex", "onExitCodes": ON_EXIT},
            '[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
        ),
        ({"action": "Count"}, "[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required"),
        (
            {"action": "Count", "onExitCodes": ON_EXIT, "onPodConditions": [{"type": "Ready"}]},
            "[0]: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported",
        ),
        (
            {"action": "Count", "onExitCodes": {"operator": "In", "values": [0, 1]}},
            "[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator",
        ),
        (
            {"action": "Count", "onExitCodes": {"operator": "NotIn", "values": [2, 1]}},
            "[0].onExitCodes.values: Invalid value: [2,1]: must be ordered",
        ),
        (
            {"action": "Count", "onExitCodes": {"operator": "In", "values": [1, 1]}},
            "[0].onExitCodes.values[1]: Duplicate value: 1",
        ),
        (
            {"action": "Count", "onExitCodes": {**ON_EXIT, "containerName": "x"}},
            '[0].onExitCodes.containerName: Invalid value: "x": must be one of the container or initContainer names',
        ),
        (
            {"action": "Count", "onPodConditions": [{"type": "Ready", "status": "Maybe"}]},
            '[0].onPodConditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
        ),
    ],
)
def test_what_is_wrong_with_a_pod_failure_policy_is_told(rule: dict[str, Any], fault: str) -> None:
    (found,) = told(validate_job(job(**failure_policy(**rule))))
    assert found.startswith(f"spec.podFailurePolicy.rules{fault}")


def test_pods_of_a_job_with_a_pod_failure_policy_are_not_restarted() -> None:
    policy = failure_policy(action="Count", onExitCodes=ON_EXIT)
    (found,) = told(validate_job(job(**policy, template=pod_template(restartPolicy="OnFailure"))))
    assert found.endswith('"OnFailure": only "Never" is supported when podFailurePolicy is specified')


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ({}, "[0]: Required value: at least one of succeededCount or succeededIndexes must be specified"),
        (
            {"succeededCount": 5},
            "[0].succeededCount: Invalid value: 5: must be less than or equal to 4 (the number of specified compl",
        ),
        (
            {"succeededIndexes": "0-4"},
            '[0].succeededIndexes: Invalid value: "0-4": error parsing succeededIndexes: too',
        ),
        (
            {"succeededIndexes": "1,0"},
            '[0].succeededIndexes: Invalid value: "1,0": error parsing succeededIndexes: non',
        ),
        (
            {"succeededIndexes": "0,2-3", "succeededCount": 4},
            "[0].succeededCount: Invalid value: 4: must be less than or equal to 3 (the number of indexes in the",
        ),
    ],
)
def test_what_is_wrong_with_a_success_policy_is_told(rule: dict[str, Any], fault: str) -> None:
    (found,) = told(validate_job(job(**INDEXED, successPolicy={"rules": [rule]})))
    assert found.startswith(f"spec.successPolicy.rules{fault}")


def test_the_last_pods_name_must_fit_a_hostname() -> None:
    (found,) = told(validate_job(job("a" * 62, **INDEXED)))
    assert found.endswith(f"will not able to create pod with invalid DNS label: {'a' * 62}-3")


def test_labels_that_stand_in_the_way_of_the_selector_are_told() -> None:
    labelled = {**pod_template(), "metadata": {"labels": {"job-name": "other"}}}
    found = told(validate_job(job(template=labelled)))
    assert found[0].startswith("spec.template.metadata.labels[job-name]: Invalid value: ")
    assert found[0].endswith("must be 'j'")


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ({}, {"completions": 2}, "spec.completions: Invalid value: 2: field is immutable"),
        (INDEXED, {**INDEXED, "completions": 2, "parallelism": 2}, ""),
        (
            INDEXED,
            {**INDEXED, "completions": 3},
            "spec.completions: Invalid value: 3: can only be modified in tandem with spec.parallelism",
        ),
        ({}, {"parallelism": 3, "completions": 1}, ""),
        (
            {"managedBy": "a.io/x"},
            {"managedBy": "a.io/y"},
            'spec.managedBy: Invalid value: "a.io/y": field is immutable',
        ),
        ({}, {"template": pod_template(nodeSelector={"a": "b"})}, "spec.template: Invalid value"),
        ({"suspend": True}, {"suspend": True, "template": pod_template(nodeSelector={"a": "b"})}, ""),
        ({"suspend": True}, {"suspend": True, "template": pod_template(hostNetwork=True)}, "spec.template: Invalid"),
    ],
)
def test_of_a_job_only_some_things_may_change(before: dict[str, Any], after: dict[str, Any], fault: str) -> None:
    found = told(validate_job_update(job(**after), job(**before)))
    assert [one.startswith(fault) for one in found] == ([True] if fault else [])


def test_what_pods_of_a_suspended_job_ask_for_may_change_while_there_are_none() -> None:
    asking = pod_template(containers=[{"name": "c", "image": "busybox:1", "resources": {"requests": {"cpu": "1"}}}])
    new = job(suspend=True, template=asking)
    started = {"startTime": START}
    assert validate_job_update(new, job(suspend=True)) == []
    assert validate_job_update(new, job(suspend=True, status={"active": 1})) != []
    assert validate_job_update(new, job(suspend=True, status=started)) != []
    marked = job(suspend=True, status={**started, "conditions": condition("Suspended")})
    assert validate_job_update(new, marked) == []


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ({}, {"active": -1}, "status.active: Invalid value: -1"),
        ({}, {"ready": 2, "active": 1}, "status.ready: Invalid value: 2: cannot set more ready pods than active"),
        ({"failed": 2}, {"failed": 1}, "status.failed: Invalid value: 1: cannot decrease the failed counter"),
        ({"succeeded": 2}, {"succeeded": 1}, "status.succeeded: Invalid value: 1: cannot decrease the succeeded"),
        ({"startTime": START}, {}, "status.startTime: Required value: startTime cannot be removed for unsuspended"),
        (
            {"startTime": START},
            {"startTime": START, "completionTime": END},
            'status.completionTime: Invalid value: "2026-01-01T01:00:00Z": cannot set completionTime when there is no',
        ),
        (
            {"startTime": START},
            {"startTime": START, "conditions": condition("SuccessCriteriaMet", "Complete")},
            "status.completionTime: Required value: completionTime is required for Complete jobs",
        ),
        (
            {"startTime": START},
            {"startTime": START, "completionTime": END, "conditions": condition("Complete")},
            "status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true",
        ),
        (
            {"startTime": START},
            {"startTime": START, "conditions": condition("Failed")},
            "status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true cond",
        ),
        (
            {"startTime": START},
            {"startTime": START, "active": 1, "conditions": condition("FailureTarget", "Failed")},
            "status.active: Invalid value: 1: active>0 is invalid for finished job",
        ),
        (
            {"startTime": START, "conditions": condition("FailureTarget")},
            {"startTime": START},
            "status.conditions: Invalid value: cannot disable the terminal FailureTarget=True condition",
        ),
        (
            {},
            {"completedIndexes": "1"},
            'status.completedIndexes: Invalid value: "1": cannot set non-empty completedIndexes when non-indexed',
        ),
        ({}, {"uncountedTerminatedPods": {"failed": ["a"], "succeeded": ["a"]}}, "status.uncountedTerminatedPods.fail"),
        ({}, {"startTime": START, "active": 3}, ""),
        ({"completedIndexes": "9"}, {"completedIndexes": "9", "active": 1}, ""),
    ],
)
def test_a_status_moves_only_as_clients_expect(before: dict[str, Any], after: dict[str, Any], fault: str) -> None:
    found = told(validate_job_status(job(status=after, completions=5), job(status=before, completions=5)))
    assert [one.startswith(fault) for one in found] == ([True] if fault else [])


def test_indexes_can_not_have_both_succeeded_and_failed() -> None:
    status = {"completedIndexes": "0-1", "failedIndexes": "1,3"}
    old, new = job(**INDEXED, backoffLimitPerIndex=1), job(**INDEXED, backoffLimitPerIndex=1, status=status)
    (found,) = told(validate_job_status(new, old))
    assert found.endswith('"1,3": failedIndexes and completedIndexes overlap at index: 1')


def cron_job(name: str = "c", **spec: Any) -> CronJob:
    wanted = {"schedule": "0 * * * *", "jobTemplate": {"spec": {"template": pod_template()}}, **spec}
    return default_cron_job(from_wire({"metadata": {"name": name}, "spec": wanted}, CronJob))


def test_a_cron_job_gets_upstreams_defaults() -> None:
    spec = cron_job().spec
    assert (spec.concurrencyPolicy, spec.suspend) == ("Allow", False)
    assert (spec.successfulJobsHistoryLimit, spec.failedJobsHistoryLimit) == (3, 1)
    assert spec.jobTemplate.spec.completions is None
    assert validate_cron_job(cron_job()) == []


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ({"schedule": ""}, "spec.schedule: Required value"),
        ({"schedule": "* *"}, 'spec.schedule: Invalid value: "* *": expected exactly 5 fields, found 2: [* *]'),
        (
            {"schedule": "TZ=UTC 0 * * * *"},
            'spec.schedule: Invalid value: "TZ=UTC 0 * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone',
        ),
        ({"timeZone": ""}, 'spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string'),
        ({"timeZone": "Mars/Olympus"}, 'spec.timeZone: Invalid value: "Mars/Olympus": unknown time zone Mars/Olympus'),
        ({"timeZone": "../etc"}, 'spec.timeZone: Invalid value: "../etc": unknown time zone ../etc'),
        ({"timeZone": "Local"}, 'spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as'),
        ({"timeZone": "Europe/Berlin"}, ""),
        ({"startingDeadlineSeconds": -1}, "spec.startingDeadlineSeconds: Invalid value: -1"),
        (
            {"concurrencyPolicy": "Maybe"},
            'spec.concurrencyPolicy: Unsupported value: "Maybe": supported values: "Allow", "Forbid", "Replace"',
        ),
        ({"failedJobsHistoryLimit": -1}, "spec.failedJobsHistoryLimit: Invalid value: -1"),
        (
            {"jobTemplate": {"spec": {"template": pod_template(restartPolicy="Always")}}},
            'spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
        ),
        (
            {"jobTemplate": {"spec": {"manualSelector": True, "template": pod_template()}}},
            'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"',
        ),
    ],
)
def test_what_is_wrong_with_a_cron_job_is_told(spec: dict[str, Any], fault: str) -> None:
    found = told(validate_cron_job(cron_job(**spec)))
    assert [one.startswith(fault) for one in found] == ([True] if fault else [])


def test_names_of_cron_jobs_leave_room_for_those_of_their_jobs() -> None:
    (found,) = told(validate_cron_job(cron_job("a" * 53)))
    assert found == f'metadata.name: Invalid value: "{"a" * 53}": must be no more than 52 characters'
    assert validate_cron_job_update(cron_job("a" * 53), cron_job("a" * 53)) == []


def test_a_schedule_that_names_a_zone_may_stay_so() -> None:
    old = cron_job(schedule="TZ=UTC 0 * * * *")
    assert validate_cron_job_update(old, old) == []
    both = replace(old, spec=replace(old.spec, timeZone="Europe/Berlin"))
    (found,) = told(validate_cron_job_update(both, old))
    assert found.endswith("cannot use both timeZone field and TZ or CRON_TZ in schedule")
