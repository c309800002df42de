"""Taints and tolerations that come by themselves.

Source: plugin/pkg/admission/defaulttolerationseconds, plugin/pkg/admission/nodetaint.
"""

from steersman.api import core
from steersman.api.core.taints import NOT_READY, UNREACHABLE, tolerates
from steersman.apimachinery.object import Object, replace
from steersman.apiserver.admission.plugin import CREATE, CREATE_UPDATE, Plugin
from steersman.apiserver.attributes import AdmissionAttributes

DEFAULT_SECONDS = 300


class DefaultTolerationSeconds(Plugin):
    """A pod stays five minutes on a node that went silent, unless it says otherwise."""

    name = "DefaultTolerationSeconds"
    operations = CREATE_UPDATE

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """Add a toleration for each of the two taints that none covers."""
        pod = attributes.object
        if not isinstance(pod, core.Pod) or attributes.subresource:
            return pod
        missing = tuple(
            core.Toleration(key=key, operator="Exists", effect="NoExecute", tolerationSeconds=DEFAULT_SECONDS)
            for key in (NOT_READY, UNREACHABLE)
            if not any(tolerates(one, core.Taint(key=key, effect="NoExecute")) for one in pod.spec.tolerations)
        )
        if not missing:
            return pod
        return replace(pod, spec=replace(pod.spec, tolerations=(*pod.spec.tolerations, *missing)))


class TaintNodesByCondition(Plugin):
    """A new node is not ready, so that no pod comes before its conditions are known."""

    name = "TaintNodesByCondition"
    operations = CREATE

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """Add the not-ready taint."""
        node = attributes.object
        if not isinstance(node, core.Node) or attributes.subresource:
            return node
        taint = core.Taint(key=NOT_READY, effect="NoSchedule")
        if any((one.key, one.effect) == (taint.key, taint.effect) for one in node.spec.taints):
            return node
        return replace(node, spec=replace(node.spec, taints=(*node.spec.taints, taint)))
