"""Compiled expressions evaluated on one request, one after the other, with one budget.

Source: apiserver/pkg/admission/plugin/cel: condition.go, activation.go, composition.go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steersman.api.admissionregistration.expressions import Compiled, Fault
from steersman.apimachinery.cel.cost import PER_CALL_LIMIT
from steersman.apimachinery.cel.environment import Program
from steersman.apimachinery.cel.scope import Scope
from steersman.apimachinery.cel.values import BudgetExceeded, EvaluationError, Fields, no_such_key
from steersman.apimachinery.gotext import quote


class OutOfBudget(Exception):
    """All expressions of a policy together cost more than they may."""

    def __init__(self) -> None:
        super().__init__("validation failed due to running out of cost budget, no further validation rules will be run")


@dataclass(frozen=True, slots=True)
class Condition:
    """An expression as it was written, and what became of it."""

    text: str
    compiled: Compiled


@dataclass(frozen=True, slots=True)
class Result:
    """What an expression is of. error: why it has no value; empty when it has one."""

    value: Any = None
    error: str = ""


class Variables(Fields):
    """`variables`: each is found when it is first asked for, and once. cost adds up until it is taken."""

    __slots__ = ("_bindings", "_compiled", "_known", "cost")

    def __init__(self, compiled: Mapping[str, Compiled], bindings: Mapping[str, Any]) -> None:
        self._compiled = compiled
        self._bindings = {**bindings, "variables": self}
        self._known: dict[str, Result] = {}
        self.cost = 0

    @property
    def bindings(self) -> Mapping[str, Any]:
        """What expressions are evaluated with: these, and the request's."""
        return self._bindings

    def has(self, field: str) -> bool:
        """There is a variable of the name."""
        return field in self._compiled

    def get(self, field: str) -> Any:
        """Its value. EvaluationError when it has none."""
        known = self._known.get(field)
        if known is None:
            known = self._known[field] = self._found(field)
        if known.error:
            raise EvaluationError(known.error)
        return known.value

    def _found(self, field: str) -> Result:
        compiled = self._compiled.get(field)
        if compiled is None:
            raise no_such_key(field)
        if isinstance(compiled, Fault):
            return Result(error=f"composited variable {quote(field)} fails to compile: {compiled.why}")
        found, cost = _run(compiled, self._bindings)
        self.cost += cost
        return (
            Result(error=f"composited variable {quote(field)} fails to evaluate: {found.error}")
            if found.error
            else found
        )


def evaluate(
    conditions: Sequence[Condition | None], variables: Variables, budget: int
) -> tuple[Sequence[Result | None], int]:
    """What each expression is, None where there is none, and what is left of the budget. OutOfBudget."""
    found: list[Result | None] = []
    for one in conditions:
        if one is None:
            found.append(None)
            continue
        if isinstance(one.compiled, Fault):
            found.append(Result(error=f"compilation error: {one.compiled.why}"))
            continue
        result, cost = _run(one.compiled, variables.bindings)
        budget -= cost + variables.cost
        variables.cost = 0
        if budget < 0:
            raise OutOfBudget
        if result.error:
            result = Result(error=f"expression '{one.text}' resulted in error: {result.error}")
        found.append(result)
    return found, budget


def _run(program: Program, bindings: Mapping[str, Any]) -> tuple[Result, int]:
    scope = Scope(bindings, PER_CALL_LIMIT)
    try:
        return Result(program.run(scope)), scope.cost
    except (EvaluationError, BudgetExceeded) as error:
        return Result(error=str(error)), scope.cost
