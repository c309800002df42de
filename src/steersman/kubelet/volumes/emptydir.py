"""emptyDir: a directory that lives as long as its pod, on disk or in memory. Blocks.

Source: pkg/volume/emptydir.
"""

import os
from pathlib import Path

from steersman.api.core import EmptyDirVolumeSource
from steersman.component import mounts

MODE = 0o777
GROUP_MODE = 0o2070  # setgid: new files belong to the volume's group


def set_up(path: Path, source: EmptyDirVolumeSource, group: int | None, memory_limit: int | None) -> None:
    """Make it; one that is there stays as it is. `memory_limit` bounds what is kept in memory."""
    is_new = not path.exists()
    path.mkdir(parents=True, exist_ok=True)
    if source.medium == "Memory" and not mounts.is_mount_point(path):
        limits = [limit for limit in (memory_limit, _size(source)) if limit is not None]
        mounts.mount_tmpfs(path, min(limits) if limits else None)
        is_new = True
    if is_new:
        path.chmod(MODE if source.mode is None else source.mode)
        set_group(path, group)


def set_group(path: Path, group: int | None) -> None:
    """Give a volume to the pod's group."""
    if group is not None:
        os.chown(path, -1, group)
        path.chmod(path.stat().st_mode & 0o7777 | GROUP_MODE)


def _size(source: EmptyDirVolumeSource) -> int | None:
    return None if source.sizeLimit is None or not source.sizeLimit else source.sizeLimit.int_value()
