"""PodResizeValidator: a pod isn't resized to more than its node could ever give.

Source: plugin/pkg/admission/podresize.
"""

from steersman.api.core import Node, Pod
from steersman.api.core.podresources import pod_requests
from steersman.apimachinery.quantity import Quantity
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.admission.plugin import UPDATE, Plugin, denied
from steersman.apiserver.attributes import AdmissionAttributes

OS_LABEL = "kubernetes.io/os"
NOTHING = Quantity(0)


class PodResizeValidator(Plugin):
    """See the module."""

    name = "PodResizeValidator"
    operations = UPDATE

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Compare with what the node has to give."""
        pod, old = attributes.object, attributes.old_object
        if not isinstance(pod, Pod) or not isinstance(old, Pod) or attributes.subresource != "resize":
            return
        if not pod.spec.nodeName or pod.metadata.generation == old.metadata.generation:
            return
        node = self._lookup.find(Node, "", pod.spec.nodeName)
        if node is None:
            raise denied(attributes, f'node "{pod.spec.nodeName}" not found')
        lacking = _lacking(pod, node)
        if lacking:
            raise denied(attributes, f"Node didn't have enough allocatable resources: {'; '.join(lacking)}")
        system = node.metadata.labels.get(OS_LABEL, "")
        if system != "linux":
            name = node.metadata.name
            raise denied(attributes, f'pod resize is only supported on linux nodes, node "{name}" is "{system}"')


def _lacking(pod: Pod, node: Node) -> list[str]:
    """Processor time is compared and told in thousandths, memory in bytes."""
    found = []
    for name, amount in pod_requests(pod).items():
        has, wants = node.status.allocatable.get(name, NOTHING), Quantity.of(amount)
        if name == "cpu" and wants > has:
            found.append(f"cpu, requested: {wants.milli_value()}, allocatable: {has.milli_value()}")
        elif name == "memory" and wants > has:
            found.append(f"memory, requested: {wants.int_value()}, allocatable: {has.int_value()}")
    return sorted(found)
