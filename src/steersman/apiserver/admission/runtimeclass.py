"""RuntimeClass: a pod costs what its runtime costs, and runs where its runtime is.

Source: plugin/pkg/admission/runtimeclass.
"""

from collections.abc import Mapping

from steersman.api.core import Pod
from steersman.api.node import RuntimeClass
from steersman.apimachinery.object import Object, replace
from steersman.apimachinery.quantity import Quantity
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.admission.plugin import CREATE, Plugin, denied, pod_of
from steersman.apiserver.admission.tolerations import merged
from steersman.apiserver.attributes import AdmissionAttributes

MISMATCH = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
UNFOUNDED = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"


class RuntimeClassAdmission(Plugin):
    """See the module."""

    name = "RuntimeClass"
    operations = CREATE

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """Take over the class's overhead and where it runs."""
        pod = pod_of(attributes)
        if pod is None:
            return attributes.object
        found = await self._class_of(pod, attributes)
        if found is None:
            return pod
        spec = pod.spec
        if found.overhead is not None:
            if spec.overhead and spec.overhead != found.overhead.podFixed:
                raise denied(attributes, MISMATCH)
            spec = replace(spec, overhead=found.overhead.podFixed)
        if found.scheduling is not None:
            wanted = found.scheduling
            selector = _joined(attributes, spec.nodeSelector, wanted.nodeSelector)
            spec = replace(spec, nodeSelector=selector, tolerations=merged(spec.tolerations, wanted.tolerations))
        return replace(pod, spec=spec)

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """The overhead is the class's, whatever was changed since."""
        pod = pod_of(attributes)
        if pod is None:
            return
        found = await self._class_of(pod, attributes)
        overhead: Mapping[str, Quantity] | None = None
        if found is not None and found.overhead is not None:
            overhead = found.overhead.podFixed
        if overhead is None and pod.spec.overhead:
            raise denied(attributes, UNFOUNDED)
        if overhead is not None and pod.spec.overhead != overhead:
            raise denied(attributes, MISMATCH)

    async def _class_of(self, pod: Pod, attributes: AdmissionAttributes) -> RuntimeClass | None:
        name = pod.spec.runtimeClassName
        if name is None:
            return None
        found = self._lookup.find(RuntimeClass, "", name)
        if found is None:
            # It may have been made a moment ago.
            await self._lookup.catch_up()
            found = self._lookup.find(RuntimeClass, "", name)
        if found is None:
            raise denied(attributes, f'pod rejected: RuntimeClass "{name}" not found')
        return found


def _joined(attributes: AdmissionAttributes, pods: Mapping[str, str], classes: Mapping[str, str]) -> Mapping[str, str]:
    for key, wanted in classes.items():
        given = pods.get(key, wanted)
        if given != wanted:
            said = f"runtimeClass.scheduling.nodeSelector[{key}] = {wanted}; pod.spec.nodeSelector[{key}] = {given}"
            raise denied(attributes, f"conflict: {said}")
    return {**pods, **classes}
