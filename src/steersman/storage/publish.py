"""Watches of the stores that live in this process: history first, then what is published, no gap and no duplicate."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator

from steersman.storage.history import History
from steersman.storage.interface import Event, StoreClosed


class Subscriber:
    """One watch's queue."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.batches: deque[tuple[Event, ...]] = deque()
        self.ready = asyncio.Event()
        self.is_closed = False


class Publisher:
    """Hands each published batch to every watch it concerns."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._subscribers: set[Subscriber] = set()
        self._is_closed = False

    def publish(self, events: tuple[Event, ...]) -> None:
        """Called once for each group of transactions, after the history has taken it in."""
        for subscriber in self._subscribers:
            batch = tuple(event for event in events if event.key.startswith(subscriber.prefix))
            if batch:
                subscriber.batches.append(batch)
                subscriber.ready.set()

    async def watch(self, prefix: str, from_revision: int) -> AsyncGenerator[tuple[Event, ...], None]:
        """Source of Store.watch."""
        if self._is_closed:
            raise StoreClosed
        subscriber = Subscriber(prefix)
        past = self._history.since(prefix, from_revision)
        if past:
            subscriber.batches.append(past)
        self._subscribers.add(subscriber)
        try:
            while True:
                while subscriber.batches:
                    batch = subscriber.batches.popleft()
                    late = tuple(event for event in batch if event.revision >= from_revision)
                    if late:
                        yield late
                if subscriber.is_closed:
                    return
                subscriber.ready.clear()
                await subscriber.ready.wait()
        finally:
            self._subscribers.discard(subscriber)

    def close(self) -> None:
        """Every watch ends after what was published."""
        self._is_closed = True
        for subscriber in self._subscribers:
            subscriber.is_closed = True
            subscriber.ready.set()
