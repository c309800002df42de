"""Role-based access control: a request is allowed when some role bound to its user has a rule that covers it.

Source: plugin/pkg/auth/authorizer/rbac; pkg/apis/rbac/v1/evaluation_helpers.go.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from steersman.api.rbac import ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject
from steersman.apimachinery.gotext import quote
from steersman.apiserver.attributes import Decision
from steersman.apiserver.authz.subjects import names_of
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import ACCOUNT_PREFIX, UserInfo

Binding = ClusterRoleBinding | RoleBinding


class Roles(Protocol):
    """Where the authorizer reads roles and bindings: always the newest, from memory."""

    def cluster_role(self, name: str) -> ClusterRole | None:
        """A cluster role."""
        ...

    def role(self, namespace: str, name: str) -> Role | None:
        """A role."""
        ...

    def cluster_role_bindings(self, subject: str) -> Iterable[ClusterRoleBinding]:
        """The cluster role bindings with a subject, as `subjects` names it."""
        ...

    def role_bindings(self, subject: str, namespace: str) -> Iterable[RoleBinding]:
        """The role bindings of a namespace with a subject."""
        ...


class RBACAuthorizer:
    """Allows what roles allow."""

    def __init__(self, roles: Roles) -> None:
        self._roles = roles

    def authorize(self, user: UserInfo, request: RequestInfo) -> Decision:
        """Source of Authorizer.authorize."""
        for binding, subject, rules in self._bound(user, request.namespace):
            if any(rule_allows(rule, request) for rule in rules):
                return Decision(True, f"RBAC: allowed by {described(binding, subject)}")
        return Decision(False)

    def rules_for(self, user: UserInfo, namespace: str) -> Iterator[PolicyRule]:
        """Every rule bound to a user, cluster-wide and in one namespace."""
        for _, _, rules in self._bound(user, namespace):
            yield from rules

    def _bound(self, user: UserInfo, namespace: str) -> Iterator[tuple[Binding, Subject, tuple[PolicyRule, ...]]]:
        names, roles = tuple(names_of(user)), self._roles
        for name in names:
            for binding in roles.cluster_role_bindings(name):
                yield binding, _subject(binding, user, ""), self._rules(binding.roleRef, "")
        if namespace:
            for name in names:
                for local in roles.role_bindings(name, namespace):
                    yield local, _subject(local, user, namespace), self._rules(local.roleRef, namespace)

    def _rules(self, reference: RoleRef, namespace: str) -> tuple[PolicyRule, ...]:
        role: Role | ClusterRole | None
        if reference.kind == "Role":
            role = self._roles.role(namespace, reference.name)
        else:
            role = self._roles.cluster_role(reference.name)
        return role.rules if role is not None else ()


def _subject(binding: Binding, user: UserInfo, namespace: str) -> Subject:
    """The first of those by whom the binding was found."""
    return next(subject for subject in binding.subjects if applies(subject, user, namespace))


def described(binding: Binding, subject: Subject) -> str:
    """Why a binding grants something, for the audit log. Source: pkg/registry/rbac/validation/rule.go."""
    meta, role = binding.metadata, binding.roleRef
    name = f"{meta.name}/{meta.namespace}" if meta.namespace else meta.name
    who = subject.name
    if subject.kind == "ServiceAccount":
        who = f"{subject.name}/{subject.namespace or meta.namespace}"
    bound = f"{binding.kind} {quote(name)} of {role.kind} {quote(role.name)}"
    return f"{bound} to {subject.kind} {quote(who)}"


def applies(subject: Subject, user: UserInfo, namespace: str) -> bool:
    """A binding's subject is this user, or a group of it. A service account's namespace defaults to the binding's."""
    match subject.kind:
        case "User":
            return subject.name == user.name
        case "Group":
            return subject.name in user.groups
        case "ServiceAccount":
            return user.name == f"{ACCOUNT_PREFIX}{subject.namespace or namespace}:{subject.name}"
        case _:
            return False


def rule_allows(rule: PolicyRule, request: RequestInfo) -> bool:
    """A rule covers a request."""
    if not _has(rule.verbs, request.verb):
        return False
    if not request.is_resource:
        return any(_url_matches(url, request.path) for url in rule.nonResourceURLs)
    resource = f"{request.resource}/{request.subresource}" if request.subresource else request.resource
    return (
        _has(rule.apiGroups, request.group)
        and _resource_matches(rule.resources, resource, request.subresource)
        and (not rule.resourceNames or request.name in rule.resourceNames)
    )


def _has(values: tuple[str, ...], wanted: str) -> bool:
    return "*" in values or wanted in values


def _resource_matches(resources: tuple[str, ...], resource: str, subresource: str) -> bool:
    if "*" in resources or resource in resources:
        return True
    # `*/scale` covers the scale of every resource.
    return bool(subresource) and f"*/{subresource}" in resources


def _url_matches(pattern: str, path: str) -> bool:
    if pattern in ("*", path):
        return True
    return pattern.endswith("*") and path.startswith(pattern[:-1])
