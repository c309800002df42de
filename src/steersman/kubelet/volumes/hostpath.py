"""hostPath: something of the node's own, checked by its type. Blocks.

Source: pkg/volume/hostpath.
"""

import stat
from collections.abc import Callable
from pathlib import Path

from steersman.api.core import HostPathVolumeSource


class WrongTypeError(Exception):
    """The path is not what the volume says; the message is upstream's."""


def path_of(source: HostPathVolumeSource) -> Path:
    """The path, made or checked as its type asks."""
    path = Path(source.path)
    match source.type or "":
        case "DirectoryOrCreate":
            path.mkdir(mode=0o755, parents=True, exist_ok=True)
            _expect(path, source, stat.S_ISDIR, "a directory")
        case "FileOrCreate":
            path.touch(mode=0o644, exist_ok=True)
            _expect(path, source, stat.S_ISREG, "a file")
        case "Directory":
            _expect(path, source, stat.S_ISDIR, "a directory")
        case "File":
            _expect(path, source, stat.S_ISREG, "a file")
        case "Socket":
            _expect(path, source, stat.S_ISSOCK, "a socket file")
        case "CharDevice":
            _expect(path, source, stat.S_ISCHR, "a character device")
        case "BlockDevice":
            _expect(path, source, stat.S_ISBLK, "a block device")
        case _:
            if not path.exists():
                path.mkdir(mode=0o755, parents=True, exist_ok=True)  # as the runtime does with a missing mount source
    return path


def _expect(path: Path, source: HostPathVolumeSource, is_wanted: Callable[[int], bool], what: str) -> None:
    if not path.exists() or not is_wanted(path.stat().st_mode):
        raise WrongTypeError(f"hostPath type check failed: {source.path} is not {what}")
