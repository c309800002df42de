"""Blocking work beside the event loop: one bounded pool a process, and single threads for what must keep its order.

A busy thread and the loop share one interpreter lock: this is for work that waits (files, sockets, subprocesses), not
for work that computes.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_SIZE = 8


class Threads:
    """A bounded pool, started at its first use. Work beyond its size waits for a free thread.

    A cancelled `run` stops waiting, but what has begun in its thread runs on to its end.
    """

    def __init__(self, size: int = DEFAULT_SIZE, name: str = "blocking") -> None:
        self._size = size
        self._name = name
        self._executor: ThreadPoolExecutor | None = None
        self._is_closed = False

    async def run(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `fn(*args)`, called in a thread of the pool."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool(), lambda: fn(*args, **kwargs))

    def start(self, fn: Callable[[], None]) -> None:
        """Have `fn` called in a thread of the pool. Nobody waits for it, so it must see to its own errors."""
        self._pool().submit(fn)

    def close(self) -> None:
        """Take no more work; what was begun runs on, what only waits is cancelled. Doesn't block."""
        self._is_closed = True
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None

    def _pool(self) -> ThreadPoolExecutor:
        if self._is_closed:
            raise RuntimeError("the threads are closed")
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self._size, thread_name_prefix=self._name)
        return self._executor


class SingleThread(Threads):
    """One thread of its own: calls run one after the other, in order, always in the same thread."""

    def __init__(self, name: str) -> None:
        super().__init__(size=1, name=name)
