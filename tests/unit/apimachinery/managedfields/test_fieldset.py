"""Sets of field paths, and their FieldsV1 form."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.apimachinery.managedfields.sample import paths

from steersman.apimachinery.managedfields.elements import describe, key_element, normalize, value_element
from steersman.apimachinery.managedfields.fieldset import BadFieldSet, FieldSet, path_text

ELEMENTS = st.one_of(
    st.sampled_from(["f:a", "f:b", "f:c", "f:with.dot"]),
    st.integers(-3, 300).map(value_element),
    st.text(max_size=3).map(value_element),
    st.booleans().map(value_element),
    st.fixed_dictionaries({"name": st.text('a b-<"', max_size=3)}, optional={"port": st.integers(0, 99)}).map(
        key_element
    ),
    st.integers(0, 20).map("i:{}".format),
)
SETS = st.lists(st.lists(ELEMENTS, min_size=1, max_size=4).map(tuple), max_size=12).map(
    lambda found: FieldSet.of(*found)
)


def members(fields: FieldSet) -> set[tuple[str, ...]]:
    """The paths, as Python's own set."""
    return set(fields)


@given(SETS)
def test_a_set_read_from_its_own_json_is_the_same(fields: FieldSet) -> None:
    again = FieldSet.from_json(fields.to_json())
    assert again == fields
    assert again.to_json() == fields.to_json()


@given(SETS, SETS)
def test_union_difference_and_intersection_are_those_of_paths(one: FieldSet, other: FieldSet) -> None:
    assert members(one | other) == members(one) | members(other)
    assert members(one - other) == members(one) - members(other)
    assert members(one & other) == members(one) & members(other)
    assert (one | other) - other == one - other
    assert (one - other) | (one & other) == one


@given(SETS, SETS)
def test_operations_leave_their_arguments_alone(one: FieldSet, other: FieldSet) -> None:
    before = one.to_json(), other.to_json()
    _ = one | other, one - other, one & other, one.without_subtrees(other), one.leaves()
    assert (one.to_json(), other.to_json()) == before


@given(SETS, SETS)
def test_without_subtrees_takes_what_is_below_too(one: FieldSet, other: FieldSet) -> None:
    taken = members(other)
    expected = {path for path in members(one) if not any(path[:length] in taken for length in range(1, len(path) + 1))}
    assert members(one.without_subtrees(other)) == expected


@given(SETS)
def test_leaves_have_no_members_below(fields: FieldSet) -> None:
    known = members(fields)
    expected = {path for path in known if not any(other != path and other[: len(path)] == path for other in known)}
    assert members(fields.leaves()) == expected


@given(SETS)
def test_membership_and_iteration_agree(fields: FieldSet) -> None:
    assert all(path in fields for path in fields)
    assert len(fields) == len(members(fields))
    assert (("f:a", "f:nowhere") in fields) is False
    assert () not in fields


def test_an_unchanged_set_is_the_very_same() -> None:
    fields = paths("spec/replicas", "spec/text")
    assert fields - paths("status", "spec/other") is fields


def test_json_has_upstreams_order_of_elements() -> None:
    fields = FieldSet.of(
        ("i:10",), ("i:9",), (value_element("b"),), (value_element(2),), (value_element(10),), (value_element(True),),
        (key_element({"name": "a-b"}),), (key_element({"name": "a"}),), (key_element({"name": "a!"}),),
        (key_element({"port": 80, "name": "a"}),), ("f:z",), ("f:a",), ("f:a", "f:b"),
    )  # fmt: skip
    assert list(msgspec.json.decode(fields.to_json())) == [
        "f:a", "f:z", 'k:{"name":"a"}', 'k:{"name":"a","port":80}', 'k:{"name":"a!"}', 'k:{"name":"a-b"}', "v:2",
        "v:10", 'v:"b"', "v:true", "i:9", "i:10",
    ]  # fmt: skip
    assert fields.to_tree()["f:a"] == {".": {}, "f:b": {}}


@pytest.mark.parametrize(
    ("element", "text"),
    [
        ("f:replicas", ".replicas"),
        ('k:{"name":"web"}', '[name="web"]'),
        ('k:{"containerPort":80,"protocol":"TCP"}', '[containerPort=80,protocol="TCP"]'),
        ('v:"x"', '[="x"]'),
        ("v:1", "[=1]"),
        ("v:true", "[=true]"),
        ("i:3", "[3]"),
    ],
)
def test_elements_are_described_as_upstream_does(element: str, text: str) -> None:
    assert describe(element) == text


def test_a_path_is_described_step_by_step() -> None:
    assert path_text(("f:spec", 'k:{"name":"web"}', "f:image")) == '.spec[name="web"].image'


@pytest.mark.parametrize(
    ("given_text", "normal"),
    [
        ('k:{"port": 80,"name":"a"}', 'k:{"name":"a","port":80}'),
        ("v:1.0", "v:1"),
        ('v:"\\u0061"', 'v:"a"'),
        ('v:"a<b"', 'v:"a\\u003cb"'),
        ("i:007", "i:7"),
        ("f:anything: at all", "f:anything: at all"),
        ("x:unknown", None),
    ],
)
def test_elements_have_one_spelling(given_text: str, normal: str | None) -> None:
    assert normalize(given_text) == normal


@pytest.mark.parametrize(
    "text", ['{"f":{}}', '{"fx":{}}', '{"k:[]":{}}', '{"v:{":{}}', '{"i:x":{}}', "[]", "{", '{"f:a":1}']
)
def test_what_is_no_fields_v1_is_refused(text: str) -> None:
    with pytest.raises(BadFieldSet):
        FieldSet.from_json(text)


def test_elements_of_the_future_are_dropped() -> None:
    assert FieldSet.from_json('{"f:a":{"x:1":{}},"x:b":{}}') == paths("a")


def test_deep_nesting_is_refused_not_followed() -> None:
    with pytest.raises(BadFieldSet):
        FieldSet.from_json('{"f:a":' * 5000 + "{}" + "}" * 5000)


@given(SETS, SETS)
def test_ordered_sets_stay_ordered(one: FieldSet, other: FieldSet) -> None:
    ordered = FieldSet(one.to_tree(), is_ordered=True)
    for made in (ordered | other, ordered - other, ordered.without_subtrees(other)):
        assert made.to_json() == FieldSet(made.tree).to_json()
