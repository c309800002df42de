"""Claims on devices, their templates, classes of devices and what drivers offer: defaults, rules and what may change.

Source: pkg/apis/resource/validation: validation_resourceclaim_test.go, validation_resourceslice_test.go.
"""

from datetime import UTC, datetime
from typing import Any

import pytest

from steersman.api.resource import DeviceClass, DeviceTaintRule, ResourceClaim, ResourceClaimTemplate, ResourceSlice
from steersman.api.resource.alphafields import settled_claim_spec, settled_claim_status, settled_slice_spec
from steersman.api.resource.claimvalidation import (
    validate_claim,
    validate_claim_update,
    validate_class,
    validate_template,
    validate_template_update,
)
from steersman.api.resource.defaults import default_claim_spec, with_rule_time, with_taint_times
from steersman.api.resource.expressions import expression_faults
from steersman.api.resource.slicevalidation import slice_warnings, validate_slice
from steersman.api.resource.statusvalidation import validate_claim_status, without_deallocated
from steersman.api.resource.taintrulevalidation import validate_taint_rule, validate_taint_rule_status
from steersman.apimachinery.codec.json import from_wire
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.object import replace

SHARE = "6e3b7a4c-2f5d-4a8e-9b1c-0d2e4f6a8b0c"
SELECTOR = {"cel": {"expression": "true"}}


def told(causes: Any) -> list[str]:
    return [f"{cause.field}: {cause.message}" for cause in causes]


def request(name: str = "r", **exactly: Any) -> dict[str, Any]:
    return {"name": name, "exactly": {"deviceClassName": "c", **exactly}}


def choice(*names: str) -> dict[str, Any]:
    return {"name": "r", "firstAvailable": [{"name": name, "deviceClassName": "c"} for name in names]}


def claim(*requests: dict[str, Any], status: Any = None, metadata: Any = None, **devices: Any) -> ResourceClaim:
    wire = {"metadata": metadata or {}, "spec": {"devices": {"requests": list(requests) or [request()], **devices}}}
    made = from_wire({**wire, "status": status or {}}, ResourceClaim)
    return replace(made, spec=default_claim_spec(made.spec))


def opaque(driver: str = "d.io", parameters: Any = None) -> dict[str, Any]:
    return {"opaque": {"driver": driver, "parameters": {"a": "b"} if parameters is None else parameters}}


def test_a_request_is_for_one_device_unless_it_says_otherwise() -> None:
    exactly = claim().spec.devices.requests[0].exactly
    assert exactly is not None
    assert (exactly.allocationMode, exactly.count) == ("ExactCount", 1)
    everything = claim(request(allocationMode="All")).spec.devices.requests[0].exactly
    assert everything is not None
    assert everything.count == 0
    assert claim(choice("a")).spec.devices.requests[0].firstAvailable[0].count == 1


