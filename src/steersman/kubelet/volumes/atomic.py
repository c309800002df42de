"""Puts a set of files into a volume so that readers see all of the old or all of the new. Blocks.

Files lie in a timestamped directory; `..data` is a link to it that one rename(2) turns; what users see are links
through `..data`. Source: pkg/volume/util/atomic_writer.go.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

DATA, NEW_DATA = "..data", "..data_tmp"


@dataclass(frozen=True, slots=True)
class File:
    """A file's content and mode; `owner` only where one user must be able to read it."""

    data: bytes
    mode: int = 0o644
    owner: int | None = None


Files = Mapping[str, File]
"""By relative path."""


def write_files(directory: Path, files: Files, group: int | None, now: datetime) -> bool:
    """Make the directory show exactly these files; False when it did already."""
    data = directory / DATA
    if _is_current(data, files):
        return False
    directory.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=now.strftime("..%Y_%m_%d_%H_%M_%S."), dir=directory))
    fresh.chmod(0o755)
    for path, file in files.items():
        _write(fresh, path, file, group)
    old = data.readlink() if data.is_symlink() else None
    new_link = directory / NEW_DATA
    new_link.unlink(missing_ok=True)
    new_link.symlink_to(fresh.name)
    os.rename(new_link, data)
    _show(directory, {path.split("/", 1)[0] for path in files})
    if old is not None:
        shutil.rmtree(directory / old, ignore_errors=True)
    return True


def _write(root: Path, relative: str, file: File, group: int | None) -> None:
    path = root / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.data)
    mode = file.mode
    if group is not None:
        os.chown(path, -1, group)
        mode |= 0o440
    if file.owner is not None:
        os.chown(path, file.owner, -1)
    path.chmod(mode)


def _show(directory: Path, names: set[str]) -> None:
    """Links for what is there now, none for what no longer is."""
    for name in names:
        link = directory / name
        if not link.is_symlink():
            link.symlink_to(f"{DATA}/{name}")
    for entry in os.listdir(directory):
        if entry not in names and not entry.startswith(".."):
            with contextlib.suppress(OSError):
                (directory / entry).unlink()


def _is_current(data: Path, files: Files) -> bool:
    if not data.is_symlink() or not data.is_dir():
        return False
    present = {str(path.relative_to(data)) for path in data.rglob("*") if path.is_file()}
    if present != set(files):
        return False
    return all((data / path).read_bytes() == file.data for path, file in files.items())
