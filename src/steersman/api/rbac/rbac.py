"""Roles and who has them."""

from typing import Annotated

from steersman.api.meta.kind import Kind
from steersman.api.meta.objectmeta import LabelSelector
from steersman.apimachinery.markers import Atomic, Required, Wire, always
from steersman.apimachinery.object import Object


class PolicyRule(Object, package="k8s.io.api.rbac.v1"):
    """Verbs on resources, names or paths that a role allows."""

    verbs: Annotated[tuple[str, ...], Wire(1), Required(), Atomic()] = always(())
    apiGroups: Annotated[tuple[str, ...], Wire(2), Atomic()] = ()
    resources: Annotated[tuple[str, ...], Wire(3), Atomic()] = ()
    resourceNames: Annotated[tuple[str, ...], Wire(4), Atomic()] = ()
    nonResourceURLs: Annotated[tuple[str, ...], Wire(5), Atomic()] = ()


class Subject(Object, atomic=True, package="k8s.io.api.rbac.v1"):
    """A user, group or service account that a role is given to."""

    kind: Annotated[str, Wire(1), Required()] = always("")
    apiGroup: Annotated[str, Wire(2)] = ""
    name: Annotated[str, Wire(3), Required()] = always("")
    namespace: Annotated[str, Wire(4)] = ""


class RoleRef(Object, atomic=True, package="k8s.io.api.rbac.v1"):
    """The role that a binding gives."""

    apiGroup: Annotated[str, Wire(1)] = always("")
    kind: Annotated[str, Wire(2), Required()] = always("")
    name: Annotated[str, Wire(3), Required()] = always("")


class Role(Kind, api="rbac.authorization.k8s.io/v1", package="k8s.io.api.rbac.v1"):
    """What is allowed in a namespace."""

    rules: Annotated[tuple[PolicyRule, ...], Wire(2), Atomic()] = always(())


class RoleBinding(Kind, api="rbac.authorization.k8s.io/v1", package="k8s.io.api.rbac.v1"):
    """Gives a role to users, within its namespace."""

    subjects: Annotated[tuple[Subject, ...], Wire(2), Atomic()] = ()
    roleRef: Annotated[RoleRef, Wire(3), Required()] = always(RoleRef)


class AggregationRule(Object, package="k8s.io.api.rbac.v1"):
    """Which roles are added up to this one."""

    clusterRoleSelectors: Annotated[tuple[LabelSelector, ...], Wire(1), Atomic()] = ()


class ClusterRole(Kind, api="rbac.authorization.k8s.io/v1", package="k8s.io.api.rbac.v1"):
    """What is allowed in the whole cluster, or in any namespace it is bound in."""

    rules: Annotated[tuple[PolicyRule, ...], Wire(2), Atomic()] = always(())
    aggregationRule: Annotated[AggregationRule | None, Wire(3)] = None


class ClusterRoleBinding(Kind, api="rbac.authorization.k8s.io/v1", package="k8s.io.api.rbac.v1"):
    """Gives a cluster role to users, in the whole cluster."""

    subjects: Annotated[tuple[Subject, ...], Wire(2), Atomic()] = ()
    roleRef: Annotated[RoleRef, Wire(3), Required()] = always(RoleRef)
