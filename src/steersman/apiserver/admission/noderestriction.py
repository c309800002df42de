"""A kubelet writes its own node, its own pods and its own lease, nobody else's.

Source: plugin/pkg/admission/noderestriction.
"""

from steersman.api import authentication, coordination, core, policy
from steersman.apimachinery.status import Forbidden, forbidden
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.admission.plugin import WRITES, Plugin
from steersman.apiserver.attributes import AdmissionAttributes, Operation

USER_PREFIX, GROUP = "system:node:", "system:nodes"
LEASE_NAMESPACE = "kube-node-lease"
MIRROR_ANNOTATION = "kubernetes.io/config.mirror"
# Labels a node may give itself within the kubernetes.io domains; others there say what it is trusted with.
OWN_LABELS = frozenset({
    "kubernetes.io/hostname", "kubernetes.io/os", "kubernetes.io/arch", "node.kubernetes.io/instance-type",
    "beta.kubernetes.io/os", "beta.kubernetes.io/arch", "beta.kubernetes.io/instance-type",
    "topology.kubernetes.io/region", "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region", "failure-domain.beta.kubernetes.io/zone",
})  # fmt: skip
OWN_LABEL_PREFIXES = ("kubelet.kubernetes.io", "node.kubernetes.io")
DOMAINS = ("kubernetes.io", "k8s.io")


class NodeRestriction(Plugin):
    """See the module."""

    name = "NodeRestriction"
    operations = WRITES

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Forbidden where a node reaches beyond itself."""
        if GROUP not in attributes.user.groups:
            return
        if not attributes.user.name.startswith(USER_PREFIX):
            raise forbidden(attributes.resource.group_resource, attributes.name, "could not determine node from user")
        node = attributes.user.name.removeprefix(USER_PREFIX)
        match attributes.resource.plural, attributes.subresource:
            case "pods", "":
                self._own_pod(attributes, node)
            case "pods", "status" | "eviction":
                self._bound_here(attributes, node)
            case "nodes", _:
                _own_node(attributes, node)
            case "leases", _:
                _own_lease(attributes, node)
            case "serviceaccounts", "token":
                self._own_token(attributes, node)

    def _own_pod(self, attributes: AdmissionAttributes, node: str) -> None:
        match attributes.operation, attributes.object:
            case Operation.CREATE, core.Pod() as pod:
                if MIRROR_ANNOTATION not in pod.metadata.annotations:
                    why = (
                        f'pod does not have "{MIRROR_ANNOTATION}" annotation, node "{node}" can only create mirror pods'
                    )
                    raise _denied(attributes, why)
                if pod.spec.nodeName != node:
                    raise _denied(attributes, f'node "{node}" can only create pods with spec.nodeName set to itself')
            case Operation.DELETE, _:
                self._bound_here(attributes, node)
            case _:
                raise _denied(attributes, f'unexpected operation "{attributes.operation}"')

    def _bound_here(self, attributes: AdmissionAttributes, node: str) -> None:
        pod = self._lookup.find(core.Pod, attributes.namespace, attributes.name)
        if pod is not None and pod.spec.nodeName != node:
            verb = "evict" if isinstance(attributes.object, policy.Eviction) else "update status of"
            verb = "delete" if attributes.operation is Operation.DELETE else verb
            raise _denied(attributes, f'node "{node}" can only {verb} pods with spec.nodeName set to itself')

    def _own_token(self, attributes: AdmissionAttributes, node: str) -> None:
        request = attributes.object
        reference = request.spec.boundObjectRef if isinstance(request, authentication.TokenRequest) else None
        if reference is None or reference.kind != "Pod":
            raise _denied(attributes, "node requested token not bound to a pod")
        if not reference.uid:
            raise _denied(attributes, "node requested token with a pod binding without a uid")
        pod = self._lookup.find(core.Pod, attributes.namespace, reference.name)
        if pod is None or pod.metadata.uid != reference.uid:
            raise _denied(attributes, "node requested token bound to a pod that doesn't exist")
        if pod.spec.nodeName != node:
            raise _denied(attributes, "node requested token bound to a pod scheduled on a different node")


def _own_node(attributes: AdmissionAttributes, node: str) -> None:
    if attributes.name != node:
        raise _denied(attributes, f'node "{node}" is not allowed to modify node "{attributes.name}"')
    if attributes.operation is Operation.DELETE:
        raise _denied(attributes, f'node "{node}" cannot delete itself')
    new, old = attributes.object, attributes.old_object
    if not isinstance(new, core.Node):
        return
    before = old.metadata.labels if isinstance(old, core.Node) else {}
    changed = {key for key in {*new.metadata.labels, *before} if new.metadata.labels.get(key) != before.get(key)}
    refused = sorted(key for key in changed if not _is_own_label(key))
    if refused:
        raise _denied(attributes, f'node "{node}" is not allowed to set the following labels: {", ".join(refused)}')
    if isinstance(old, core.Node) and new.spec.taints != old.spec.taints:
        raise _denied(attributes, f'node "{node}" is not allowed to modify taints')


def _is_own_label(key: str) -> bool:
    domain = key.partition("/")[0] if "/" in key else ""
    if key in OWN_LABELS or any(domain == own or domain.endswith(f".{own}") for own in OWN_LABEL_PREFIXES):
        return True
    return not any(domain == reserved or domain.endswith(f".{reserved}") for reserved in DOMAINS)


def _own_lease(attributes: AdmissionAttributes, node: str) -> None:
    name = attributes.object.metadata.name if isinstance(attributes.object, coordination.Lease) else attributes.name
    if attributes.namespace != LEASE_NAMESPACE:
        raise _denied(attributes, f'can only access leases in the "{LEASE_NAMESPACE}" system namespace')
    if name != node:
        raise _denied(attributes, "can only access node lease with the same name as the requesting node")


def _denied(attributes: AdmissionAttributes, why: str) -> Forbidden:
    return forbidden(attributes.resource.group_resource, attributes.name, why)
