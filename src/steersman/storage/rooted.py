"""A store whose keys below one root stand below another one in the store around it: several clusters share an etcd.

Source: kube-apiserver's --etcd-prefix.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from steersman.storage.interface import (
    Changes,
    Compare,
    CompareFailed,
    Entry,
    Page,
    Store,
    TxnResult,
    Write,
)


class RootedStore:
    """See Store. What is `root` here is `place` there; both end in a slash. Other keys are the same in both."""

    def __init__(self, store: Store, root: str, place: str) -> None:
        self._store = store
        self._root, self._place = root, place

    @property
    def revision(self) -> int:
        """See Store."""
        return self._store.revision

    async def current_revision(self) -> int:
        """See Store."""
        return await self._store.current_revision()

    async def get(self, key: str, revision: int = 0) -> Entry | None:
        """See Store."""
        entry = await self._store.get(self._there(key), revision)
        return None if entry is None else self._told(entry)

    async def list(self, prefix: str, *, limit: int = 0, start_after: str = "", revision: int = 0) -> Page:
        """See Store."""
        after = self._there(start_after)
        page = await self._store.list(self._there(prefix), limit=limit, start_after=after, revision=revision)
        return replace(page, entries=tuple(self._told(entry) for entry in page.entries))

    async def txn(self, compares: tuple[Compare, ...], writes: tuple[Write, ...]) -> TxnResult:
        """See Store."""
        held = tuple(replace(one, key=self._there(one.key)) for one in compares)
        try:
            return await self._store.txn(held, tuple(replace(one, key=self._there(one.key)) for one in writes))
        except CompareFailed as error:
            current = error.current
            raise CompareFailed(self._here(error.key), None if current is None else self._told(current)) from error

    async def watch(self, prefix: str, from_revision: int) -> AsyncGenerator[Changes, None]:
        """See Store."""
        async with aclosing(self._store.watch(self._there(prefix), from_revision)) as told:
            async for changes in told:
                events = tuple(replace(event, key=self._here(event.key)) for event in changes.events)
                yield Changes(events, changes.revision)

    async def is_stale(self, key: str) -> bool:
        """See Store."""
        return await self._store.is_stale(self._there(key))

    async def compact(self, revision: int) -> None:
        """See Store."""
        await self._store.compact(revision)

    async def close(self) -> None:
        """See Store."""
        await self._store.close()

    def _there(self, key: str) -> str:
        return self._place + key[len(self._root) :] if key.startswith(self._root) else key

    def _here(self, key: str) -> str:
        return self._root + key[len(self._place) :] if key.startswith(self._place) else key

    def _told(self, entry: Entry) -> Entry:
        return replace(entry, key=self._here(entry.key))
