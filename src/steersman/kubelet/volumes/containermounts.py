"""What a container sees of its pod's volumes: CRI mounts, parts of volumes (subPath), mount propagation. Blocks.

A part of a volume is bound in a place of its own first, by a descriptor that was opened without following links out of
the volume: a container must not talk the kubelet into mounting the node's files. Source: pkg/volume/util/subpath.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from steersman.api.core import Container, Pod, VolumeMount
from steersman.component import mounts
from steersman.cri import records
from steersman.kubelet.env import expand
from steersman.kubelet.poddirs import PodDirs

_PROPAGATION = {
    "HostToContainer": records.MountPropagation.HOST_TO_CONTAINER,
    "Bidirectional": records.MountPropagation.BIDIRECTIONAL,
}


class SubPathError(Exception):
    """A subPath that leads nowhere, or out of its volume."""


def container_mounts(
    pod: Pod, container: Container, paths: Mapping[str, Path], dirs: PodDirs, variables: Mapping[str, str]
) -> tuple[records.Mount, ...]:
    """The mounts of a container; `paths` are the volumes' by name."""
    return tuple(
        _mount(container, index, wanted, paths, dirs, variables) for index, wanted in enumerate(container.volumeMounts)
    )


def _mount(  # noqa: PLR0913  # a part of container_mounts
    container: Container,
    index: int,
    wanted: VolumeMount,
    paths: Mapping[str, Path],
    dirs: PodDirs,
    variables: Mapping[str, str],
) -> records.Mount:
    path = paths.get(wanted.name)
    if path is None:
        raise SubPathError(f'cannot find volume "{wanted.name}" to mount into container "{container.name}"')
    part = expand(wanted.subPathExpr, variables) if wanted.subPathExpr else wanted.subPath
    if part:
        target = dirs.subpaths / wanted.name / container.name / str(index)
        path = bind_part(path, part, target)
    return records.Mount(
        container_path=str(PurePosixPath("/") / wanted.mountPath),
        host_path=str(path),
        readonly=wanted.readOnly,
        propagation=_PROPAGATION.get(wanted.mountPropagation or "", records.MountPropagation.PRIVATE),
        recursive_read_only=wanted.recursiveReadOnly in ("Enabled", "IfPossible"),
    )


def bind_part(volume: Path, part: str, target: Path) -> Path:
    """Bind one part of a volume at `target`; a directory that is missing is made."""
    if PurePosixPath(part).is_absolute() or ".." in PurePosixPath(part).parts:
        raise SubPathError(f'subPath "{part}" must be a relative path without ".."')
    descriptor = _open_inside(volume, part)
    try:
        if mounts.is_mount_point(target):
            mounts.unmount(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            target.mkdir(exist_ok=True)
        else:
            target.touch(exist_ok=True)
        mounts.bind(f"/proc/self/fd/{descriptor}", target)
    finally:
        os.close(descriptor)
    return target


def _open_inside(volume: Path, part: str) -> int:
    """A descriptor of the part. Links are followed only where they stay in the volume, as `..data` does."""
    root = volume.resolve()
    wanted = root / part
    resolved = wanted.resolve()
    if not resolved.is_relative_to(root):
        raise SubPathError(f'subPath "{part}" leads out of its volume')
    if not resolved.exists():
        resolved.mkdir(parents=True, mode=root.stat().st_mode & 0o777)
    descriptor = os.open(root, os.O_PATH | os.O_DIRECTORY)
    for name in resolved.relative_to(root).parts:
        try:
            # The path was resolved: a link on it now was put there since.
            following = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        if stat.S_ISLNK(os.fstat(following).st_mode):
            os.close(following)
            raise SubPathError(f'subPath "{part}" changed while it was opened')
        descriptor = following
    return descriptor
