"""The store that keeps everything in memory: for tests and for clusters that needn't outlive their process."""

from collections.abc import AsyncGenerator

from steersman.component.clock import Clock
from steersman.storage import transaction
from steersman.storage.expiry import Expiry, end
from steersman.storage.history import History
from steersman.storage.interface import Changes, Compare, Entry, Page, StoreClosed, TxnResult, Write
from steersman.storage.publish import Publisher


class MemoryStore:
    """A Store without durability; every call answers without waiting."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._history = History()
        self._publisher = Publisher(self._history)
        self._expiry = Expiry(clock, self._expire)
        self._is_closed = False

    @property
    def revision(self) -> int:
        """The revision of the last write."""
        return self._history.revision

    async def current_revision(self) -> int:
        """See Store."""
        return self._history.revision

    async def get(self, key: str, revision: int = 0) -> Entry | None:
        """See Store."""
        return self._history.get(key, revision)

    async def list(self, prefix: str, *, limit: int = 0, start_after: str = "", revision: int = 0) -> Page:
        """See Store."""
        return self._history.page(prefix, limit, start_after, revision)

    async def txn(self, compares: tuple[Compare, ...], writes: tuple[Write, ...]) -> TxnResult:
        """See Store."""
        if self._is_closed:
            raise StoreClosed
        find = self._history.entries.get
        transaction.check(compares, find)
        events = transaction.changes(writes, self._history.revision + 1, find)
        if events:
            now = self._clock.monotonic()
            ends = transaction.expiries(writes, self._clock.now())
            self._history.apply(events, now, ends)
            self._history.prune(now)
            self._publisher.publish()
            self._expiry.note(ends)
        return TxnResult(self._history.revision)

    def watch(self, prefix: str, from_revision: int) -> AsyncGenerator[Changes, None]:
        """See Store."""
        return self._publisher.watch(prefix, from_revision)

    async def is_stale(self, key: str) -> bool:
        """See Store: what is stored is what was given."""
        return False

    async def compact(self, revision: int) -> None:
        """See Store."""
        self._history.compact(revision)

    async def close(self) -> None:
        """See Store."""
        self._is_closed = True
        await self._expiry.close()
        self._publisher.close()

    async def _expire(self, keys: tuple[str, ...]) -> None:
        await end(self, map(self._history.entries.get, keys), self._clock.now())
