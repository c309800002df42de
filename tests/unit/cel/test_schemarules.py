"""Rules of schemas: held against objects, let through what hasn't changed, and refused when they are no good."""

from typing import Any

import pytest

from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.schemarules.checking import OUT_OF_BUDGET, check_rules
from steersman.apimachinery.schemarules.compiled import compile_rules
from steersman.apimachinery.schemarules.faults import rule_faults


def schema(spec: dict[str, Any], *rules: dict[str, Any]) -> dict[str, Any]:
    part = {"type": "object", "properties": spec, "x-kubernetes-validations": list(rules)}
    return {"type": "object", "properties": {"spec": part}}


def checked(written: dict[str, Any], spec: Any, old: Any = None) -> list[str]:
    rules = compile_rules(written, is_root=True)
    assert rules is not None
    was = None if old is None else {"spec": old}
    causes, warnings = check_rules(rules, {"spec": spec}, was)
    return [f"{one.field}: {one.message}" for one in causes] + [f"warning: {one}" for one in warnings]


INT, TEXT = {"type": "integer"}, {"type": "string"}
SIZES = {"min": INT, "max": INT, "name": TEXT, "at": {"type": "string", "format": "date-time"}}


@pytest.mark.parametrize(
    ("rule", "spec", "said"),
    [
        ({"rule": "self.min <= self.max"}, {"min": 1, "max": 2}, []),
        (
            {"rule": "self.min <= self.max"},
            {"min": 3, "max": 2},
            ['spec: Invalid value: "object": failed rule: self.min <= self.max'],
        ),
        ({"rule": "false", "message": "never"}, {}, ['spec: Invalid value: "object": never']),
        (
            {"rule": "false", "messageExpression": "'size is ' + string(self.max)"},
            {"max": 5},
            ['spec: Invalid value: "object": size is 5'],
        ),
        ({"rule": "false", "messageExpression": "self.name", "message": "m"}, {}, ['spec: Invalid value: "object": m']),
        ({"rule": "false", "reason": "FieldValueForbidden", "message": "no"}, {}, ["spec: Forbidden: no"]),
        ({"rule": "false", "fieldPath": ".max", "message": "no"}, {}, ['spec.max: Invalid value: "object": no']),
        (
            {"rule": "self.max > 0"},
            {},
            ['spec: Invalid value: "object": no such key: max evaluating rule: self.max > 0'],
        ),
        ({"rule": "self.at > timestamp('2024-01-01T00:00:00Z')"}, {"at": "2025-01-01T00:00:00Z"}, []),
        ({"rule": "has(self.name) ? self.name.startsWith('a') : true"}, {"name": "ab"}, []),
        ({"rule": "self.max == oldSelf.max"}, {"max": 1}, []),
        (
            {"rule": "oldSelf.hasValue()", "optionalOldSelf": True, "message": "new"},
            {},
            ['spec: Invalid value: "object": new'],
        ),
    ],
)  # fmt: skip
def test_a_rule_says_what_is_wrong(rule: dict[str, Any], spec: dict[str, Any], said: list[str]) -> None:
    assert checked(schema(SIZES, rule), spec) == said


def test_a_rule_about_a_change_sees_what_was() -> None:
    written = schema(SIZES, {"rule": "self.max >= oldSelf.max", "message": "grows only"})
    assert checked(written, {"max": 2}, {"max": 3}) == ['spec: Invalid value: "object": grows only']
    assert checked(written, {"max": 4}, {"max": 3}) == []


def test_what_has_not_changed_is_only_warned_of() -> None:
    written = schema(SIZES, {"rule": "self.min <= self.max", "message": "order"})
    spec = {"min": 3, "max": 1}
    assert checked(written, spec, spec) == ['warning: spec: Invalid value: "object": order']
    assert checked(written, {**spec, "name": "x"}, spec) == ['spec: Invalid value: "object": order']


def test_items_of_keyed_lists_are_followed_and_others_are_not() -> None:
    item = {
        "type": "object", "properties": {"key": TEXT, "size": INT},
        "x-kubernetes-validations": [{"rule": "self.size >= oldSelf.size", "message": "shrinks"}],
    }  # fmt: skip
    keyed = {"type": "array", "items": item, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["key"]}
    written = schema({"parts": keyed})
    old = {"parts": [{"key": "a", "size": 2}, {"key": "b", "size": 2}]}
    new = {"parts": [{"key": "b", "size": 1}, {"key": "c", "size": 0}, {"key": "a", "size": 2}]}
    assert checked(written, new, old) == ['spec.parts[0]: Invalid value: "object": shrinks']


