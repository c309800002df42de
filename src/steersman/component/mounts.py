"""mount(2) and umount(2), and what is mounted below a directory. All of it blocks: call it by component.threads."""

import ctypes
import os
from pathlib import Path

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC = 1, 2, 4, 32, 4096, 16384
MNT_DETACH = 2
_ESCAPES = (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\"))


def mount_tmpfs(target: Path, size_bytes: int | None, mode: int = 0o777) -> None:
    """A filesystem in memory; without a size the kernel gives it half of the machine's."""
    options = f"mode={mode:o}" + (f",size={size_bytes}" if size_bytes is not None else "")
    _mount("tmpfs", str(target), "tmpfs", MS_NODEV | MS_NOSUID, options)


def bind(source: str | Path, target: Path) -> None:
    """Show a file or directory in a second place, with what is mounted below it."""
    _mount(str(source), str(target), None, MS_BIND | MS_REC, None)


def unmount(target: Path) -> None:
    """Take a mount away, at once for new users; what isn't mounted is no error."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.umount2(os.fsencode(target), MNT_DETACH) != 0:
        number = ctypes.get_errno()
        if number not in (22, 2):  # EINVAL: not mounted; ENOENT: not there
            raise OSError(number, os.strerror(number), str(target))


def mounts_below(directory: Path) -> list[Path]:
    """Every mount point in the directory, the deepest first."""
    prefix, found = f"{directory}/", []
    for line in Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines():
        point = line.split(" ")[4]
        for escape, char in _ESCAPES:
            point = point.replace(escape, char)
        if point == str(directory) or point.startswith(prefix):
            found.append(Path(point))
    return sorted(found, key=lambda path: len(path.parts), reverse=True)


def unmount_below(directory: Path) -> None:
    """Take away every mount in the directory. OSError if one stays."""
    for point in mounts_below(directory.resolve()):
        unmount(point)


def is_mount_point(path: Path) -> bool:
    """Something is mounted exactly there."""
    return path in mounts_below(path)


def _mount(source: str, target: str, kind: str | None, flags: int, options: str | None) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    if libc.mount(*encoded, ctypes.c_ulong(flags), None if options is None else options.encode()) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)
