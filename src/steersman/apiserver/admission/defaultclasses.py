"""DefaultStorageClass and DefaultIngressClass: claims and Ingresses that name no class get the default one.

Source: plugin/pkg/admission/storage/storageclass/setdefault, plugin/pkg/admission/network/defaultingressclass.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeVar

from steersman.api.core import PersistentVolumeClaim
from steersman.api.meta import Kind
from steersman.api.networking import Ingress, IngressClass
from steersman.api.storage import StorageClass
from steersman.apimachinery.object import Object, replace
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.admission.plugin import CREATE, Plugin
from steersman.apiserver.attributes import AdmissionAttributes

IS_DEFAULT_STORAGE = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
IS_DEFAULT_INGRESS = ("ingressclass.kubernetes.io/is-default-class",)
# Where the class stood before it had a field.
CLAIM_CLASS, INGRESS_CLASS = "volume.beta.kubernetes.io/storage-class", "kubernetes.io/ingress.class"
LONG_AGO = datetime.min.replace(tzinfo=UTC)

K = TypeVar("K", bound=Kind)


def default_of(classes: Iterable[K], annotations: tuple[str, ...]) -> K | None:
    """The class that is marked as the default; of several the newest, of those the first by name."""
    marked = [one for one in classes if any(one.metadata.annotations.get(key) == "true" for key in annotations)]
    by_name = sorted(marked, key=lambda one: one.metadata.name)
    return max(by_name, key=lambda one: one.metadata.creationTimestamp or LONG_AGO, default=None)


class DefaultStorageClass(Plugin):
    """See the module."""

    name = "DefaultStorageClass"
    operations = CREATE

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """Name the default class."""
        claim = attributes.object
        if not isinstance(claim, PersistentVolumeClaim) or attributes.subresource:
            return claim
        if claim.spec.storageClassName is not None or CLAIM_CLASS in claim.metadata.annotations:
            return claim
        found = default_of(self._lookup.all(StorageClass), IS_DEFAULT_STORAGE)
        if found is None:
            return claim
        return replace(claim, spec=replace(claim.spec, storageClassName=found.metadata.name))


class DefaultIngressClass(Plugin):
    """See the module."""

    name = "DefaultIngressClass"
    operations = CREATE

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """Name the default class."""
        ingress = attributes.object
        if not isinstance(ingress, Ingress) or attributes.subresource:
            return ingress
        if ingress.spec.ingressClassName is not None or INGRESS_CLASS in ingress.metadata.annotations:
            return ingress
        found = default_of(self._lookup.all(IngressClass), IS_DEFAULT_INGRESS)
        if found is None:
            return ingress
        return replace(ingress, spec=replace(ingress.spec, ingressClassName=found.metadata.name))
