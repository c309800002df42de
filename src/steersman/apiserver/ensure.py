"""Objects that the API server itself sees to, while others may do the same."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from steersman.api.meta import Kind
from steersman.apimachinery.status import AlreadyExists, Conflict, NotFound
from steersman.client.interface import Client

K = TypeVar("K", bound=Kind)

TRIES = 5


async def ensured(client: Client, wanted: K) -> K:
    """What is there, made if nothing was. Asked for first: a Service is refused for its address before its name."""
    name, namespace = wanted.metadata.name, wanted.metadata.namespace or None
    try:
        return await client.get(type(wanted), name, namespace)
    except NotFound:
        try:
            return await client.create(wanted)
        except AlreadyExists:
            return await client.get(type(wanted), name, namespace)


async def settled(write: Callable[[], Awaitable[None]]) -> None:
    """Another server that starts too may write first."""
    for _ in range(TRIES - 1):
        try:
            return await write()
        except (Conflict, NotFound):  # NotFound: deleted between reading and writing
            continue
    return await write()
