"""What makes a job's pod failure policy or success policy wrong, in upstream's words.

Source: pkg/apis/batch/validation: validatePodFailurePolicy, validateSuccessPolicy, validatePodReplacementPolicy.
"""

from collections.abc import Iterable, Sequence

from steersman.api.batch.indexes import IndexesError, count_indexes
from steersman.api.batch.job import (
    CompletionMode,
    JobSpec,
    PodFailurePolicyAction,
    PodFailurePolicyOnExitCodesOperator,
    PodFailurePolicyOnExitCodesRequirement,
    PodFailurePolicyOnPodConditionsPattern,
    PodFailurePolicyRule,
    PodReplacementPolicy,
    SuccessPolicyRule,
)
from steersman.api.meta.fieldrules import not_negative, one_of, valid_values
from steersman.apimachinery.fielderrors import (
    FieldErrorType,
    duplicate,
    field_error,
    invalid_value,
    invalid_values,
    not_supported,
    required,
    too_long,
    too_many,
)
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import qualified_name
from steersman.apimachinery.status import Cause

MAX_RULES = 20
MAX_EXIT_CODES = 255
MAX_CONDITIONS = 20
MAX_INDEXES_BYTES = 64 * 1024
ACTIONS = tuple(sorted(PodFailurePolicyAction))
OPERATORS = tuple(sorted(PodFailurePolicyOnExitCodesOperator))
REPLACEMENTS = tuple(sorted(PodReplacementPolicy))
CONDITION_STATUSES = ("False", "True", "Unknown")
NEEDS_INDEXES = "requires indexed completion mode"


def validate_policies(spec: JobSpec, path: Path) -> list[Cause]:
    """All policies of a job about its pods."""
    return [
        *_failure_faults(spec, path.child("podFailurePolicy", "rules")),
        *_success_faults(spec, path.child("successPolicy")),
        *_replacement_faults(spec, path.child("podReplacementPolicy")),
    ]


def _failure_faults(spec: JobSpec, path: Path) -> Iterable[Cause]:
    if spec.podFailurePolicy is None:
        return
    rules = spec.podFailurePolicy.rules
    if len(rules) > MAX_RULES:
        yield too_many(path, len(rules), MAX_RULES)
    for position, rule in enumerate(rules):
        yield from _rule_faults(rule, spec, path.at(position))


def _rule_faults(rule: PodFailurePolicyRule, spec: JobSpec, path: Path) -> Iterable[Cause]:
    where = path.child("action")
    if rule.action == PodFailurePolicyAction.FAIL_INDEX:
        if spec.backoffLimitPerIndex is None:
            yield invalid_value(where, rule.action, "requires the backoffLimitPerIndex to be set")
    else:
        yield from one_of(rule.action, ACTIONS, where, valid_values(ACTIONS))
    if rule.onExitCodes is not None:
        pod = spec.template.spec
        names = {container.name for container in (*pod.containers, *pod.initContainers)}
        yield from _exit_code_faults(rule.onExitCodes, names, path.child("onExitCodes"))
    yield from _condition_faults(rule.onPodConditions, path.child("onPodConditions"))
    given = (rule.onExitCodes is not None) + bool(rule.onPodConditions)
    if given != 1:
        why = "specifying both OnExitCodes and OnPodConditions is not supported"
        none = "specifying one of OnExitCodes and OnPodConditions is required"
        yield field_error(FieldErrorType.INVALID, path, detail=why if given else none)


def _condition_faults(patterns: Sequence[PodFailurePolicyOnPodConditionsPattern], path: Path) -> Iterable[Cause]:
    if len(patterns) > MAX_CONDITIONS:
        yield too_many(path, len(patterns), MAX_CONDITIONS)
    for position, pattern in enumerate(patterns):
        where = path.at(position)
        yield from invalid_values(where.child("type"), pattern.type, qualified_name(pattern.type))
        yield from one_of(pattern.status, CONDITION_STATUSES, where.child("status"), valid_values(CONDITION_STATUSES))


def _exit_code_faults(
    wanted: PodFailurePolicyOnExitCodesRequirement, containers: set[str], path: Path
) -> Iterable[Cause]:
    yield from one_of(wanted.operator, OPERATORS, path.child("operator"), valid_values(OPERATORS))
    if wanted.containerName is not None and wanted.containerName not in containers:
        why = "must be one of the container or initContainer names in the pod template"
        yield invalid_value(path.child("containerName"), wanted.containerName, why)
    values, where = wanted.values, path.child("values")
    if not values:
        yield invalid_value(where, values, "at least one value is required")
    elif len(values) > MAX_EXIT_CODES:
        yield too_many(where, len(values), MAX_EXIT_CODES)
    for position, code in enumerate(values):
        if code == 0 and wanted.operator == PodFailurePolicyOnExitCodesOperator.IN:
            yield invalid_value(where.at(position), code, "must not be 0 for the In operator")
        if code in values[:position]:
            yield duplicate(where.at(position), code)
    if tuple(sorted(values)) != values:
        yield invalid_value(where, values, "must be ordered")


def _success_faults(spec: JobSpec, path: Path) -> Iterable[Cause]:
    if spec.successPolicy is None:
        return
    if spec.completionMode != CompletionMode.INDEXED:
        yield invalid_value(path, spec.successPolicy, NEEDS_INDEXES)
        return
    rules, where = spec.successPolicy.rules, path.child("rules")
    if not rules:
        yield required(where, "at least one rules must be specified when the successPolicy is specified")
    if len(rules) > MAX_RULES:
        yield too_many(where, len(rules), MAX_RULES)
    for position, rule in enumerate(rules):
        yield from _success_rule_faults(rule, spec.completions or 0, where.at(position))


def _success_rule_faults(rule: SuccessPolicyRule, completions: int, path: Path) -> Iterable[Cause]:
    count, indexes, total = rule.succeededCount, rule.succeededIndexes, 0
    if count is None and indexes is None:
        yield required(path, "at least one of succeededCount or succeededIndexes must be specified")
    if indexes is not None:
        where = path.child("succeededIndexes")
        if len(indexes) > MAX_INDEXES_BYTES:
            yield too_long(where, MAX_INDEXES_BYTES)
        try:
            total = count_indexes(indexes, completions)
        except IndexesError as error:
            yield invalid_value(where, indexes, f"error parsing succeededIndexes: {error}")
    if count is None:
        return
    where, limit = path.child("succeededCount"), "must be less than or equal to"
    yield from not_negative(count, where)
    if count > completions:
        yield invalid_value(where, count, f"{limit} {completions} (the number of specified completions)")
    if indexes is not None and count > total:
        why = f"{limit} {total} (the number of indexes in the specified succeededIndexes field)"
        yield invalid_value(where, count, why)


def _replacement_faults(spec: JobSpec, path: Path) -> Iterable[Cause]:
    policy = spec.podReplacementPolicy
    allowed = REPLACEMENTS if spec.podFailurePolicy is None else (PodReplacementPolicy.FAILED,)
    if policy is not None and policy not in allowed:
        yield not_supported(path, policy, allowed)
