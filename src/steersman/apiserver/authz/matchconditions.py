"""Expressions that tell whether a webhook is asked about a request at all. Pure.

Source: apiserver/pkg/authorization/cel: compile.go, matcher.go; KEP-3221.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.cel.environment import Environment, Program
from steersman.apimachinery.cel.source import CELError
from steersman.apimachinery.cel.types import BOOL, STRING, Type, list_of, map_of
from steersman.apimachinery.cel.values import BudgetExceeded, EvaluationError
from steersman.apimachinery.cel.views import ObjectView
from steersman.apimachinery.gotext import aggregate

_REQUIREMENT = Type(
    "kubernetes.SelectorRequirement", fields={"key": STRING, "operator": STRING, "values": list_of(STRING)}
)
_SELECTOR = Type("kubernetes.SelectorAttributes", fields={"rawSelector": STRING, "requirements": list_of(_REQUIREMENT)})
_TEXTS = ("namespace", "verb", "group", "version", "resource", "subresource", "name")
_RESOURCE = Type(
    "kubernetes.ResourceAttributes",
    fields={**dict.fromkeys(_TEXTS, STRING), "fieldSelector": _SELECTOR, "labelSelector": _SELECTOR},
)
_PATH = Type("kubernetes.NonResourceAttributes", fields={"path": STRING, "verb": STRING})
SPEC = Type(
    "kubernetes.SubjectAccessReviewSpec",
    fields={
        "resourceAttributes": _RESOURCE,
        "nonResourceAttributes": _PATH,
        "user": STRING,
        "groups": list_of(STRING),
        "extra": map_of(STRING, list_of(STRING)),
        "uid": STRING,
    },
)


class MatchFailed(Exception):
    """It can't be told whether a webhook is meant; the text says why."""


def compile_condition(text: str) -> Program:
    """The program of a condition. CELError."""
    program = Environment({"request": SPEC}).compile(text)
    if program.result != BOOL:
        raise CELError(f"must evaluate to {BOOL}")
    return program


@dataclass(frozen=True, slots=True)
class Matcher:
    """The conditions of a webhook."""

    conditions: Sequence[Program]

    def matches(self, spec: Mapping[str, Any]) -> bool:
        """All are true. One that is false settles it; MatchFailed when none is, and some can't be told."""
        request = ObjectView(_whole(spec), SPEC)
        errors = []
        for one in self.conditions:
            try:
                if one.evaluate({"request": request})[0] is not True:
                    return False
            except (EvaluationError, BudgetExceeded) as error:
                why = str(error) or "actual cost limit exceeded"
                errors.append(f"cel evaluation error: expression '{one.text}' resulted in error: {why}")
        if errors:
            raise MatchFailed(aggregate(errors))
        return True


def _whole(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The spec with what is empty too, which expressions may ask for."""
    whole = {"user": "", "groups": [], "uid": "", "extra": {}, **spec}
    if "resourceAttributes" in spec:
        whole["resourceAttributes"] = {**dict.fromkeys(_TEXTS, ""), **spec["resourceAttributes"]}
    else:
        whole["nonResourceAttributes"] = {"path": "", "verb": "", **spec["nonResourceAttributes"]}
    return whole
