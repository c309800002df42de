"""The kubelet's way into the network: connections that begin in the node's own network namespace.

Probes, hooks, and the runtime's streaming server are reached this way and no other.
"""

import asyncio
import socket
import ssl
from pathlib import Path

from steersman.cni.namespace import entered
from steersman.component.http.duplex import Duplex, DuplexProtocol
from steersman.component.threads import Threads


class NodeDialer:
    """Connects from within the node's network; `connect` is a component.http.client.Connect."""

    def __init__(self, namespace: Path | None, threads: Threads) -> None:
        """None: the namespace that the process is in."""
        self._namespace, self._threads = namespace, threads

    async def connect(
        self, host: str, port: int, ssl_context: ssl.SSLContext | None = None, server_hostname: str | None = None
    ) -> Duplex:
        """A connected stream; OSError when there is none to be had. The caller bounds the time."""
        loop = asyncio.get_running_loop()
        family, kind, protocol, _, address = (await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))[0]
        # A socket stays in the namespace it was made in, whoever uses it later.
        if self._namespace is None:
            connection = socket.socket(family, kind, protocol)
        else:
            connection = await self._threads.run(self._open, family, kind, protocol)
        try:
            connection.setblocking(False)
            await loop.sock_connect(connection, address)
            name = (server_hostname or host) if ssl_context is not None else None
            _, made = await loop.create_connection(
                DuplexProtocol, sock=connection, ssl=ssl_context, server_hostname=name
            )
        except BaseException:
            connection.close()
            raise
        assert made.duplex is not None
        return made.duplex

    def _open(self, family: int, kind: int, protocol: int) -> socket.socket:
        with entered(self._namespace):
            return socket.socket(family, kind, protocol)
