"""Files that are whole or not there, and directories that only their owner can enter.

All of it blocks: call it at start, or by component.threads.
"""

import os
import tempfile
from pathlib import Path

PRIVATE_FILE = 0o600
PUBLIC_FILE = 0o644
PRIVATE_DIRECTORY = 0o700


def write_atomic(path: Path, data: bytes, mode: int = PUBLIC_FILE) -> None:
    """Put `data` at `path`, durably: a reader, or a restart after a power cut, sees the old content or the new."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def read_if_exists(path: Path) -> bytes | None:
    """The file's content; None when there is no such file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def make_private_directory(path: Path) -> Path:
    """The directory, made with its parents where missing, closed to everybody but its owner."""
    path.mkdir(parents=True, exist_ok=True, mode=PRIVATE_DIRECTORY)
    if path.stat().st_mode & 0o777 != PRIVATE_DIRECTORY:
        path.chmod(PRIVATE_DIRECTORY)
    return path


def sync_directory(path: Path) -> None:
    """Make the directory's entries durable: a rename isn't before this."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
