"""A client's WebSocket channels carried to a SPDY server, as exec goes from kubectl to containerd."""

import asyncio

from steersman.component.streams.bytestream import read_all
from steersman.component.streams.remotecommand import (
    SPDY_PROTOCOLS,
    WEBSOCKET_PROTOCOLS,
    ChannelSocket,
    CommandOptions,
    StreamName,
    accept_streams,
    bridge,
    choose_protocol,
    open_streams,
)
from steersman.component.streams.spdy import Session
from steersman.component.streams.websocket import WebSocket

from .rawpair import raw_pair

OPTIONS = CommandOptions(stdin=True, stdout=True, stderr=True)
STATUS = b'{"status":"Success"}'


async def run_command(session: Session) -> None:
    """A runtime's side: shouts back what it hears and ends as containerd does, by closing everything."""
    streams = await accept_streams(session, OPTIONS.names)
    heard = await read_all(streams[StreamName.STDIN], 1000)
    streams[StreamName.STDOUT].write(heard.upper())
    streams[StreamName.STDERR].write(b"oops")
    streams[StreamName.ERROR].write(STATUS)
    session.close()


async def kubelet(websocket: WebSocket, session: Session) -> None:
    """The middle: the client's channels on one side, the runtime's streams on the other."""
    socket = ChannelSocket(websocket, "v5.channel.k8s.io", OPTIONS.names)
    async with asyncio.TaskGroup() as group:
        reading = [group.create_task(socket.run()), group.create_task(session.run())]
        socket.greet()
        await bridge(socket.channels, await open_streams(session, OPTIONS.names))
        websocket.close()
        session.close()
        await asyncio.wait(reading)


async def test_exec_is_carried_from_websocket_to_spdy_and_back() -> None:
    async with raw_pair() as (near, far), raw_pair() as (out, inside), asyncio.timeout(5):
        client = ChannelSocket(WebSocket(near, is_server=False), "v5.channel.k8s.io", OPTIONS.names)
        runtime = Session(inside, is_server=True)
        async with asyncio.TaskGroup() as group:
            group.create_task(client.run())
            group.create_task(runtime.run())
            group.create_task(run_command(runtime))
            group.create_task(kubelet(WebSocket(far, is_server=True), Session(out, is_server=False)))
            client.channels[StreamName.STDIN].write(b"quiet")
            client.channels[StreamName.STDIN].close_write()
            said = {
                name: await read_all(client.channels[name], 1000) for name in OPTIONS.names if name != StreamName.STDIN
            }
    assert said == {StreamName.STDOUT: b"QUIET", StreamName.STDERR: b"oops", StreamName.ERROR: STATUS}


def test_a_terminal_has_sizes_and_no_stderr() -> None:
    names = CommandOptions(stdin=True, stdout=True, stderr=True, tty=True).names
    assert names == (StreamName.ERROR, StreamName.STDIN, StreamName.STDOUT, StreamName.RESIZE)


def test_the_clients_first_known_protocol_is_chosen() -> None:
    assert choose_protocol("v5.channel.k8s.io, v4.channel.k8s.io", SPDY_PROTOCOLS) == "v4.channel.k8s.io"
    assert choose_protocol("v9, v4.channel.k8s.io,v5.channel.k8s.io", WEBSOCKET_PROTOCOLS) == "v4.channel.k8s.io"
    assert choose_protocol("", WEBSOCKET_PROTOCOLS) is None
