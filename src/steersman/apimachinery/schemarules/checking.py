"""Rules held against objects.

A rule sees `self`, and `oldSelf` where there is an old value that can be told to be the same one's. What hasn't changed
isn't refused for a rule that came later. Source: apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from steersman.apimachinery.cel.cost import PER_CALL_LIMIT, RUNTIME_BUDGET
from steersman.apimachinery.cel.environment import Program
from steersman.apimachinery.cel.values import NOTHING, BudgetExceeded, EvaluationError, NoSuchOverload, Optional
from steersman.apimachinery.cel.views import seen
from steersman.apimachinery.fielderrors import duplicate, forbidden_field, invalid_value, required
from steersman.apimachinery.fieldpath import ROOT, Path
from steersman.apimachinery.patch.json import same
from steersman.apimachinery.schemarules.compiled import OLD_SELF, SELF, Rule, Rules
from steersman.apimachinery.schemarules.fieldpaths import field_names
from steersman.apimachinery.status import Cause

Written = Mapping[str, Any]
# Source: apiserver/pkg/apis/cel/config.go.
MAX_MESSAGE_BYTES = 5 * 1024
OUT_OF_BUDGET = "validation failed due to running out of cost budget, no further validation rules will be run"


@dataclass(slots=True)
class _Run:
    """What one object's rules have left to spend, and what they found."""

    budget: int
    causes: list[Cause] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored where a value is. can_follow: the old value is this one's; is_same: nothing changed around it."""

    value: Any = None
    is_there: bool = False
    is_same: bool = False


NEW = Stored()


class _Spent(Exception):
    """The budget is used up: nothing more is asked."""


def check_rules(
    rules: Rules, value: Any, old: Any = None, budget: int = RUNTIME_BUDGET
) -> tuple[list[Cause], list[str]]:
    """What an object violates, and what is only told since nothing of it has changed. old: None for a new object."""
    run = _Run(budget)
    stored = NEW if old is None else Stored(old, is_there=True, is_same=same(value, old))
    try:
        _check(rules, value, stored, ROOT, run)
    except _Spent:
        pass
    return run.causes, run.warnings


def _check(rules: Rules, value: Any, stored: Stored, path: Path, run: _Run) -> None:
    if value is None:
        return
    if rules.own:
        _check_own(rules, value, stored, path, run)
    for one in rules.all_of:
        _check(one, value, stored, path, run)
    if isinstance(value, list) and rules.items is not None:
        keyed = _by_key(stored, rules.schema)
        for position, item in enumerate(value):
            below = _item(item, rules.schema, keyed, stored)
            _check(rules.items, item, below, path.at(position), run)
    elif isinstance(value, dict):
        for name, part in value.items():
            if name in rules.properties:
                _check(rules.properties[name], part, _field(name, part, rules, stored), path.child(name), run)
            elif rules.others is not None:
                _check(rules.others, part, _field(name, part, rules, stored), path.key(name), run)


def _field(name: str, part: Any, rules: Rules, stored: Stored) -> Stored:
    if not stored.is_there or not isinstance(stored.value, Mapping) or name not in stored.value:
        return Stored(is_same=stored.is_same)
    old = stored.value[name]
    is_same = stored.is_same or same(part, old)
    return (
        Stored(is_same=is_same) if rules.schema.get("x-kubernetes-map-type") == "atomic" else Stored(old, True, is_same)
    )


def _keys(schema: Written) -> Sequence[str]:
    return schema.get("x-kubernetes-list-map-keys") or () if schema.get("x-kubernetes-list-type") == "map" else ()


def _by_key(stored: Stored, schema: Written) -> dict[tuple[Any, ...], Any]:
    keys = _keys(schema)
    if not keys or not isinstance(stored.value, list):
        return {}
    return {tuple(one.get(key) for key in keys): one for one in stored.value if isinstance(one, Mapping)}


def _item(item: Any, schema: Written, keyed: Mapping[tuple[Any, ...], Any], stored: Stored) -> Stored:
    key = tuple(item.get(name) for name in _keys(schema)) if isinstance(item, Mapping) else ()
    if not key or key not in keyed:
        return Stored(is_same=stored.is_same)
    return Stored(keyed[key], is_there=True, is_same=stored.is_same or same(item, keyed[key]))


