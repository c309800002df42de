"""Watches of the stores that live in this process: each reads the history at its own pace.

So there is no gap, no duplicate and no buffer; one that is slower than the history is long is told so.
"""

import asyncio
from collections.abc import AsyncGenerator

from steersman.storage.history import History
from steersman.storage.interface import Changes, StoreClosed


class Publisher:
    """Wakes every watch when the history has grown."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._waiting: set[asyncio.Event] = set()
        self._is_closed = False

    def publish(self) -> None:
        """Called once for each group of transactions, after the history has taken it in."""
        for grown in self._waiting:
            grown.set()

    async def watch(self, prefix: str, from_revision: int) -> AsyncGenerator[Changes, None]:
        """What Store.watch yields."""
        if self._is_closed:
            raise StoreClosed
        grown = asyncio.Event()
        self._waiting.add(grown)
        try:
            is_last = False
            while not is_last:
                is_last = self._is_closed
                grown.clear()
                events = self._history.since(prefix, from_revision)
                from_revision = max(from_revision, self._history.revision + 1)
                if events:
                    yield Changes(events, from_revision - 1)
                if not is_last:
                    await grown.wait()
        finally:
            self._waiting.discard(grown)

    def close(self) -> None:
        """Every watch ends after what was published."""
        self._is_closed = True
        self.publish()
