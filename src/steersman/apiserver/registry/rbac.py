"""Roles and bindings. Source: pkg/registry/rbac, pkg/printers/internalversion."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from steersman.api.rbac import ClusterRole, ClusterRoleBinding, Role, RoleBinding, Subject
from steersman.api.rbac.validation import (
    validate_binding_change,
    validate_cluster_role,
    validate_cluster_role_binding,
    validate_role,
    validate_role_binding,
)
from steersman.apimachinery.status import Cause
from steersman.apimachinery.times import format_time
from steersman.apiserver.authz.subjects import subjects_of
from steersman.apiserver.registry.age import age
from steersman.apiserver.registry.strategy import AGE_COLUMN, NAME_COLUMN, Column, Strategy
from steersman.storage.valueindex import ValueIndex

CREATED_COLUMNS = (NAME_COLUMN, Column("Created At"))
BINDING_COLUMNS = (
    NAME_COLUMN,
    Column("Role", description="The role it gives."),
    AGE_COLUMN,
    Column("Users", priority=1),
    Column("Groups", priority=1),
    Column("ServiceAccounts", priority=1),
)

B = TypeVar("B", RoleBinding, ClusterRoleBinding)


class RoleStrategy(Strategy[Role]):
    """Strategy of roles."""

    columns = CREATED_COLUMNS

    def validate(self, obj: Role) -> Sequence[Cause]:
        """What is wrong with a role."""
        return validate_role(obj)

    def row(self, obj: Role, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        return (obj.metadata.name, _created(obj.metadata.creationTimestamp))


class ClusterRoleStrategy(Strategy[ClusterRole]):
    """Strategy of cluster roles."""

    columns = CREATED_COLUMNS

    def validate(self, obj: ClusterRole) -> Sequence[Cause]:
        """What is wrong with a role."""
        return validate_cluster_role(obj)

    def row(self, obj: ClusterRole, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        return (obj.metadata.name, _created(obj.metadata.creationTimestamp))


class BindingStrategy(Strategy[B]):
    """What bindings of both kinds have in common."""

    columns = BINDING_COLUMNS

    def index(self) -> ValueIndex:
        """By their subjects."""
        return ValueIndex(lambda cached: subjects_of(cached.data))

    def validate_update(self, obj: B, old: B) -> Sequence[Cause]:
        """What is wrong with the result, and that the role stays."""
        return [*self.validate(obj), *validate_binding_change(obj, old)]

    def row(self, obj: B, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        role = f"{obj.roleRef.kind}/{obj.roleRef.name}"
        return (obj.metadata.name, role, age(obj.metadata.creationTimestamp, now), *_shown(obj.subjects))


class RoleBindingStrategy(BindingStrategy[RoleBinding]):
    """Strategy of role bindings."""

    def validate(self, obj: RoleBinding) -> Sequence[Cause]:
        """What is wrong with a binding."""
        return validate_role_binding(obj)


class ClusterRoleBindingStrategy(BindingStrategy[ClusterRoleBinding]):
    """Strategy of cluster role bindings."""

    def validate(self, obj: ClusterRoleBinding) -> Sequence[Cause]:
        """What is wrong with a binding."""
        return validate_cluster_role_binding(obj)


def _shown(subjects: Sequence[Subject]) -> tuple[str, ...]:
    """Users, groups and service accounts, each as one cell."""
    by_kind: dict[str, list[str]] = {"User": [], "Group": [], "ServiceAccount": []}
    for subject in subjects:
        shown = f"{subject.namespace}/{subject.name}" if subject.kind == "ServiceAccount" else subject.name
        by_kind.setdefault(subject.kind, []).append(shown)
    return tuple(", ".join(by_kind[kind]) for kind in ("User", "Group", "ServiceAccount"))


def _created(moment: datetime | None) -> str:
    return format_time(moment) if moment is not None else "<unknown>"