@pytest.mark.parametrize(
    "made",
    [
        claim(request("a"), request("b", selectors=[SELECTOR], tolerations=[{"operator": "Exists"}])),
        claim(choice("a", "b"), constraints=[{"requests": ["r", "r/b"], "matchAttribute": "d.io/model"}]),
        claim(config=[{"requests": ["r"], **opaque()}], constraints=[{"distinctAttribute": "D.io/x"}]),
    ],
)
def test_claims_ask_for_devices_exactly_or_by_choice(made: ResourceClaim) -> None:
    assert validate_claim(made) == []


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (claim({"name": "r"}), "requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required"),
        (
            claim({**request(), **choice("a")}),
            "requests[0]: Invalid value: null: exactly one of `exactly` or `firstAvailable` is required, but multiple",
        ),
        (claim(request("R")), 'requests[0].name: Invalid value: "R": a lowercase RFC 1123 label'),
        (claim(request(), request()), 'requests[1]: Duplicate value: "r"'),
        (claim(*(request(f"r{number}") for number in range(33))), "requests: Too many: 33: must have at most 32 items"),
        (claim(choice("a", "a")), 'requests[0].firstAvailable[1]: Duplicate value: "a"'),
        (claim(request(deviceClassName="")), "requests[0].exactly.deviceClassName: Required value"),
        (
            claim(request(allocationMode="Some")),
            'requests[0].exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"',
        ),
        (
            claim(request(allocationMode="All", count=2)),
            "requests[0].exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'",
        ),
        (claim(request(count=-1)), "requests[0].exactly.count: Invalid value: -1: must be greater than zero"),
        (claim(request(selectors=[{}])), "requests[0].exactly.selectors[0].cel: Required value"),
        (
            claim(request(selectors=[{"cel": {"expression": 10241 * "1"}}])),
            "requests[0].exactly.selectors[0].cel.expression: Too long: may not be more than 10240 bytes",
        ),
        (
            claim(request(tolerations=[{"operator": "Exists", "value": "v"}])),
            'requests[0].exactly.tolerations[0].value: Invalid value: "v": must be empty for operator `Exists`',
        ),
        (
            claim(request(tolerations=[{"operator": "Exists", "effect": "Prefer"}])),
            'requests[0].exactly.tolerations[0].effect: Unsupported value: "Prefer": supported values: "NoExecute", "N',
        ),
        (
            claim(constraints=[{"requests": ["s"], "matchAttribute": "d.io/a"}]),
            'constraints[0].requests[0]: Invalid value: "s": must be the name of a request in the claim or the name',
        ),
        (
            claim(choice("a"), constraints=[{"requests": ["r/b"], "matchAttribute": "d.io/a"}]),
            'constraints[0].requests[0]: Invalid value: "r/b": must be the name of a request in the claim or the name',
        ),
        (
            claim(constraints=[{"requests": ["r/a/b"], "matchAttribute": "d.io/a"}]),
            'constraints[0].requests[0]: Invalid value: "r/a/b": must be the name of a request in the claim or the',
        ),
        (
            claim(constraints=[{"matchAttribute": "model"}]),
            'constraints[0].matchAttribute: Invalid value: "model": a fully qualified name must be a domain and a name',
        ),
        (
            claim(constraints=[{"matchAttribute": "d.io/a/b"}]),
            'constraints[0].matchAttribute: Invalid value: "d.io/a/b": must not contain more than one slash',
        ),
        (
            claim(constraints=[{}]),
            'constraints[0]: Required value: exactly one of "matchAttribute" or "distinctAttribute" is required',
        ),
        (claim(config=[{}]), "config[0].opaque: Required value"),
        (claim(config=[opaque("")]), "config[0].opaque.driver: Required value"),
        (
            claim(config=[{"opaque": {"driver": "d.io"}}]),
            "config[0].opaque.parameters: Required value",
        ),
        (
            claim(config=[opaque(parameters=[1])]),
            'config[0].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object',
        ),
        (
            claim(config=[opaque(parameters={"a": 10240 * "b"})]),
            "config[0].opaque.parameters: Too long: may not be more than 10240 bytes",
        ),
    ],
)
def test_what_is_wrong_with_a_claim_is_told(made: ResourceClaim, fault: str) -> None:
    (found,) = told(validate_claim(made))
    assert found.startswith(f"spec.devices.{fault}")


def test_the_spec_of_a_claim_and_of_a_template_stays() -> None:
    assert validate_claim_update(claim(), claim()) == []
    (found,) = told(validate_claim_update(claim(request("s")), claim()))
    assert found.startswith("spec: Invalid value: {")
    (other,) = told(validate_template_update(template("s"), template()))
    assert other.endswith("field is immutable")


def template(name: str = "r", **metadata: Any) -> ResourceClaimTemplate:
    spec = {
        "metadata": metadata,
        "spec": {"devices": {"requests": [request(name, count=1, allocationMode="ExactCount")]}},
    }
    return from_wire({"spec": spec}, ResourceClaimTemplate)


def test_what_is_wrong_with_a_templates_claims_is_told() -> None:
    assert validate_template(template(labels={"a": "b"})) == []
    (label,) = told(validate_template(template(labels={"a": "-"})))
    assert label.startswith('spec.metadata.labels: Invalid value: "-"')
    (name,) = told(validate_template(template("R")))
    assert name.startswith('spec.spec.devices.requests[0].name: Invalid value: "R"')


def device_class(**spec: Any) -> DeviceClass:
    return from_wire({"spec": spec}, DeviceClass)


