"""Strict decoding, YAML and content negotiation, against upstream's words."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.api import apps, core, policy
from steersman.apimachinery.codec import yaml
from steersman.apimachinery.codec.json import DecodeError, decode
from steersman.apimachinery.codec.negotiate import (
    JSON,
    PROTOBUF,
    YAML,
    body_type,
    is_table,
    negotiate,
)
from steersman.apimachinery.codec.strict import FieldValidation, decode_validated, has_repeats
from steersman.apimachinery.object import GroupVersionKind
from steersman.apimachinery.status import BadRequest, NotAcceptable, UnsupportedMediaType

TWICE_WRONG = (
    b'{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"a","name":"b"},'
    b'"spec":{"foo":1,"template":{"spec":{"containers":[{"name":"c","imag":"x"}]}}}}'
)
FOUND = (
    'duplicate field "metadata.name"',
    'unknown field "spec.foo"',
    'unknown field "spec.template.spec.containers[0].imag"',
)


def test_strict_names_every_unknown_and_duplicate_field_in_order() -> None:
    with pytest.raises(BadRequest) as caught:
        decode_validated(TWICE_WRONG, apps.Deployment, FieldValidation.STRICT)
    assert caught.value.message == (
        'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: ' + ", ".join(FOUND)
    )


def test_warn_decodes_and_tells() -> None:
    decoded = decode_validated(TWICE_WRONG, apps.Deployment, FieldValidation.WARN)
    assert decoded.warnings == FOUND
    assert decoded.object.metadata.name == "b"


def test_ignore_decodes_and_keeps_silent() -> None:
    assert decode_validated(TWICE_WRONG, apps.Deployment, FieldValidation.IGNORE).warnings == ()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"spec":{"replicas":"3"}}', "string into Go struct field DeploymentSpec.spec.replicas of type int32"),
        (b'{"spec":{"replicas":1.5}}', "number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32"),
        (b'{"spec":{"replicas":1e400}}', "number inf into Go struct field DeploymentSpec.spec.replicas of type int32"),
        (b'{"spec":{"paused":1}}', "number into Go struct field DeploymentSpec.spec.paused of type bool"),
        (b'{"metadata":{"labels":{"a":1}}}', "number into Go struct field ObjectMeta.metadata.labels of type string"),
        (
            b'{"spec":{"template":{"spec":{"containers":[{"name":"x"},{"name":["y"]}]}}}}',
            "array into Go struct field Container.spec.template.spec.containers.name of type string",
        ),
        (
            b'{"spec":{"template":{"spec":{"containers":{}}}}}',
            "object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container",
        ),
        (b"[]", "array into Go value of type v1.Deployment"),
    ],
)
def test_a_wrong_type_is_told_as_go_tells_it(body: bytes, message: str) -> None:
    with pytest.raises(BadRequest) as caught:
        decode_validated(body, apps.Deployment, FieldValidation.IGNORE)
    assert f"json: cannot unmarshal {message}" in caught.value.message


def test_a_body_that_is_no_json_is_shown_in_part() -> None:
    with pytest.raises(BadRequest, match=r"must be of type Pod.*\(\{x\)"):
        decode_validated(b"{x", core.Pod, FieldValidation.STRICT)


def test_endless_nesting_is_refused() -> None:
    body = b'{"metadata":{"annotations":' + b'{"a":' * 20000 + b"1" + b"}" * 20002
    with pytest.raises(BadRequest):
        decode_validated(body, core.Pod, FieldValidation.STRICT)


def test_nulls_become_what_go_makes_of_them() -> None:
    meta = b'{"metadata":{"labels":{"a":null},"finalizers":["x",null],"ownerReferences":null}}'
    pod = decode(meta, core.Pod)
    assert (pod.metadata.labels, pod.metadata.finalizers) == ({"a": ""}, ("x", ""))
    status = b'{"status":{"disruptedPods":{"gone":null},"disruptionsAllowed":null}}'
    budget = decode(status, policy.PodDisruptionBudget)
    assert (budget.status.disruptionsAllowed, budget.status.disruptedPods) == (0, {"gone": None})


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (b"a: yes\nb: 'yes'\nc: 22:22\nd: 2020-01-01\ne: 0755\nf: 1e3\ng: ~\nh: 0x10\ni: 1_000\nj: !!str 5",
         {"a": True, "b": "yes", "c": "22:22", "d": "2020-01-01", "e": 493, "f": 1000.0, "g": None, "h": 16, "i": 1000,
          "j": "5"}),
        (b"1: a\ntrue: b", {"1": "a", "true": "b"}),
        (b"x: &x {a: 1, b: 2}\nz:\n  <<: *x\n  b: 3", {"x": {"a": 1, "b": 2}, "z": {"a": 1, "b": 3}}),
        (b"", None),
    ],
)  # fmt: skip
def test_yaml_is_resolved_as_upstream_resolves_it(text: bytes, tree: Any) -> None:
    assert yaml.parse(text) == tree


def test_an_alias_is_a_copy() -> None:
    tree = yaml.parse(b"x: &x {a: 1}\nz: *x")
    tree["x"]["a"] = 2
    assert tree["z"] == {"a": 1}


def test_yaml_tells_what_stands_twice() -> None:
    assert yaml.parse_reporting(b"a: 1\nb: 2\na: 3") == ({"a": 3, "b": 2}, ('line 3: key "a" already set in map',))


BOMB = b"a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (i, i, b",".join([b"*a%d" % (i - 1)] * 10)) for i in range(1, 9)
)


@pytest.mark.parametrize("text", [BOMB, b"a: &a [*a]", b"a: 1\n---\nb: 2", b"a: [", b"? [x]\n: 1", b"a: \x00"])
def test_yaml_that_cannot_be_an_object_is_refused(text: bytes) -> None:
    with pytest.raises(DecodeError, match="YAML"):
        yaml.parse(text)


TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@pytest.mark.parametrize(
    ("accept", "media_type", "kind"),
    [
        ("", JSON, None),
        ("*/*", JSON, None),
        ("application/yaml", YAML, None),
        ("application/vnd.kubernetes.protobuf, application/json", PROTOBUF, None),
        ("application/vnd.kubernetes.protobuf;q=0.8, application/json;q=0.9", JSON, None),
        ("application/vnd.kubernetes.protobuf;stream=watch", PROTOBUF, None),
        ("application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io,application/yaml", YAML, None),
        ("text/html, application/*;q=0.9", JSON, None),
        ("text/html, */json, application/yaml;q=0.1, */*;q=0", YAML, None),
        ("application/json;q=0.1, application/yaml;q=0.5", YAML, None),
        (f"{TABLE},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", JSON, "Table"),
        ("application/json;as=Nonsense;v=v1;g=meta.k8s.io,application/json", JSON, None),
    ],
)
def test_the_best_offer_the_client_accepts_is_made(accept: str, media_type: str, kind: str | None) -> None:
    made = negotiate(
        accept, allows=lambda media_type, asked: asked is None or (is_table(asked) and media_type != PROTOBUF)
    )
    assert made.media_type == media_type
    assert made.transform == (GroupVersionKind("meta.k8s.io", "v1", kind) if kind else None)


def test_a_client_that_accepts_nothing_of_ours_is_told_what_there_is() -> None:
    for accept in ("text/html", "application/json;q=0", TABLE):
        with pytest.raises(NotAcceptable) as caught:
            negotiate(accept)
        assert caught.value.message == (
            "only the following media types are accepted: application/json, application/yaml, "
            "application/vnd.kubernetes.protobuf"
        )


def test_yaml_is_no_stream() -> None:
    assert negotiate("application/json;stream=watch", streaming=True).media_type == JSON
    with pytest.raises(NotAcceptable) as caught:
        negotiate("application/yaml, application/json", streaming=True)
    assert caught.value.message.endswith(
        "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
    )


def test_a_body_of_unknown_type_is_refused() -> None:
    assert body_type("application/json; charset=utf-8") == JSON
    with pytest.raises(UnsupportedMediaType, match="in an unknown format - accepted media types include"):
        body_type("text/plain")


class Members(tuple[tuple[str, Any], ...]):
    """An object's members, among which a name may stand twice."""


