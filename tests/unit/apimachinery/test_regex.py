"""Users' regular expressions: RE2's syntax, Go's words, and time that is bounded."""

import pytest

from steersman.apimachinery.regex import RegexError, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^(?i)(abort|warn)?$", "WARN", True),
        ("^((?i)january|may)$", "May", True),
        ("^[[:alpha:]]+$", "abc", True),
        (r"\pL\z", "é", True),
        (r"a\z", "a\n", False),
        ("b", "abc", True),
        ("(a*)*$", "a" * 100_000 + "b", True),
        ("^(a+)+$", "a" * 100_000 + "b", False),
    ],
)
def test_a_pattern_is_found(pattern: str, text: str, found: bool) -> None:
    assert (compile_pattern(pattern).search(text) is not None) == found


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("a(?=b)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"),
        ("(", "error parsing regexp: missing closing ): `(`"),
        ("[a", "error parsing regexp: missing closing ]: `[a`"),
        ("*", "error parsing regexp: missing argument to repetition operator: `*`"),
        ("a{2000}", "error parsing regexp: invalid repeat count: `{2000}`"),
        (r"\1", "error parsing regexp: invalid escape sequence: `\\1`"),
        (r"\C", "error parsing regexp: invalid escape sequence: `\\C`"),
    ],
)
def test_what_is_none_is_refused_in_gos_words(pattern: str, said: str) -> None:
    with pytest.raises(RegexError) as caught:
        compile_pattern(pattern)
    assert str(caught.value) == said
