"""Where a pod may run: node selectors, affinity to pods, spread over domains, tolerations and taints.

Source: pkg/apis/core/validation: validateAffinity, validateTopologySpreadConstraints, ValidateTolerations.
"""

import re
from collections.abc import Sequence

from steersman.api.core.affinity import (
    Affinity,
    NodeAffinity,
    PodAffinity,
    PodAffinityTerm,
    PodAntiAffinity,
    TopologySpreadConstraint,
)
from steersman.api.core.reference import NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, Taint, Toleration
from steersman.api.core.validation.fields import NOT_POSITIVE, checked, maybe_one_of, one_of
from steersman.api.meta import LabelSelector
from steersman.api.meta.labelrules import validate_label_selector, validate_label_values
from steersman.apimachinery.fielderrors import (
    FieldErrorType,
    duplicate,
    field_error,
    forbidden_field,
    invalid_value,
    invalid_values,
    not_supported,
    required,
)
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_label, dns1123_subdomain, label_value, qualified_name
from steersman.apimachinery.status import Cause

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
OPERATORS = ("Equal", "Exists", "Gt", "Lt")
UNSATISFIABLE = ("DoNotSchedule", "ScheduleAnyway")
REQUIRED_TERMS = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED_TERMS = "preferredDuringSchedulingIgnoredDuringExecution"
_INTEGER = re.compile("-?(0|[1-9][0-9]*)", re.ASCII)
_NOT_AN_OPERATOR = "not a valid selector operator"
_NOT_A_WEIGHT = "must be in the range 1-100"


def validate_affinity(affinity: Affinity, path: Path) -> list[Cause]:
    """To nodes, to pods and from pods."""
    faults: list[Cause] = []
    if affinity.nodeAffinity is not None:
        faults += _node_affinity(affinity.nodeAffinity, path.child("nodeAffinity"))
    if affinity.podAffinity is not None:
        faults += _pod_affinity(affinity.podAffinity, path.child("podAffinity"))
    if affinity.podAntiAffinity is not None:
        faults += _pod_affinity(affinity.podAntiAffinity, path.child("podAntiAffinity"))
    return faults


def _node_affinity(affinity: NodeAffinity, path: Path) -> list[Cause]:
    faults: list[Cause] = []
    if affinity.requiredDuringSchedulingIgnoredDuringExecution is not None:
        selector = affinity.requiredDuringSchedulingIgnoredDuringExecution
        faults += validate_node_selector(selector, path.child(REQUIRED_TERMS))
    for position, term in enumerate(affinity.preferredDuringSchedulingIgnoredDuringExecution):
        where = path.child(PREFERRED_TERMS).at(position)
        if not 0 < term.weight <= 100:
            faults.append(invalid_value(where.child("weight"), term.weight, _NOT_A_WEIGHT))
        faults += validate_node_term(term.preference, where.child("preference"), checks_values=False)
    return faults


def validate_node_selector(selector: NodeSelector, path: Path) -> list[Cause]:
    """At least one term."""
    where = path.child("nodeSelectorTerms")
    if not selector.nodeSelectorTerms:
        return [required(where, "must have at least one node selector term")]
    faults: list[Cause] = []
    for position, term in enumerate(selector.nodeSelectorTerms):
        faults += validate_node_term(term, where.at(position), checks_values=True)
    return faults


def validate_node_term(term: NodeSelectorTerm, path: Path, *, checks_values: bool) -> list[Cause]:
    """Labels and fields. A preferred term may name values that no label can have: it just never holds."""
    faults: list[Cause] = []
    for position, requirement in enumerate(term.matchExpressions):
        where = path.child("matchExpressions").at(position)
        faults += _label_requirement(requirement, where)
        if checks_values:
            faults += validate_label_values(requirement.values, where.child("values"))
    for position, requirement in enumerate(term.matchFields):
        faults += _field_requirement(requirement, path.child("matchFields").at(position))
    return faults


