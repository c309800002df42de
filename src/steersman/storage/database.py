"""The SQLite file: current entries and the last revision. Used by one thread only, the writer's.

History isn't kept on disk: a server that starts answers watches from before with 410, as upstream's does after a
compaction, and the file never grows beyond what exists.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from steersman.component.log import get_logger
from steersman.storage.interface import FIRST_REVISION, Entry, StoreFull, StoreLocked

_log = get_logger(__name__)

T = TypeVar("T")

# Rows a statement: one statement is one crossing of the interpreter lock, which a busy event loop makes slow.
ROWS_PER_STATEMENT = 256
CHECKPOINT_PAGES = 1000
WAL_LIMIT_BYTES = 32 * 1024 * 1024
VACUUM_ABOVE_PAGES = 2048
VACUUM_STEP_PAGES = 256

SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
  key TEXT PRIMARY KEY, value BLOB NOT NULL, created INTEGER NOT NULL, revision INTEGER NOT NULL, expires REAL);
CREATE TABLE IF NOT EXISTS state (only INTEGER PRIMARY KEY CHECK (only = 1), revision INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one commit writes: the last state of each key, and the revision reached."""

    puts: tuple[Entry, ...]
    deletes: tuple[str, ...]
    revision: int


class Database:
    """One open file, held by a lock so that no other process writes it."""

    def __init__(self, path: Path, max_pages: int | None = None) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _lock(path.with_name(path.name + ".lock"))
        # The file holds every Secret.
        path.touch(mode=0o600)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(max_pages)
        except BaseException:
            self.close()
            raise

    def load(self) -> tuple[tuple[Entry, ...], int]:
        """All entries, and the last revision ever acknowledged."""
        rows = self._connection.execute("SELECT key, value, created, revision, expires FROM entries")
        entries = tuple(
            Entry(key, value, created, revision, _moment(ends)) for key, value, created, revision, ends in rows
        )
        row = self._connection.execute("SELECT revision FROM state").fetchone()
        return entries, row[0] if row else FIRST_REVISION

    def commit(self, batch: Batch) -> None:
        """Write a batch durably. StoreFull, and nothing written, when the disk doesn't take it."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._write(batch)
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                raise
            raise StoreFull(f"the disk took no more: {error}") from error
        if batch.deletes:
            self._shrink()

    def close(self) -> None:
        """Let go of the file; the write-ahead log is folded into it."""
        try:
            self._connection.close()
        finally:
            os.close(self._lock)

    def _prepare(self, max_pages: int | None) -> None:
        for pragma in (
            "auto_vacuum = INCREMENTAL",
            "journal_mode = WAL",
            "synchronous = FULL",
            f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
            f"journal_size_limit = {WAL_LIMIT_BYTES}",
            *((f"max_page_count = {max_pages}",) if max_pages else ()),
        ):
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        self._connection.executescript(SCHEMA)

    def _write(self, batch: Batch) -> None:
        for chunk in _chunks(batch.puts):
            values = ",".join(["(?,?,?,?,?)"] * len(chunk))
            row = (part for e in chunk for part in (e.key, e.value, e.create_revision, e.revision, _seconds(e)))
            self._connection.execute(f"INSERT OR REPLACE INTO entries VALUES {values}", tuple(row))
        for keys in _chunks(batch.deletes):
            marks = ",".join("?" * len(keys))
            self._connection.execute(f"DELETE FROM entries WHERE key IN ({marks})", keys)
        self._connection.execute("INSERT OR REPLACE INTO state VALUES (1, ?)", (batch.revision,))

    def _shrink(self) -> None:
        try:
            self._vacuum()
        except sqlite3.OperationalError as error:
            # The batch before it stands; on a full disk there may be no room for moving pages. The next delete retries.
            _log.warning("the database could not be made smaller", error=str(error))

    def _vacuum(self) -> None:
        (free,) = self._connection.execute("PRAGMA freelist_count").fetchone()
        if free > VACUUM_ABOVE_PAGES:
            # `execute` would step this once, which frees one page: it yields rows without columns.
            self._connection.executescript(f"PRAGMA incremental_vacuum({VACUUM_STEP_PAGES})")


def _lock(path: Path) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.read(handle, 32)
        os.close(handle)
        raise StoreLocked(str(path), int(holder) if holder.isdigit() else None) from error
    os.ftruncate(handle, 0)
    os.write(handle, str(os.getpid()).encode())
    return handle


def _chunks(rows: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        yield rows[start : start + ROWS_PER_STATEMENT]


def _seconds(entry: Entry) -> float | None:
    return entry.expires_at.timestamp() if entry.expires_at else None


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
