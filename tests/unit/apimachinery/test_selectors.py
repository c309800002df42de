"""Label and field selectors, and what is said of wrong ones."""

import pytest

from steersman.api import meta
from steersman.apimachinery.selectors import (
    SelectorError,
    from_label_selector,
    parse_field_selector,
    parse_label_selector,
)


@pytest.mark.parametrize(
    ("selector", "labels", "matches"),
    [
        ("", {}, True),
        ("a=b", {"a": "b"}, True),
        ("a==b", {"a": "c"}, False),
        ("a!=b", {}, True),
        ("a in (b, c)", {"a": "c"}, True),
        ("a notin (b,c)", {"a": "b"}, False),
        ("a notin (b)", {}, True),
        ("a", {"a": ""}, True),
        ("!a", {"a": ""}, False),
        ("a>3", {"a": "4"}, True),
        ("a<3", {"a": "x"}, False),
        ("a=,b", {"a": "", "b": "1"}, True),
        ("example.com/a in (b),c", {"example.com/a": "b"}, False),
    ],
)
def test_label_selectors_select(selector: str, labels: dict[str, str], matches: bool) -> None:
    assert parse_label_selector(selector).matches(labels) is matches


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("a in b", r"unable to parse requirement: found 'b',? expected: '\('"),
        ("=b", "^found '=', expected: !, identifier, or 'end of string'"),
        ("a b", "found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("a=b!", "^found '!', expected: ',' or 'end of string'"),
        ("a,", "found '', expected: identifier after ','"),
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
        ("-a=b", 'key: Invalid value: "-a": name part must consist of'),
        ("a=$", 'Invalid value: "\\$": a valid label must be an empty string or consist of'),
    ],
)
def test_a_wrong_label_selector_is_told_in_upstreams_words(selector: str, message: str) -> None:
    with pytest.raises(SelectorError, match=message):
        parse_label_selector(selector)


def test_an_absent_selector_matches_nothing_and_an_empty_one_everything() -> None:
    assert not from_label_selector(None).matches({})
    assert from_label_selector(meta.LabelSelector()).matches({"a": "b"})
    expression = meta.LabelSelectorRequirement(key="a", operator="NotIn", values=("x",))
    selector = from_label_selector(meta.LabelSelector(matchLabels={"b": "c"}, matchExpressions=(expression,)))
    assert selector.matches({"b": "c", "a": "y"})
    assert not selector.matches({"b": "c", "a": "x"})


@pytest.mark.parametrize("text", ["a=b", "a!=b,c in (d,e),!f,g", "a>1"])
def test_a_label_selector_reads_back_what_it_writes(text: str) -> None:
    selector = parse_label_selector(text)
    assert str(parse_label_selector(str(selector))) == str(selector)


def test_field_selectors_select_and_unescape() -> None:
    selector = parse_field_selector(r"spec.nodeName=a\,b\=c,status.phase!=Failed")
    assert selector.matches({"spec.nodeName": "a,b=c", "status.phase": "Running"})
    assert not selector.matches({"spec.nodeName": "a,b=c", "status.phase": "Failed"})
    assert selector.exact("spec.nodeName") == "a,b=c"
    assert parse_field_selector(str(selector)) == selector


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a", "invalid selector: 'a'; can't understand 'a'"),
        (r"a=\x", "invalid escape sequence"),
        ("a=b=c", "unescaped"),
    ],
)
def test_a_wrong_field_selector_is_told(text: str, message: str) -> None:
    with pytest.raises(SelectorError, match=message):
        parse_field_selector(text)


def test_fields_that_cannot_be_selected_by_are_named() -> None:
    with pytest.raises(SelectorError, match="field label not supported: spec"):
        parse_field_selector("spec.foo=1").checked(lambda path: path == "metadata.name")
