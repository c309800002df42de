"""A pod's priority is its class's value; only one class may be the default.

Source: plugin/pkg/admission/priority.
"""

from steersman.api import core
from steersman.api.scheduling import PriorityClass
from steersman.apimachinery.object import Object, replace
from steersman.apimachinery.status import forbidden
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.admission.plugin import CREATE_UPDATE, Plugin
from steersman.apiserver.attributes import AdmissionAttributes, Operation


class Priority(Plugin):
    """See the module."""

    name = "Priority"
    operations = CREATE_UPDATE

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """Resolve the class of a new pod; a changed one keeps what it has."""
        pod = attributes.object
        if not isinstance(pod, core.Pod) or attributes.subresource:
            return pod
        if attributes.operation is Operation.UPDATE:
            old = attributes.old_object
            if not isinstance(old, core.Pod) or pod.spec.priority is not None:
                return pod
            return replace(
                pod, spec=replace(pod.spec, priority=old.spec.priority, preemptionPolicy=old.spec.preemptionPolicy)
            )
        found = self._class_of(pod, attributes)
        value = found.value if found is not None else 0
        policy = (found.preemptionPolicy if found is not None else None) or "PreemptLowerPriority"
        if pod.spec.priority is not None and pod.spec.priority != value:
            why = (
                f"the integer value of priority ({pod.spec.priority}) must not be provided in pod spec; "
                f"priority admission controller computed {value} from the given PriorityClass name"
            )
            raise forbidden("pods", attributes.name, why)
        spec = replace(pod.spec, priority=value, preemptionPolicy=pod.spec.preemptionPolicy or policy)
        if found is not None:
            spec = replace(spec, priorityClassName=found.metadata.name)
        return replace(pod, spec=spec)

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """A second default class is refused."""
        wanted = attributes.object
        if not isinstance(wanted, PriorityClass) or not wanted.globalDefault:
            return
        other = self._default()
        if other is not None and other.metadata.name != wanted.metadata.name:
            name = other.metadata.name
            why = f"PriorityClass {name} is already marked as default. Only one default can exist"
            raise forbidden("priorityclasses.scheduling.k8s.io", attributes.name, why)

    def _class_of(self, pod: core.Pod, attributes: AdmissionAttributes) -> PriorityClass | None:
        name = pod.spec.priorityClassName
        if not name:
            return self._default()
        found = self._lookup.find(PriorityClass, "", name)
        if found is None:
            raise forbidden("pods", attributes.name, f"no PriorityClass with name {name} was found")
        return found

    def _default(self) -> PriorityClass | None:
        defaults = [one for one in self._lookup.all(PriorityClass) if one.globalDefault]
        return min(defaults, key=lambda one: one.value, default=None)
