"""The sockets: UDP and TCP on one address and port."""

import asyncio
import socket
from datetime import timedelta
from ipaddress import ip_address
from typing import cast

from steersman.component.log import get_logger
from steersman.dns.responder import Pending, Responder

_log = get_logger(__name__)

IDLE_TIMEOUT = timedelta(seconds=10)
MAX_CONNECTIONS = 256
RECEIVE_BYTES = 1 << 20
# Linux's numbers; Python doesn't name them.
IP_FREEBIND, IPV6_FREEBIND = 15, 78

PeerAddress = tuple[str, int] | tuple[str, int, int, int]


class DNSServer:
    """Serves until cancelled. The address may belong to an interface that comes later."""

    def __init__(self, responder: Responder, address: str, port: int, idle_timeout: timedelta = IDLE_TIMEOUT) -> None:
        self.address, self.port = address, port
        self._responder = responder
        self._idle_seconds = idle_timeout.total_seconds()
        self._listening = asyncio.Event()
        self._connections = 0

    async def run(self) -> None:
        """Listen and answer until cancelled."""
        loop = asyncio.get_running_loop()
        stream = open_socket(socket.SOCK_STREAM, self.address, self.port)
        self.port = stream.getsockname()[1]
        try:
            packets = open_socket(socket.SOCK_DGRAM, self.address, self.port)
        except OSError:
            stream.close()
            raise
        async with asyncio.TaskGroup() as group:

            def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                group.create_task(self._converse(reader, writer))

            server = await asyncio.start_server(accept, sock=stream)
            transport, _ = await loop.create_datagram_endpoint(lambda: _Packets(self._responder, group), sock=packets)
            self._listening.set()
            _log.info("DNS server listens", address=self.address, port=self.port)
            try:
                await loop.create_future()  # until cancelled
            finally:
                transport.close()
                server.close()

    async def wait_listening(self) -> None:
        """Return once both sockets are open."""
        await self._listening.wait()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            if self._connections <= MAX_CONNECTIONS:
                await self._answer_each(reader, writer)
        except (OSError, EOFError, TimeoutError):
            pass  # the client left, or only sat there
        finally:
            self._connections -= 1
            writer.close()

    async def _answer_each(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            async with asyncio.timeout(self._idle_seconds):
                size = int.from_bytes(await reader.readexactly(2))
                data = await reader.readexactly(size)
            reply = self._responder.answer(data, over_tcp=True)
            if isinstance(reply, Pending):
                reply = await self._responder.finish(reply)
            if reply is None:
                return
            writer.write(len(reply).to_bytes(2) + reply)
            async with asyncio.timeout(self._idle_seconds):
                await writer.drain()


class _Packets(asyncio.DatagramProtocol):
    def __init__(self, responder: Responder, group: asyncio.TaskGroup) -> None:
        self._responder, self._group = responder, group
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Neither loop's datagram transport is an instance of the class that describes it.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, address: PeerAddress) -> None:
        reply = self._responder.answer(data, over_tcp=False)
        if isinstance(reply, bytes):
            self._send(reply, address)
        elif reply is not None:
            self._group.create_task(self._finish(reply, address))

    async def _finish(self, pending: Pending, address: PeerAddress) -> None:
        self._send(await self._responder.finish(pending), address)

    def _send(self, reply: bytes, address: PeerAddress) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(reply, address)


def open_socket(kind: socket.SocketKind, address: str, port: int) -> socket.socket:
    """A bound socket."""
    is_ipv4 = ip_address(address).version == 4
    opened = socket.socket(socket.AF_INET if is_ipv4 else socket.AF_INET6, kind)
    try:
        if kind == socket.SOCK_STREAM:
            # Not for UDP: there it would let a second server take the first one's packets.
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        if is_ipv4:
            opened.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
        else:
            opened.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
        opened.bind((address, port))
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened
