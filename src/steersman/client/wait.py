"""Waiting for a condition that only asking can tell."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from steersman.api.meta import Kind
from steersman.apimachinery.status import NotFound
from steersman.client.interface import Client
from steersman.component.clock import Clock

K = TypeVar("K", bound=Kind)

INTERVAL = timedelta(milliseconds=200)


async def wait_condition(
    condition: Callable[[], Awaitable[bool]], clock: Clock, timeout: timedelta, interval: timedelta = INTERVAL
) -> bool:
    """True as soon as the condition holds, False when the time is up."""
    end = clock.monotonic() + timeout.total_seconds()
    while not await condition():
        if clock.monotonic() >= end:
            return False
        await clock.sleep(interval.total_seconds())
    return True


async def wait_gone(client: Client, clock: Clock, obj: Kind, timeout: timedelta) -> bool:
    """True as soon as the object, by its uid, no longer exists."""

    async def is_gone() -> bool:
        try:
            found = await client.get(type(obj), obj.metadata.name, obj.metadata.namespace or None)
        except NotFound:
            return True
        return found.metadata.uid != obj.metadata.uid

    return await wait_condition(is_gone, clock, timeout)
