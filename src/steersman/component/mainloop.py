"""A process's main coroutine, from its start to the signal that ends it."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

from steersman.component.log import get_logger

_log = get_logger(__name__)


def run_until_stopped(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a component on uvloop until SIGTERM or SIGINT, then let it unwind; a second signal doesn't hurry it."""
    import uvloop

    async def guarded() -> None:
        task = asyncio.create_task(main())
        wanted = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, _stop_once, task, wanted)
        try:
            await task
        except asyncio.CancelledError:
            if not wanted.is_set():
                raise
            _log.info("stopped")

    uvloop.run(guarded())


def _stop_once(task: asyncio.Task[None], wanted: asyncio.Event) -> None:
    if not wanted.is_set():
        wanted.set()
        task.cancel()