def test_what_a_class_has_stored_is_taken_as_it_is() -> None:
    long = device_class(
        selectors=[{"cel": {"expression": 10241 * "1"}}], config=[opaque(parameters={"a": 10240 * "b"})]
    )
    assert len(validate_class(long)) == 2
    assert validate_class(long, long) == []
    assert validate_class(device_class(extendedResourceName="d.io/gpu")) == []


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("gpu", "a name must be a domain-prefixed path, such as 'example.com/my-prop'"),
        ("kubernetes.io/gpu", 'must not have "kubernetes.io/" domain'),
        ("requests.d.io/gpu", 'must not have "requests." prefix'),
    ],
)
def test_a_class_may_be_asked_for_as_an_extended_resource(name: str, why: str) -> None:
    (found,) = told(validate_class(device_class(extendedResourceName=name)))
    assert found == f'spec.extendedResourceName: Invalid value: "{name}": {why}'


def given(device: str = "g0", **result: Any) -> dict[str, Any]:
    return {"request": "r", "driver": "d.io", "pool": "p", "device": device, **result}


def allocation(*results: dict[str, Any], **devices: Any) -> dict[str, Any]:
    return {"allocation": {"devices": {"results": list(results), **devices}}}


def state(device: str = "g0", **fields: Any) -> dict[str, Any]:
    return {"driver": "d.io", "pool": "p", "device": device, "conditions": [], **fields}


def consumer(uid: str = "1") -> dict[str, str]:
    return {"resource": "pods", "name": "p", "uid": uid}


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (
            {"reservedFor": [consumer()]},
            "reservedFor: Forbidden: may not be specified when `allocated` is not set",
        ),
        (
            {**allocation(given()), "reservedFor": [consumer(), consumer()]},
            'reservedFor[1]: Duplicate value: "1"',
        ),
        ({**allocation(given()), "reservedFor": [{**consumer(), "name": ""}]}, "reservedFor[0].name: Required value"),
        (allocation(given(request="s")), 'allocation.devices.results[0].request: Invalid value: "s": must be the name'),
        (allocation(given(driver="")), "allocation.devices.results[0].driver: Required value"),
        (allocation(given(pool="P")), 'allocation.devices.results[0].pool: Invalid value: "P": a lowercase RFC 1123'),
        (allocation(given("G")), 'allocation.devices.results[0].device: Invalid value: "G": a lowercase RFC 1123'),
        (
            allocation(given(shareID="1")),
            'allocation.devices.results[0].shareID: Invalid value: "1": must be a lowercase UUID in 8-4-4-4-12 format',
        ),
        (
            allocation(given(bindingConditions=["a"])),
            "allocation.devices.results[0].bindingFailureConditions: Invalid value: null: bindingFailureConditions are",
        ),
        (
            allocation(given(), config=[{"source": "FromPod", **opaque()}]),
            'allocation.devices.config[0].source: Unsupported value: "FromPod": supported values: "FromClaim", "FromC',
        ),
        (
            {**allocation(given()), "devices": [state("g1")]},
            'devices[0]: Invalid value: "d.io/p/g1": must be an allocated device in the claim',
        ),
        (
            {**allocation(given()), "devices": [state(conditions=[{"type": "Ready", "status": "Maybe"}])]},
            'devices[0].conditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
        ),
        (
            {**allocation(given()), "devices": [state(data="text")]},
            'devices[0].data: Invalid value: "<value omitted>": must be a valid JSON object',
        ),
        (
            {**allocation(given()), "devices": [state(networkData={"ips": ["10.0.0.1"]})]},
            'devices[0].networkData.ips[0]: Invalid value: "10.0.0.1": must be a valid address in CIDR form',
        ),
        (
            {**allocation(given()), "devices": [state(networkData={"ips": ["FD00::1/64"]})]},
            'devices[0].networkData.ips[0]: Invalid value: "FD00::1/64": must be in canonical form ("fd00::1/64")',
        ),
        (
            {**allocation(given()), "devices": [state(networkData={"interfaceName": 257 * "e"})]},
            "devices[0].networkData.interfaceName: Too long: may not be more than 256 bytes",
        ),
    ],
)
def test_what_is_wrong_with_a_claims_status_is_told(status: dict[str, Any], fault: str) -> None:
    found = told(validate_claim_status(claim(status=status), claim()))
    assert found[0].startswith(f"status.{fault}")
    # An incomplete condition has more than one fault.
    assert len(found) == 1 or "conditions" in fault