def repeats(tree: Any) -> bool:
    """Whether some object of a tree has a name twice."""
    if isinstance(tree, Members):
        return len(dict(tree)) < len(tree) or any(repeats(value) for _, value in tree)
    return isinstance(tree, list) and any(map(repeats, tree))


def written(tree: Any, colon: str) -> str:
    """A tree as JSON text."""
    if isinstance(tree, Members):
        return "{" + ",".join(f"{json.dumps(name)}{colon}{written(value, colon)}" for name, value in tree) + "}"
    if isinstance(tree, list):
        return "[" + ",".join(written(one, colon) for one in tree) + "]"
    return json.dumps(tree)


NAMES = st.sampled_from(["a", "b", '":', '"'])
TREES = st.recursive(
    NAMES | st.integers(0, 9),
    lambda below: st.lists(below, max_size=3) | st.lists(st.tuples(NAMES, below), max_size=3).map(Members),
)


@given(TREES, st.sampled_from([":", " \n: ", ":\t"]))
def test_a_name_that_stands_twice_is_found_however_the_text_is_written(tree: Any, colon: str) -> None:
    text = written(tree, colon)
    assert has_repeats(text.encode()) == repeats(tree)
    assert has_repeats(text.replace('\\"', "\\u0022").encode()) == repeats(tree)
    assert not has_repeats(json.dumps(text).encode())
