"""Which files a ConfigMap, a Secret or the downward API puts into a volume. Pure.

Source: pkg/volume/configmap, secret, downwardapi: MakePayload, CollectData.
"""

from collections.abc import Mapping, Sequence

from steersman.api.core import ConfigMap, DownwardAPIVolumeFile, KeyToPath, Pod, Secret
from steersman.kubelet.downward import field_value, resource_value
from steersman.kubelet.environment import PodPlace
from steersman.kubelet.podworker.actions import all_containers
from steersman.kubelet.volumes.atomic import File

DEFAULT_MODE = 0o644


class MissingKeyError(Exception):
    """An item names a key that the object hasn't."""


def config_map_data(config_map: ConfigMap) -> dict[str, bytes]:
    """Text and binary entries alike."""
    return {key: value.encode() for key, value in config_map.data.items()} | dict(config_map.binaryData)


def secret_data(secret: Secret) -> dict[str, bytes]:
    """The entries."""
    return dict(secret.data)


def files_of(
    data: Mapping[str, bytes], items: Sequence[KeyToPath], mode: int | None, *, is_optional: bool
) -> dict[str, File]:
    """All entries under their keys, or the chosen ones under their paths."""
    default = DEFAULT_MODE if mode is None else mode
    if not items:
        return {key: File(value, default) for key, value in data.items()}
    files: dict[str, File] = {}
    for item in items:
        if item.key in data:
            files[item.path] = File(data[item.key], default if item.mode is None else item.mode)
        elif not is_optional:
            raise MissingKeyError(f"references non-existent config key: {item.key}")
    return files


def downward_files(
    pod: Pod, items: Sequence[DownwardAPIVolumeFile], mode: int | None, place: PodPlace
) -> dict[str, File]:
    """A file for each field or resource."""
    default = DEFAULT_MODE if mode is None else mode
    containers = all_containers(pod)
    files: dict[str, File] = {}
    for item in items:
        value = ""
        if item.fieldRef is not None:
            value = field_value(pod, item.fieldRef.fieldPath, place.ips, place.host_ips)
        elif item.resourceFieldRef is not None:
            container = containers[item.resourceFieldRef.containerName]
            value = resource_value(item.resourceFieldRef, container, place.allocatable)
        files[item.path] = File(value.encode(), default if item.mode is None else item.mode)
    return files
