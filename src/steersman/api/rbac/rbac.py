"""rbac"""

from typing import Annotated

from steersman.api.meta.kind import Kind
from steersman.api.meta.objectmeta import LabelSelector
from steersman.apimachinery.markers import Atomic, Required, Wire, always
from steersman.apimachinery.object import Object


class PolicyRule(Object, package="k8s.io.api.rbac.v1"):
    """Policy rule."""

    verbs: Annotated[tuple[str, ...], Wire(1), Required(), Atomic()] = always(())
    apiGroups: Annotated[tuple[str, ...], Wire(2), Atomic()] = ()
    resources: Annotated[tuple[str, ...], Wire(3), Atomic()] = ()
    resourceNames: Annotated[tuple[str, ...], Wire(4), Atomic()] = ()
    nonResourceURLs: Annotated[tuple[str, ...], Wire(5), Atomic()] = ()


class Subject(Object, atomic=True, package="k8s.io.api.rbac.v1"):
    """Subject."""

    kind: Annotated[str, Wire(1), Required()] = always("")
    apiGroup: Annotated[str, Wire(2)] = ""
    name: Annotated[str, Wire(3), Required()] = always("")
    namespace: Annotated[str, Wire(4)] = ""


class RoleRef(Object, atomic=True, package="k8s.io.api.rbac.v1"):
    """Role ref."""

    apiGroup: Annotated[str, Wire(1)] = always("")
    kind: Annotated[str, Wire(2), Required()] = always("")
    name: Annotated[str, Wire(3), Required()] = always("")


class Role(Kind, api="rbac.authorization.k8s.io/v1", package="k8s.io.api.rbac.v1"):
    """Role."""

    rules: Annotated[tuple[PolicyRule, ...], Wire(2), Atomic()] = always(())


class RoleBinding(Kind, api="rbac.authorization.k8s.io/v1", package="k8s.io.api.rbac.v1"):
    """Role binding."""

    subjects: Annotated[tuple[Subject, ...], Wire(2), Atomic()] = ()
    roleRef: Annotated[RoleRef, Wire(3), Required()] = always(RoleRef)


class AggregationRule(Object, package="k8s.io.api.rbac.v1"):
    """Aggregation rule."""

    clusterRoleSelectors: Annotated[tuple[LabelSelector, ...], Wire(1), Atomic()] = ()


class ClusterRole(Kind, api="rbac.authorization.k8s.io/v1", package="k8s.io.api.rbac.v1"):
    """Cluster role."""

    rules: Annotated[tuple[PolicyRule, ...], Wire(2), Atomic()] = always(())
    aggregationRule: Annotated[AggregationRule | None, Wire(3)] = None


class ClusterRoleBinding(Kind, api="rbac.authorization.k8s.io/v1", package="k8s.io.api.rbac.v1"):
    """Cluster role binding."""

    subjects: Annotated[tuple[Subject, ...], Wire(2), Atomic()] = ()
    roleRef: Annotated[RoleRef, Wire(3), Required()] = always(RoleRef)
