"""What makes rules wrong that say which requests a webhook or a policy is about.

That fields are there and are one of their choices is said by their markers. Source:
pkg/apis/admissionregistration/validation/validation.go.
"""

from collections.abc import Iterable, Sequence

from steersman.api.admissionregistration.policy import MatchResources, OperationType, Rule, RuleWithOperations
from steersman.api.meta.labelrules import validate_label_selector
from steersman.apimachinery.fielderrors import duplicate, invalid_value, invalid_values, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import path_segment_name
from steersman.apimachinery.status import Cause

ALL = "*"
OPERATIONS = tuple(sorted(OperationType))


def resources_faults(resources: MatchResources, path: Path) -> Iterable[Cause]:
    """What a policy or a binding is about."""
    yield from validate_label_selector(resources.namespaceSelector, path.child("namespaceSelector"))
    yield from validate_label_selector(resources.objectSelector, path.child("objectSelector"))
    for field, rules in (
        ("resourceRules", resources.resourceRules),
        ("excludeResourceRules", resources.excludeResourceRules),
    ):
        for position, rule in enumerate(rules):
            where = path.child(field).at(position)
            yield from _name_faults(rule.resourceNames, where.child("resourceNames"))
            yield from rule_faults(rule, where)


def _name_faults(names: Sequence[str], path: Path) -> Iterable[Cause]:
    for position, name in enumerate(names):
        yield from invalid_values(path.at(position), name, path_segment_name(name))
        if name in names[:position]:
            yield duplicate(path.at(position), name)


def rule_faults(rule: RuleWithOperations, path: Path) -> Iterable[Cause]:
    """Operations and resources; who names all of something names nothing beside."""
    yield from _some(rule.operations, path.child("operations"), "operations")
    for position, operation in enumerate(rule.operations):
        if operation not in OPERATIONS:
            yield not_supported(path.child("operations").at(position), operation, OPERATIONS)
    yield from _some(rule.apiGroups, path.child("apiGroups"), "API groups")
    versions = path.child("apiVersions")
    yield from _some(rule.apiVersions, versions, "API versions")
    yield from (required(versions.at(place)) for place, version in enumerate(rule.apiVersions) if not version)
    yield from _resource_faults(rule, path.child("resources"))


def _some(names: Sequence[str], path: Path, what: str) -> Iterable[Cause]:
    if not names:
        yield required(path)
    elif len(names) > 1 and ALL in names:
        yield invalid_value(path, list(names), f"if '*' is present, must not specify other {what}")


def _resource_faults(rule: Rule, path: Path) -> Iterable[Cause]:
    resources = rule.resources
    if not resources:
        yield required(path)
    with_all_parts: set[str] = set()
    parts_of_all: set[str] = set()
    for position, written in enumerate(resources):
        where = path.at(position)
        if not written:
            yield required(where)
        resource, slash, part = written.partition("/")
        if not slash:
            continue
        if resource in with_all_parts:
            yield invalid_value(where, written, f"if '{resource}/*' is present, must not specify {written}")
        if part in parts_of_all:
            yield invalid_value(where, written, f"if '*/{part}' is present, must not specify {written}")
        if part == ALL:
            with_all_parts.add(resource)
        if resource == ALL:
            parts_of_all.add(part)
    if len(resources) > 1 and "*/*" in resources:
        yield invalid_value(path, list(resources), "if '*/*' is present, must not specify other resources")
    # Of the resources without a part upstream looks at the last one.
    whole = [one for one in resources if one and "/" not in one]
    if ALL in whole and whole[-1] != ALL:
        why = "if '*' is present, must not specify other resources without subresources"
        yield invalid_value(path, list(resources), why)
