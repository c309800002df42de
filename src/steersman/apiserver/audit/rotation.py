"""A log file that is put aside when it grows too big; what was put aside is compressed and, one day, removed. Blocks.

Source: natefinch/lumberjack v2, whose names of files are kept.
"""

import gzip
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from steersman.component.clock import Clock

MEGABYTE = 1024 * 1024
_STAMP = "%Y-%m-%dT%H-%M-%S"
_GZIP = ".gz"


@dataclass(frozen=True, slots=True)
class Rotation:
    """When the file is put aside, in megabytes, and how many files are kept for how many days; 0 is without limit."""

    max_megabytes: int = 100
    max_age_days: int = 366
    max_backups: int = 100
    compresses: bool = False


class RotatingFile:
    """A file that is appended to."""

    def __init__(self, path: Path, rotation: Rotation, clock: Clock) -> None:
        self._path = path
        self._rotation = rotation
        self._clock = clock
        self._file: BinaryIO | None = None
        self._size = 0

    def open(self) -> None:
        """Make the file and its directory where they are missing. OSError."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        self._file = os.fdopen(descriptor, "ab", buffering=0)
        self._size = os.fstat(descriptor).st_size

    def write(self, lines: Sequence[bytes]) -> bool:
        """Append lines; whether the file was put aside before one of them. OSError."""
        limit, was_rotated, part = self._rotation.max_megabytes * MEGABYTE, False, bytearray()
        for line in lines:
            if limit and self._size + len(part) + len(line) > limit and self._size + len(part):
                self._append(part)
                part.clear()
                self._rotate()
                was_rotated = True
            part += line
        self._append(part)
        return was_rotated

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def tidy(self) -> None:
        """Compress what was put aside, and remove what is too old or too much. OSError."""
        rotation, found = self._rotation, self._backups()
        names = list(dict.fromkeys(moment for moment, _ in found))
        kept = set(names[: rotation.max_backups] if rotation.max_backups else names)
        if rotation.max_age_days:
            oldest = self._clock.now() - timedelta(days=rotation.max_age_days)
            kept = {moment for moment in kept if moment >= oldest}
        for moment, path in found:
            if moment not in kept:
                path.unlink(missing_ok=True)
            elif rotation.compresses and path.suffix != _GZIP:
                _compress(path)

    def _append(self, data: bytearray) -> None:
        if self._file is None:
            self.open()
        assert self._file is not None
        view = memoryview(bytes(data))
        while view:
            written = self._file.write(view)
            self._size += written
            view = view[written:]

    def _rotate(self) -> None:
        self.close()
        mode = self._path.stat().st_mode & 0o777 if self._path.exists() else 0o600
        now = self._clock.now().astimezone(UTC)
        stamp = f"{now.strftime(_STAMP)}.{now.microsecond // 1000:03}"
        if self._path.exists():
            self._path.rename(self._path.with_name(f"{self._path.stem}-{stamp}{self._path.suffix}"))
        self.open()
        self._path.chmod(mode)

    def _backups(self) -> list[tuple[datetime, Path]]:
        """What was put aside, the newest first."""
        found = []
        for path in self._path.parent.iterdir():
            moment = self._moment(path.name)
            if moment is not None:
                found.append((moment, path))
        return sorted(found, reverse=True)

    def _moment(self, name: str) -> datetime | None:
        start, end = f"{self._path.stem}-", self._path.suffix
        whole = name.removesuffix(_GZIP)
        if not whole.startswith(start) or not whole.endswith(end):
            return None
        stamp = whole[len(start) : len(whole) - len(end)]
        try:
            return datetime.strptime(f"{stamp}000", f"{_STAMP}.%f").replace(tzinfo=UTC)
        except ValueError:
            return None


def _compress(path: Path) -> None:
    made = path.with_name(path.name + _GZIP)
    try:
        with path.open("rb") as source, gzip.open(made, "wb", compresslevel=6) as target:
            shutil.copyfileobj(source, target)
        made.chmod(path.stat().st_mode & 0o777)
    except OSError:
        made.unlink(missing_ok=True)
        raise
    path.unlink()
