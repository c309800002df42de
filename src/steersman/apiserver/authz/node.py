"""Nodes: each reads what its own pods need, and nothing else of what is secret.

What it writes is looked at by the NodeRestriction plugin. Source: plugin/pkg/auth/authorizer/node/node_authorizer.go,
KEP-4601 (reads by selector).
"""

from collections.abc import Callable, Mapping, Sequence

from steersman.api.rbac import PolicyRule
from steersman.apimachinery.selectors import SelectorError, parse_field_selector
from steersman.apiserver.attributes import Decision
from steersman.apiserver.authz.noderelations import NodeRelations
from steersman.apiserver.authz.rbac import rule_allows
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import UserInfo

USER_PREFIX, GROUP = "system:node:", "system:nodes"
LEASES = "kube-node-lease"
ALLOWED, NO_OPINION = Decision(True), Decision(False)
WRITES = frozenset({"create", "update", "patch", "delete"})
Rule = Callable[["NodeAuthorizer", str, RequestInfo], Decision]


def node_of(user: UserInfo) -> str | None:
    """The name of the node that a user is: empty if it doesn't say, None for everybody else."""
    if GROUP not in user.groups or not user.name.startswith(USER_PREFIX):
        return None
    return user.name.removeprefix(USER_PREFIX)


class NodeAuthorizer:
    """Has an opinion of nodes only. rules: what every node may do."""

    def __init__(self, relations: NodeRelations, rules: Sequence[PolicyRule]) -> None:
        self._relations = relations
        self._rules = tuple(rules)

    def authorize(self, user: UserInfo, request: RequestInfo) -> Decision:
        """Source of Authorizer.authorize."""
        node = node_of(user)
        if node is None:
            return NO_OPINION
        if not node:
            return Decision(False, f'unknown node for user "{user.name}"')
        rule = _RULES.get((request.group, request.resource)) if request.is_resource else None
        if rule is not None:
            return rule(self, node, request)
        return ALLOWED if any(rule_allows(one, request) for one in self._rules) else NO_OPINION

    def untold(self, user: UserInfo) -> str:
        """Source of Unexplained.untold."""
        return "node authorizer does not support user rule resolution" if node_of(user) is not None else ""

    def _related(self, node: str, request: RequestInfo, *, is_known: bool) -> Decision:
        if not request.name:
            return Decision(False, "No Object name found")
        if is_known:
            return ALLOWED
        return Decision(False, f"no relationship found between node '{node}' and this object")

    def _secret(self, node: str, request: RequestInfo) -> Decision:
        return _unreadable(request) or self._related(
            node, request, is_known=self._relations.has_secret(node, request.namespace, request.name)
        )

    def _config_map(self, node: str, request: RequestInfo) -> Decision:
        return _unreadable(request) or self._related(
            node, request, is_known=self._relations.has_config_map(node, request.namespace, request.name)
        )

    def _claim(self, node: str, request: RequestInfo) -> Decision:
        if request.subresource == "status":
            refused = None if request.verb in ("update", "patch") else "can only get/update/patch this type"
            if refused is not None:
                return Decision(False, refused)
        else:
            refused_get = _not_a_get(request)
            if refused_get is not None:
                return refused_get
        known = self._relations.has_claim(node, request.namespace, request.name)
        return self._related(node, request, is_known=known)

    def _volume(self, node: str, request: RequestInfo) -> Decision:
        return _not_a_get(request) or self._related(
            node, request, is_known=self._relations.has_volume(node, request.name)
        )

    def _resource_claim(self, node: str, request: RequestInfo) -> Decision:
        known = self._relations.has_resource_claim(node, request.namespace, request.name)
        return _not_a_get(request) or self._related(node, request, is_known=known)

    def _attachment(self, node: str, request: RequestInfo) -> Decision:
        return _not_a_get(request) or self._related(
            node, request, is_known=self._relations.has_attachment(node, request.name)
        )

    def _account(self, node: str, request: RequestInfo) -> Decision:
        known = self._relations.has_account(node, request.namespace, request.name)
        match request.verb, request.subresource:
            case ("create", "token") | ("get", ""):
                return self._related(node, request, is_known=known)
            case _:
                return Decision(False, "can only create tokens for individual service accounts")

    def _lease(self, node: str, request: RequestInfo) -> Decision:
        if request.verb not in WRITES and request.verb != "get":
            return Decision(False, "can only get, create, update, patch, or delete a node lease")
        if request.namespace != LEASES:
            return Decision(False, f'can only access leases in the "{LEASES}" system namespace')
        if request.verb != "create" and request.name != node:
            return Decision(False, "can only access node lease with the same name as the requesting node")
        return ALLOWED

    def _csi_node(self, node: str, request: RequestInfo) -> Decision:
        if request.verb not in WRITES and request.verb != "get":
            return Decision(False, "can only get, create, update, patch, or delete a CSINode")
        if request.subresource:
            return Decision(False, "cannot authorize CSINode subresources")
        if request.verb != "create" and request.name != node:
            return Decision(False, "can only access CSINode with the same name as the requesting node")
        return ALLOWED

    def _slice(self, node: str, request: RequestInfo) -> Decision:
        if request.subresource:
            return Decision(False, "cannot authorize ResourceSlice subresources")
        match request.verb:
            case "create":
                return ALLOWED
            case "get" | "update" | "patch" | "delete":
                return self._related(node, request, is_known=self._relations.has_slice(node, request.name))
            case "list" | "watch" | "deletecollection" if _selects(request, "spec.nodeName", node):
                return ALLOWED
            case "list" | "watch" | "deletecollection":
                why = "can only list/watch/deletecollection resourceslices with nodeName field selector"
                return Decision(False, why)
            case _:
                return NO_OPINION

    def _node(self, node: str, request: RequestInfo) -> Decision:
        match request.subresource, request.verb:
            case ("", "create" | "update" | "patch") | ("status", "update" | "patch"):
                return ALLOWED
            case "", "get" | "list" | "watch":
                if request.name == node:
                    return ALLOWED
                what = f"'{request.name}'" if request.name else "all nodes"
                return Decision(False, f"node '{node}' cannot read {what}, only its own Node object")
            case _:
                return NO_OPINION

    def _pod(self, node: str, request: RequestInfo) -> Decision:
        match request.subresource, request.verb:
            case ("", "create" | "delete") | ("status", "update" | "patch") | ("eviction", "create"):
                return ALLOWED
            case "", "list" | "watch" if _selects(request, "spec.nodeName", node):
                return ALLOWED
            case "", "list" | "watch" if not request.name:
                return Decision(False, "can only list/watch pods with spec.nodeName field selector")
            case "", "get" | "list" | "watch":
                known = self._relations.has_pod(node, request.namespace, request.name)
                return self._related(node, request, is_known=known)
            case _:
                return NO_OPINION


