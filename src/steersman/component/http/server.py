"""An HTTP/1.1 server on asyncio or uvloop: listening, limits and stopping. `connection` speaks with one client."""

import asyncio
import socket
import ssl

from steersman.component.http.connection import Connection, Limits
from steersman.component.http.message import Handler


class HTTPServer:
    """Calls `handler` for every request; a Response returned directly costs no task."""

    def __init__(
        self,
        handler: Handler,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl_context: ssl.SSLContext | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._handler = handler
        self._host = host
        self._port = port
        self._ssl = ssl_context
        self._limits = limits or Limits()
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        if self._server is None:
            return self._port
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self, listener: socket.socket | None = None) -> None:
        """Listen, on a given socket or on host and port. OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        if listener is not None:
            self._server = await loop.create_server(self._accept, sock=listener, ssl=self._ssl, backlog=1024)
        else:
            self._server = await loop.create_server(
                self._accept, self._host, self._port, ssl=self._ssl, backlog=1024, reuse_address=True
            )

    async def start_unix(self, path: str) -> None:
        """Listen on a Unix socket."""
        self._server = await asyncio.get_running_loop().create_unix_server(self._accept, path, ssl=self._ssl)

    async def stop(self, deadline_seconds: float = 5.0) -> None:
        """Take no more connections, let requests in flight end until the deadline, then close what is left."""
        if self._server is None:
            return
        self._server.close()
        open_ones = tuple(self._connections)
        for connection in open_ones:
            connection.finish()
        busy = [task for connection in open_ones if (task := connection.task) is not None]
        if busy:
            await asyncio.wait(busy, timeout=deadline_seconds)
        for connection in tuple(self._connections):
            connection.abort()
        if busy:
            await asyncio.gather(*busy, return_exceptions=True)
        self._server = None

    def _accept(self) -> Connection:
        return Connection(self._handler, self._limits, self._connections)
