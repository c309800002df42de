"""PodTopologyLabels: a pod says in which zone and region it runs, as its node does.

Source: KEP-4742; plugin/pkg/admission/podtopologylabels.
"""

from collections.abc import Mapping

from steersman.api.core import Binding, Node, Pod
from steersman.apimachinery.object import Object, replace
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.admission.plugin import CREATE, Plugin
from steersman.apiserver.attributes import AdmissionAttributes

LABELS = ("topology.kubernetes.io/zone", "topology.kubernetes.io/region")


class PodTopologyLabels(Plugin):
    """See the module. A binding hands its labels on to its pod."""

    name = "PodTopologyLabels"
    operations = CREATE

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """Copy the node's labels, unless the pod has its own."""
        obj = attributes.object
        if attributes.resource.plural != "pods" or attributes.resource.group:
            return obj
        match obj:
            case Pod() if not attributes.subresource:
                node = obj.spec.nodeName
            case Binding() if attributes.subresource == "binding" and obj.target.kind == "Node":
                node = obj.target.name
            case _:
                return obj
        labels = self._labels_of(node)
        if not labels:
            return obj
        return replace(obj, metadata=replace(obj.metadata, labels={**labels, **obj.metadata.labels}))

    def _labels_of(self, name: str) -> Mapping[str, str]:
        node = self._lookup.find(Node, "", name) if name else None
        if node is None:
            return {}
        return {key: node.metadata.labels[key] for key in LABELS if key in node.metadata.labels}
