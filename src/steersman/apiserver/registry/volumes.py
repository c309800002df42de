"""Volumes of the cluster, and claims of them.

Source: pkg/registry/core/persistentvolume, pkg/registry/core/persistentvolumeclaim, pkg/printers/internalversion.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from steersman.api.core import PersistentVolume, PersistentVolumeClaim
from steersman.api.core.persistentvolume import PersistentVolumeStatus
from steersman.api.core.persistentvolumeclaim import PersistentVolumeClaimStatus
from steersman.api.core.validation import (
    validate_claim,
    validate_claim_status,
    validate_claim_update,
    validate_persistent_volume,
    validate_persistent_volume_update,
)
from steersman.api.core.validation.claims import CLASS_ANNOTATION
from steersman.api.core.volumedefaults import default_claim, default_persistent_volume, with_both_sources
from steersman.api.core.volumewarnings import claim_warnings, persistent_volume_warnings
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Cause
from steersman.apiserver.registry.age import age
from steersman.apiserver.registry.strategy import AGE_COLUMN, NAME_COLUMN, Asked, Column, Strategy

_SHORT = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


class ClaimStrategy(Strategy[PersistentVolumeClaim]):
    """Strategy of persistent volume claims."""

    has_generation = False
    columns = (
        NAME_COLUMN,
        Column("Status", description="Whether it has a volume."),
        Column("Volume", description="The volume it has."),
        Column("Capacity", description="How large that is."),
        Column("Access Modes", description="By how many that may be used."),
        Column("StorageClass", description="The class it is of."),
        Column("VolumeAttributesClass", description="The class of its attributes."),
        AGE_COLUMN,
        Column("VolumeMode", description="Whether it is a file system or raw.", priority=1),
    )

    def default(self, obj: PersistentVolumeClaim) -> PersistentVolumeClaim:
        """Upstream's defaults."""
        return default_claim(obj)

    def prepare_for_create(self, obj: PersistentVolumeClaim) -> PersistentVolumeClaim:
        """A new claim waits; what its volume begins with stands in both fields that say so."""
        return replace(obj, spec=with_both_sources(obj.spec), status=PersistentVolumeClaimStatus(phase="Pending"))

    def prepare_for_update(self, obj: PersistentVolumeClaim, old: PersistentVolumeClaim) -> PersistentVolumeClaim:
        """The same for a change."""
        return replace(super().prepare_for_update(obj, old), spec=with_both_sources(obj.spec))

    def validate(self, obj: PersistentVolumeClaim) -> Sequence[Cause]:
        """The spec."""
        return validate_claim(obj)

    def validate_update(self, obj: PersistentVolumeClaim, old: PersistentVolumeClaim) -> Sequence[Cause]:
        """A volume and a class once, and growth."""
        return validate_claim_update(obj, old)

    def validate_subresource(
        self, subresource: str, obj: PersistentVolumeClaim, old: PersistentVolumeClaim
    ) -> Sequence[Cause]:
        """Sizes."""
        return validate_claim_status(obj)

    def warnings(self, obj: PersistentVolumeClaim) -> Sequence[str]:
        """Old annotations, broken bytes."""
        return claim_warnings(obj)

    def selectable(self, obj: PersistentVolumeClaim) -> Mapping[str, str]:
        """Its name has a second one."""
        return {"name": obj.metadata.name}

    def row(self, obj: PersistentVolumeClaim, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        is_bound = bool(obj.spec.volumeName)
        return (
            obj.metadata.name,
            "Terminating" if obj.metadata.deletionTimestamp is not None else obj.status.phase,
            obj.spec.volumeName,
            str(obj.status.capacity.get("storage", "")) if is_bound else "",
            _modes(obj.status.accessModes) if is_bound else "",
            obj.metadata.annotations.get(CLASS_ANNOTATION) or obj.spec.storageClassName or "",
            obj.spec.volumeAttributesClassName or "<unset>",
            age(obj.metadata.creationTimestamp, now),
            obj.spec.volumeMode or "<unset>",
        )


class PersistentVolumeStrategy(Strategy[PersistentVolume]):
    """Strategy of persistent volumes."""

    has_generation = False
    columns = (
        NAME_COLUMN,
        Column("Capacity", description="How large it is."),
        Column("Access Modes", description="By how many it may be used."),
        Column("Reclaim Policy", description="What becomes of it when its claim goes."),
        Column("Status", description="Whether it is claimed."),
        Column("Claim", description="Who has it."),
        Column("StorageClass", description="The class it is of."),
        Column("VolumeAttributesClass", description="The class of its attributes."),
        Column("Reason", description="Why it is as it is."),
        AGE_COLUMN,
        Column("VolumeMode", description="Whether it is a file system or raw.", priority=1),
    )

    def default(self, obj: PersistentVolume) -> PersistentVolume:
        """Upstream's defaults."""
        return default_persistent_volume(obj)

    def prepare_for_create(self, obj: PersistentVolume) -> PersistentVolume:
        """A new volume waits for its controller."""
        return replace(obj, status=PersistentVolumeStatus(phase="Pending"))

    def complete(self, obj: PersistentVolume, old: PersistentVolume | None, asked: Asked) -> PersistentVolume:
        """When it came to its phase. Who says a time of his own is believed, if it is another one."""
        status = obj.status
        if old is not None:
            since = old.status.lastPhaseTransitionTime
            if status.phase == old.status.phase or status.lastPhaseTransitionTime not in (None, since):
                return obj
        return replace(obj, status=replace(status, lastPhaseTransitionTime=asked.now))

    def validate(self, obj: PersistentVolume) -> Sequence[Cause]:
        """The spec."""
        return validate_persistent_volume(obj)

    def validate_update(self, obj: PersistentVolume, old: PersistentVolume) -> Sequence[Cause]:
        """The source stays."""
        return validate_persistent_volume_update(obj, old)

    def warnings(self, obj: PersistentVolume) -> Sequence[str]:
        """Old annotations, labels and sources."""
        return persistent_volume_warnings(obj)

    def selectable(self, obj: PersistentVolume) -> Mapping[str, str]:
        """Its name has a second one."""
        return {"name": obj.metadata.name}

    def row(self, obj: PersistentVolume, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        spec, claim = obj.spec, obj.spec.claimRef
        return (
            obj.metadata.name,
            str(spec.capacity.get("storage", "0")),
            _modes(spec.accessModes),
            spec.persistentVolumeReclaimPolicy,
            "Terminating" if obj.metadata.deletionTimestamp is not None else obj.status.phase,
            f"{claim.namespace}/{claim.name}" if claim is not None else "",
            obj.metadata.annotations.get(CLASS_ANNOTATION) or spec.storageClassName,
            spec.volumeAttributesClassName or "<unset>",
            obj.status.reason,
            age(obj.metadata.creationTimestamp, now),
            spec.volumeMode or "<unset>",
        )


def _modes(modes: Sequence[str]) -> str:
    """Each once, in the order of upstream's column."""
    return ",".join(short for mode, short in _SHORT.items() if mode in modes)
