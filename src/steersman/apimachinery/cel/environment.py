"""Where expressions are compiled: the variables they may use, with their types, and what they may result in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from steersman.apimachinery.cel.ast import Expr
from steersman.apimachinery.cel.checker import check
from steersman.apimachinery.cel.cost import PER_CALL_LIMIT
from steersman.apimachinery.cel.interpreter import compiled
from steersman.apimachinery.cel.library.every import functions, implementation, qualified_names
from steersman.apimachinery.cel.parser import MAX_DEPTH, parse
from steersman.apimachinery.cel.scope import Eval, Scope
from steersman.apimachinery.cel.signatures import Function
from steersman.apimachinery.cel.source import CELError, shown
from steersman.apimachinery.cel.types import ANYTHING, Type
from steersman.apimachinery.cel.values import NoSuchOverload


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled expression. result: its type; tree and types: for the estimate of its cost."""

    text: str
    result: Type
    tree: Expr
    types: Mapping[int, Type]
    run: Eval

    def evaluate(self, variables: Mapping[str, Any], limit: int = PER_CALL_LIMIT) -> tuple[Any, int]:
        """The value, and what it cost. EvaluationError, BudgetExceeded."""
        scope = Scope(variables, limit)
        return self.run(scope), scope.cost


def _no_types(_: str) -> Type | None:
    return None


def _no_objects(name: str, fields: Mapping[str, Any]) -> Any:
    raise NoSuchOverload


@dataclass(frozen=True)
class Environment:
    """variables: their types. find_type and make: for expressions that make objects."""

    variables: Mapping[str, Type] = field(default_factory=dict)
    find_type: Callable[[str], Type | None] = _no_types
    make: Callable[[str, Mapping[str, Any]], Any] = _no_objects

    def compile(self, text: str, *results: Type) -> Program:
        """A program whose value is of one of these types, if any are given. CELError, as upstream words it."""
        try:
            tree, types = self.check(text)
            run = compiled(tree, self)
        except CELError as error:
            raise CELError(f"compilation failed: {error}") from error
        result = types[id(tree)]
        if results and result.name not in ANYTHING and not any(result == wanted for wanted in results):
            wanted = results[0] if len(results) == 1 else f"one of {', '.join(map(str, results))}"
            raise CELError(f"must evaluate to {wanted}")
        return Program(text, result, tree, types, run)

    def check(self, text: str) -> tuple[Expr, Mapping[int, Type]]:
        """The tree of an expression and the types in it. CELError that says no more than what is wrong where."""
        try:
            tree = parse(text, qualified_names())
            return tree, check(text, tree, self)
        except RecursionError as error:
            raise CELError(shown(text, 0, f"expression recursion limit exceeded: {MAX_DEPTH}")) from error

    def overloads(self, name: str) -> Sequence[Function]:
        """The functions of a name."""
        return functions().get(name, ())

    def object_type(self, name: str) -> Type | None:
        """A type that objects can be made of."""
        return self.find_type(name)

    def implementation(self, function: str, count: int, *, is_member: bool) -> Callable[..., Any]:
        """What calls go to; the checker has seen that there is something."""
        found = implementation(function, count, is_member)
        assert found is not None, function
        return found
