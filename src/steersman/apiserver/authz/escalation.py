"""Nobody gives away what he doesn't have: looked at before roles and bindings are written.

Source: pkg/registry/rbac/*/policybased; pkg/registry/rbac/escalation_check.go; pkg/registry/rbac/validation/rule.go.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeAlias

from steersman.api.meta import Kind
from steersman.api.rbac import ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef
from steersman.apimachinery.gotext import quote
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import StatusError, forbidden, not_found
from steersman.apiserver.attributes import Authorizer
from steersman.apiserver.authz.asking import decision_on
from steersman.apiserver.authz.covering import listed, missing, told
from steersman.apiserver.authz.rbac import Roles
from steersman.apiserver.authz.union import EVERYTHING
from steersman.apiserver.context import RequestContext
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import MASTERS_GROUP, UserInfo

GROUP = "rbac.authorization.k8s.io"
NOT_ADMIN = "must have cluster-admin privileges to use an aggregationRule"
AnyRole: TypeAlias = Role | ClusterRole
AnyBinding: TypeAlias = RoleBinding | ClusterRoleBinding


class HeldRules(Protocol):
    """Who tells what a user may do by his roles."""

    def rules_for(self, user: UserInfo, namespace: str) -> Iterable[PolicyRule]:
        """Every rule bound to a user, cluster-wide and in one namespace."""
        ...


class EscalationGuard:
    """Looks at every write of a role or a binding."""

    def __init__(self, authorizer: Authorizer, held: HeldRules, roles: Roles) -> None:
        self._authorizer, self._held, self._roles = authorizer, held, roles

    async def check(self, context: RequestContext, new: Kind, old: Kind | None) -> None:
        """Forbidden when the user gives away what he doesn't have. NotFound for a role that isn't there."""
        if MASTERS_GROUP in context.user.groups or (old is not None and _only_goes(new, old)):
            return
        if isinstance(new, Role | ClusterRole):
            await self._check_role(context, new, old if isinstance(old, Role | ClusterRole) else None)
        elif isinstance(new, RoleBinding | ClusterRoleBinding):
            await self._check_binding(context, new)

    async def _check_role(self, context: RequestContext, new: AnyRole, old: AnyRole | None) -> None:
        if await self._may(context, "escalate", context.info.resource, new.metadata.name):
            return
        if why := self._not_held(context, new.rules):
            raise _refusal(context, new, why)
        # What it gathers may become anything, and can't be narrowed by hand.
        if (_is_aggregated(new) or _is_aggregated(old)) and self._not_held(context, EVERYTHING):
            raise _refusal(context, new, NOT_ADMIN)

    async def _check_binding(self, context: RequestContext, new: AnyBinding) -> None:
        reference = new.roleRef
        resource = "roles" if reference.kind == "Role" else "clusterroles"
        if await self._may(context, "bind", resource, reference.name):
            return
        if why := self._not_held(context, self._rules(reference, context.namespace)):
            raise _refusal(context, new, why)

    async def _may(self, context: RequestContext, verb: str, resource: str, name: str) -> bool:
        request = RequestInfo(verb, "", True, GROUP, "*", context.namespace, resource, name=name)
        return (await decision_on(self._authorizer, context.user, request)).allowed

    def _not_held(self, context: RequestContext, wanted: Sequence[PolicyRule]) -> str:
        """What of it the user doesn't have, in upstream's words; empty when he has all."""
        user = context.user
        lacking = missing(tuple(self._held.rules_for(user, context.namespace)), wanted)
        if not lacking:
            return ""
        who = f"user {quote(user.name)} (groups={listed(user.groups)})"
        return f"{who} is attempting to grant RBAC permissions not currently held:\n{told(lacking)}"

    def _rules(self, reference: RoleRef, namespace: str) -> Sequence[PolicyRule]:
        role: AnyRole | None
        if reference.kind == "Role":
            role = self._roles.role(namespace, reference.name)
        else:
            role = self._roles.cluster_role(reference.name)
        if role is None:
            raise not_found(f"{reference.kind.lower()}s.{GROUP}", reference.name)
        return role.rules


def _is_aggregated(role: AnyRole | None) -> bool:
    return isinstance(role, ClusterRole) and role.aggregationRule is not None


def _only_goes(new: Kind, old: Kind) -> bool:
    """Nothing changes but what the garbage collector writes. Source: pkg/registry/rbac: IsOnlyMutatingGCFields."""
    kept = replace(
        new.metadata,
        ownerReferences=old.metadata.ownerReferences,
        finalizers=old.metadata.finalizers,
        managedFields=old.metadata.managedFields,
        resourceVersion=old.metadata.resourceVersion,
    )
    return replace(new, metadata=kept) == old


def _refusal(context: RequestContext, obj: Kind, why: str) -> StatusError:
    return forbidden(context.resource.group_resource, obj.metadata.name, why)
