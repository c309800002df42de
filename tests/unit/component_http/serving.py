"""A server for a test, and raw bytes to and from it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from steersman.component.http.connection import Limits
from steersman.component.http.message import Handler
from steersman.component.http.server import HTTPServer


@asynccontextmanager
async def serving(handler: Handler, limits: Limits | None = None) -> AsyncIterator[HTTPServer]:
    server = HTTPServer(handler, limits=limits)
    await server.start()
    try:
        yield server
    finally:
        await server.stop(1)


async def talk(server: HTTPServer, sent: bytes) -> bytes:
    """Everything the server says to these bytes, until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(sent)
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    return answer
