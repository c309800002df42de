"""Whatever users write as an expression, it is refused or evaluated within its budget; nothing else happens."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.apimachinery.cel.environment import Environment
from steersman.apimachinery.cel.source import CELError
from steersman.apimachinery.cel.types import BOOL, DYN, INT, STRING, list_of, map_of
from steersman.apimachinery.cel.values import BudgetExceeded, EvaluationError

ENVIRONMENT = Environment(
    {"self": DYN, "xs": list_of(INT), "text": STRING, "labels": map_of(STRING, STRING), "flag": BOOL}
)
VARIABLES: dict[str, Any] = {
    "self": {"a": 1, "b": ["x", 2.5, None], "c": {"d": "e"}}, "xs": [3, -1, 0], "text": "aü1", "labels": {"k": "v"},
    "flag": True,
}  # fmt: skip
PARTS = """
self xs text labels flag .a .b .c .d has( ) ( [ ] { } , : ? . + - * / % ! && || == != < <= > >= in 1 2u 1.5 'a' b'a'
null
true .all(x, .exists(x, .map(x, .filter(x, x .size() .matches( .split( .format( int( string( duration( timestamp( url(
quantity( ip( cidr( optional.of( .?a .orValue( cel.bind(y, y .sum() .join() ' ` "
"""
WORDS = st.sampled_from(PARTS.split())


def _try(text: str) -> None:
    try:
        ENVIRONMENT.compile(text).evaluate(VARIABLES, limit=10_000)
    except (CELError, EvaluationError, BudgetExceeded):
        pass


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    _try(text)


@settings(max_examples=1000)
@given(st.lists(WORDS, max_size=14))
def test_any_words_of_the_language(words: list[str]) -> None:
    _try(" ".join(words))


ONE = (
    "(@)[0]", "-(@)", "!(@)", "size(@)", "(@).size()", "string(@)", "int(@)", "type(@) == int", "[@].max()",
    "(@).map(i, i)", "(@).all(i, i == @)", "(@).filter(i, true)", "dyn(@).a", "(@).matches('a*')", "{'k': @}.k",
    "optional.of(@).orValue(@)", "('%s %d').format([dyn(@)])", "duration(@)", "timestamp(@)",
)  # fmt: skip
TWO = ("+", "-", "*", "/", "%", "==", "!=", "<", "<=", "&&", "||", "in")
LEAVES = (
    "1", "-9223372036854775808", "9223372036854775807", "2u", "1.5", "1e308", "''", "'aü'", "b'x'", "true", "null",
    "[]", "{}", "self.a", "self.b", "self.c", "xs", "text", "labels", "flag", "dyn(1)", "duration('1h')", "string",
    "self",
)  # fmt: skip


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from(TWO), inner).map(lambda made: f"({made[0]} {made[1]} {made[2]})"),
        st.tuples(st.sampled_from(ONE), inner).map(lambda made: made[0].replace("@", made[1])),
        st.tuples(inner, inner, inner).map(lambda made: f"({made[0]} ? {made[1]} : {made[2]})"),
    )


@settings(max_examples=1000)
@given(st.recursive(st.sampled_from(LEAVES), _larger, max_leaves=12))
def test_any_expression_that_is_well_formed(text: str) -> None:
    _try(text)
