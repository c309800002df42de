"""Expressions of policies on one request: variables, errors, and the budget they share."""

import pytest

from steersman.api.admissionregistration.expressions import Expressions
from steersman.apimachinery.cel.types import BOOL, INT
from steersman.apiserver.admission.policy.conditions import ConditionsFailed, are_met
from steersman.apiserver.admission.policy.evaluation import Condition, OutOfBudget, Variables, evaluate

OBJECT = {"object": {"x": 1, "items": list(range(100))}}


def conditions(*texts: str) -> list[Condition]:
    known = Expressions()
    return [Condition(text, known.compile(text, BOOL)) for text in texts]


def test_a_variable_is_found_when_it_is_asked_for_and_only_once() -> None:
    known = Expressions()
    compiled = {"a": known.variable("a", "object.x + 1"), "bad": known.variable("bad", "object.nowhere")}
    once = Condition("", known.compile("variables.a == 2", BOOL))
    twice = Condition("", known.compile("variables.a + variables.a == 4", BOOL))
    variables = Variables(compiled, OBJECT)
    (first,), left = evaluate([once], variables, 1000)
    (second,), rest = evaluate([twice], variables, 1000)
    assert (first is not None and first.value, second is not None and second.value) == (True, True)
    assert 1000 - left > 0
    assert 1000 - rest < 2 * (1000 - left), "the variable costs nothing the second time"


def test_why_a_variable_has_no_value_is_told_with_its_name() -> None:
    known = Expressions()
    compiled = {"bad": known.variable("bad", "object.nowhere"), "worse": known.variable("worse", "1 +")}
    texts = ("variables.bad == 1", "variables.worse == 1", "variables.bad == 1 || true")
    bad, worse, excused = (Condition(text, known.compile(text, BOOL)) for text in texts)
    (one, two, three), _ = evaluate([bad, worse, excused], Variables(compiled, OBJECT), 1000)
    assert one is not None
    assert two is not None
    assert three is not None
    assert one.error == (
        "expression 'variables.bad == 1' resulted in error: "
        'composited variable "bad" fails to evaluate: no such key: nowhere'
    )
    assert 'composited variable "worse" fails to compile: compilation failed: ERROR: <input>:1:' in two.error
    assert (three.value, three.error) == (True, "")


def test_all_expressions_share_a_budget_and_variables_count() -> None:
    known = Expressions()
    compiled = {"all": known.variable("all", "object.items.all(a, object.items.all(b, a + b >= 0))")}
    asks = Condition("", known.compile("variables.all", BOOL))
    with pytest.raises(OutOfBudget):
        evaluate([asks], Variables({**compiled}, OBJECT), 1000)
    _, left = evaluate([asks], Variables(compiled, OBJECT), 10_000_000)
    assert 0 < left < 10_000_000 - 10_000


def test_what_a_type_says_holds_for_variables() -> None:
    known = Expressions()
    known.variable("n", "1 + 1")
    assert getattr(known.compile("variables.n", INT), "text", "") == "variables.n"
    assert getattr(known.compile("variables.n", BOOL), "why", "") == "must evaluate to bool but got int"
    assert getattr(known.compile("object.x", BOOL), "why", "") == "must evaluate to bool but got dyn"


@pytest.mark.parametrize(
    ("texts", "policy", "expected"),
    [
        (("object.x == 1", "true"), "Fail", True),
        (("object.x == 1", "false"), "Fail", False),
        (("object.y == 1", "object.x == 2"), "Fail", False),
        (("object.y == 1", "object.x == 1"), "Ignore", False),
        (("object.y == 1",), "Fail", "expression 'object.y == 1' resulted in error: no such key: y"),
        (("object.y == 1",), None, "expression 'object.y == 1' resulted in error: no such key: y"),
        (("object",), "Fail", "compilation error: must evaluate to bool but got dyn"),
    ],
)
def test_the_failure_policy_decides_where_no_condition_is_false(
    texts: tuple[str, ...], policy: str | None, expected: bool | str
) -> None:
    try:
        told: bool | str = are_met(conditions(*texts), Variables({}, OBJECT), policy)
    except ConditionsFailed as error:
        told = str(error)
    assert told == expected
