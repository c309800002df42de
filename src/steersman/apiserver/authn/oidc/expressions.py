"""Expressions about claims and users, compiled and evaluated. Pure.

Source: apiserver/pkg/authentication/cel; plugin/pkg/authenticator/token/oidc: newClaimsValue, newUserInfoValue.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.cel.ast import Ident, Select
from steersman.apimachinery.cel.environment import Environment, Program
from steersman.apimachinery.cel.names import nodes_in
from steersman.apimachinery.cel.source import CELError
from steersman.apimachinery.cel.types import BOOL, DYN, STRING, Type, list_of, map_of
from steersman.apimachinery.cel.values import BudgetExceeded, EvaluationError
from steersman.apimachinery.cel.views import ObjectView, escaped
from steersman.apiserver.user import UserInfo

_LISTED = list_of(STRING)
USER_TYPE = Type(
    "kubernetes.UserInfo",
    fields={"username": STRING, "uid": STRING, "groups": _LISTED, "extra": map_of(STRING, _LISTED)},
)
CLAIMS, USER = "claims", "user"
_ESCAPED = re.compile(r"\w*__\w*")


class ExpressionFailed(Exception):
    """An expression has no value for these claims, or this user; the text says why."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression; aliases: the escaped names of fields that it speaks of."""

    program: Program
    aliases: frozenset[str]

    @property
    def text(self) -> str:
        """As it was written."""
        return self.program.text

    def uses_claim(self, name: str) -> bool:
        """Whether it selects `claims.name`, or asks whether it is there."""
        return any(
            isinstance(one, Select)
            and one.field == name
            and isinstance(one.operand, Ident)
            and one.operand.name == CLAIMS
            for one in nodes_in(self.program.tree)
        )


def compile_about_claims(text: str, *, is_rule: bool = False) -> Expression:
    """An expression about `claims`; a rule is of type bool. CELError."""
    return _compiled(text, Environment({CLAIMS: map_of(STRING, DYN)}), is_rule)


def compile_about_user(text: str) -> Expression:
    """A rule about `user`. CELError."""
    return _compiled(text, Environment({USER: USER_TYPE}), is_rule=True)


def about_claims(expression: Expression, claims: Mapping[str, Any]) -> Any:
    """The value. ExpressionFailed."""
    return _evaluated(expression, CLAIMS, _seen(dict(claims), expression.aliases))


def about_user(expression: Expression, user: UserInfo) -> Any:
    """The value. ExpressionFailed."""
    extra = _seen({key: list(values) for key, values in user.extra.items()}, expression.aliases)
    raw = {"username": user.name, "uid": user.uid, "groups": list(user.groups), "extra": extra}
    return _evaluated(expression, USER, ObjectView(raw, USER_TYPE))


def _compiled(text: str, environment: Environment, is_rule: bool) -> Expression:
    program = environment.compile(text)
    if is_rule and program.result != BOOL:
        raise CELError(f"must evaluate to {BOOL}")
    return Expression(program, frozenset(_ESCAPED.findall(text)))


def _evaluated(expression: Expression, name: str, value: Any) -> Any:
    try:
        return expression.program.evaluate({name: value})[0]
    except (EvaluationError, BudgetExceeded) as error:
        why = str(error) or "actual cost limit exceeded"
        raise ExpressionFailed(f"expression '{expression.text}' resulted in error: {why}") from error


def _seen(given: Any, aliases: frozenset[str]) -> Any:
    """JSON as Go reads it, where every number is a double; names that are no CEL names also by their escaped ones."""
    match given:
        case bool():
            return given
        case int():
            return float(given) if abs(given) < 1 << 1023 else float("inf")
        case list():
            return [_seen(one, aliases) for one in given]
        case dict():
            made = {key: _seen(value, aliases) for key, value in given.items()}
            if aliases:
                made |= {name: made[key] for key in given if (name := escaped(key)) in aliases and name is not None}
            return made
        case _:
            return given
