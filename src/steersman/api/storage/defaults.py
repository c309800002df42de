"""Defaults of storage.k8s.io.

Source: pkg/apis/storage/v1/defaults.go.
"""

from steersman.api.storage.csi import CSIDriver
from steersman.api.storage.storageclass import StorageClass
from steersman.apimachinery.object import replace


def default_storage_class(storage_class: StorageClass) -> StorageClass:
    """Volumes go with their claims, and are made at once."""
    return replace(
        storage_class,
        reclaimPolicy="Delete" if storage_class.reclaimPolicy is None else storage_class.reclaimPolicy,
        volumeBindingMode="Immediate" if storage_class.volumeBindingMode is None else storage_class.volumeBindingMode,
    )


def default_csi_driver(driver: CSIDriver) -> CSIDriver:
    """A driver attaches volumes, and does little else, unless it says so."""
    spec = driver.spec
    return replace(
        driver,
        spec=replace(
            spec,
            attachRequired=True if spec.attachRequired is None else spec.attachRequired,
            podInfoOnMount=bool(spec.podInfoOnMount),
            storageCapacity=bool(spec.storageCapacity),
            fsGroupPolicy="ReadWriteOnceWithFSType" if spec.fsGroupPolicy is None else spec.fsGroupPolicy,
            volumeLifecycleModes=spec.volumeLifecycleModes or ("Persistent",),
            requiresRepublish=bool(spec.requiresRepublish),
            seLinuxMount=bool(spec.seLinuxMount),
        ),
    )