def _label_requirement(requirement: NodeSelectorRequirement, path: Path) -> list[Cause]:
    faults: list[Cause] = []
    values = path.child("values")
    match requirement.operator:
        case "In" | "NotIn":
            if not requirement.values:
                faults.append(required(values, "must be specified when `operator` is 'In' or 'NotIn'"))
        case "Exists" | "DoesNotExist":
            if requirement.values:
                why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
                faults.append(forbidden_field(values, why))
        case "Gt" | "Lt":
            if len(requirement.values) != 1:
                faults.append(required(values, "must be specified single value when `operator` is 'Lt' or 'Gt'"))
        case other:
            faults.append(invalid_value(path.child("operator"), other, _NOT_AN_OPERATOR))
    return faults + checked(requirement.key, qualified_name, path, "key")


def _field_requirement(requirement: NodeSelectorRequirement, path: Path) -> list[Cause]:
    faults: list[Cause] = []
    if requirement.operator not in ("In", "NotIn"):
        faults.append(invalid_value(path.child("operator"), requirement.operator, _NOT_AN_OPERATOR))
    elif len(requirement.values) != 1:
        why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        faults.append(required(path.child("values"), why))
    if requirement.key != "metadata.name":
        return [*faults, invalid_value(path.child("key"), requirement.key, "not a valid field selector key")]
    for position, value in enumerate(requirement.values):
        faults += invalid_values(path.child("values").at(position), value, dns1123_subdomain(value))
    return faults


def _pod_affinity(affinity: PodAffinity | PodAntiAffinity, path: Path) -> list[Cause]:
    faults: list[Cause] = []
    for position, term in enumerate(affinity.requiredDuringSchedulingIgnoredDuringExecution):
        faults += _pod_term(term, path.child(REQUIRED_TERMS).at(position))
    for position, weighted in enumerate(affinity.preferredDuringSchedulingIgnoredDuringExecution):
        where = path.child(PREFERRED_TERMS).at(position)
        if not 0 < weighted.weight <= 100:
            faults.append(invalid_value(where.child("weight"), weighted.weight, _NOT_A_WEIGHT))
        faults += _pod_term(weighted.podAffinityTerm, where.child("podAffinityTerm"))
    return faults


def _pod_term(term: PodAffinityTerm, path: Path) -> list[Cause]:
    faults = validate_label_selector(term.labelSelector, path.child("labelSelector"))
    faults += validate_label_selector(term.namespaceSelector, path.child("namespaceSelector"))
    for name in term.namespaces:
        faults += checked(name, dns1123_label, path, "namespace")
    if term.matchLabelKeys or term.mismatchLabelKeys:
        faults += _term_keys(term, path)
    if not term.topologyKey:
        faults.append(required(path.child("topologyKey"), "can not be empty"))
    return faults + checked(term.topologyKey, qualified_name, path, "topologyKey")


def _term_keys(term: PodAffinityTerm, path: Path) -> list[Cause]:
    """Keys whose values are taken from the pod. By now its own are in the selector, so one twice there is a clash."""
    faults: list[Cause] = []
    for name, keys in (("matchLabelKeys", term.matchLabelKeys), ("mismatchLabelKeys", term.mismatchLabelKeys)):
        where = path.child(name)
        if keys and term.labelSelector is None:
            faults.append(forbidden_field(where, "must not be specified when labelSelector is not set"))
            continue
        for position, key in enumerate(keys):
            faults += checked(key, qualified_name, where.at(position))
    if term.labelSelector is not None:
        seen = set(term.labelSelector.matchLabels)
        for expression in term.labelSelector.matchExpressions:
            if expression.key in seen and expression.key in term.matchLabelKeys:
                where = path.at(term.matchLabelKeys.index(expression.key))
                faults.append(invalid_value(where, expression.key, "exists in both matchLabelKeys and labelSelector"))
            seen.add(expression.key)
    for position, key in enumerate(term.matchLabelKeys):
        if key in term.mismatchLabelKeys:
            where = path.child("matchLabelKeys").at(position)
            faults.append(invalid_value(where, key, "exists in both matchLabelKeys and mismatchLabelKeys"))
    return faults


