"""Bodies as Go clients write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.api.admissionregistration import MutatingAdmissionPolicyBinding
from steersman.api.apiextensions import CustomResourceDefinition
from steersman.api.apps import ControllerRevision
from steersman.api.core import Node, Pod, ResourceFieldSelector
from steersman.api.meta import ListMeta
from steersman.apimachinery.codec import json
from steersman.apimachinery.codec.json import DecodeError
from steersman.apimachinery.codec.protobuf import MAGIC, contents, decode, encode, enveloped, frame, listed


def varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])


def part(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def number(place: int, value: int) -> bytes:
    return varint(place << 3) + varint(value % (1 << 64))


def body(kind: str, message: bytes) -> bytes:
    return MAGIC + part(1, part(1, b"v1") + part(2, kind.encode())) + part(2, message)


def test_fields_of_every_form_are_read() -> None:
    meta = (
        part(1, b"p") + part(8, b"")  # a zero time is none
        + part(11, part(1, b"app") + part(2, b"x"))
        + part(9, number(1, 1_700_000_000))
    )  # fmt: skip
    probe = part(1, part(2, part(2, number(1, 0) + number(2, 8080)))) + number(6, 3)
    limits = part(1, part(1, b"cpu") + part(2, part(1, b"500m")))
    container = part(1, b"c") + part(2, b"i") + part(8, limits) + part(10, probe) + number(16, 1)
    volume = part(1, b"v") + part(2, part(2, b""))  # emptyDir is inlined from VolumeSource
    spec = part(2, container) + part(1, volume) + number(4, -1 % (1 << 64))
    pod = decode(body("Pod", part(1, meta) + part(2, spec)), Pod)
    assert pod.metadata.labels == {"app": "x"}
    assert pod.metadata.creationTimestamp is None
    assert pod.metadata.deletionTimestamp is not None
    assert pod.spec.terminationGracePeriodSeconds == -1
    assert pod.spec.volumes[0].emptyDir is not None
    made = pod.spec.containers[0]
    assert (made.name, made.image, made.stdin) == ("c", "i", True)
    assert str(made.resources.limits["cpu"]) == "500m"
    assert made.livenessProbe is not None
    assert made.livenessProbe.httpGet is not None
    assert (made.livenessProbe.httpGet.port, made.livenessProbe.failureThreshold) == (8080, 3)


def test_what_is_cut_off_or_no_protobuf_is_refused() -> None:
    with pytest.raises(DecodeError, match="expected prefix"):
        decode(b"{}", Pod)
    with pytest.raises(DecodeError):
        decode(body("Pod", part(1, b"x" * 10)[:-5]), Pod)


@given(st.binary(max_size=60))
def test_whatever_comes_is_an_object_or_a_decode_error(noise: bytes) -> None:
    for data in (noise, MAGIC + noise, body("Pod", noise), body("Pod", part(1, noise)), body("Pod", part(2, noise))):
        try:
            decode(data, Pod)
        except DecodeError:
            continue


def test_a_message_deeper_than_the_stack_is_refused() -> None:
    schema = b""
    for _ in range(5000):
        schema = part(28, schema)  # not: {not: {...}}
    deep = body("CustomResourceDefinition", part(2, part(7, part(4, part(1, schema)))))
    with pytest.raises(DecodeError, match="depth"):
        decode(deep, CustomResourceDefinition)


def test_unknown_fields_are_left_out() -> None:
    made = decode(body("Pod", part(1, part(1, b"p") + part(100, b"?") + number(101, 5)) + part(99, b"?")), Pod)
    assert encode(made) == encode(Pod(metadata=made.metadata))


def test_what_is_inlined_twice_stands_in_a_message_of_a_message() -> None:
    rule = {
        "apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"], "operations": ["CREATE"],
        "resourceNames": ["web"],
    }  # fmt: skip
    spec = {"policyName": "p", "matchResources": {"resourceRules": [rule]}}
    binding = json.from_wire({"metadata": {"name": "b"}, "spec": spec}, MutatingAdmissionPolicyBinding)
    inner = part(1, b"apps") + part(2, b"v1") + part(3, b"deployments")
    assert part(2, part(1, b"CREATE") + part(2, inner)) in encode(binding)
    assert decode(encode(binding), MutatingAdmissionPolicyBinding) == binding


def test_a_schema_survives_with_what_is_a_schema_or_something_else() -> None:
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "array", "items": {"type": "string", "enum": ["x", "y"], "default": "x"}},
            "b": {"additionalProperties": True, "items": [{"type": "integer"}, {"type": "number", "maximum": 1.5}]},
            "c": {"additionalProperties": {"type": "string"}, "additionalItems": False},
            "d": {"dependencies": {"e": ["f", "g"], "h": {"type": "null"}}, "x-kubernetes-int-or-string": True},
        },
        "required": ["a"],
    }
    tree = {
        "metadata": {"name": "things.example.com"},
        "spec": {
            "group": "example.com", "scope": "Cluster", "names": {"plural": "things", "kind": "Thing"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }  # fmt: skip
    definition = json.from_wire(tree, CustomResourceDefinition)
    assert decode(encode(definition), CustomResourceDefinition) == definition


def test_times_and_numbers_survive_at_their_ends() -> None:
    tree = {
        "metadata": {
            "name": "n", "creationTimestamp": "1969-12-31T23:59:59Z", "generation": -(2**63),
            "managedFields": [{"manager": "m", "fieldsType": "FieldsV1", "fieldsV1": {"f:metadata": {}}}],
        },
        "spec": {"unschedulable": True, "podCIDRs": ["10.0.0.0/24", ""]},
        "status": {"capacity": {"cpu": "0", "memory": "1Ki"}, "daemonEndpoints": {"kubeletEndpoint": {"Port": -1}}},
    }  # fmt: skip
    node = json.from_wire(tree, Node)
    again = decode(encode(node), Node)
    assert again == node
    assert again.metadata.creationTimestamp == datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_the_contents_of_an_answer_stand_as_they_are_in_a_list() -> None:
    pod = decode(body("Pod", part(1, part(1, b"p"))), Pod)
    made = contents(pod)
    assert enveloped("v1", "Pod", made) == encode(pod)
    whole = b"".join(listed("v1", "PodList", ListMeta(resourceVersion="7"), [made, made]))
    meta = part(1, part(1, b"") + part(2, b"7") + part(3, b""))
    assert whole == body("PodList", meta + made + made) + part(3, b"") + part(4, b"")


def test_a_frame_says_its_size_the_change_and_the_object() -> None:
    event = part(1, b"ADDED") + part(2, part(1, b"k8s\0..."))
    assert frame("ADDED", b"k8s\0...") == len(event).to_bytes(4) + event


def test_what_is_no_pointer_in_go_is_written_also_when_empty() -> None:
    empty_meta = b"".join(part(place, b"") for place in range(1, 7)) + number(7, 0)
    revision = part(1, empty_meta) + part(2, b"") + number(3, 0)
    assert contents(ControllerRevision()) == part(2, revision)
    ref = part(1, b"") + part(2, b"") + part(3, part(1, b"0"))
    assert contents(ResourceFieldSelector()) == part(2, ref)
