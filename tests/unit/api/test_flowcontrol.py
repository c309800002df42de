"""Flow schemas and priority levels: defaults, rules, and those whose specs nobody changes.

Source: pkg/apis/flowcontrol/validation/validation_test.go, pkg/apis/flowcontrol/v1/defaults_test.go.
"""

from typing import Any

import pytest

from steersman.api.flowcontrol import FlowSchema, PriorityLevelConfiguration
from steersman.api.flowcontrol.defaults import default_flow_schema, default_priority_level
from steersman.api.flowcontrol.levelvalidation import validate_priority_level
from steersman.api.flowcontrol.mandatory import MANDATORY_FLOW_SCHEMAS, MANDATORY_PRIORITY_LEVELS
from steersman.api.flowcontrol.schemavalidation import (
    non_resource_path_error,
    validate_flow_schema,
    validate_flow_schema_status,
)
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.codec.json import from_wire

EVERYTHING = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "namespaces": ["*"]}
URLS = {"verbs": ["get"], "nonResourceURLs": ["/healthz"]}
NOXU = {"kind": "User", "user": {"name": "noxu"}}


def told(causes: Any) -> list[str]:
    return [f"{cause.field}: {cause.message}" for cause in causes]


def schema(name: str = "s", **spec: Any) -> FlowSchema:
    wire = {"metadata": {"name": name}, "spec": {"priorityLevelConfiguration": {"name": "l"}, **spec}}
    return default_flow_schema(from_wire(wire, FlowSchema))


def ruled(**rule: Any) -> FlowSchema:
    return schema(rules=[{"subjects": [NOXU], **rule}])


def level(name: str = "l", **spec: Any) -> PriorityLevelConfiguration:
    return default_priority_level(from_wire({"metadata": {"name": name}, "spec": spec}, PriorityLevelConfiguration))


def limited(name: str = "l", /, response: str = "Reject", **fields: Any) -> PriorityLevelConfiguration:
    return level(name, type="Limited", limited={"limitResponse": {"type": response}, **fields})


def queuing(**sizes: int) -> PriorityLevelConfiguration:
    return limited(limitResponse={"type": "Queue", "queuing": sizes})


def test_defaults_say_how_early_and_how_much() -> None:
    assert schema().spec.matchingPrecedence == 1000
    made = queuing().spec.limited
    assert made is not None
    assert made.limitResponse.queuing is not None
    assert (made.nominalConcurrencyShares, made.lendablePercent) == (30, 0)
    sizes = made.limitResponse.queuing
    assert (sizes.queues, sizes.handSize, sizes.queueLengthLimit) == (64, 8, 50)
    jail = limited(nominalConcurrencyShares=0).spec.limited
    assert jail is not None
    assert jail.nominalConcurrencyShares == 0
    exempt = level("exempt", type="Exempt", exempt={}).spec.exempt
    assert exempt is not None
    assert (exempt.nominalConcurrencyShares, exempt.lendablePercent) == (0, 0)


