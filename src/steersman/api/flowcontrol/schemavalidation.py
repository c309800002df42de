"""What makes a flow schema wrong, in upstream's words.

Source: pkg/apis/flowcontrol/validation/validation.go.
"""

from collections.abc import Iterable, Sequence

from steersman.api.flowcontrol.conditions import condition_faults
from steersman.api.flowcontrol.flowcontrol import (
    FlowSchema,
    FlowSchemaSpec,
    NonResourcePolicyRule,
    PolicyRulesWithSubjects,
    ResourcePolicyRule,
    ServiceAccountSubject,
    Subject,
)
from steersman.api.flowcontrol.mandatory import (
    EXEMPT,
    HIGHEST_PRECEDENCE,
    LOWEST_PRECEDENCE,
    MANDATORY_FLOW_SCHEMAS,
)
from steersman.apimachinery.fielderrors import forbidden_field, invalid_value, invalid_values, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_label, dns1123_subdomain
from steersman.apimachinery.status import Cause

SPEC = Path("spec")
METHODS = ("ByNamespace", "ByUser")
# The field that goes with each kind of subject.
SUBJECTS = {"Group": "group", "ServiceAccount": "serviceAccount", "User": "user"}
VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch")
EACH_NAMESPACE = "each member of this list must be '*' or a DNS-1123 label; "


def validate_flow_schema(schema: FlowSchema) -> list[Cause]:
    """A flow schema, new or changed."""
    name, spec = schema.metadata.name, schema.spec
    faults = [*_spec_faults(name, spec)]
    if spec != MANDATORY_FLOW_SCHEMAS.get(name, spec):
        faults.append(invalid_value(SPEC, spec, f"spec of '{name}' must equal the fixed value"))
    return faults + condition_faults(schema.status.conditions)


def validate_flow_schema_status(schema: FlowSchema) -> list[Cause]:
    """What was found out about it."""
    return condition_faults(schema.status.conditions)


def _spec_faults(name: str, spec: FlowSchemaSpec) -> Iterable[Cause]:
    where, precedence = SPEC.child("matchingPrecedence"), spec.matchingPrecedence
    if precedence <= 0:
        yield invalid_value(where, precedence, "must be a positive value")
    if precedence > LOWEST_PRECEDENCE:
        yield invalid_value(where, precedence, f"must not be greater than {LOWEST_PRECEDENCE}")
    if precedence == HIGHEST_PRECEDENCE and name != EXEMPT:
        yield invalid_value(where, precedence, "only the schema named 'exempt' may have matchingPrecedence 1")
    method = spec.distinguisherMethod
    if method is not None and method.type not in METHODS:
        # Upstream shows the whole method, under the name its field has in Go.
        yield not_supported(SPEC.child("distinguisherMethod", "type"), {"Type": method.type}, METHODS)
    level, where = spec.priorityLevelConfiguration.name, SPEC.child("priorityLevelConfiguration", "name")
    if level:
        yield from invalid_values(where, level, dns1123_subdomain(level))
    else:
        yield required(where, "must reference a priority level")
    for position, rule in enumerate(spec.rules):
        yield from _rule_faults(rule, SPEC.child("rules").at(position))


def _rule_faults(rule: PolicyRulesWithSubjects, path: Path) -> Iterable[Cause]:
    if not rule.subjects:
        yield required(path.child("subjects"), "subjects must contain at least one value")
    for position, subject in enumerate(rule.subjects):
        yield from _subject_faults(subject, path.child("subjects").at(position))
    if not rule.resourceRules and not rule.nonResourceRules:
        yield required(path, "at least one of resourceRules and nonResourceRules has to be non-empty")
    for position, resources in enumerate(rule.resourceRules):
        yield from _resource_faults(resources, path.child("resourceRules").at(position))
    for position, others in enumerate(rule.nonResourceRules):
        yield from _non_resource_faults(others, path.child("nonResourceRules").at(position))