def test_what_a_claim_was_given_stays_while_it_has_it() -> None:
    old = claim(status=allocation(given(), given("g1", shareID=SHARE)))
    assert validate_claim_status(old, claim()) == []
    (found,) = told(validate_claim_status(claim(status=allocation(given())), old))
    assert found.startswith("status.allocation: Invalid value: {")
    assert validate_claim_status(claim(), old) == []
    dying = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    more = claim(status={**allocation(given()), "reservedFor": [consumer()]}, metadata=dying)
    (late,) = told(validate_claim_status(more, claim(status=allocation(given()))))
    assert late.startswith("status.reservedFor: Forbidden: new entries may not be added while")
    assert validate_claim_status(more, more) == []


def test_what_was_said_of_a_device_goes_with_the_device() -> None:
    old = claim(status={**allocation(given(), given("g1")), "devices": [state(), state("g1")]}).status
    new = claim(status={**allocation(given()), "devices": [state(), state("g1")]}).status
    assert [one.device for one in without_deallocated(new, old).devices] == ["g0"]


def device(name: str = "g0", **fields: Any) -> dict[str, Any]:
    return {"name": name, **fields}


def resource_slice(*devices: dict[str, Any], **spec: Any) -> ResourceSlice:
    pool = {"name": "n/p", "resourceSliceCount": 1}
    return from_wire(
        {"spec": {"driver": "d.io", "pool": pool, "nodeName": "n", "devices": list(devices), **spec}}, ResourceSlice
    )


def test_a_slice_offers_devices_of_a_pool() -> None:
    attributes = {"d.io/a": {"version": "1.2.3-alpha.1+b"}, "b": {"bool": False}, "c": {"int": 1}}
    capacity = {"memory": {"value": "80Gi"}}
    taints = [{"key": "k", "effect": "NoSchedule"}]
    made = device(attributes=attributes, capacity=capacity, taints=taints)
    assert validate_slice(resource_slice(made, device("g1"))) == []
    assert validate_slice(resource_slice(nodeName=None, allNodes=True)) == []
    chosen = resource_slice(device(allNodes=True), nodeName=None, perDeviceNodeSelection=True)
    assert validate_slice(chosen) == []
    counters = {"name": "c", "counters": {"slots": {"value": "4"}}}
    assert validate_slice(resource_slice(sharedCounters=[counters])) == []
    assert slice_warnings(resource_slice(driver="D.io")) == [
        'spec.driver: driver names should be lowercase; "D.io" contains uppercase characters'
    ]
    assert slice_warnings(resource_slice()) == []


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (resource_slice(driver=""), ".driver: Required value"),
        (resource_slice(pool={"resourceSliceCount": 1}), ".pool.name: Required value"),
        (
            resource_slice(pool={"name": "p"}),
            ".pool.resourceSliceCount: Invalid value: 0: must be greater than zero",
        ),
        (
            resource_slice(pool={"name": "p", "resourceSliceCount": 1, "generation": -1}),
            ".pool.generation: Invalid value: -1: must be greater than or equal to zero",
        ),
        (
            resource_slice(nodeName=None),
            ": Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is req",
        ),
        (
            resource_slice(allNodes=True),
            ': Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`,',
        ),
        (resource_slice(allNodes=False), ".allNodes: Invalid value: false: must be either unset or set to true"),
        (
            resource_slice(nodeName=None, nodeSelector={"nodeSelectorTerms": []}),
            ".nodeSelector.nodeSelectorTerms: Invalid value: []: must have exactly one node selector term",
        ),
        (
            resource_slice(device(), sharedCounters=[{"name": "c", "counters": {"a": {"value": "1"}}}]),
            ': Invalid value: "": only one of `sharedCounters` or `devices` is allowed',
        ),
        (resource_slice(sharedCounters=[{"name": "c"}]), ".sharedCounters[0].counters: Required value"),
        (resource_slice(device(), device()), '.devices[1]: Duplicate value: "g0"'),
        (
            resource_slice(*(device(f"g{number}") for number in range(129))),
            ".devices: Too many: 129: must have at most 128 items",
        ),
        (
            resource_slice(*(device(f"g{number}", taints=[{"key": "k", "effect": "None"}]) for number in range(65))),
            ".devices: Too many: 65: must have at most 64 items",
        ),
    ],
)
def test_what_is_wrong_with_a_slice_is_told(made: ResourceSlice, fault: str) -> None:
    (found,) = told(validate_slice(made))
    assert found.startswith(f"spec{fault}")


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (device("G"), '.name: Invalid value: "G": a lowercase RFC 1123 label'),
        (device(attributes={"a": {}}), '.attributes[a]: Invalid value: "": exactly one value must be specified'),
        (
            device(attributes={"a": {"int": 1, "bool": True}}),
            '.attributes[a]: Invalid value: {"int":1,"bool":true}: exactly one value must be specified',
        ),
        (
            device(attributes={"a": {"string": 65 * "s"}}),
            ".attributes[a].string: Too long: may not be more than 64 bytes",
        ),
        (
            device(attributes={"a": {"version": "1.2"}}),
            '.attributes[a].version: Invalid value: "1.2": must be a string compatible with semver.org spec 2.0.0',
        ),
        (device(attributes={"a-b": {"int": 1}}), '.attributes: Invalid value: "a-b": a valid C identifier must'),
        (device(attributes={"/b": {"int": 1}}), '.attributes: Invalid value: "": the domain must not be empty'),
        (device(attributes={"d.io/": {"int": 1}}), '.attributes: Invalid value: "": the name must not be empty'),
        (device(attributes={33 * "a": {"int": 1}}), ".attributes: Too long: may not be more than 32 bytes"),
        (
            device(attributes={f"a{number}": {"int": 1} for number in range(33)}),
            ": Invalid value: 33: the total number of attributes and capacities must not exceed 32",
        ),
        (
            device(capacity={"m": {"value": "1", "requestPolicy": {}}}),
            ".capacity[m].requestPolicy: Forbidden: allowMultipleAllocations must be true",
        ),
        (device(taints=[{"key": "k"}]), ".taints[0].effect: Required value"),
        (
            device(taints=[{"key": "k", "effect": "Prefer"}]),
            '.taints[0].effect: Unsupported value: "Prefer": supported values: "NoExecute", "NoSchedule", "None"',
        ),
        (device(consumesCounters=[{"counterSet": "c"}]), ".consumesCounters[0].counters: Required value"),
        (
            device(nodeName="n"),
            ": Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelect",
        ),
        (
            device(bindingConditions=["a"], bindingFailureConditions=["a"]),
            '.bindingFailureConditions[0]: Invalid value: "a": bindingFailureConditions must not overlap with binding',
        ),
        (
            device(bindingFailureConditions=["a"]),
            ".bindingConditions: Invalid value: null: bindingConditions are required to use bindingFailureConditions",
        ),
    ],
)
def test_what_is_wrong_with_a_device_is_told(made: dict[str, Any], fault: str) -> None:
    (found,) = told(validate_slice(resource_slice(made)))
    assert found.startswith(f"spec.devices[0]{fault}")


