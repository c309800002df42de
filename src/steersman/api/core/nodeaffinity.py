"""Whether a node is one that a pod's nodeSelector and node affinity ask for.

Source: k8s.io/component-helpers/scheduling/corev1/nodeaffinity: terms are ORed, the requirements of a term ANDed, and a
term without requirements matches nothing.
"""

from collections.abc import Mapping, Sequence

from steersman.api.core.node import Node
from steersman.api.core.pod import PodSpec
from steersman.api.core.reference import NodeSelector, NodeSelectorRequirement, NodeSelectorTerm


def requirement_matches(requirement: NodeSelectorRequirement, values: Mapping[str, str]) -> bool:
    """One requirement against labels (or fields)."""
    present, value = requirement.key in values, values.get(requirement.key, "")
    match requirement.operator:
        case "In":
            return present and value in requirement.values
        case "NotIn":
            return not present or value not in requirement.values
        case "Exists":
            return present
        case "DoesNotExist":
            return not present
        case "Gt" | "Lt" as operator:
            return present and _compares(value, operator, requirement.values)
        case _:
            return False


def term_matches(term: NodeSelectorTerm, labels: Mapping[str, str], fields: Mapping[str, str]) -> bool:
    """All requirements of a term; an empty one matches nothing."""
    if not term.matchExpressions and not term.matchFields:
        return False
    return all(requirement_matches(one, labels) for one in term.matchExpressions) and all(
        requirement_matches(one, fields) for one in term.matchFields
    )


def selector_matches(selector: NodeSelector, node: Node) -> bool:
    """Some term of the selector."""
    fields = {"metadata.name": node.metadata.name}
    return any(term_matches(term, node.metadata.labels, fields) for term in selector.nodeSelectorTerms)


def pod_matches_node(spec: PodSpec, node: Node) -> bool:
    """Both nodeSelector and required node affinity admit the node."""
    labels = node.metadata.labels
    if any(labels.get(key) != value for key, value in spec.nodeSelector.items()):
        return False
    required = required_node_affinity(spec)
    return required is None or selector_matches(required, node)


def required_node_affinity(spec: PodSpec) -> NodeSelector | None:
    """The selector under requiredDuringSchedulingIgnoredDuringExecution."""
    if spec.affinity is None or spec.affinity.nodeAffinity is None:
        return None
    return spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution


def _compares(value: str, operator: str, bounds: Sequence[str]) -> bool:
    try:
        number, bound = int(value), int(bounds[0])
    except (ValueError, IndexError):
        return False
    return number > bound if operator == "Gt" else number < bound
