"""exec and attach for WebSocket clients: their channels carried to the runtime's SPDY streams, and back.

Runtimes speak no WebSocket that can end stdin (v5.channel.k8s.io), so what comes by WebSocket is translated.
Source: KEP-4006.
"""

import asyncio
import contextlib
from collections.abc import Collection, Coroutine

from steersman.component.http.duplex import Duplex
from steersman.component.http.message import UPGRADED, Request, Response
from steersman.component.streams.remotecommand import (
    SPDY_PROTOCOLS,
    WEBSOCKET_PROTOCOLS,
    ChannelSocket,
    StreamName,
    bridge,
    choose_protocol,
    open_streams,
)
from steersman.component.streams.spdy import Session
from steersman.component.streams.websocket import WebSocket, accept_key
from steersman.kubelet.server.pods import RequestRefused

RUNTIME_HEADERS = {
    "connection": "Upgrade",
    "upgrade": "SPDY/3.1",
    "x-stream-protocol-version": SPDY_PROTOCOLS[0],
}
"""What the runtime's streaming server is asked for."""


def is_websocket(request: Request) -> bool:
    """The client asks for a WebSocket."""
    return request.headers.get("upgrade", "").lower() == "websocket"


def chosen_protocol(request: Request) -> str:
    """The channel protocol to speak; RequestRefused."""
    offered = request.headers.get("sec-websocket-protocol", "")
    protocol = choose_protocol(offered, WEBSOCKET_PROTOCOLS)
    if protocol is None or not request.headers.get("sec-websocket-key"):
        raise RequestRefused(400, f"unable to negotiate a protocol among [{offered}]")
    return protocol


async def translate(request: Request, protocol: str, names: Collection[StreamName], runtime_side: Duplex) -> Response:
    """Answer 101 and carry the streams until the command has ended or the client has gone."""
    client_side = request.upgrade({
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-accept": accept_key(request.headers["sec-websocket-key"]),
        "sec-websocket-protocol": protocol,
    })  # fmt: skip
    websocket, session = WebSocket(client_side, is_server=True), Session(runtime_side, is_server=False)
    socket = ChannelSocket(websocket, protocol, names)
    try:
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(_until_broken(socket.run()))
            running = group.create_task(_until_broken(session.run()))
            socket.greet()
            carrying = group.create_task(_until_broken(_carry(socket, session, names)))
            # A client that has gone leaves nobody to carry for, though the command may go on for long.
            await asyncio.wait((carrying, listening), return_when=asyncio.FIRST_COMPLETED)
            carrying.cancel()
            websocket.close()
            session.close()
            await asyncio.wait((listening, running))
    finally:
        client_side.close()
        runtime_side.close()
    return UPGRADED


async def _carry(socket: ChannelSocket, session: Session, names: Collection[StreamName]) -> None:
    try:
        await bridge(socket.channels, await open_streams(session, names))
    except* (ConnectionError, TimeoutError):  # the bridge's own task group groups them
        pass


async def _until_broken(work: Coroutine[object, object, None]) -> None:
    """A broken connection is the end of a stream, not of the kubelet's task group."""
    with contextlib.suppress(ConnectionError, TimeoutError):
        await work