def test_devices_that_choose_their_nodes_choose_one_way() -> None:
    for fields, fault in (
        ({}, "spec.devices[0]: Required value: exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required"),
        (
            {"nodeName": "n", "allNodes": True},
            'spec.devices[0]: Invalid value: "{`nodeName`, `allNodes`}": exactly one of',
        ),
    ):
        (found,) = told(validate_slice(resource_slice(device(**fields), nodeName=None, perDeviceNodeSelection=True)))
        assert found.startswith(fault)


@pytest.mark.parametrize(
    ("policy", "faults"),
    [
        ({"default": "1"}, []),
        ({"default": "2", "validValues": ["1", "2"]}, []),
        ({"default": "2", "validRange": {"min": "1", "max": "9", "step": "1"}}, []),
        (
            {"default": "1", "validValues": ["1"], "validRange": {"min": "1"}},
            [": Forbidden: exactly one policy can be specified, cannot specify"],
        ),
        ({"validValues": ["1"]}, [".default: Required value: required when validValues is defined"]),
        ({"validRange": {"min": "1"}}, [".default: Required value: required when validRange is defined"]),
        (
            {"default": "3", "validValues": ["2", "1", "20"]},
            [
                '.validValues[1]: Invalid value: "1": values must be sorted in ascending order',
                '.validValues[2]: Invalid value: "20": option is larger than capacity value: 10',
                '.validValues: Invalid value: "3": default value is not valid according to the requestPolicy',
            ],
        ),
        ({"default": "1", "validValues": ["1", "1"]}, ['.validValues[1]: Duplicate value: "1"']),
        ({"default": "1", "validRange": {}}, [".validRange.min: Required value: required when validRange is defined"]),
        (
            {"default": "1", "validRange": {"min": "2", "max": "20"}},
            [
                '.validRange.default: Invalid value: "1": default is less than min: 2',
                '.validRange.max: Invalid value: "20": max is larger than capacity value: 10',
            ],
        ),
        (
            {"default": "9", "validRange": {"min": "8", "max": "7"}},
            [
                '.validRange.max: Invalid value: "8": min is larger than max: 7',
                '.validRange.default: Invalid value: "9": default is more than max: 7',
            ],
        ),
        (
            {"default": "4", "validRange": {"min": "1", "max": "7", "step": "2"}},
            ['.validRange.step: Invalid value: "4": value is not a multiple of a given step (2) from (1)'],
        ),
        (
            {"default": "1", "validRange": {"min": "1", "step": "0"}},
            ['.validRange.step: Invalid value: "0": must be greater than zero'],
        ),
        (
            {"default": "1", "validRange": {"min": "1", "step": "10"}},
            ['.validRange.step: Invalid value: "10": one step 11 is larger than capacity value: 10'],
        ),
        (
            {"default": "-1", "validRange": {"min": "-1", "step": "1"}},
            [
                '.validRange.default: Invalid value: "-1": must be greater than or equal to 0',
                '.validRange.min: Invalid value: "-1": must be greater than or equal to 0',
            ],
        ),
    ],
)
def test_a_capacity_is_given_in_parts_that_it_has(policy: dict[str, Any], faults: list[str]) -> None:
    capacity = {"m": {"value": "10", "requestPolicy": policy}}
    found = told(validate_slice(resource_slice(device(capacity=capacity, allowMultipleAllocations=True))))
    assert len(found) == len(faults)
    for one, fault in zip(found, faults, strict=True):
        assert one.startswith(f"spec.devices[0].capacity[m].requestPolicy{fault}")


