"""What a validating policy says of a request. Pure.

Source: apiserver/pkg/admission/plugin/policy/validating: plugin.go: compilePolicy; validator.go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steersman.api.admissionregistration import (
    FailurePolicyType,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicySpec,
    Validation,
)
from steersman.api.admissionregistration.expressions import Compiled, Expressions
from steersman.apimachinery.cel.cost import RUNTIME_BUDGET
from steersman.apimachinery.cel.operators import type_name
from steersman.apimachinery.cel.types import BOOL, NULL, STRING
from steersman.apiserver.admission.policy.bindings import for_conditions, for_words
from steersman.apiserver.admission.policy.conditions import ConditionsFailed, are_met
from steersman.apiserver.admission.policy.evaluation import Condition, OutOfBudget, Result, Variables, evaluate

# Source: apiserver/pkg/apis/cel/config.go.
MAX_MESSAGE_BYTES = 5 * 1024


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """The expressions of a policy. messages: one for each validation, None where it has none."""

    spec: ValidatingAdmissionPolicySpec
    variables: Mapping[str, Compiled]
    conditions: Sequence[Condition]
    validations: Sequence[Condition]
    messages: Sequence[Condition | None]
    annotations: Sequence[Condition]


@dataclass(frozen=True, slots=True)
class Violation:
    """A validation that isn't fulfilled, by its index, or that can't be told. reason: of the answer."""

    index: int
    message: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """What the audit log is to say. error: why it can't be told."""

    key: str
    value: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that a policy says of a request. excused: what couldn't be told, and is ignored."""

    violations: Sequence[Violation] = ()
    notes: Sequence[Note] = ()
    excused: Sequence[str] = ()


def compile_policy(policy: ValidatingAdmissionPolicy) -> CompiledPolicy:
    """Every expression; what is wrong with them is told when they are used."""
    spec = policy.spec
    known = Expressions(has_params=spec.paramKind is not None)
    variables = {one.name: known.variable(one.name, one.expression) for one in spec.variables}

    def message(one: Validation) -> Condition | None:
        text = one.messageExpression
        return Condition(text, known.compile(text, STRING, has_authorizer=False)) if text else None

    return CompiledPolicy(
        spec,
        variables,
        [Condition(one.expression, known.compile(one.expression, BOOL)) for one in spec.matchConditions],
        [Condition(one.expression, known.compile(one.expression, BOOL)) for one in spec.validations],
        [message(one) for one in spec.validations],
        [
            Condition(one.valueExpression, known.compile(one.valueExpression, STRING, NULL))
            for one in spec.auditAnnotations
        ],
    )


def judge(policy: CompiledPolicy, bindings: Mapping[str, Any]) -> Judgement:
    """What the policy says, with the variables as they are in this request."""
    is_excused = policy.spec.failurePolicy == FailurePolicyType.IGNORE
    try:
        conditional = Variables(policy.variables, for_conditions(bindings))
        if not are_met(policy.conditions, conditional, policy.spec.failurePolicy):
            return Judgement()
        results, left = evaluate(policy.validations, Variables(policy.variables, bindings), RUNTIME_BUDGET)
        violations, excused = _violations(policy, results, bindings, left)
        notes, _ = evaluate(policy.annotations, Variables(policy.variables, for_words(bindings)), RUNTIME_BUDGET)
    except (ConditionsFailed, OutOfBudget) as error:
        return Judgement(excused=[str(error)]) if is_excused else Judgement([Violation(0, str(error))])
    return Judgement(violations, _notes(policy, notes), excused)


def _violations(
    policy: CompiledPolicy, results: Sequence[Result | None], bindings: Mapping[str, Any], budget: int
) -> tuple[Sequence[Violation], Sequence[str]]:
    """Those that count, and what couldn't be told and is ignored."""
    is_excused = policy.spec.failurePolicy == FailurePolicyType.IGNORE
    failed = ""
    messages: Sequence[Result | None] = [None] * len(results)
    try:
        messages, _ = evaluate(policy.messages, Variables(policy.variables, for_words(bindings)), budget)
    except OutOfBudget as error:
        failed = f"failed messageExpression: {error}"
    found, excused = [], []
    for index, (result, said) in enumerate(zip(results, messages, strict=True)):
        assert result is not None, "every validation has an expression"
        if untold := result.error or failed:
            if is_excused:
                excused.append(untold)
            else:
                found.append(Violation(index, untold))
        elif result.value is not True:
            validation = policy.spec.validations[index]
            found.append(Violation(index, _message(validation, said), validation.reason or "Invalid"))
    return found, excused


def _message(validation: Validation, said: Result | None) -> str:
    if said is not None and isinstance(said.value, str):
        text = said.value.strip()
        if text and len(text.encode()) <= MAX_MESSAGE_BYTES and "\n" not in text:
            return text
    return validation.message.strip() or f"failed expression: {validation.expression.strip()}"


def _notes(policy: CompiledPolicy, results: Sequence[Result | None]) -> Sequence[Note]:
    is_excused = policy.spec.failurePolicy == FailurePolicyType.IGNORE
    found = []
    for one, result in zip(policy.spec.auditAnnotations, results, strict=True):
        assert result is not None, "every annotation has an expression"
        if result.error:
            if not is_excused:
                found.append(Note(one.key, error=result.error))
        elif isinstance(result.value, str):
            if text := result.value.strip():
                found.append(Note(one.key, text))
        elif result.value is not None:
            why = f"resulted in unsupported return type: {type_name(result.value)}"
            text = f"valueExpression '{one.valueExpression}' {why}. Return type must be either string or null."
            found.append(Note(one.key, error=text))
    return found
