"""WebSocket messages, against each other and against the RFC's own bytes."""

import asyncio

import pytest

from steersman.component.streams.websocket import Message, Opcode, WebSocket, WebSocketError, accept_key, mask

from .rawpair import raw_pair


def test_the_key_is_answered_as_in_the_rfc() -> None:
    assert accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_masks_come_off_as_they_went_on() -> None:
    assert mask(b"Hello", bytes.fromhex("37fa213d")) == bytes.fromhex("7f9f4d5158")
    for size in range(10):
        data = bytes(range(size))
        assert mask(mask(data, b"abcd"), b"abcd") == data


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 1_000_000])
async def test_messages_of_every_length_pass_both_ways(size: int) -> None:
    async with raw_pair() as (near, far), asyncio.timeout(5):
        client, server = WebSocket(near, is_server=False), WebSocket(far, is_server=True)
        client.send(b"x" * size)
        message = await server.receive()
        assert message == Message(Opcode.BINARY, b"x" * size)
        server.send(b"y" * size, Opcode.TEXT)
        assert await client.receive() == Message(Opcode.TEXT, b"y" * size)


async def test_the_rfcs_fragments_are_put_together_and_its_ping_is_answered_between() -> None:
    async with raw_pair() as (near, far), asyncio.timeout(5):
        client = WebSocket(near, is_server=False)
        far.write(bytes.fromhex("010348656c") + bytes.fromhex("890548656c6c6f") + bytes.fromhex("80026c6f"))
        assert await client.receive() == Message(Opcode.TEXT, b"Hello")
        pong = await far.read_exactly(2 + 4 + 5)
        assert pong[:2] == bytes.fromhex("8a85")
        assert mask(pong[6:], pong[2:6]) == b"Hello"


async def test_a_close_is_answered_and_ends_the_messages() -> None:
    async with raw_pair() as (near, far), asyncio.timeout(5):
        client, server = WebSocket(near, is_server=False), WebSocket(far, is_server=True)
        client.send(b"last")
        client.close()
        message = await server.receive()
        assert message is not None
        assert message.data == b"last"
        assert await server.receive() is None


@pytest.mark.parametrize(
    "frame",
    [
        bytes.fromhex("820141"),  # not masked
        bytes.fromhex("c2810000000041"),  # an extension's bit
        bytes.fromhex("838100000000") + b"a",  # an opcode that isn't
        bytes.fromhex("808100000000") + b"a",  # a continuation of nothing
        bytes.fromhex("098100000000") + b"a",  # a ping in pieces
        bytes.fromhex("82ff7fffffffffffffff00000000"),  # endless
    ],
)
async def test_what_breaks_the_protocol_is_told_so_and_closed(frame: bytes) -> None:
    async with raw_pair() as (near, far), asyncio.timeout(5):
        near.write(frame)
        with pytest.raises(WebSocketError):
            await WebSocket(far, is_server=True).receive()
        assert (await near.read_exactly(4))[:2] == bytes.fromhex("8802")
