"""What is wrong with roles and bindings. Source: pkg/apis/rbac/validation/validation.go."""

from collections.abc import Collection, Iterator, Sequence

from steersman.api.meta.labelrules import validate_label_selector
from steersman.api.rbac.rbac import ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject
from steersman.apimachinery.fielderrors import invalid_value, invalid_values, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_subdomain, path_segment_name
from steersman.apimachinery.status import Cause

GROUP = "rbac.authorization.k8s.io"
ROLES, CLUSTER_ROLES = ("ClusterRole", "Role"), ("ClusterRole",)
SUBJECTS = ("Group", "ServiceAccount", "User")


def validate_role(role: Role) -> list[Cause]:
    """Every fault of a role of a namespace."""
    return [*_rule_faults(role.rules, is_namespaced=True)]


def validate_cluster_role(role: ClusterRole) -> list[Cause]:
    """Every fault of a cluster role."""
    faults = [*_rule_faults(role.rules, is_namespaced=False)]
    if role.aggregationRule is not None:
        path = Path("aggregationRule").child("clusterRoleSelectors")
        selectors = role.aggregationRule.clusterRoleSelectors
        if not selectors:
            why = "at least one clusterRoleSelector required if aggregationRule is non-nil"
            faults.append(required(path, why))
        for at, selector in enumerate(selectors):
            faults += validate_label_selector(selector, path.at(at))
    return faults


def validate_role_binding(binding: RoleBinding) -> list[Cause]:
    """Every fault of a binding within a namespace."""
    return [*_binding_faults(binding, ROLES, is_namespaced=True)]


def validate_cluster_role_binding(binding: ClusterRoleBinding) -> list[Cause]:
    """Every fault of a binding in the whole cluster."""
    return [*_binding_faults(binding, CLUSTER_ROLES, is_namespaced=False)]


def validate_binding_change(
    new: RoleBinding | ClusterRoleBinding, old: RoleBinding | ClusterRoleBinding
) -> list[Cause]:
    """A binding's role stays."""
    return [] if new.roleRef == old.roleRef else [invalid_value(Path("roleRef"), new.roleRef, "cannot change roleRef")]


def _rule_faults(rules: Sequence[PolicyRule], *, is_namespaced: bool) -> Iterator[Cause]:
    for at, rule in enumerate(rules):
        path = Path("rules").at(at)
        if not rule.verbs:
            yield required(path.child("verbs"), "verbs must contain at least one value")
        if rule.nonResourceURLs:
            yield from _url_faults(rule, path.child("nonResourceURLs"), is_namespaced)
            continue
        if not rule.apiGroups:
            yield required(path.child("apiGroups"), "resource rules must supply at least one api group")
        if not rule.resources:
            yield required(path.child("resources"), "resource rules must supply at least one resource")


def _url_faults(rule: PolicyRule, path: Path, is_namespaced: bool) -> Iterator[Cause]:
    if is_namespaced:
        yield invalid_value(path, rule.nonResourceURLs, "namespaced rules cannot apply to non-resource URLs")
    if rule.apiGroups or rule.resources or rule.resourceNames:
        why = "rules cannot apply to both regular resources and non-resource URLs"
        yield invalid_value(path, rule.nonResourceURLs, why)


def _binding_faults(
    binding: RoleBinding | ClusterRoleBinding, kinds: Collection[str], *, is_namespaced: bool
) -> Iterator[Cause]:
    yield from _reference_faults(binding.roleRef, Path("roleRef"), kinds)
    for at, subject in enumerate(binding.subjects):
        yield from _subject_faults(subject, Path("subjects").at(at), is_namespaced)


def _reference_faults(reference: RoleRef, path: Path, kinds: Collection[str]) -> Iterator[Cause]:
    if reference.apiGroup != GROUP:
        yield not_supported(path.child("apiGroup"), reference.apiGroup, (GROUP,))
    if reference.kind not in kinds:
        yield not_supported(path.child("kind"), reference.kind, kinds)
    if not reference.name:
        yield required(path.child("name"))
    else:
        yield from invalid_values(path.child("name"), reference.name, path_segment_name(reference.name))


def _subject_faults(subject: Subject, path: Path, is_namespaced: bool) -> Iterator[Cause]:
    if not subject.name:
        yield required(path.child("name"))
    match subject.kind:
        case "ServiceAccount":
            if subject.name:
                yield from invalid_values(path.child("name"), subject.name, dns1123_subdomain(subject.name))
            if subject.apiGroup:
                yield not_supported(path.child("apiGroup"), subject.apiGroup, ("",))
            if not is_namespaced and not subject.namespace:
                yield required(path.child("namespace"))
        case "User" | "Group":
            if subject.apiGroup != GROUP:
                yield not_supported(path.child("apiGroup"), subject.apiGroup, (GROUP,))
        case _:
            yield not_supported(path.child("kind"), subject.kind, SUBJECTS)
