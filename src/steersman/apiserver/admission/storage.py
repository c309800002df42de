"""StorageObjectInUseProtection and PersistentVolumeClaimResize: what happens to storage that is in use.

Source: plugin/pkg/admission/storage/storageobjectinuseprotection, plugin/pkg/admission/storage/persistentvolume/resize.
"""

from collections.abc import Mapping

from steersman.api.core import PersistentVolume, PersistentVolumeClaim
from steersman.api.meta import Kind
from steersman.api.storage import StorageClass, VolumeAttributesClass
from steersman.apimachinery.object import Object, replace
from steersman.apimachinery.quantity import Quantity
from steersman.apiserver.admission.defaultclasses import CLAIM_CLASS
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.admission.plugin import CREATE, UPDATE, Plugin, denied
from steersman.apiserver.attributes import AdmissionAttributes

# A controller takes each away when nothing uses the object any more.
FINALIZERS: Mapping[type[Kind], str] = {
    PersistentVolume: "kubernetes.io/pv-protection",
    PersistentVolumeClaim: "kubernetes.io/pvc-protection",
    VolumeAttributesClass: "kubernetes.io/vac-protection",
}
NOTHING = Quantity(0)


class StorageObjectInUseProtection(Plugin):
    """A volume, a claim or a class of attributes stays until nothing uses it."""

    name = "StorageObjectInUseProtection"
    operations = CREATE

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """Add the finalizer."""
        obj = attributes.object
        finalizer = FINALIZERS.get(type(obj)) if isinstance(obj, Kind) else None
        if not isinstance(obj, Kind) or finalizer is None or attributes.subresource:
            return obj
        if finalizer in obj.metadata.finalizers:
            return obj
        return replace(obj, metadata=replace(obj.metadata, finalizers=(*obj.metadata.finalizers, finalizer)))


class PersistentVolumeClaimResize(Plugin):
    """A claim grows only where its class says that volumes can."""

    name = "PersistentVolumeClaimResize"
    operations = UPDATE

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Refuse growth that nobody would carry out."""
        new, old = attributes.object, attributes.old_object
        if not isinstance(new, PersistentVolumeClaim) or not isinstance(old, PersistentVolumeClaim):
            return
        if attributes.subresource or _size(new) <= _size(old):
            return
        if old.status.phase != "Bound":
            raise denied(attributes, "Only bound persistent volume claims can be expanded")
        name = class_of(new)
        found = self._lookup.find(StorageClass, "", name) if name and name == class_of(old) else None
        if found is None or not found.allowVolumeExpansion:
            why = (
                "only dynamically provisioned pvc can be resized and "
                "the storageclass that provisions the pvc must support resize"
            )
            raise denied(attributes, why)


def class_of(claim: PersistentVolumeClaim) -> str:
    """The name of a claim's class; the annotation from before there was a field counts first."""
    return claim.metadata.annotations.get(CLAIM_CLASS) or claim.spec.storageClassName or ""


def _size(claim: PersistentVolumeClaim) -> Quantity:
    return claim.spec.resources.requests.get("storage", NOTHING)
