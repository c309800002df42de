"""`Store`: an ordered key history with one revision counter, the only thing the API server keeps its state in.

The model is etcd's: every transaction that writes gets the next revision; keys can be read as of any revision not yet
compacted; a watch gives each change after a revision exactly once, in order. A write is acknowledged only when durable.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

# A fresh store's revision, as in etcd: the first write makes 2, so that no object ever has resourceVersion 0 or 1.
FIRST_REVISION = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A key's value; revision is that of its last write, create_revision that of the write that made it.

    problem: why the value, which is empty then, can't be read.
    """

    key: str
    value: bytes
    create_revision: int
    revision: int
    expires_at: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Entries in key order as of `revision`; remaining counts those after the page."""

    entries: tuple[Entry, ...]
    revision: int
    remaining: int = 0

    @property
    def more(self) -> bool:
        """There are entries after this page."""
        return self.remaining > 0


@dataclass(frozen=True, slots=True)
class Compare:
    """The key's last write must be this revision; 0 says the key must not exist."""

    key: str
    revision: int


@dataclass(frozen=True, slots=True)
class Put:
    """Write a value; with ttl_seconds it is deleted by itself after that time."""

    key: str
    value: bytes
    ttl_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Take a key away; one that doesn't exist is no error."""

    key: str


Write = Put | Delete


@dataclass(frozen=True, slots=True)
class TxnResult:
    """The revision all writes of the transaction share."""

    revision: int


@dataclass(frozen=True, slots=True)
class Event:
    """One change of one key. value is the new one; a deletion has is_delete set and the previous value.

    problem: why the value, which is empty then, can't be read.
    """

    key: str
    value: bytes
    create_revision: int
    revision: int
    is_delete: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a watch tells at once: all events up to a revision; without any, only how far history is known."""

    events: tuple[Event, ...]
    revision: int


class StoreError(Exception):
    """Base of what a store raises."""


class CompareFailed(StoreError):
    """A comparison didn't hold; current is what stands at the key instead."""

    def __init__(self, key: str, current: Entry | None) -> None:
        super().__init__(f"{key} was written by someone else")
        self.key = key
        self.current = current


class Compacted(StoreError):
    """The revision asked for is older than the kept history."""

    def __init__(self, oldest: int) -> None:
        super().__init__(f"history begins at revision {oldest}")
        self.oldest = oldest


class FutureRevision(StoreError):
    """The revision asked for is yet to come; now is current."""

    def __init__(self, asked: int, current: int) -> None:
        super().__init__(f"revision {asked} is yet to come; now is {current}")
        self.asked = asked
        self.current = current


class StoreFull(StoreError):
    """The disk takes no more: nothing of the transaction was written; reads go on."""


class StoreClosed(StoreError):
    """The store has been closed."""


class StoreFailed(StoreError):
    """Nothing of the transaction was written, for a reason nobody foresaw; it is the error's cause."""


class StoreUnavailable(StoreError):
    """The engine doesn't answer now. A transaction may have been written all the same, nobody knows."""


class TransformFailed(StoreError):
    """A value can't be encrypted, or one that is stored can't be decrypted. Nothing was written."""


class StoreLocked(StoreError):
    """Another process has the store open: pid, as far as that can be told."""

    def __init__(self, path: str, pid: int | None) -> None:
        super().__init__(f"{path} is held by process {pid or 'unknown'}")
        self.path = path
        self.pid = pid


class Store(Protocol):
    """All implementations pass one contract suite (tests/contract/test_store_contract.py)."""

    @property
    def revision(self) -> int:
        """The revision of the last write this process knows of."""
        ...

    async def current_revision(self) -> int:
        """What a read must have reached to show every write that was acknowledged before this call, to whomever."""
        ...

    async def get(self, key: str, revision: int = 0) -> Entry | None:
        """The entry now, or as of a revision."""
        ...

    async def list(self, prefix: str, *, limit: int = 0, start_after: str = "", revision: int = 0) -> Page:
        """Entries below a prefix now, or as of a revision."""
        ...

    async def txn(self, compares: tuple[Compare, ...], writes: tuple[Write, ...]) -> TxnResult:
        """Do all writes if all comparisons hold. CompareFailed, StoreFull, StoreFailed: nothing was written.

        StoreUnavailable: that isn't known. Every method raises it that has to ask another process.

        A key is written at most once in a transaction (ValueError). What a CompareFailed tells is durable.
        """
        ...

    def watch(self, prefix: str, from_revision: int) -> AsyncGenerator[Changes, None]:
        """Changes below a prefix, from a revision on. Ends when the store closes; outlives that its engine is away.

        Writes of one transaction are never split. Compacted when the revision is too old, or when the reader is so
        slow that what it is to get next has left the history.
        """
        ...

    async def is_stale(self, key: str) -> bool:
        """What stands at the key would be stored otherwise today, so that writing the same again is worth it."""
        ...

    async def compact(self, revision: int) -> None:
        """Forget history before a revision."""
        ...

    async def close(self) -> None:
        """End watches and let go of files; what was acknowledged stays."""
        ...