def test_names_that_are_no_names_of_the_language_are_escaped() -> None:
    spec = {"my-name": TEXT, "namespace": TEXT, "a.b/c": TEXT, "d__e": TEXT}
    rule = "self.my__dash__name + self.__namespace__ + self.a__dot__b__slash__c + self.d__underscores__e == 'wxyz'"
    assert checked(schema(spec, {"rule": rule}), {"my-name": "w", "namespace": "x", "a.b/c": "y", "d__e": "z"}) == []


def test_sets_and_keyed_lists_compare_without_regard_to_order() -> None:
    tags = {"type": "array", "items": TEXT, "x-kubernetes-list-type": "set"}
    written = schema({"tags": tags, "others": tags}, {"rule": "self.tags == self.others", "message": "differ"})
    assert checked(written, {"tags": ["a", "b"], "others": ["b", "a"]}) == []
    assert checked(written, {"tags": ["a"], "others": ["b"]}) == ['spec: Invalid value: "object": differ']


def test_the_root_sees_its_kind_and_name() -> None:
    rule = {"rule": "self.metadata.name == 'web' && self.kind == 'Tab'", "message": "name"}
    rules = compile_rules({"type": "object", "x-kubernetes-validations": [rule]}, is_root=True)
    assert rules is not None
    assert check_rules(rules, {"kind": "Tab", "metadata": {"name": "web"}})[0] == []


def test_rules_share_a_budget() -> None:
    numbers = {"type": "array", "items": INT}
    rules = compile_rules(schema({"xs": numbers}, *[{"rule": "self.xs.all(a, a < 10000)"}] * 20))
    assert rules is not None
    causes, _ = check_rules(rules, {"spec": {"xs": list(range(250))}}, budget=10_000)
    assert [one.message for one in causes] == [f'Invalid value: "object": {OUT_OF_BUDGET}']


@pytest.mark.parametrize(
    ("rule", "field", "words"),
    [
        ({"rule": " "}, "rule", "Required value: rule is not specified"),
        ({"rule": "self.nothing"}, "rule", "undefined field 'nothing'"),
        ({"rule": "self.max"}, "rule", "cel expression must evaluate to a bool"),
        ({"rule": "self.max >"}, "rule", "compilation failed: ERROR: <input>"),
        ({"rule": "true\n&& true"}, "message", "message must be specified if rule contains line breaks"),
        ({"rule": "true", "message": " "}, "message", "message must be non-empty if specified"),
        ({"rule": "true", "message": "a\nb"}, "message", "message must not contain line breaks"),
        ({"rule": "true", "messageExpression": "1"}, "messageExpression", "must evaluate to a string"),
        ({"rule": "true", "reason": "Why"}, "reason", "Unsupported value"),
        ({"rule": "true", "fieldPath": ".other"}, "fieldPath", "does not refer to a valid field"),
        (
            {"rule": "self.xs.all(a, self.xs.all(b, a == b))"},
            "rule",
            "Forbidden: estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule",
        ),
    ],
)  # fmt: skip
def test_a_rule_that_is_no_good_is_refused(rule: dict[str, Any], field: str, words: str) -> None:
    written = schema({**SIZES, "xs": {"type": "array", "items": TEXT}}, rule)
    found = [one for one in rule_faults(written, Path("schema")) if one.field.endswith(f"[0].{field}")]
    assert any(words in one.message for one in found), found


def test_what_stands_in_plain_lists_has_no_past() -> None:
    item = {"type": "object", "properties": {"n": INT}, "x-kubernetes-validations": [{"rule": "self.n == oldSelf.n"}]}
    (found,) = rule_faults(schema({"xs": {"type": "array", "items": item, "maxItems": 5}}), Path("schema"))
    assert "oldSelf cannot be used on the uncorrelatable portion of the schema within" in found.message


def test_bounded_lists_make_rules_affordable() -> None:
    xs = {"type": "array", "items": {**TEXT, "maxLength": 10}, "maxItems": 20}
    assert rule_faults(schema({"xs": xs}, {"rule": "self.xs.all(a, self.xs.exists_one(b, a == b))"}), Path("s")) == []