def _subject_faults(subject: Subject, path: Path) -> Iterable[Cause]:
    if subject.kind not in SUBJECTS:
        yield not_supported(path.child("kind"), subject.kind, tuple(SUBJECTS))
        return
    field = SUBJECTS[subject.kind]
    meant, where = getattr(subject, field), path.child(field)
    if meant is None:
        yield required(where, f"{field} is required when subject kind is '{subject.kind}'")
    elif isinstance(meant, ServiceAccountSubject):
        yield from _account_faults(meant, where)
    elif not meant.name:
        yield required(where.child("name"))
    for kind, other in SUBJECTS.items():
        if other != field and getattr(subject, other) is not None:
            yield forbidden_field(path.child(other), f"{other} is forbidden when subject kind is not '{kind}'")


def _account_faults(account: ServiceAccountSubject, path: Path) -> Iterable[Cause]:
    if not account.name:
        yield required(path.child("name"))
    elif account.name != "*":
        yield from invalid_values(path.child("name"), account.name, dns1123_subdomain(account.name))
    if not account.namespace:
        yield required(path.child("namespace"), "must specify namespace for service account")
    else:
        yield from invalid_values(path.child("namespace"), account.namespace, dns1123_label(account.namespace))


def _resource_faults(rule: ResourcePolicyRule, path: Path) -> Iterable[Cause]:
    yield from _verb_faults(rule.verbs, path.child("verbs"))
    groups, resources, namespaces = path.child("apiGroups"), path.child("resources"), path.child("namespaces")
    if not rule.apiGroups:
        yield required(groups, "resource rules must supply at least one api group")
    yield from _lonely_star(rule.apiGroups, groups, "api groups")
    if not rule.resources:
        yield required(resources, "resource rules must supply at least one resource")
    yield from _lonely_star(rule.resources, resources, "resources")
    if not rule.namespaces and not rule.clusterScope:
        why = "resource rules that are not cluster scoped must supply at least one namespace"
        yield required(namespaces, why)
    yield from _lonely_star(rule.namespaces, namespaces, "namespaces")
    for position, namespace in enumerate(rule.namespaces if "*" not in rule.namespaces else ()):
        errors = [EACH_NAMESPACE + error for error in dns1123_label(namespace)]
        yield from invalid_values(namespaces.at(position), namespace, errors)


def _non_resource_faults(rule: NonResourcePolicyRule, path: Path) -> Iterable[Cause]:
    yield from _verb_faults(rule.verbs, path.child("verbs"))
    where = path.child("nonResourceURLs")
    if not rule.nonResourceURLs:
        yield required(where, "nonResourceURLs must contain at least one value")
    yield from _lonely_star(rule.nonResourceURLs, where, "non-resource URLs")
    for position, url in enumerate(rule.nonResourceURLs if "*" not in rule.nonResourceURLs else ()):
        if error := non_resource_path_error(url):
            yield invalid_value(where.at(position), url, error)


def _verb_faults(verbs: Sequence[str], path: Path) -> Iterable[Cause]:
    if not verbs:
        yield required(path, "verbs must contain at least one value")
    elif "*" in verbs:
        yield from _lonely_star(verbs, path, "verbs")
    elif not set(verbs) <= set(VERBS):
        yield not_supported(path, list(verbs), VERBS)


def _lonely_star(values: Sequence[str], path: Path, what: str) -> Iterable[Cause]:
    if "*" in values and len(values) > 1:
        yield invalid_value(path, list(values), f"if '*' is present, must not specify other {what}")


def non_resource_path_error(url: str) -> str:
    """What is wrong with a path that is no resource's; a star may stand for its last part. Empty when nothing is."""
    if not url:
        return "must not be empty"
    if url == "/":
        return ""
    if not url.startswith("/"):
        return "must start with slash"
    if " " in url:
        return "must not contain white-space"
    if "//" in url:
        return "must not contain double slash"
    if url.count("*") > 1 or ("*" in url and not url.endswith("/*")):
        return "wildcard can only do suffix matching"
    return ""
