"""A process's main coroutine, from its start to the signal that ends it."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

from steersman.component.log import get_logger

_log = get_logger(__name__)


def run_until_stopped(main: Callable[[], Awaitable[None]]) -> None:
    """Run a component on uvloop until SIGTERM or SIGINT, then let it unwind."""
    import uvloop

    async def guarded() -> None:
        task = asyncio.ensure_future(main())
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            _log.info("stopped")

    uvloop.run(guarded())
