"""storage.k8s.io/v1: where volumes come from."""

from steersman.api.storage.csi import (
    CSIDriver,
    CSIDriverSpec,
    CSINode,
    CSINodeDriver,
    CSINodeSpec,
    CSINodeStatus,
    CSIStorageCapacity,
    TokenRequest,
    VolumeNodeResources,
)
from steersman.api.storage.storageclass import (
    StorageClass,
    StorageHealth,
    StorageHealthCondition,
    StorageHealthStatusType,
    VolumeAttributesClass,
    VolumeBindingMode,
)
from steersman.api.storage.volumeattachment import (
    VolumeAttachment,
    VolumeAttachmentSource,
    VolumeAttachmentSpec,
    VolumeAttachmentStatus,
    VolumeError,
)

__all__ = [
    "CSIDriver",
    "CSIDriverSpec",
    "CSINode",
    "CSINodeDriver",
    "CSINodeSpec",
    "CSINodeStatus",
    "CSIStorageCapacity",
    "StorageClass",
    "StorageHealth",
    "StorageHealthCondition",
    "StorageHealthStatusType",
    "TokenRequest",
    "VolumeAttachment",
    "VolumeAttachmentSource",
    "VolumeAttachmentSpec",
    "VolumeAttachmentStatus",
    "VolumeAttributesClass",
    "VolumeBindingMode",
    "VolumeError",
    "VolumeNodeResources",
]
