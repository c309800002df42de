"""Where a container sees its pod's volumes, as directories and as devices.

Source: pkg/apis/core/validation: ValidateVolumeMounts, ValidateVolumeDevices.
"""

from collections.abc import Mapping, Sequence

from steersman.api.core.container import Container, EphemeralContainer, VolumeDevice, VolumeMount
from steersman.api.core.validation.fields import descending_path, maybe_one_of, no_backsteps
from steersman.api.core.volume import Volume
from steersman.apimachinery.fielderrors import (
    duplicate,
    forbidden_field,
    invalid_value,
    missing,
    not_supported,
    required,
)
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.status import Cause

PROPAGATIONS = ("Bidirectional", "HostToContainer", "None")
RECURSIONS = ("Disabled", "Enabled", "IfPossible")
BIND_OPTIONS = ("nodev", "noexec", "nosuid")


def validate_mounts(
    container: Container | EphemeralContainer, volumes: Mapping[str, Volume], path: Path
) -> list[Cause]:
    """Mounts, then devices; the two may not meet."""
    faults: list[Cause] = []
    if container.volumeMounts:
        device_names = {device.name for device in container.volumeDevices}
        device_paths = {device.devicePath for device in container.volumeDevices}
        seen: set[str] = set()
        where = path.child("volumeMounts")
        for position, mount in enumerate(container.volumeMounts):
            volume = volumes.get(mount.name)
            if volume is None or not mount.mountPath or mount.mountPath in seen or device_names:
                faults += _placed(mount, volume, where.at(position), seen)
                faults += _beside_devices(mount, device_names, device_paths, where.at(position))
            seen.add(mount.mountPath)
            faults += _settings(mount, volume, where, position)
            if mount.mountPropagation is not None:
                faults += _propagation(mount.mountPropagation, container, where.child("mountPropagation"))
    if container.volumeDevices:
        faults += _devices(container.volumeDevices, container.volumeMounts, volumes, path.child("volumeDevices"))
    return faults


def _placed(mount: VolumeMount, volume: Volume | None, path: Path, seen: set[str]) -> list[Cause]:
    faults = [] if mount.name else [required(path.child("name"))]
    if volume is None:
        faults.append(missing(path.child("name"), mount.name))
    if not mount.mountPath:
        faults.append(required(path.child("mountPath")))
    if mount.mountPath in seen:
        faults.append(invalid_value(path.child("mountPath"), mount.mountPath, "must be unique"))
    return faults


def _beside_devices(mount: VolumeMount, names: set[str], paths: set[str], path: Path) -> list[Cause]:
    faults = []
    if mount.name in names:
        faults.append(invalid_value(path.child("name"), mount.name, "must not already exist in volumeDevices"))
    if mount.mountPath in paths:
        why = "must not already exist as a path in volumeDevices"
        faults.append(invalid_value(path.child("mountPath"), mount.mountPath, why))
    return faults


def _settings(mount: VolumeMount, volume: Volume | None, path: Path, position: int) -> list[Cause]:
    """What else is said of a mount. Upstream blames the list, not its item, for most of it."""
    faults: list[Cause] = []
    if mount.subPath:
        faults += descending_path(mount.subPath, path, "subPath")
    if mount.subPathExpr:
        if mount.subPath:
            where = path.at(position).child("subPathExpr")
            faults.append(invalid_value(where, mount.subPathExpr, "subPathExpr and subPath are mutually exclusive"))
        faults += descending_path(mount.subPathExpr, path, "subPathExpr")
    if mount.recursiveReadOnly is not None:
        faults += _recursive_read_only(mount, path.child("recursiveReadOnly"))
    if mount.bindMountOptions:
        faults += _bind_options(mount, volume, path.at(position).child("bindMountOptions"))
    return faults


def _bind_options(mount: VolumeMount, volume: Volume | None, path: Path) -> list[Cause]:
    faults = []
    for position, option in enumerate(mount.bindMountOptions):
        if option not in BIND_OPTIONS:
            faults.append(not_supported(path.at(position), option, BIND_OPTIONS))
        elif option in mount.bindMountOptions[:position]:
            faults.append(duplicate(path.at(position), option))
    if volume is not None and volume.image is not None:
        faults.append(forbidden_field(path, "not allowed in image volume sources"))
    return faults


def _recursive_read_only(mount: VolumeMount, path: Path) -> list[Cause]:
    match mount.recursiveReadOnly:
        case "Disabled":
            return []
        case "Enabled" | "IfPossible":
            faults = []
            if not mount.readOnly:
                faults.append(forbidden_field(path, "may only be specified when readOnly is true"))
            if mount.mountPropagation not in (None, "None"):
                why = "may only be specified when mountPropagation is None or not specified"
                faults.append(forbidden_field(path, why))
            return faults
        case other:
            return [not_supported(path, other, RECURSIONS)]


def _propagation(mode: str, container: Container | EphemeralContainer, path: Path) -> list[Cause]:
    faults = maybe_one_of(mode, PROPAGATIONS, path)
    context = container.securityContext
    if mode == "Bidirectional" and not (context is not None and context.privileged):
        why = "Bidirectional mount propagation is available only to privileged containers"
        faults.append(forbidden_field(path, why))
    return faults


def _devices(
    devices: Sequence[VolumeDevice], mounts: Sequence[VolumeMount], volumes: Mapping[str, Volume], path: Path
) -> list[Cause]:
    faults: list[Cause] = []
    mount_names, mount_paths = {mount.name for mount in mounts}, {mount.mountPath for mount in mounts}
    names: set[str] = set()
    paths: set[str] = set()
    for position, device in enumerate(devices):
        where = path.at(position)
        faults += _device_name(device.name, volumes.get(device.name), names, where.child("name"))
        if not device.devicePath:
            faults.append(required(where.child("devicePath")))
        if device.devicePath in paths:
            faults.append(invalid_value(where.child("devicePath"), device.devicePath, "must be unique"))
        if device.devicePath and no_backsteps(device.devicePath, path):
            why = "can not contain backsteps ('..')"
            faults.append(invalid_value(where.child("devicePath"), device.devicePath, why))
        else:
            paths.add(device.devicePath)
        if device.name in mount_names:
            faults.append(invalid_value(where.child("name"), device.name, "must not already exist in volumeMounts"))
        if device.devicePath in mount_paths:
            why = "must not already exist as a path in volumeMounts"
            faults.append(invalid_value(where.child("devicePath"), device.devicePath, why))
    return faults


def _device_name(name: str, volume: Volume | None, names: set[str], path: Path) -> list[Cause]:
    faults = [] if name else [required(path)]
    if name in names:
        faults.append(invalid_value(path, name, "must be unique"))
    if volume is None:
        faults.append(missing(path, name))
    elif volume.persistentVolumeClaim is None and volume.ephemeral is None:
        why = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
        faults.append(invalid_value(path, name, why))
    if name:
        names.add(name)
    return faults
