"""Puts the first roles and bindings into the API, and gives back what someone took from them.

Source: pkg/registry/rbac/rest/storage_rbac.go: roles are created or completed at each start, never narrowed; one
annotated autoupdate "false" is left alone.
"""

from collections.abc import Iterable
from typing import TypeVar

from steersman.api.meta import Kind, LabelSelector, ObjectMeta
from steersman.api.rbac import (
    AggregationRule,
    ClusterRole,
    ClusterRoleBinding,
    PolicyRule,
    Role,
    RoleBinding,
    RoleRef,
    Subject,
)
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import AlreadyExists, NotFound
from steersman.apiserver.authz.bootstrap.bindings import CLUSTER_ROLE_BINDINGS
from steersman.apiserver.authz.bootstrap.clusterroles import CLUSTER_ROLES
from steersman.apiserver.authz.bootstrap.controllerroles import CONTROLLER_ROLES
from steersman.apiserver.authz.bootstrap.namespaceroles import NAMESPACE_BINDINGS, NAMESPACE_ROLES
from steersman.apiserver.authz.bootstrap.policy import BootstrapBinding, BootstrapRole
from steersman.client.interface import Client

K = TypeVar("K", bound=Kind)

API_GROUP = "rbac.authorization.k8s.io"
AUTOUPDATE = "rbac.authorization.kubernetes.io/autoupdate"
BOOTSTRAPPING = {"kubernetes.io/bootstrapping": "rbac-defaults"}
ALL_ROLES = (*CLUSTER_ROLES, *CONTROLLER_ROLES)


async def seed_roles(client: Client) -> None:
    """All first roles and bindings are there, with at least their first rules and subjects."""
    for role in first_roles():
        await _ensure_role(client, role)
    for binding in first_bindings():
        await _ensure_binding(client, binding)
    for namespaced in namespace_roles():
        await _ensure_role(client, namespaced)
    for bound in namespace_bindings():
        await _ensure_binding(client, bound)


def first_roles() -> Iterable[ClusterRole]:
    """The roles as objects; aggregated ones hold the rules of all they aggregate."""
    for role in ALL_ROLES:
        labels = dict(BOOTSTRAPPING)
        if role.aggregates_to:
            labels[f"{API_GROUP}/aggregate-to-{role.aggregates_to}"] = "true"
        rule = None
        if role.aggregates:
            selector = LabelSelector(matchLabels={f"{API_GROUP}/aggregate-to-{role.aggregates}": "true"})
            rule = AggregationRule(clusterRoleSelectors=(selector,))
        meta = ObjectMeta(name=role.name, labels=labels, annotations={AUTOUPDATE: "true"})
        yield ClusterRole(metadata=meta, rules=_all_rules(role), aggregationRule=rule)


def first_bindings() -> Iterable[ClusterRoleBinding]:
    """The bindings as objects."""
    for binding in CLUSTER_ROLE_BINDINGS:
        reference = RoleRef(apiGroup=API_GROUP, kind="ClusterRole", name=binding.role)
        meta = _meta(binding.name or binding.role)
        yield ClusterRoleBinding(metadata=meta, roleRef=reference, subjects=_subjects(binding))


def namespace_roles() -> Iterable[Role]:
    """The roles of single namespaces as objects."""
    for namespace, roles in NAMESPACE_ROLES.items():
        for role in roles:
            yield Role(metadata=_meta(role.name, namespace), rules=role.rules)


def namespace_bindings() -> Iterable[RoleBinding]:
    """Their bindings as objects."""
    for namespace, bindings in NAMESPACE_BINDINGS.items():
        for binding in bindings:
            reference = RoleRef(apiGroup=API_GROUP, kind="Role", name=binding.role)
            meta = _meta(binding.name or binding.role, namespace)
            yield RoleBinding(metadata=meta, roleRef=reference, subjects=_subjects(binding))


def _meta(name: str, namespace: str = "") -> ObjectMeta:
    return ObjectMeta(name=name, namespace=namespace, labels=BOOTSTRAPPING, annotations={AUTOUPDATE: "true"})


def _all_rules(role: BootstrapRole) -> tuple[PolicyRule, ...]:
    if not role.aggregates:
        return role.rules
    parts = (part for part in ALL_ROLES if part.aggregates_to == role.aggregates)
    return tuple(dict.fromkeys(rule for part in parts for rule in _all_rules(part)))


def _subjects(binding: BootstrapBinding) -> tuple[Subject, ...]:
    groups = (Subject(kind="Group", apiGroup=API_GROUP, name=name) for name in binding.groups)
    users = (Subject(kind="User", apiGroup=API_GROUP, name=name) for name in binding.users)
    split = (account.split("/") for account in binding.accounts)
    accounts = (Subject(kind="ServiceAccount", namespace=namespace, name=name) for namespace, name in split)
    return (*groups, *users, *accounts)


async def _ensure_role(client: Client, wanted: ClusterRole | Role) -> None:
    stored = await _created_or_stored(client, wanted)
    if stored is None or (isinstance(stored, ClusterRole) and stored.aggregationRule is not None):
        return
    missing = tuple(rule for rule in wanted.rules if rule not in stored.rules)
    if missing:
        await client.update(replace(stored, rules=(*stored.rules, *missing)))


async def _ensure_binding(client: Client, wanted: ClusterRoleBinding | RoleBinding) -> None:
    stored = await _created_or_stored(client, wanted)
    if stored is None or stored.roleRef != wanted.roleRef:
        return
    missing = tuple(subject for subject in wanted.subjects if subject not in stored.subjects)
    if missing:
        await client.update(replace(stored, subjects=(*stored.subjects, *missing)))


async def _created_or_stored(client: Client, wanted: K) -> K | None:
    """The stored object if it may be completed; None when it was created just now or is to be left alone."""
    try:
        stored = await client.get(type(wanted), wanted.metadata.name, wanted.metadata.namespace or None)
    except NotFound:
        try:
            await client.create(wanted)
        except AlreadyExists:
            return await _created_or_stored(client, wanted)
        return None
    return None if stored.metadata.annotations.get(AUTOUPDATE) == "false" else stored
