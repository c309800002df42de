"""Long-lived tasks that are kept running: a crash is logged once and followed by a restart, a stop is orderly.

For processes of the operating system see component.processes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from types import TracebackType
from typing import Self

from steersman.component.backoff import Backoff, Backoffs
from steersman.component.clock import Clock
from steersman.component.log import get_logger

_log = get_logger(__name__)

Factory = Callable[[], Awaitable[None]]

RESTART = Backoff(initial=0.1, factor=2.0, limit=30.0, jitter=0.1)
QUIET_SECONDS = 60.0
STOP_SECONDS = 10.0
# What a task gets that was cancelled only at the deadline: enough to unwind, too little to work.
LAST_SECONDS = 0.1


class Supervisor:
    """Runs named tasks. One that crashes is restarted, later each time; one that returns is done.

    Use it as `async with`, or end it by `stop`. Tasks are stopped in reverse order of their start, each only
    when the one started after it has ended: what was started first may be needed to the last.
    """

    def __init__(self, clock: Clock, backoff: Backoff = RESTART, random: Random | None = None) -> None:
        self._clock = clock
        self._backoffs: Backoffs[str] = Backoffs(backoff, QUIET_SECONDS, random)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._restarts: dict[str, int] = {}
        self._is_stopping = False

    def start(self, name: str, factory: Factory) -> None:
        """Run what `factory` makes, and make it anew after each crash. ValueError when the name is running."""
        if self._is_stopping:
            raise RuntimeError("the supervisor is stopping")
        if name in self._tasks and not self._tasks[name].done():
            raise ValueError(f"task {name!r} is running already")
        self._tasks.pop(name, None)
        self._restarts[name] = 0
        self._tasks[name] = asyncio.create_task(self._keep(name, factory), name=name)

    @property
    def running(self) -> tuple[str, ...]:
        """Names of the tasks that have not ended, in order of their start."""
        return tuple(name for name, task in self._tasks.items() if not task.done())

    def restarts(self, name: str) -> int:
        """How often the task of this name crashed; KeyError when there is none."""
        return self._restarts[name]

    async def run(self) -> None:
        """Wait until every task has ended; when cancelled, stop them first."""
        try:
            while running := [task for task in self._tasks.values() if not task.done()]:
                await asyncio.wait(running)
        finally:
            await self.stop()

    async def stop(self, deadline_seconds: float = STOP_SECONDS) -> None:
        """Cancel the tasks, the last started first. What hasn't ended by the deadline is cancelled too, and left."""
        self._is_stopping = True
        deadline = asyncio.ensure_future(self._clock.sleep(deadline_seconds))
        last = asyncio.ensure_future(self._clock.sleep(deadline_seconds + LAST_SECONDS))
        try:
            for task in reversed(tuple(self._tasks.values())):
                task.cancel()
                await asyncio.wait({task, deadline}, return_when=asyncio.FIRST_COMPLETED)
            while (left := [task for task in self._tasks.values() if not task.done()]) and not last.done():
                await asyncio.wait({*left, last}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in (deadline, last, *self._tasks.values()):
                waiting.cancel()
        for name in self.running:
            _log.error("task did not stop in time", task=name, deadline_seconds=deadline_seconds)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _keep(self, name: str, factory: Factory) -> None:
        while True:
            try:
                await factory()
            except asyncio.CancelledError as error:
                if _is_cancelled():
                    raise
                # Not ours: something the task awaited was cancelled by others. To the task that is a crash like any.
                delay = self._crashed(name, error)
            except Exception as error:  # noqa: BLE001 - the supervisor is where a crash ends
                delay = self._crashed(name, error)
            else:
                _log.debug("task ended", task=name)
                # Tasks may be many and short-lived (one a pod): what has ended is not kept.
                for kept in (self._tasks, self._restarts):
                    kept.pop(name, None)
                self._backoffs.succeeded(name)
                return
            await self._clock.sleep(delay)

    def _crashed(self, name: str, error: BaseException) -> float:
        delay = self._backoffs.failed(name, self._clock.monotonic())
        self._restarts[name] += 1
        _log.error("task crashed", exc_info=error, task=name, restart_seconds=delay, restarts=self._restarts[name])
        return delay


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
