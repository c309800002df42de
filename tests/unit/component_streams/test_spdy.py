"""SPDY/3.1 sessions against each other, and against bytes as the protocol has them."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from steersman.component.streams.bytestream import BUFFER_BYTES, read_all
from steersman.component.streams.spdy import Session, StreamRefused
from steersman.component.streams.spdydictionary import spdy_dictionary
from steersman.component.streams.spdyframes import (
    FrameType,
    HeaderCompressor,
    HeaderDecompressor,
    ProtocolError,
    control_frame,
    data_frame,
    decode_head,
)

from .rawpair import raw_pair


@asynccontextmanager
async def sessions() -> AsyncIterator[tuple[Session, Session]]:
    async with raw_pair() as (near, far), asyncio.timeout(5):
        client, server = Session(near, is_server=False), Session(far, is_server=True)
        async with asyncio.TaskGroup() as group:
            group.create_task(client.run())
            group.create_task(server.run())
            yield client, server
            client.close()
            server.close()


def test_the_dictionary_is_the_protocols() -> None:
    assert zlib.adler32(spdy_dictionary()) == 0xE3C6A7C2


def test_header_blocks_build_on_those_before() -> None:
    compressor, decompressor = HeaderCompressor(), HeaderDecompressor()
    for headers in ({"Streamtype": "error"}, {"Streamtype": "stdin", "port": "80"}, {}):
        assert decompressor.decode(compressor.encode(headers)) == {k.lower(): v for k, v in headers.items()}


@pytest.mark.parametrize("block", [b"", b"nonsense", HeaderCompressor().encode({"a": "b"})[:-9]])
def test_a_broken_header_block_is_an_error(block: bytes) -> None:
    with pytest.raises(ProtocolError):
        HeaderDecompressor().decode(block)


def test_frames_are_laid_out_as_the_draft_says() -> None:
    assert control_frame(FrameType.PING, b"\0\0\0\1") == bytes.fromhex("8003000600000004 00000001")
    assert data_frame(5, b"hi", 1) == bytes.fromhex("0000000501000002") + b"hi"
    with pytest.raises(ProtocolError):
        decode_head(bytes.fromhex("8002000100000000"))


async def test_streams_carry_bytes_both_ways_and_half_close() -> None:
    async with sessions() as (client, server):
        stdin, stdout = client.open({"streamtype": "stdin"}), client.open({"streamtype": "stdout"})
        await stdout.wait_accepted()
        opened = server.opened()
        far_in, far_out = await anext(opened), await anext(opened)
        assert (far_in.headers["streamtype"], far_out.headers["streamtype"]) == ("stdin", "stdout")
        stdin.write(b"echo me")
        stdin.close_write()
        far_out.write(await read_all(far_in, 1000))
        far_out.close_write()
        assert await read_all(stdout, 1000) == b"echo me"


async def test_the_server_may_open_streams_too() -> None:
    async with sessions() as (client, server):
        stream = server.open({"from": "server"})
        assert stream.stream_id == 2
        assert (await anext(client.opened())).headers == {"from": "server"}


async def test_a_reset_stream_ends_and_the_others_go_on() -> None:
    async with sessions() as (client, server):
        dropped, kept = client.open({"n": "1"}), client.open({"n": "2"})
        opened = server.opened()
        (await anext(opened)).reset()
        assert await dropped.read() == b""
        (await anext(opened)).write(b"still here")
        assert await kept.read() == b"still here"


async def test_a_stream_nobody_reads_holds_its_sender_back() -> None:
    async with sessions() as (client, server):
        stream = client.open({})
        far = await anext(server.opened())
        total = 64 * BUFFER_BYTES
        sent = 0

        async def send() -> None:
            nonlocal sent
            for _ in range(64):
                stream.write(b"x" * BUFFER_BYTES)
                sent += BUFFER_BYTES
                await stream.drain()
            stream.close_write()

        sending = asyncio.create_task(send())
        for _ in range(300):
            await asyncio.sleep(0)
        assert sent < total
        received = 0
        while data := await far.read():
            received += len(data)
        await sending
        assert received == total


async def test_pings_are_answered() -> None:
    async with raw_pair() as (near, far), asyncio.timeout(5), asyncio.TaskGroup() as group:
        session = Session(far, is_server=True)
        group.create_task(session.run())
        ping = control_frame(FrameType.PING, (7).to_bytes(4))
        near.write(ping)
        assert await near.read_exactly(len(ping)) == ping
        near.close()


async def test_when_the_connection_is_gone_every_stream_is() -> None:
    async with raw_pair() as (near, far), asyncio.timeout(5):
        session = Session(far, is_server=True)
        stream = session.open({})
        near.close()
        await session.run()
        assert await stream.read() == b""
        with pytest.raises(StreamRefused):
            await stream.wait_accepted()
        with pytest.raises(StreamRefused):
            session.open({})
        assert [stream async for stream in session.opened()] == []
