"""The current revision, asked of etcd once for everybody who wants it meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable

from steersman.storage.interface import StoreClosed, StoreError


class Latest:
    """Answers are never older than their question: who comes while one is on its way waits for the next."""

    def __init__(self, ask: Callable[[], Awaitable[int]]) -> None:
        self._ask = ask
        self._waiting: asyncio.Future[int] | None = None
        self._task: asyncio.Task[None] | None = None

    async def get(self) -> int:
        """A revision that is current at some moment after this call."""
        loop = asyncio.get_running_loop()
        if self._waiting is None:
            self._waiting = loop.create_future()
        answer = self._waiting
        if self._task is None:
            self._task = loop.create_task(self._run(), name="etcd-revision")
        # One caller that is cancelled doesn't take the answer from the others.
        return await asyncio.shield(answer)

    async def close(self) -> None:
        """Who waits gets StoreClosed."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        asked: asyncio.Future[int] | None = None
        try:
            while self._waiting is not None:
                asked, self._waiting = self._waiting, None
                try:
                    asked.set_result(await self._ask())
                except StoreError as error:
                    _fail(asked, error)
        finally:
            self._task = None
            for left in (asked, self._waiting):
                if left is not None:
                    _fail(left, StoreClosed())


def _fail(answer: asyncio.Future[int], error: StoreError) -> None:
    if not answer.done():
        answer.set_exception(error)
        answer.exception()  # whoever asked may be gone; then nobody is to be told
