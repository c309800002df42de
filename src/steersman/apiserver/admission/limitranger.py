"""LimitRanger: pods and claims keep to the LimitRanges of their namespace.

Source: plugin/pkg/admission/limitranger.
"""

from steersman.api.core import LimitRange, PersistentVolumeClaim, Pod
from steersman.apimachinery.gotext import aggregate
from steersman.apimachinery.object import Object
from steersman.apiserver.admission import limits
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.admission.plugin import CREATE_UPDATE, Plugin, denied
from steersman.apiserver.attributes import AdmissionAttributes, Operation


class LimitRanger(Plugin):
    """See the module."""

    name = "LimitRanger"
    operations = CREATE_UPDATE

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """Give containers what they don't say."""
        pod = attributes.object
        if not _is_judged(attributes):
            return pod
        # What was made a moment ago counts, and must not be seen for the first time by `validate`.
        await self._lookup.catch_up()
        if isinstance(pod, Pod):
            for one in self._ranges(attributes):
                pod = limits.with_defaults(pod, one)
        return pod

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Refuse what is out of bounds."""
        obj, old = attributes.object, attributes.old_object
        if not _is_judged(attributes):
            return
        for one in self._ranges(attributes):
            found: list[str] = []
            if isinstance(obj, Pod):
                found = limits.pod_violations(obj, old if isinstance(old, Pod) else None, one)
            elif isinstance(obj, PersistentVolumeClaim):
                before = old if isinstance(old, PersistentVolumeClaim) else None
                found = limits.claim_violations(obj, before, one)
            if found:
                raise denied(attributes, aggregate(found))

    def _ranges(self, attributes: AdmissionAttributes) -> list[LimitRange]:
        return sorted(self._lookup.all(LimitRange, attributes.namespace), key=lambda one: one.metadata.name)


def _is_judged(attributes: AdmissionAttributes) -> bool:
    """A new pod, one whose resources are changed in place, or a claim; none that is being deleted."""
    obj, old = attributes.object, attributes.old_object
    if old is not None and old.metadata.deletionTimestamp is not None:
        return False
    is_update = attributes.operation is Operation.UPDATE
    if isinstance(obj, Pod):
        return attributes.subresource == ("resize" if is_update else "")
    return isinstance(obj, PersistentVolumeClaim) and not attributes.subresource