def test_what_every_server_has_is_valid_and_stays_as_defaults_leave_it() -> None:
    for name, spec in MANDATORY_FLOW_SCHEMAS.items():
        made = default_flow_schema(FlowSchema(metadata=ObjectMeta(name=name), spec=spec))
        assert (made.spec, validate_flow_schema(made)) == (spec, [])
    for name, of_level in MANDATORY_PRIORITY_LEVELS.items():
        named = ObjectMeta(name=name)
        kept = default_priority_level(PriorityLevelConfiguration(metadata=named, spec=of_level))
        assert (kept.spec, validate_priority_level(kept)) == (of_level, [])


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (schema(matchingPrecedence=-1), "matchingPrecedence: Invalid value: -1: must be a positive value"),
        (schema(matchingPrecedence=10001), "matchingPrecedence: Invalid value: 10001: must not be greater than 10000"),
        (
            schema(matchingPrecedence=1),
            "matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
        ),
        (
            schema(distinguisherMethod={"type": "ByDay"}),
            'distinguisherMethod.type: Unsupported value: {"Type":"ByDay"}: supported values: "ByNamespace", "ByUser"',
        ),
        (
            schema(priorityLevelConfiguration={}),
            "priorityLevelConfiguration.name: Required value: must reference a priority level",
        ),
        (
            schema(priorityLevelConfiguration={"name": "L"}),
            'priorityLevelConfiguration.name: Invalid value: "L": a lowercase RFC 1123 subdomain',
        ),
        (ruled(), "rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty"),
        (
            ruled(subjects=[], nonResourceRules=[URLS]),
            "rules[0].subjects: Required value: subjects must contain at least one value",
        ),
        (
            ruled(resourceRules=[{**EVERYTHING, "verbs": []}]),
            "rules[0].resourceRules[0].verbs: Required value: verbs must contain at least one value",
        ),
        (
            ruled(resourceRules=[{**EVERYTHING, "verbs": ["*", "get"]}]),
            'rules[0].resourceRules[0].verbs: Invalid value: ["*","get"]: if \'*\' is present, must not specify other',
        ),
        (
            ruled(resourceRules=[{**EVERYTHING, "verbs": ["look"]}]),
            'rules[0].resourceRules[0].verbs: Unsupported value: ["look"]: supported values: "create", "delete", "del',
        ),
        (
            ruled(resourceRules=[{**EVERYTHING, "apiGroups": []}]),
            "rules[0].resourceRules[0].apiGroups: Required value: resource rules must supply at least one api group",
        ),
        (
            ruled(resourceRules=[{**EVERYTHING, "resources": ["*", "pods"]}]),
            'rules[0].resourceRules[0].resources: Invalid value: ["*","pods"]: if \'*\' is present, must not specify',
        ),
        (
            ruled(resourceRules=[{**EVERYTHING, "namespaces": []}]),
            "rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must",
        ),
        (
            ruled(resourceRules=[{**EVERYTHING, "namespaces": ["-foo"]}]),
            "rules[0].resourceRules[0].namespaces[0]: Invalid value: \"-foo\": each member of this list must be '*'",
        ),
        (
            ruled(nonResourceRules=[{**URLS, "nonResourceURLs": ["*", "/a"]}]),
            'rules[0].nonResourceRules[0].nonResourceURLs: Invalid value: ["*","/a"]: if \'*\' is present, must not',
        ),
        (
            ruled(nonResourceRules=[{**URLS, "nonResourceURLs": ["a"]}]),
            'rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "a": must start with slash',
        ),
    ],
)
def test_what_is_wrong_with_a_schema_is_told(made: FlowSchema, fault: str) -> None:
    (found,) = told(validate_flow_schema(made))
    assert found.startswith(f"spec.{fault}")


@pytest.mark.parametrize(
    ("subject", "fault"),
    [
        ({"kind": "Robot"}, '.kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"'),
        ({"kind": "User"}, ".user: Required value: user is required when subject kind is 'User'"),
        ({"kind": "Group", "group": {}}, ".group.name: Required value"),
        (
            {**NOXU, "group": {"name": "g"}},
            ".group: Forbidden: group is forbidden when subject kind is not 'Group'",
        ),
        (
            {"kind": "ServiceAccount", "serviceAccount": {"name": "*"}},
            ".serviceAccount.namespace: Required value: must specify namespace for service account",
        ),
        (
            {"kind": "ServiceAccount", "serviceAccount": {"name": "a*", "namespace": "n"}},
            '.serviceAccount.name: Invalid value: "a*": a lowercase RFC 1123 subdomain',
        ),
    ],
)
def test_what_is_wrong_with_a_subject_is_told(subject: dict[str, Any], fault: str) -> None:
    (found,) = told(validate_flow_schema(ruled(subjects=[subject], nonResourceRules=[URLS])))
    assert found.startswith(f"spec.rules[0].subjects[0]{fault}")


