"""Labels of nodes that have newer names: what is said to who selects nodes by the old ones.

Source: pkg/api/node/util.go.
"""

from collections.abc import Mapping

from steersman.api.meta.objectmeta import LabelSelector
from steersman.apimachinery.fieldpath import Path

DEPRECATED_NODE_LABELS: Mapping[str, str] = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}


def selector_warnings(selector: LabelSelector | None, path: Path) -> list[str]:
    """Old names in a selector of nodes, if there is one."""
    if selector is None:
        return []
    said = []
    for position, requirement in enumerate(selector.matchExpressions):
        if text := DEPRECATED_NODE_LABELS.get(requirement.key):
            said.append(f"{path.child('matchExpressions').at(position).child('key')}: {requirement.key} is {text}")
    for label in selector.matchLabels:
        if text := DEPRECATED_NODE_LABELS.get(label):
            said.append(f"{path.child('matchLabels', label)}: {text}")
    return said
