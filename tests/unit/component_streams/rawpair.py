"""Both ends of an upgraded connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from steersman.component.http.client import HTTPPool
from steersman.component.http.duplex import Duplex
from steersman.component.http.message import UPGRADED, Request, Response
from steersman.component.http.server import HTTPServer

UPGRADE = {"connection": "Upgrade", "upgrade": "SPDY/3.1"}


@asynccontextmanager
async def raw_pair() -> AsyncIterator[tuple[Duplex, Duplex]]:
    """The client's end and the server's end of an upgraded connection."""
    ends: asyncio.Queue[Duplex] = asyncio.Queue()
    done = asyncio.Event()

    async def upgrade(request: Request) -> Response:
        ends.put_nowait(request.upgrade(UPGRADE))
        await done.wait()
        return UPGRADED

    server = HTTPServer(upgrade)
    await server.start()
    pool = HTTPPool("127.0.0.1", server.port)
    try:
        _, client = await pool.upgrade("POST", "/exec", UPGRADE)
        assert client is not None
        yield client, await ends.get()
        client.close()
    finally:
        done.set()
        await pool.close()
        await server.stop(1)
