"""Macros over collections, as loops. The steps that are counted are those of upstream's fold.

Source: cel-go/parser/macro.go, ext/comprehensions.go.
"""

from collections.abc import Callable, Iterator
from typing import Any

from steersman.apimachinery.cel.ast import Comprehension, Loop
from steersman.apimachinery.cel.cost import LIST_COST, MAP_COST
from steersman.apimachinery.cel.operators import LISTS, MAPS
from steersman.apimachinery.cel.scope import Eval, Scope
from steersman.apimachinery.cel.values import EvaluationError, NoSuchOverload

# Steps of a turn beside the predicate: the condition whether to go on, and taking the result along.
ALL_STEPS, EXISTS_STEPS, ONE_STEPS, SKIPPED_STEPS, APPENDED_STEPS = 3, 4, 1, 1, 2 + LIST_COST
Turn = Callable[[Scope], Any]


def looped(node: Comprehension, over: Eval, body: Eval, condition: Eval | None) -> Eval:
    """A macro as a function of the scope."""
    names = node.variables

    def run(scope: Scope) -> Any:
        turns = _turns(over(scope), names)
        outer = scope.variables
        scope.variables = inner = dict(outer)
        try:
            return _result(node.loop, names, scope, _each(turns, inner, names), body, condition)
        finally:
            scope.variables = outer

    return run


def _result(  # noqa: PLR0913  # one turn's parts
    loop: Loop, names: tuple[str, ...], scope: Scope, turns: Iterator[None], body: Eval, condition: Eval | None
) -> Any:
    match loop:
        case Loop.ALL:
            return _decides(scope, turns, body, ALL_STEPS, decisive=False)
        case Loop.EXISTS:
            return _decides(scope, turns, body, EXISTS_STEPS, decisive=True)
        case Loop.EXISTS_ONE:
            return _exists_one(scope, turns, body)
        case Loop.FILTER:
            return _filter(scope, turns, body, names[0])
        case Loop.MAP | Loop.TRANSFORM_LIST:
            return _mapped(scope, turns, body, condition)
        case Loop.TRANSFORM_MAP:
            return _transformed(scope, turns, body, condition, names[0])
        case Loop.TRANSFORM_MAP_ENTRY:
            return _transformed(scope, turns, body, condition, "")


def _turns(collection: Any, names: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """The values of the variables, turn by turn."""
    kind = type(collection)
    if kind in LISTS:
        return ((one,) for one in collection) if len(names) == 1 else enumerate(collection)
    if kind in MAPS:
        return ((key,) for key in collection) if len(names) == 1 else iter(collection.items())
    raise NoSuchOverload


def _each(turns: Iterator[tuple[Any, ...]], inner: dict[str, Any], names: tuple[str, ...]) -> Iterator[None]:
    for values in turns:
        inner.update(zip(names, values, strict=True))
        yield


def _decides(scope: Scope, turns: Iterator[None], body: Eval, steps: int, decisive: bool) -> bool:
    """A turn with the decisive answer wins over errors of others."""
    failed: EvaluationError | None = None
    for _ in turns:
        scope.spend(steps)
        try:
            answer = body(scope)
        except EvaluationError as error:
            failed = failed or error
            continue
        if type(answer) is bool and answer == decisive:
            scope.cost += 1
            return decisive
        if type(answer) is not bool:
            failed = failed or NoSuchOverload()
    scope.cost += 1
    if failed is not None:
        raise failed
    return not decisive


def _exists_one(scope: Scope, turns: Iterator[None], body: Eval) -> bool:
    count = 0
    for _turn in turns:
        scope.spend(ONE_STEPS)
        if _truth(body(scope)):
            count += 1
            scope.cost += 1
    scope.cost += 2
    return count == 1


def _filter(scope: Scope, turns: Iterator[None], body: Eval, name: str) -> list[Any]:
    kept: list[Any] = []
    for _turn in turns:
        if _truth(body(scope)):
            scope.spend(APPENDED_STEPS + 1)
            kept.append(scope.variables[name])
        else:
            scope.spend(SKIPPED_STEPS)
    scope.spend(LIST_COST + 1)
    return kept


def _mapped(scope: Scope, turns: Iterator[None], body: Eval, condition: Eval | None) -> list[Any]:
    made: list[Any] = []
    for _turn in turns:
        if condition is not None and not _truth(condition(scope)):
            scope.spend(SKIPPED_STEPS)
            continue
        made.append(body(scope))
        scope.spend(APPENDED_STEPS)
    scope.spend(LIST_COST + 1)
    return made


def _transformed(scope: Scope, turns: Iterator[None], body: Eval, condition: Eval | None, key: str) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    for _turn in turns:
        if condition is not None and not _truth(condition(scope)):
            scope.spend(SKIPPED_STEPS)
            continue
        value = body(scope)
        scope.spend(2)
        made |= value if not key else {scope.variables[key]: value}
    scope.spend(MAP_COST + 1)
    return made


def _truth(value: Any) -> bool:
    if type(value) is bool:
        return value
    raise NoSuchOverload
