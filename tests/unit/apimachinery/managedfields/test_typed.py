"""Fields of values, differences, merging and taking out, by topology. The cases are structured-merge-diff's."""

from typing import Any

import pytest
from tests.unit.apimachinery.managedfields.sample import SPEC, paths

from steersman.apimachinery.managedfields.checking import BadConfiguration, check
from steersman.apimachinery.managedfields.combine import extract, merge, remove
from steersman.apimachinery.managedfields.fieldset import FieldSet
from steersman.apimachinery.managedfields.topology import UNTYPED
from steersman.apimachinery.managedfields.typed import compare, field_set

TCP80 = 'k:{"port":80,"protocol":"TCP"}'
UDP80 = 'k:{"port":80,"protocol":"UDP"}'


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        ({}, paths()),
        ({"replicas": 1, "text": "a"}, paths("replicas", "text")),
        ({"replicas": None}, paths("replicas")),
        ({"arguments": ["a", "b"]}, paths("arguments")),
        ({"arguments": []}, paths("arguments")),
        ({"tags": ["a", "b"]}, paths('tags/v:"a"', 'tags/v:"b"')),
        ({"tags": []}, paths()),
        ({"tags": None}, paths("tags")),
        ({"options": {"a": "1"}}, paths("options/a")),
        ({"options": {}}, paths("options")),
        ({"selector": {"a": "1"}}, paths("selector")),
        ({"colour": {"red": 1}}, paths("colour")),
        ({"inner": {"text": "a"}}, paths("inner/text")),
        ({"inner": {}}, paths("inner")),
        ({"raw": {"a": {"b": 1}}}, paths("raw")),
        ({"ports": [{"port": 80}]}, paths(f"ports/{TCP80}", f"ports/{TCP80}/port")),
        (
            {"ports": [{"port": 80, "protocol": "UDP", "options": {"a": "1"}}]},
            paths(*(f"ports/{UDP80}{rest}" for rest in ("", "/port", "/protocol", "/options/a"))),
        ),
    ],
)
def test_the_fields_of_a_value_are_its_leaves_and_items(value: dict[str, Any], fields: FieldSet) -> None:
    assert field_set(SPEC, value) == fields


def test_duplicate_items_are_owned_as_a_whole() -> None:
    value = {"ports": [{"port": 80, "name": "a"}, {"port": 80, "name": "b"}, {"port": 81}]}
    assert field_set(SPEC, value) == paths(
        f"ports/{TCP80}", 'ports/k:{"port":81,"protocol":"TCP"}', 'ports/k:{"port":81,"protocol":"TCP"}/port'
    )


def test_without_a_schema_maps_are_split_and_lists_are_not() -> None:
    value = {"a": {"b": 1, "c": [1, 2]}, "d": "x"}
    assert field_set(UNTYPED, value) == paths("a", "a/b", "a/c", "d")