def test_a_slice_keeps_driver_pool_and_node_and_what_was_stored() -> None:
    bad = device(taints=[{"key": "k", "effect": "Prefer"}], capacity={"a-b": {"value": "1"}})
    assert len(validate_slice(resource_slice(bad))) == 2
    assert validate_slice(resource_slice(bad), resource_slice(bad)) == []
    moved = resource_slice(nodeName="m", driver="e.io", pool={"name": "q", "resourceSliceCount": 1})
    assert told(validate_slice(moved, resource_slice())) == [
        'spec.pool.name: Invalid value: "q": field is immutable',
        'spec.driver: Invalid value: "e.io": field is immutable',
        'spec.nodeName: Invalid value: "m": field is immutable',
    ]


def test_taints_are_there_since_now_unless_they_say_so() -> None:
    since, now = "2026-01-01T00:00:00Z", datetime(2026, 2, 1, 0, 0, 1, tzinfo=UTC)
    taints = [{"key": "a", "effect": "None", "timeAdded": since}, {"key": "b", "effect": "None"}]
    (made,) = with_taint_times(resource_slice(device(taints=taints)), now).spec.devices
    assert [taint.timeAdded for taint in made.taints] == [datetime(2026, 1, 1, tzinfo=UTC), now]


def test_what_is_alpha_is_not_kept() -> None:
    derived = [{"name": "d.io/a", "expression": "1"}]
    exactly = settled_claim_spec(claim(request(derivedAttributes=derived)).spec).devices.requests[0].exactly
    assert exactly is not None
    assert exactly.derivedAttributes == ()
    status = settled_claim_status(claim(status=allocation(given(skipNodeOperations=["*"]))).status)
    assert status.allocation is not None
    assert status.allocation.devices.results[0].skipNodeOperations == ()
    attributes, overhead = {"a": {"ints": [1]}}, {"cpu": {"overhead": {"perPod": "1"}}}
    spec = resource_slice(
        device(attributes=attributes, nodeAllocatableResources=overhead),
        skipNodeOperations=["*"],
        partitionTypeAttribute="d.io/a",
    ).spec
    settled = settled_slice_spec(spec)
    assert (settled.skipNodeOperations, settled.partitionTypeAttribute) == ((), None)
    assert (settled.devices[0].attributes["a"].ints, settled.devices[0].nodeAllocatableResources) == ((), {})


def taint_rule(selector: Any = None, conditions: Any = (), **taint: Any) -> DeviceTaintRule:
    spec = {"deviceSelector": selector, "taint": {"key": "k", "effect": "NoExecute", **taint}}
    return from_wire({"spec": spec, "status": {"conditions": list(conditions)}}, DeviceTaintRule)


