"""What makes admission policies and their bindings wrong, but for their expressions.

Source: pkg/apis/admissionregistration/validation/validation.go.
"""

from collections.abc import Iterable, Sequence

from steersman.api.admissionregistration.policy import (
    MatchResources,
    MutatingAdmissionPolicyBindingSpec,
    MutatingAdmissionPolicySpec,
    ParamKind,
    ParamRef,
    ValidatingAdmissionPolicyBindingSpec,
    ValidatingAdmissionPolicySpec,
    ValidatingAdmissionPolicyStatus,
    ValidationAction,
)
from steersman.api.admissionregistration.rulevalidation import resources_faults
from steersman.api.meta.conditionrules import validate_conditions
from steersman.api.meta.labelrules import validate_label_selector
from steersman.apimachinery.fielderrors import (
    duplicate,
    forbidden_field,
    invalid_value,
    invalid_values,
    not_supported,
    required,
)
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1035_label, dns1123_subdomain, path_segment_name
from steersman.apimachinery.jsonpath import JSONPathError, compile_path
from steersman.apimachinery.status import Cause

SPEC = Path("spec")
ACTIONS = tuple(sorted(ValidationAction))
NOT_FOUND_ACTIONS = ("Deny", "Allow")
ONE_WAY = "name and selector are mutually exclusive"
TWICE = (
    "must not contain both Deny and Warn (repeating the same validation failure information in the API response "
    "and headers serves no purpose)"
)


def scope_faults(spec: ValidatingAdmissionPolicySpec | MutatingAdmissionPolicySpec) -> Iterable[Cause]:
    """What a policy is about, and the kind of its parameters."""
    if spec.paramKind is not None:
        yield from _kind_faults(spec.paramKind, SPEC.child("paramKind"))
    where = SPEC.child("matchConstraints")
    if spec.matchConstraints is None:
        yield required(where)
        return
    yield from resources_faults(spec.matchConstraints, where)
    if not spec.matchConstraints.resourceRules:
        yield required(where.child("resourceRules"))


def _kind_faults(kind: ParamKind, path: Path) -> Iterable[Cause]:
    where, written = path.child("apiVersion"), kind.apiVersion
    group, slash, version = written.rpartition("/")
    if not written:
        yield required(where)
    elif "/" in group:
        yield invalid_value(where, written, f"unexpected GroupVersion string: {written}")
    else:
        if slash and group and (errors := dns1123_subdomain(group)):
            yield invalid_value(where, group, ",".join(errors))
        if not version:
            yield invalid_value(where, written, "version must be specified")
        elif errors := dns1035_label(version):
            yield invalid_value(where, version, ",".join(errors))
    if not kind.kind:
        yield required(path.child("kind"))
    elif errors := dns1035_label(kind.kind.lower()):
        why = f"may have mixed case, but should otherwise match: {','.join(errors)}"
        yield invalid_value(path.child("kind"), kind.kind, why)


def binding_faults(spec: ValidatingAdmissionPolicyBindingSpec) -> Iterable[Cause]:
    """Which policy, with what, about what, and what follows."""
    yield from _bound_faults(spec.policyName, spec.paramRef, spec.matchResources)
    yield from _action_faults(spec.validationActions, SPEC.child("validationActions"))


def mutating_binding_faults(spec: MutatingAdmissionPolicyBindingSpec) -> Iterable[Cause]:
    """Which policy, with what, about what."""
    if not spec.policyName:
        yield required(SPEC.child("policyName"))
    yield from _bound_faults(spec.policyName, spec.paramRef, spec.matchResources)


def _bound_faults(policy: str, param: ParamRef | None, resources: MatchResources | None) -> Iterable[Cause]:
    if policy:
        yield from invalid_values(SPEC.child("policyName"), policy, dns1123_subdomain(policy))
    if param is not None:
        yield from _param_faults(param, SPEC.child("paramRef"))
    if resources is not None:
        # So does upstream spell it.
        yield from resources_faults(resources, SPEC.child("matchResouces"))


def _param_faults(param: ParamRef, path: Path) -> Iterable[Cause]:
    if param.name:
        yield from invalid_values(path.child("name"), param.name, path_segment_name(param.name))
        if param.selector is not None:
            yield forbidden_field(path.child("name"), ONE_WAY)
            yield forbidden_field(path.child("selector"), ONE_WAY)
    elif param.selector is None:
        yield required(path, "one of name or selector must be specified")
    yield from validate_label_selector(param.selector, path.child("selector"))
    action = param.parameterNotFoundAction
    if not action:
        yield required(path.child("parameterNotFoundAction"))
    elif action not in NOT_FOUND_ACTIONS:
        yield not_supported(path.child("parameterNotFoundAction"), action, NOT_FOUND_ACTIONS)


def _action_faults(actions: Sequence[str], path: Path) -> Iterable[Cause]:
    for position, action in enumerate(actions):
        if action not in ACTIONS:
            yield not_supported(path.at(position), action, ACTIONS)
        if action in actions[:position]:
            yield duplicate(path.at(position), action)
    if "Deny" in actions and "Warn" in actions:
        yield invalid_value(path, list(actions), TWICE)
    if not actions:
        yield required(path, "at least one validation action is required")


def status_faults(status: ValidatingAdmissionPolicyStatus) -> Iterable[Cause]:
    """What checking types found, and conditions."""
    path = Path("status")
    found = status.typeChecking.expressionWarnings if status.typeChecking is not None else ()
    for position, one in enumerate(found):
        where = path.child("typeChecking", "expressionWarnings").at(position).child("fieldRef")
        field = one.fieldRef.strip()
        if field and (why := _path_error(field)):
            yield invalid_value(where, field, f"invalid JSONPath: {why}")
    yield from validate_conditions(status.conditions, path.child("conditions"))


def _path_error(field: str) -> str:
    try:
        compile_path(f".{field}")
    except JSONPathError as error:
        return str(error)
    return ""