@pytest.mark.parametrize(
    ("old", "new", "removed", "modified", "added"),
    [
        ({"replicas": 1}, {"replicas": 1}, "", "", ""),
        ({"replicas": 1}, {"replicas": 2}, "", "replicas", ""),
        ({"replicas": 1}, {}, "replicas", "", ""),
        ({}, {"replicas": 1}, "", "", "replicas"),
        ({"selector": {"a": "1"}}, {"selector": {"a": "1", "b": "2"}}, "", "selector", ""),
        ({"colour": {"red": 1}}, {"colour": {"red": 2}}, "", "colour", ""),
        ({"tags": ["a"]}, {"tags": ["b"]}, 'tags/v:"a"', "", 'tags/v:"b"'),
        ({"tags": ["a", "b"]}, {"tags": ["b", "a"]}, "", "", ""),
        ({"options": {"a": "1"}}, {"options": {"a": "2"}}, "", "options/a", ""),
        ({}, {"options": {"a": "1"}}, "", "", "options options/a"),
        ({"options": {"a": "1"}}, {}, "options options/a", "", ""),
        ({"options": {}}, {"options": {"a": "1"}}, "", "", "options/a"),
        ({"inner": None}, {"inner": {}}, "", "inner", ""),
        ({}, {"inner": {"text": "a"}}, "", "", "inner inner/text"),
        ({}, {"value": {"text": "a"}}, "", "", "value/text"),
        ({"value": {"text": "a"}}, {}, "value/text", "", ""),
        ({}, {"value": {}}, "", "", ""),
        ({"ports": [{"port": 80, "name": "a"}]}, {"ports": [{"port": 80, "protocol": "TCP", "name": "b"}]}, "",
         f"ports/{TCP80}/name", f"ports/{TCP80}/protocol"),
        ({"ports": [{"port": 80}]}, {"ports": []}, f"ports/{TCP80} ports/{TCP80}/port", "", ""),
        ({"ports": [{"port": 80}, {"port": 80}]}, {"ports": [{"port": 80}]}, f"ports/{TCP80}", "",
         f"ports/{TCP80} ports/{TCP80}/port"),
        ({"ports": [{"port": 80}]}, {"ports": [{"port": 80}, {"port": 80, "name": "x"}]},
         f"ports/{TCP80} ports/{TCP80}/port", "", f"ports/{TCP80}"),
        ({"raw": {"a": 1}}, {"raw": {"a": 2}}, "", "raw", ""),
    ],
)  # fmt: skip
def test_comparison(old: dict[str, Any], new: dict[str, Any], removed: str, modified: str, added: str) -> None:
    found = compare(SPEC, old, new)
    assert found.removed == paths(*removed.split(" "))
    assert found.modified == paths(*modified.split(" "))
    assert found.added == paths(*added.split(" "))


@pytest.mark.parametrize(
    ("old", "new", "removed", "modified", "added"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "", "a/b", ""),
        ({"a": {"b": 1}}, {"a": 1}, "a/b", "a", ""),
        ({"a": 1}, {"a": {"b": 1}}, "", "a", "a/b"),
        ({"a": [1]}, {"a": [2]}, "", "a", ""),
        ({}, {"a": {"b": 1}}, "", "", "a a/b"),
    ],
)
def test_comparison_without_a_schema(old: Any, new: Any, removed: str, modified: str, added: str) -> None:
    found = compare(UNTYPED, old, new)
    assert (found.removed, found.modified, found.added) == (
        paths(*removed.split(" ")), paths(*modified.split(" ")), paths(*added.split(" ")),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("live", "config", "merged"),
    [
        ("abc", "ab", "abc"), ("ab", "abc", "abc"), ("abc", "", "abc"), ("", "abc", "abc"), ("ab", "ba", "ba"),
        ("abc", "def", "abcdef"), ("abc", "cdef", "abcdef"), ("abcgf", "cdef", "abcgdef"),
        ("abc", "defxyz", "abcdefxyz"),
        ("cdef", "ace", "acdef"), ("abcxyz", "def", "abcxyzdef"), ("abcxyz", "defxyz", "abcdefxyz"),
        ("cagf", "cfag", "cfag"), ("abcd", "defa", "bcdefa"), ("cdefghij", "2h3e4kl", "cdfg2hij3e4kl"),
        ("abcdefghij", "1b2h3e4kl", "a1bcdfg2hij3e4kl"), ("abb", "c", "abbc"), ("abb", "b", "ab"), ("abb", "a", "abb"),
        ("abcdec", "1b2ed", "a1bc2ecd"), ("abcdec", "1b2ced", "a1b2ced"), ("aabb", "bcd", "aabcd"),
        ("aabb", "", "aabb"),
        ("cagfca", "cfag", "cfag"),
    ],
)  # fmt: skip
def test_items_keep_the_live_order_where_the_configuration_has_none(live: str, config: str, merged: str) -> None:
    assert merge(SPEC, {"tags": list(live)}, {"tags": list(config)}) == {"tags": list(merged)}


