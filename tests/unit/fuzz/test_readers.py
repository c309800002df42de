"""Whatever is sent, what reads it answers with a value or its own error: nothing else gets out, and nothing hangs."""

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.api import apps, core
from steersman.apimachinery.codec import protobuf, yaml
from steersman.apimachinery.codec.json import DecodeError, decode, encode, parse
from steersman.apimachinery.codec.strict import FieldValidation, decode_validated, parse_pairs
from steersman.apimachinery.jsonpath import JSONPathError, compile_path
from steersman.apimachinery.managedfields.fieldset import BadFieldSet, FieldSet
from steersman.apimachinery.patch import json as json_patch
from steersman.apimachinery.patch import merge, strategic
from steersman.apimachinery.quantity import Quantity, QuantityError
from steersman.apimachinery.schema import schema_of
from steersman.apimachinery.selectors import SelectorError, parse_field_selector, parse_label_selector
from steersman.apimachinery.status import StatusError
from steersman.component import jwt

EXAMPLES = 300
KEY = ec.generate_private_key(ec.SECP256R1())
NAMES = st.sampled_from(
    ["metadata", "spec", "name", "labels", "containers", "env", "value", "ports", "template", "$patch", "replicas",
     "$retainKeys", "$setElementOrder/containers", "$deleteFromPrimitiveList/finalizers", "finalizers", "volumes", "a"]
)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | NAMES
TREES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda below: st.lists(below, max_size=4) | st.dictionaries(NAMES | st.text(max_size=3), below, max_size=4)
)
MAPS = st.dictionaries(NAMES, TREES, max_size=5)
DEPLOYMENT = encode(
    apps.Deployment(
        spec=apps.DeploymentSpec(
            template=core.PodTemplateSpec(
                spec=core.PodSpec(containers=(core.Container(name="a", env=(core.EnvVar(name="x", value="y"),)),))
            )
        )
    )
)
POINTERS = st.lists(NAMES | st.sampled_from(["0", "-", "1", "", "~0", "~1", "~"]), max_size=5).map(
    lambda parts: "".join(f"/{part}" for part in parts)
)
OPERATIONS = st.lists(
    st.fixed_dictionaries(
        {}, optional={
            "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "none"]),
            "path": POINTERS | SCALARS, "from": POINTERS, "value": TREES,
        }
    ), max_size=4,
)  # fmt: skip


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.binary(max_size=200) | TREES.map(lambda tree: json.dumps(tree).encode()))
def test_any_bytes_are_an_object_or_no_json(data: bytes) -> None:
    for read in (parse, parse_pairs, lambda text: decode(text, core.Pod)):
        try:
            read(data)
        except DecodeError:
            pass


@settings(deadline=None, max_examples=EXAMPLES)
@given(MAPS, st.sampled_from(list(FieldValidation)))
def test_any_tree_is_an_object_or_a_bad_request(tree: Any, validation: FieldValidation) -> None:
    for kind in (core.Pod, apps.Deployment):
        try:
            made = decode_validated(json.dumps(tree).encode(), kind, validation).object
        except StatusError as error:
            assert error.code == 400  # noqa: PT017  # either outcome is right
        else:
            assert decode(encode(made), kind) == made


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.binary(max_size=100) | st.text(alphabet="ab:-[]{}&*!|>#'\"\n ,?%<", max_size=60).map(str.encode))
def test_any_bytes_are_yaml_or_not(data: bytes) -> None:
    try:
        tree = yaml.parse(data)
    except DecodeError:
        return
    json.dumps(tree)


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_protobuf_or_not(data: bytes, is_whole: bool) -> None:
    try:
        if is_whole:
            protobuf.read_envelope(b"k8s\x00" + data).decode(core.Pod)
        else:
            protobuf.decode(data, core.Pod)
    except DecodeError:
        pass


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.binary(min_size=1, max_size=8), st.integers(0, 400))
def test_a_damaged_object_in_protobuf_is_another_or_none(damage: bytes, position: int) -> None:
    whole = protobuf.encode(decode(DEPLOYMENT, apps.Deployment))
    at = position % len(whole)
    try:
        protobuf.read_envelope(whole[:at] + damage + whole[at + len(damage) :]).decode(apps.Deployment)
    except DecodeError:
        pass


@settings(deadline=None, max_examples=EXAMPLES)
@given(TREES)
def test_any_patch_is_applied_or_refused(patch: Any) -> None:
    for change in (
        lambda: merge.apply(parse(DEPLOYMENT), patch),
        lambda: strategic.apply(parse(DEPLOYMENT), patch, schema_of(apps.Deployment)),
        lambda: json_patch.apply(parse(DEPLOYMENT), patch),
    ):
        try:
            change()
        except (ValueError, StatusError):
            pass


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.fixed_dictionaries({"spec": MAPS}))
def test_any_strategic_patch_of_known_fields_is_applied_or_refused(patch: Any) -> None:
    try:
        made = strategic.apply(parse(DEPLOYMENT), patch, schema_of(apps.Deployment))
    except (ValueError, StatusError):
        return
    assert not any(name.startswith("$") for name in made.get("spec") or {})


@settings(deadline=None, max_examples=EXAMPLES)
@given(OPERATIONS)
def test_any_operations_are_applied_or_refused(operations: Any) -> None:
    try:
        json_patch.apply(parse(DEPLOYMENT), operations)
    except (ValueError, StatusError):
        pass


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.text(alphabet="ab1-_./=!<>(), \n\\~é", max_size=30) | st.text(max_size=10))
def test_any_text_is_a_selector_or_not(text: str) -> None:
    try:
        parse_field_selector(text).matches({"a": "b"})
        made = parse_label_selector(text)
    except SelectorError:
        return
    made.matches({"a": "b"})
    assert parse_label_selector(str(made)).matches({"a": "b"}) == made.matches({"a": "b"})


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.from_regex(r"[-+]?[0-9.]{0,30}(e[-+]?[0-9]{0,9}|[A-Za-z]{0,3})", fullmatch=True) | st.text(max_size=10))
def test_any_text_is_a_quantity_or_not(text: str) -> None:
    try:
        made = Quantity(text)
    except QuantityError:
        return
    assert Quantity(str(made)) == made
    assert made + made >= made or made.value < 0


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.text(max_size=60) | st.text(alphabet="abeyJ.-_=", max_size=60), st.text(max_size=5))
def test_no_text_is_a_token_that_nobody_signed(text: str, tail: str) -> None:
    good = jwt.signed({"sub": "a"}, KEY, "k")
    for token in (text, good + tail, tail + good, good.replace(".", f".{tail}", 1)):
        try:
            jwt.verify(token, {"k": KEY.public_key()})
        except jwt.TokenError:
            continue
        assert token == good


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.text(alphabet="$.[]'\"*@?(){}a0:-,=<>!", max_size=25), TREES)
def test_any_text_is_a_json_path_or_not(text: str, tree: Any) -> None:
    try:
        found = compile_path(text)
    except JSONPathError:
        return
    assert isinstance(found(tree), list)


@settings(deadline=None, max_examples=EXAMPLES)
@given(TREES)
def test_any_tree_is_a_set_of_fields_or_not(tree: Any) -> None:
    try:
        made = FieldSet.from_tree(tree)
    except BadFieldSet:
        return
    assert FieldSet.from_json(made.to_json()) == made