@pytest.mark.parametrize(
    ("made", "faults"),
    [
        (taint_rule(), []),
        (taint_rule({"driver": "d.io", "pool": "a/b", "device": "g0"}, value="v"), []),
        (taint_rule({"pool": ""}), ["spec.deviceSelector.pool: Required value"]),
        (taint_rule({"driver": ""}), ["spec.deviceSelector.driver: Required value"]),
        (taint_rule(effect=""), ["spec.taint.effect: Required value"]),
        (
            taint_rule(effect="Some"),
            [
                'spec.taint.effect: Unsupported value: "Some": supported values: "NoExecute", "NoSchedule", "None"',
            ],
        ),
    ],
)
def test_a_rule_says_which_devices_get_which_taint(made: DeviceTaintRule, faults: list[str]) -> None:
    assert told(validate_taint_rule(made)) == faults


def test_a_devices_name_and_a_taints_key_and_value_are_looked_at() -> None:
    found = told(validate_taint_rule(taint_rule({"device": "A"}, key="", value="a b")))
    fields = ["spec.deviceSelector.device", "spec.taint.key", "spec.taint.key", "spec.taint.value"]
    assert [text.split(":")[0] for text in found] == fields


def test_an_effect_that_is_stored_may_stay() -> None:
    assert validate_taint_rule(taint_rule(effect="Some"), taint_rule(effect="Some")) == []
    assert len(validate_taint_rule(taint_rule(effect="Some"), taint_rule())) == 1


def test_a_rule_tells_what_it_did_in_a_few_conditions() -> None:
    common = {"status": "True", "reason": "R", "lastTransitionTime": "2026-01-01T00:00:00Z", "message": ""}
    conditions = [{**common, "type": f"T{number}"} for number in range(9)]
    assert validate_taint_rule_status(taint_rule(conditions=conditions[:8])) == []
    (found,) = told(validate_taint_rule_status(taint_rule(conditions=conditions)))
    assert found == "status.conditions: Too many: 9: must have at most 8 items"


def test_a_rules_taint_is_there_since_it_has_its_effect() -> None:
    since, now = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    stored, later = taint_rule(timeAdded="2026-01-01T00:00:00Z"), "2026-03-01T00:00:00Z"

    def time_of(made: DeviceTaintRule, old: DeviceTaintRule | None = stored) -> Any:
        return with_rule_time(made, old, now).spec.taint.timeAdded

    assert (time_of(taint_rule(), None), time_of(stored, None)) == (now, since)
    assert time_of(taint_rule(value="v", timeAdded="2026-01-01T00:00:00Z")) == since
    assert time_of(taint_rule(effect="None", timeAdded="2026-01-01T00:00:00Z")) == now
    assert time_of(taint_rule(effect="None", timeAdded=later)) == datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "expression",
    [
        "true",
        "device.driver == 'd.io' && device.allowMultipleAllocations",
        "device.attributes['d.io'].isFast",
        "'d.io' in device.attributes",
        "cel.bind(mine, device.attributes['d.io'], mine.a && mine.b)",
        "device.capacity['d.io'].memory.compareTo(quantity('1Gi')) >= 0",
        "device.attributes['d.io'].version.isGreaterThan(semver('1.0.0'))",
    ],
)
def test_an_expression_tells_whether_a_device_is_right(expression: str) -> None:
    assert expression_faults(expression, Path("e")) == []


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("", "compilation failed: "),
        ("device.driver", "must evaluate to bool or the unknown type, not string"),
        ("device.other", "compilation failed: ERROR: <input>:1:7: undefined field 'other'"),
        ("pod.name == 'a'", "compilation failed: ERROR: <input>:1:1: undeclared reference to 'pod'"),
        ("(" * 5000, "compilation failed: ERROR: <input>:1:1: expression recursion limit exceeded: 250"),
    ],
)
def test_an_expression_that_cant_be_used_is_refused(expression: str, fault: str) -> None:
    (found,) = told(expression_faults(expression, Path("e")))
    assert fault in found


def test_what_is_stored_isnt_compiled_again() -> None:
    made = from_wire({"spec": {"selectors": [{"cel": {"expression": "device.other"}}]}}, DeviceClass)
    assert len(validate_class(made)) == 1
    assert validate_class(made, made) == []