def validate_spread(constraints: Sequence[TopologySpreadConstraint], path: Path) -> list[Cause]:
    """Spread over domains; a domain and what is done without it stand once."""
    faults: list[Cause] = []
    for position, one in enumerate(constraints):
        where = path.at(position)
        if one.maxSkew <= 0:
            faults.append(invalid_value(where.child("maxSkew"), one.maxSkew, NOT_POSITIVE))
        if not one.topologyKey:
            faults.append(required(where.child("topologyKey"), "can not be empty"))
        faults += maybe_one_of(one.whenUnsatisfiable, UNSATISFIABLE, where, "whenUnsatisfiable")
        pair = (one.topologyKey, one.whenUnsatisfiable)
        if any(pair == (other.topologyKey, other.whenUnsatisfiable) for other in constraints[position + 1 :]):
            shown = "{" + ", ".join(pair) + "}"
            faults.append(duplicate(where.child("{topologyKey, whenUnsatisfiable}"), shown))
        faults += _min_domains(one, where.child("minDomains"))
        for name in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            faults += maybe_one_of(getattr(one, name), ("Honor", "Ignore"), where, name)
        faults += _spread_keys(one.matchLabelKeys, one.labelSelector, where.child("matchLabelKeys"))
        faults += validate_label_selector(one.labelSelector, where.child("labelSelector"))
    return faults


def _min_domains(constraint: TopologySpreadConstraint, path: Path) -> list[Cause]:
    least = constraint.minDomains
    if least is None:
        return []
    faults = [invalid_value(path, least, NOT_POSITIVE)] if least <= 0 else []
    if constraint.whenUnsatisfiable != "DoNotSchedule":
        why = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {constraint.whenUnsatisfiable}"
        faults.append(invalid_value(path, least, why))
    return faults


def _spread_keys(keys: Sequence[str], selector: LabelSelector | None, path: Path) -> list[Cause]:
    if not keys:
        return []
    faults: list[Cause] = []
    named: set[str] = set()
    if selector is None:
        faults.append(forbidden_field(path, "must not be specified when labelSelector is not set"))
    else:
        named = {*selector.matchLabels, *(expression.key for expression in selector.matchExpressions)}
    for position, key in enumerate(keys):
        faults += checked(key, qualified_name, path.at(position))
        if key in named:
            faults.append(invalid_value(path.at(position), key, "exists in both matchLabelKeys and labelSelector"))
    return faults


def validate_tolerations(tolerations: Sequence[Toleration], path: Path) -> list[Cause]:
    """Taints that a pod tolerates."""
    faults: list[Cause] = []
    for position, one in enumerate(tolerations):
        where = path.at(position)
        if one.key:
            faults += checked(one.key, qualified_name, where, "key")
        elif one.operator != "Exists":
            why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
            faults.append(invalid_value(where.child("operator"), one.operator, why))
        if one.tolerationSeconds is not None and one.effect != "NoExecute":
            why = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            faults.append(invalid_value(where.child("effect"), one.effect, why))
        faults += _tolerated_value(one, where)
        if one.effect:
            faults += one_of(one.effect, EFFECTS, where, "effect")
    return faults


def _tolerated_value(toleration: Toleration, path: Path) -> list[Cause]:
    value, where = toleration.value, path.child("operator")
    match toleration.operator:
        case "" | "Equal":
            errors = label_value(value) if value else []
            return [invalid_value(where, value, ";".join(errors))] if errors else []
        case "Exists":
            return [invalid_value(where, value, "value must be empty when `operator` is 'Exists'")] if value else []
        case "Gt" | "Lt":
            if _INTEGER.fullmatch(value) and value != "-0" and -(2**63) <= int(value) < 2**63:
                return []
            return [invalid_value(path.child("value"), value, "must be a valid integer")]
        case other:
            return [not_supported(where, other, OPERATORS)]


def validate_taints(taints: Sequence[Taint], path: Path) -> list[Cause]:
    """A node's taints: one of a key and effect."""
    faults: list[Cause] = []
    seen: set[tuple[str, str]] = set()
    for position, taint in enumerate(taints):
        where = path.at(position)
        faults += checked(taint.key, qualified_name, where, "key")
        if errors := label_value(taint.value):
            faults.append(invalid_value(where.child("value"), taint.value, ";".join(errors)))
        faults += one_of(taint.effect, EFFECTS, where, "effect")
        pair = (taint.key, taint.effect)
        if pair in seen:
            why = "taints must be unique by key and effect pair"
            faults.append(field_error(FieldErrorType.DUPLICATE, where, taint, why))
        seen.add(pair)
    return faults
