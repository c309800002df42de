"""Storage classes and drivers, attachments of volumes and capacities.

Source: pkg/registry/storage, pkg/printers/internalversion: printStorageClass, printVolumeAttachment, printCSIDriver,
printCSINode, printCSIStorageCapacity, printVolumeAttributesClass.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from steersman.api.meta import ObjectMeta
from steersman.api.storage import (
    CSIDriver,
    CSINode,
    CSIStorageCapacity,
    StorageClass,
    VolumeAttachment,
    VolumeAttributesClass,
)
from steersman.api.storage.attachmentvalidation import (
    validate_attachment,
    validate_attachment_status,
    validate_attachment_update,
)
from steersman.api.storage.classvalidation import (
    storage_class_warnings,
    validate_attributes_class,
    validate_attributes_class_update,
    validate_storage_class,
    validate_storage_class_update,
)
from steersman.api.storage.csivalidation import (
    capacity_warnings,
    validate_capacity,
    validate_capacity_update,
    validate_csi_driver,
    validate_csi_driver_update,
    validate_csi_node,
    validate_csi_node_update,
)
from steersman.api.storage.defaults import default_csi_driver, default_storage_class
from steersman.apimachinery.status import Cause
from steersman.apiserver.registry.age import age
from steersman.apiserver.registry.strategy import AGE_COLUMN, NAME_COLUMN, Column, Strategy

DEFAULT_STORAGE = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
DEFAULT_ATTRIBUTES = ("volumeattributesclass.alpha.kubernetes.io/is-default-class",)


class StorageClassStrategy(Strategy[StorageClass]):
    """Strategy of storage classes."""

    columns = (
        NAME_COLUMN,
        Column("Provisioner", description="Who makes its volumes."),
        Column("ReclaimPolicy", description="What becomes of a volume without a claim."),
        Column("VolumeBindingMode", description="When volumes are made."),
        Column("AllowVolumeExpansion", description="Whether volumes can grow."),
        AGE_COLUMN,
    )

    def default(self, obj: StorageClass) -> StorageClass:
        """Upstream's defaults."""
        return default_storage_class(obj)

    def validate(self, obj: StorageClass) -> Sequence[Cause]:
        """Provisioner, parameters, policies and topologies."""
        return validate_storage_class(obj)

    def validate_update(self, obj: StorageClass, old: StorageClass) -> Sequence[Cause]:
        """The same, most of which stays."""
        return validate_storage_class_update(obj, old)

    def warnings(self, obj: StorageClass) -> Sequence[str]:
        """Old names of nodes' labels."""
        return storage_class_warnings(obj)

    def row(self, obj: StorageClass, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        return (
            _shown_name(obj.metadata, DEFAULT_STORAGE),
            obj.provisioner,
            obj.reclaimPolicy or "Delete",
            obj.volumeBindingMode or "Immediate",
            bool(obj.allowVolumeExpansion),
            age(obj.metadata.creationTimestamp, now),
        )


class VolumeAttributesClassStrategy(Strategy[VolumeAttributesClass]):
    """Strategy of classes of volume attributes."""

    columns = (NAME_COLUMN, Column("DriverName", description="Whose volumes have them."), AGE_COLUMN)

    def validate(self, obj: VolumeAttributesClass) -> Sequence[Cause]:
        """Driver and parameters."""
        return validate_attributes_class(obj)

    def validate_update(self, obj: VolumeAttributesClass, old: VolumeAttributesClass) -> Sequence[Cause]:
        """All of it stays."""
        return validate_attributes_class_update(obj, old)

    def row(self, obj: VolumeAttributesClass, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        since = age(obj.metadata.creationTimestamp, now)
        return (_shown_name(obj.metadata, DEFAULT_ATTRIBUTES), obj.driverName, since)


def _shown_name(meta: ObjectMeta, marks: Sequence[str]) -> str:
    is_default = any(meta.annotations.get(mark) == "true" for mark in marks)
    return f"{meta.name} (default)" if is_default else meta.name


class VolumeAttachmentStrategy(Strategy[VolumeAttachment]):
    """Strategy of attachments of volumes."""

    allows_unconditional_update = False
    has_generation = False
    status_keeps_metadata = True
    columns = (
        NAME_COLUMN,
        Column("Attacher", format="name", description="The driver that attaches it."),
        Column("PV", description="The volume."),
        Column("Node", description="The node it is attached to."),
        Column("Attached", "boolean", description="Whether it is attached."),
        AGE_COLUMN,
    )

    def in_version(self, api_version: str) -> Strategy[VolumeAttachment]:
        """See `OlderVolumeAttachmentStrategy`."""
        return OlderVolumeAttachmentStrategy() if api_version == "storage.k8s.io/v1beta1" else self

    def validate(self, obj: VolumeAttachment) -> Sequence[Cause]:
        """Driver, volume and node."""
        return validate_attachment(obj)

    def validate_update(self, obj: VolumeAttachment, old: VolumeAttachment) -> Sequence[Cause]:
        """The spec stays."""
        return validate_attachment_update(obj, old)

    def validate_subresource(self, subresource: str, obj: VolumeAttachment, old: VolumeAttachment) -> Sequence[Cause]:
        """How it went; upstream looks at all of it."""
        return validate_attachment_status(obj.status)

    def row(self, obj: VolumeAttachment, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        spec = obj.spec
        since = age(obj.metadata.creationTimestamp, now)
        volume = spec.source.persistentVolumeName or ""
        return (obj.metadata.name, spec.attacher, volume, spec.nodeName, obj.status.attached, since)


class OlderVolumeAttachmentStrategy(VolumeAttachmentStrategy):
    """Of v1beta1, where a status has no door of its own: it is written with the rest.

    Source: pkg/registry/storage/volumeattachment/strategy.go as of 1.20.
    """

    def prepare_for_create(self, obj: VolumeAttachment) -> VolumeAttachment:
        """As it is sent."""
        return obj

    def prepare_for_update(self, obj: VolumeAttachment, old: VolumeAttachment) -> VolumeAttachment:
        """As it is sent."""
        return obj

    def reset_fields(self, kind: type[VolumeAttachment], subresource: str) -> Sequence[str]:
        """Nothing is taken back."""
        return ()


class CSIDriverStrategy(Strategy[CSIDriver]):
    """Strategy of storage drivers."""

    allows_unconditional_update = False
    columns = (
        NAME_COLUMN,
        Column("AttachRequired", "boolean", description="Whether volumes are attached before they are mounted."),
        Column("PodInfoOnMount", "boolean", description="Whether it is told of the pod."),
        Column("StorageCapacity", "boolean", description="Whether pods are placed by its capacities."),
        Column("TokenRequests", description="Whom its tokens are for."),
        Column("RequiresRepublish", "boolean", description="Whether it is called again and again."),
        Column("Modes", description="The kinds of volumes it has."),
        AGE_COLUMN,
    )

    def default(self, obj: CSIDriver) -> CSIDriver:
        """Upstream's defaults."""
        return default_csi_driver(obj)

    def validate(self, obj: CSIDriver) -> Sequence[Cause]:
        """What it needs and can do."""
        return validate_csi_driver(obj)

    def validate_update(self, obj: CSIDriver, old: CSIDriver) -> Sequence[Cause]:
        """The same, some of which stays."""
        return validate_csi_driver_update(obj, old)

    def row(self, obj: CSIDriver, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        spec = obj.spec
        audiences = ",".join(request.audience for request in spec.tokenRequests)
        return (
            obj.metadata.name,
            spec.attachRequired is not False,
            bool(spec.podInfoOnMount),
            bool(spec.storageCapacity),
            audiences if spec.tokenRequests else "<unset>",
            bool(spec.requiresRepublish),
            ",".join(spec.volumeLifecycleModes) or "<none>",
            age(obj.metadata.creationTimestamp, now),
        )


class CSINodeStrategy(Strategy[CSINode]):
    """Strategy of what nodes know of their drivers. Its status is an alpha gate's: there is no way to write it."""

    allows_unconditional_update = False
    has_generation = False
    columns = (NAME_COLUMN, Column("Drivers", "integer", description="How many drivers the node has."), AGE_COLUMN)

    def validate(self, obj: CSINode) -> Sequence[Cause]:
        """The drivers."""
        return validate_csi_node(obj)

    def validate_update(self, obj: CSINode, old: CSINode) -> Sequence[Cause]:
        """The drivers, each of which stays as it was."""
        return validate_csi_node_update(obj, old)

    def row(self, obj: CSINode, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        return (obj.metadata.name, len(obj.spec.drivers), age(obj.metadata.creationTimestamp, now))


class CSIStorageCapacityStrategy(Strategy[CSIStorageCapacity]):
    """Strategy of capacities."""

    allows_unconditional_update = False
    columns = (
        NAME_COLUMN,
        Column("StorageClassName", description="The class it is of."),
        Column("Capacity", description="How much there is."),
    )

    def validate(self, obj: CSIStorageCapacity) -> Sequence[Cause]:
        """Topology, class and amount."""
        return validate_capacity(obj)

    def validate_update(self, obj: CSIStorageCapacity, old: CSIStorageCapacity) -> Sequence[Cause]:
        """Topology and class stay."""
        return validate_capacity_update(obj, old)

    def warnings(self, obj: CSIStorageCapacity) -> Sequence[str]:
        """Old names of nodes' labels."""
        return capacity_warnings(obj)

    def row(self, obj: CSIStorageCapacity, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        return (obj.metadata.name, obj.storageClassName, "<unset>" if obj.capacity is None else str(obj.capacity))
