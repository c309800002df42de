"""What makes the expressions of webhooks and policies wrong, in upstream's words.

What is stored already was right when it came: conditions that stay as they are aren't compiled again. Source:
pkg/apis/admissionregistration/validation/validation.go.
"""

import re
from collections.abc import Iterable, Sequence

from steersman.api.admissionregistration.expressions import Compiled, Expressions, Fault
from steersman.api.admissionregistration.patchtypes import JSON_PATCH_TYPE, OBJECT_TYPE
from steersman.api.admissionregistration.policy import (
    AuditAnnotation,
    MatchCondition,
    MutatingAdmissionPolicySpec,
    Mutation,
    PatchType,
    ValidatingAdmissionPolicySpec,
    Validation,
    Variable,
)
from steersman.apimachinery.cel.types import BOOL, NULL, STRING, list_of
from steersman.apimachinery.cel.views import KEYWORDS
from steersman.apimachinery.fielderrors import (
    duplicate,
    forbidden_field,
    invalid_value,
    invalid_values,
    not_supported,
    required,
    too_many,
)
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import qualified_name
from steersman.apimachinery.status import Cause

SPEC = Path("spec")
MAX_CONDITIONS, MAX_ANNOTATIONS, MAX_ANNOTATION_BYTES = 64, 20, 5 * 1024
REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized")
NOTHING_TO_DO = "validations or auditAnnotations must contain at least one item"
_IDENTIFIER = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")


def condition_faults(conditions: Sequence[MatchCondition], path: Path, *, has_params: bool = False) -> Iterable[Cause]:
    """Match conditions of a webhook or a policy, which know no variables."""
    known = Expressions(has_params=has_params, has_variables=False)
    if len(conditions) > MAX_CONDITIONS:
        yield too_many(path, len(conditions), MAX_CONDITIONS)
    names: set[str] = set()
    for position, one in enumerate(conditions):
        where = path.at(position)
        text = one.expression.strip()
        if text:
            yield from _fault(known.compile(text, BOOL), text, where.child("expression"))
        if one.name:
            yield from invalid_values(where.child("name"), one.name, qualified_name(one.name))
            if one.name in names:
                yield duplicate(where.child("name"), one.name)
            names.add(one.name)


def policy_faults(name: str, spec: ValidatingAdmissionPolicySpec) -> Iterable[Cause]:
    """Variables, validations and notes for the audit log, of a policy of this name."""
    known = Expressions(has_params=spec.paramKind is not None, has_variables=bool(spec.variables))
    yield from _variable_faults(spec.variables, known)
    if not spec.validations and not spec.auditAnnotations:
        yield required(SPEC.child("validations"), NOTHING_TO_DO)
        yield required(SPEC.child("auditAnnotations"), NOTHING_TO_DO)
        return
    for position, one in enumerate(spec.validations):
        yield from _validation_faults(one, known, SPEC.child("validations").at(position))
    yield from _annotations_faults(name, spec.auditAnnotations, known)


def mutation_faults(spec: MutatingAdmissionPolicySpec) -> Iterable[Cause]:
    """Variables and mutations of a policy."""
    known = Expressions(has_params=spec.paramKind is not None, has_variables=bool(spec.variables))
    yield from _variable_faults(spec.variables, known)
    if not spec.mutations:
        yield required(SPEC.child("mutations"), "mutations must contain at least one item")
    for position, one in enumerate(spec.mutations):
        yield from _mutation_faults(one, known, SPEC.child("mutations").at(position))


def _fault(compiled: Compiled, text: str, path: Path) -> list[Cause]:
    return [invalid_value(path, text, compiled.why)] if isinstance(compiled, Fault) else []


def _variable_faults(variables: Sequence[Variable], known: Expressions) -> Iterable[Cause]:
    for position, one in enumerate(variables):
        where = SPEC.child("variables").at(position)
        if one.name and (not _IDENTIFIER.fullmatch(one.name) or one.name in KEYWORDS):
            yield invalid_value(where.child("name"), one.name, "name is not a valid CEL identifier")
        if one.expression.strip():
            yield from _fault(known.variable(one.name, one.expression), one.expression, where.child("expression"))


def _validation_faults(one: Validation, known: Expressions, path: Path) -> Iterable[Cause]:
    if one.expression.strip():
        yield from _fault(known.compile(one.expression, BOOL), one.expression, path.child("expression"))
    text, where = one.messageExpression, path.child("messageExpression")
    if text and not text.strip():
        yield invalid_value(where, text, "must be non-empty if specified")
    elif text:
        yield from _fault(known.compile(text, STRING, has_authorizer=False), text, where)
    message = one.message.strip()
    if one.message and not message:
        yield invalid_value(path.child("message"), one.message, "message must be non-empty if specified")
    elif "\n" in message or "\r" in message:
        yield invalid_value(path.child("message"), one.message, "message must not contain line breaks")
    if one.reason is not None and one.reason not in REASONS:
        yield not_supported(path.child("reason"), one.reason, REASONS)


def _annotations_faults(name: str, annotations: Sequence[AuditAnnotation], known: Expressions) -> Iterable[Cause]:
    path = SPEC.child("auditAnnotations")
    if len(annotations) > MAX_ANNOTATIONS:
        yield invalid_value(path, list(annotations), f"must not have more than {MAX_ANNOTATIONS} auditAnnotations")
    keys: set[str] = set()
    for position, one in enumerate(annotations):
        where, text = path.at(position), one.valueExpression.strip()
        key = f"{name}/{one.key}"
        yield from invalid_values(where.child("key"), key, qualified_name(key))
        if len(text.encode()) > MAX_ANNOTATION_BYTES:
            why = f"must not exceed {MAX_ANNOTATION_BYTES} bytes in length"
            yield required(where.child("valueExpression"), why)
        elif text:
            yield from _fault(known.compile(text, STRING, NULL), one.valueExpression, where.child("valueExpression"))
        if one.key in keys:
            yield duplicate(where.child("key"), one.key)
        keys.add(one.key)


def _mutation_faults(one: Mutation, known: Expressions, path: Path) -> Iterable[Cause]:
    is_patch = one.patchType == PatchType.JSON_PATCH
    wanted, other = ("jsonPatch", "applyConfiguration") if is_patch else ("applyConfiguration", "jsonPatch")
    if one.patchType not in set(PatchType):
        return
    made = one.jsonPatch if is_patch else one.applyConfiguration
    if (one.applyConfiguration if is_patch else one.jsonPatch) is not None:
        yield forbidden_field(path.child(other), f"must not be specified when patchType is {one.patchType}")
    if made is None:
        yield required(path.child(wanted), f"must be specified when patchType is {one.patchType}")
    elif not made.expression.strip():
        yield required(path.child(wanted, "expression"), "expression is not specified")
    else:
        result = list_of(JSON_PATCH_TYPE) if is_patch else OBJECT_TYPE
        compiled = known.compile(made.expression, result, can_patch=True)
        yield from _fault(compiled, made.expression, path.child(wanted, "expression"))