@pytest.mark.parametrize(
    ("live", "config", "merged"),
    [
        ({}, {"inner": None}, {"inner": None}),
        ({"inner": None}, {"inner": {}}, {"inner": {}}),
        ({"inner": {}}, {"inner": None}, {"inner": None}),
        ({"inner": {"text": "a"}}, {"inner": None}, {"inner": {"text": "a"}}),
        ({"inner": {"text": "a"}}, {"inner": {"number": 1}}, {"inner": {"text": "a", "number": 1}}),
        ({"arguments": ["a", "a"]}, {"arguments": None}, {"arguments": None}),
        ({"arguments": ["a"]}, {"arguments": []}, {"arguments": []}),
        ({"selector": {"a": "1"}}, {"selector": {"b": "1"}}, {"selector": {"b": "1"}}),
        ({"raw": {"a": 1}}, {"raw": {"b": 1}}, {"raw": {"b": 1}}),
        ({"ports": [{"port": 80, "name": "a"}]}, {"ports": [{"port": 80, "protocol": "TCP"}]},
         {"ports": [{"port": 80, "protocol": "TCP", "name": "a"}]}),
        ({"ports": [{"port": 80, "name": "a"}]}, {"ports": [{"port": 80, "protocol": "UDP"}]},
         {"ports": [{"port": 80, "name": "a"}, {"port": 80, "protocol": "UDP"}]}),
    ],
)  # fmt: skip
def test_merge(live: dict[str, Any], config: dict[str, Any], merged: dict[str, Any]) -> None:
    assert merge(SPEC, live, config) == merged


def test_without_a_schema_the_configuration_decides_the_form() -> None:
    assert merge(UNTYPED, {"a": {"b": 1}, "l": [1]}, {"a": 2, "l": [2]}) == {"a": 2, "l": [2]}
    assert merge(UNTYPED, {"a": 2}, {"a": {"b": 1}}) == {"a": {"b": 1}}
    assert merge(UNTYPED, {"a": {"b": 1}}, {"a": {"c": 1}}) == {"a": {"b": 1, "c": 1}}


def test_removing_takes_members_only() -> None:
    value = {
        "replicas": 1,
        "tags": ["a", "b"],
        "options": {"a": "1"},
        "ports": [{"port": 80}, {"port": 81, "name": "x"}],
    }
    taken = paths("replicas", 'tags/v:"a"', "options/a", f"ports/{TCP80}", 'ports/k:{"port":81,"protocol":"TCP"}/name')
    assert remove(SPEC, value, taken) == {"tags": ["b"], "options": None, "ports": [{"port": 81}]}


def test_extracting_keeps_the_keys_of_items() -> None:
    value = {"replicas": 1, "text": "a", "tags": ["a", "b"], "ports": [{"port": 80, "name": "x"}, {"port": 81}]}
    assert extract(SPEC, value, paths("replicas", 'tags/v:"b"', f"ports/{TCP80}/name")) == {
        "replicas": 1, "tags": ["b"], "ports": [{"port": 80, "name": "x"}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"nothing": 1}, ".nothing: field not declared in schema"),
        ({"replicas": "1"}, ".replicas: expected numeric (int or float), got string"),
        ({"inner": []}, ".inner: expected map, got &{[]}"),
        ({"tags": {"a": 1}}, ".tags: expected list, got &{map[a:1]}"),
        ({"tags": ["a", "a"]}, '.tags: duplicate entries for key [="a"]'),
        ({"ports": [{"port": 80}, {"port": 80, "protocol": "TCP"}]},
         '.ports: duplicate entries for key [port=80,protocol="TCP"]'),
        ({"tags": [None]}, ".tags: element 0: associative list without keys has an element that's an explicit null"),
        ({"ports": [1]}, ".ports: element 0: associative list with keys may not have non-map elements"),
        ({"ports": [{"port": 80, "x": 1}]}, '.ports[port=80,protocol="TCP"].x: field not declared in schema'),
        ({"arguments": [1]}, ".arguments[0]: expected string, got &{1}"),
        ({"x": 1, "y": 1}, "errors:\n  .x: field not declared in schema\n  .y: field not declared in schema"),
    ],
)  # fmt: skip
def test_a_configuration_that_does_not_fit_is_refused(config: dict[str, Any], text: str) -> None:
    with pytest.raises(BadConfiguration) as raised:
        check(SPEC, config)
    assert str(raised.value) == text