def _unreadable(request: RequestInfo) -> Decision | None:
    """Why an object of a namespace may not be read like this, whosever it is."""
    if request.verb not in ("get", "list", "watch"):
        return Decision(False, "can only read resources of this type")
    if request.subresource:
        return Decision(False, "cannot read subresource")
    if not request.namespace:
        return Decision(False, "can only read namespaced object of this type")
    return None


def _not_a_get(request: RequestInfo) -> Decision | None:
    if request.verb != "get":
        return Decision(False, "can only get individual resources of this type")
    return Decision(False, "cannot get subresource") if request.subresource else None


def _selects(request: RequestInfo, field: str, value: str) -> bool:
    try:
        selector = parse_field_selector(request.field_selector)
    except SelectorError:
        return False
    return (field, value) in selector.equalities


_RULES: Mapping[tuple[str, str], Rule] = {
    ("", "configmaps"): NodeAuthorizer._config_map,
    ("", "nodes"): NodeAuthorizer._node,
    ("", "persistentvolumeclaims"): NodeAuthorizer._claim,
    ("", "persistentvolumes"): NodeAuthorizer._volume,
    ("", "pods"): NodeAuthorizer._pod,
    ("", "secrets"): NodeAuthorizer._secret,
    ("", "serviceaccounts"): NodeAuthorizer._account,
    ("coordination.k8s.io", "leases"): NodeAuthorizer._lease,
    ("resource.k8s.io", "resourceclaims"): NodeAuthorizer._resource_claim,
    ("resource.k8s.io", "resourceslices"): NodeAuthorizer._slice,
    ("storage.k8s.io", "csinodes"): NodeAuthorizer._csi_node,
    ("storage.k8s.io", "volumeattachments"): NodeAuthorizer._attachment,
}