@pytest.mark.parametrize(
    ("path", "is_right"),
    [
        ("", False),
        ("foo", False),
        ("/", True),
        ("//", False),
        ("/foo", True),
        ("/apis/", True),
        ("/healthz/*", True),
        ("/healthz/*/foo", False),
        ("/healthz/foo bar", False),
        ("/health*", False),
        ("/*/*", False),
    ],
)
def test_a_star_stands_for_the_last_part_of_a_path(path: str, is_right: bool) -> None:
    assert (non_resource_path_error(path) == "") is is_right


def test_the_schemas_of_every_server_are_fixed() -> None:
    (found,) = told(validate_flow_schema(schema("catch-all")))
    assert found.startswith("spec: Invalid value: {")
    assert found.endswith("spec of 'catch-all' must equal the fixed value")


def test_conditions_have_types_of_their_own() -> None:
    status = {"conditions": [{"type": "a"}, {"type": "a"}, {}]}
    made = from_wire({"metadata": {"name": "s"}, "spec": {}, "status": status}, FlowSchema)
    assert told(validate_flow_schema_status(made)) == [
        'status.conditions[1].type: Duplicate value: "a"',
        "status.conditions[2].type: Required value: must not be empty",
    ]


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (level(), 'type: Unsupported value: "": supported values: "Exempt", "Limited"'),
        (
            level(type="Exempt"),
            "type: Invalid value: \"Exempt\": type must be 'Exempt' if and only if name is 'exempt'",
        ),
        (level(type="Limited"), "limited: Required value: must not be empty when type is Limited"),
        (
            level("exempt", type="Exempt", exempt={"nominalConcurrencyShares": -1}),
            "exempt.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer",
        ),
        (
            level("exempt", type="Exempt", exempt={"lendablePercent": 101}),
            "exempt.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive",
        ),
        (
            limited(nominalConcurrencyShares=-1),
            "limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer",
        ),
        (
            limited(borrowingLimitPercent=-1),
            "limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer",
        ),
        (
            limited(response="Wait"),
            'limited.limitResponse.type: Unsupported value: "Wait": supported values: "Queue", "Reject"',
        ),
        (
            limited(response="Queue"),
            "limited.limitResponse.queuing: Required value: must not be empty if limited.limitResponse.type is Limited",
        ),
        (
            limited(limitResponse={"type": "Reject", "queuing": {}}),
            "limited.limitResponse.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited",
        ),
        (
            queuing(queueLengthLimit=-1),
            "limited.limitResponse.queuing.queueLengthLimit: Invalid value: -1: must be positive",
        ),
        (
            queuing(queues=7, handSize=8),
            "limited.limitResponse.queuing.handSize: Invalid value: 8: should not be greater than queues (7)",
        ),
        (
            queuing(queues=512, handSize=8),
            "limited.limitResponse.queuing.handSize: Invalid value: 8: required entropy bits of deckSize 512 and hand",
        ),
        (
            queuing(queues=10_000_001, handSize=1),
            "limited.limitResponse.queuing.queues: Invalid value: 10000001: must not be greater than 10000000",
        ),
    ],
)
def test_what_is_wrong_with_a_level_is_told(made: PriorityLevelConfiguration, fault: str) -> None:
    found = told(validate_priority_level(made))
    assert [one for one in found if one.startswith(f"spec.{fault}")] == found


def test_levels_share_the_server_and_queue() -> None:
    assert validate_priority_level(queuing(queues=10_000_000, handSize=2)) == []
    assert validate_priority_level(limited(nominalConcurrencyShares=0)) == []


def test_of_the_exempt_level_only_its_shares_change() -> None:
    shares = {"nominalConcurrencyShares": 10, "lendablePercent": 10}
    assert validate_priority_level(level("exempt", type="Exempt", exempt=shares)) == []
    *_, last = told(validate_priority_level(limited("exempt")))
    assert last.endswith("spec of 'exempt' except the 'spec.exempt' field must equal the fixed value")
    (other,) = told(validate_priority_level(limited("catch-all")))
    assert other.endswith("spec of 'catch-all' must equal the fixed value")