def _check_own(rules: Rules, value: Any, stored: Stored, path: Path, run: _Run) -> None:
    shown, has_old = rules.schema.get("type", ""), stored.is_there and stored.value is not None
    own = seen(value, rules.kind)
    old = seen(stored.value, rules.kind) if has_old else None
    for rule in rules.own:
        uses_old = rule.uses_old
        if rule.error:
            run.causes.append(invalid_value(path, shown, f"rule compile error: {rule.error}"))
            continue
        if rule.program is None or (uses_old and not has_old and not rule.has_optional_old):
            continue
        before: Any = old
        if rule.has_optional_old:
            before = Optional(True, old) if has_old else NOTHING
        variables = {SELF: own, OLD_SELF: before} if uses_old else {SELF: own}
        holds = _evaluated(rule, rule.program, variables, path, shown, run)
        if holds is not False:
            continue
        message = _message(rule, variables, path, shown, run)
        where = _path_of(rule, path)
        cause = _cause(rule, where, shown, message)
        if not uses_old and stored.is_same:
            run.warnings.append(f"{cause.field}: {cause.message}" if cause.field else cause.message)
        else:
            run.causes.append(cause)


def _evaluated(  # noqa: PLR0913  # what a fault is told with
    rule: Rule, program: Program, variables: Mapping[str, Any], path: Path, shown: str, run: _Run
) -> Any:
    """The value; None when there is none, which is told."""
    text = _text_of(rule)
    try:
        value, cost = program.evaluate(variables, min(PER_CALL_LIMIT, max(run.budget, 1)))
    except BudgetExceeded as error:
        said = OUT_OF_BUDGET
        if run.budget > PER_CALL_LIMIT:
            said = f"'{error}': no further validation rules will be run due to call cost exceeds limit for rule: {text}"
        run.causes.append(invalid_value(path, shown, said))
        raise _Spent from error
    except NoSuchOverload as error:
        why = "call arguments did not match a supported operator, function or macro signature"
        said = f"'{error}': {why} for rule: {text}"
        run.causes.append(invalid_value(path, shown, said))
        return None
    except (EvaluationError, RecursionError) as error:
        run.causes.append(invalid_value(path, shown, f"{error} evaluating rule: {text}"))
        return None
    run.budget -= cost
    if run.budget < 0:
        run.causes.append(invalid_value(path, shown, OUT_OF_BUDGET))
        raise _Spent
    return value


def _text_of(rule: Rule) -> str:
    return str(rule.written.get("message") or rule.written["rule"]).strip()


def _message(rule: Rule, variables: Mapping[str, Any], path: Path, shown: str, run: _Run) -> str:
    if rule.message is not None:
        said = _said(rule.message, variables, path, shown, run)
        if said and "\n" not in said and len(said.encode()) <= MAX_MESSAGE_BYTES:
            return said
    message = str(rule.written.get("message") or "")
    return message.strip() or f"failed rule: {_text_of(rule)}"


def _said(program: Program, variables: Mapping[str, Any], path: Path, shown: str, run: _Run) -> str:
    """What the expression makes of it; empty when it can't, and then the plain message does."""
    try:
        text, cost = program.evaluate(variables, min(PER_CALL_LIMIT, max(run.budget, 1)))
    except BudgetExceeded as error:
        why = "messageExpression evaluation failed due to running out of cost budget, no further validation rules"
        run.causes.append(invalid_value(path, shown, f"{why} will be run"))
        raise _Spent from error
    except (EvaluationError, RecursionError):
        return ""
    run.budget -= cost
    return text.strip() if isinstance(text, str) else ""


def _path_of(rule: Rule, path: Path) -> Path:
    """Where the rule says that the fault is. Source: NormalizedRuleFieldPath."""
    below = (rule.written.get("fieldPath") or "").strip()
    for one in field_names(below):
        path = path.child(one)
    return path


def _cause(rule: Rule, path: Path, shown: str, message: str) -> Cause:
    match rule.written.get("reason"):
        case "FieldValueForbidden":
            return forbidden_field(path, message)
        case "FieldValueRequired":
            return required(path, message)
        case "FieldValueDuplicate":
            return duplicate(path, shown)
        case _:
            return invalid_value(path, shown, message)
