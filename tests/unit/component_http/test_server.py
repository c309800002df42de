"""The HTTP server as raw bytes see it."""

import asyncio
import ssl
from datetime import UTC, datetime

import pytest

from steersman.component import certs
from steersman.component.http.client import ConnectionLost, HTTPPool, connect_tcp
from steersman.component.http.connection import Limits
from steersman.component.http.message import UPGRADED, BodyTooLarge, BodyWriter, Request, Response
from steersman.component.http.server import HTTPServer
from steersman.component.tls import client_context, server_context

from .serving import serving, talk


def echo(request: Request) -> Response:
    return Response(200, (("X-Path", request.target),), request.path.encode())


async def echo_body(request: Request) -> Response:
    try:
        return Response(200, (), await request.body(1000))
    except BodyTooLarge:
        return Response(413, (), b"too large")


CLOSE = b"Connection: close\r\n\r\n"


async def test_pipelined_requests_are_answered_in_order() -> None:
    async def slow_first(request: Request) -> Response:
        if request.path == "/1":
            await asyncio.sleep(0)
        return echo(request)

    async with serving(slow_first) as server:
        answer = await talk(server, b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n" + CLOSE)
    assert [answer.index(b"/%d" % n) for n in (1, 2, 3)] == sorted(answer.index(b"/%d" % n) for n in (1, 2, 3))
    assert answer.count(b"200 OK") == 3


async def test_a_chunked_body_is_read_whole() -> None:
    sent = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + CLOSE + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    async with serving(echo_body) as server:
        assert (await talk(server, sent)).endswith(b"abcde")


async def test_a_body_past_the_limit_is_refused() -> None:
    async with serving(echo_body) as server:
        answer = await talk(server, b"POST / HTTP/1.1\r\nContent-Length: 2000\r\n" + CLOSE + b"x" * 2000)
    assert b" 413 " in answer


async def test_continue_is_sent_when_the_body_is_wanted() -> None:
    async with serving(echo_body) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        async with asyncio.timeout(5):
            assert await reader.readline() == b"HTTP/1.1 100 Continue\r\n"
            await reader.readline()
            writer.write(b"ok")
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        writer.close()


async def test_what_is_not_http_is_refused_as_go_does() -> None:
    async with serving(echo) as server:
        assert (await talk(server, b"nonsense\r\n\r\n")).startswith(b"HTTP/1.1 400 Bad Request\r\n")


async def test_too_many_header_bytes_are_refused() -> None:
    async with serving(echo, Limits(header_bytes=1000)) as server:
        answer = await talk(server, b"GET / HTTP/1.1\r\nX-Big: " + b"x" * 2000 + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 431 ")


async def test_head_has_the_length_but_no_body() -> None:
    async with serving(echo) as server:
        answer = await talk(server, b"HEAD /abc HTTP/1.1\r\n" + CLOSE)
    assert b"Content-Length: 4\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


async def test_a_stream_is_sent_in_chunks_and_writes_of_one_turn_go_out_together() -> None:
    async def stream(writer: BodyWriter) -> None:
        writer.write(b"one")
        writer.write(b"two")
        await writer.drain()
        writer.write(b"three")

    async with serving(lambda request: Response(200, (), stream)) as server:
        answer = await talk(server, b"GET / HTTP/1.1\r\n" + CLOSE)
    assert answer.endswith(b"6\r\nonetwo\r\n5\r\nthree\r\n0\r\n\r\n")


async def test_a_client_that_leaves_cancels_its_handler() -> None:
    cancelled = asyncio.Event()

    async def waits(request: Request) -> Response:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError

    async with serving(waits) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.close()
        async with asyncio.timeout(5):
            await cancelled.wait()


async def test_an_upgrade_keeps_bytes_that_came_early() -> None:
    async def upgrade(request: Request) -> Response:
        await asyncio.sleep(0)
        duplex = request.upgrade({"Connection": "Upgrade", "Upgrade": "echo"})
        while data := await duplex.read():
            duplex.write(data.upper())
        duplex.close()
        return UPGRADED

    async with serving(upgrade) as server:
        pool = HTTPPool("127.0.0.1", server.port)
        response, duplex = await pool.upgrade("GET", "/", {"connection": "Upgrade", "upgrade": "echo"})
        assert response.status == 101
        assert duplex is not None
        duplex.write(b"hello")
        assert await duplex.read_exactly(5) == b"HELLO"
        duplex.write_eof()
        assert await duplex.read() == b""
        head = b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly"
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(head)
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(5) == b"EARLY"
        writer.close()
        await pool.close()


async def test_a_declined_upgrade_goes_on_in_http() -> None:
    offer = b"GET /1 HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n"
    async with serving(echo) as server:
        answer = await talk(server, offer + b"GET /2 HTTP/1.1\r\n" + CLOSE)
    assert answer.count(b"200 OK") == 2


async def test_a_slow_reader_holds_the_writer_back() -> None:
    written = 0

    async def stream(writer: BodyWriter) -> None:
        nonlocal written
        for _ in range(200):
            writer.write(b"x" * 100_000)
            written += 1
            await writer.drain()

    async with serving(lambda request: Response(200, (), stream)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        for _ in range(100):
            await asyncio.sleep(0)
        assert written < 200
        async with asyncio.timeout(10):
            while not (await reader.read(1 << 20)).endswith(b"0\r\n\r\n"):
                pass
        assert written == 200
        writer.close()


async def test_stopping_lets_requests_in_flight_end() -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def waits(request: Request) -> Response:
        begun.set()
        await release.wait()
        return Response(200, (), b"done")

    server = HTTPServer(waits)
    await server.start()
    asking = asyncio.create_task(talk(server, b"GET / HTTP/1.1\r\n\r\n"))
    await begun.wait()
    stopping = asyncio.create_task(server.stop(5))
    await asyncio.sleep(0)
    release.set()
    assert (await asking).endswith(b"done")
    await stopping


@pytest.fixture(scope="module")
def authority() -> certs.KeyPair:
    return certs.new_ca("test", datetime.now(UTC))


async def test_the_handler_sees_the_client_certificate(authority: certs.KeyPair) -> None:
    now = datetime.now(UTC)
    serving_pair = certs.issue(authority, certs.Leaf("localhost", certs.Usage.SERVER, dns_names=("localhost",)), now)
    client_pair = certs.issue(authority, certs.Leaf("me", certs.Usage.CLIENT), now)
    seen: list[bytes | None] = []

    def look(request: Request) -> Response:
        seen.append(request.peer_cert_der)
        return Response(200, (), b"")

    server = HTTPServer(look, ssl_context=server_context(serving_pair, authority.cert_pem))
    await server.start()
    for pair in (client_pair, None):
        context = client_context(authority.cert_pem, pair)
        pool = HTTPPool("127.0.0.1", server.port, ssl_context=context, server_hostname="localhost")
        response = await pool.request("GET", "/", {})
        assert (response.status, await response.read()) == (200, b"")
        await pool.close()
    await server.stop(1)
    assert seen == [ssl.PEM_cert_to_DER_cert(client_pair.cert_pem.decode()), None]


async def test_the_pool_reuses_connections_and_sends_again_when_an_idle_one_was_closed() -> None:
    peers: list[str] = []

    def note(request: Request) -> Response:
        peers.append(request.peer_address)
        return Response(200, (("Connection", "close"),) if request.path == "/close" else (), b"x")

    async with serving(note) as server:
        pool = HTTPPool("127.0.0.1", server.port)
        for path in ("/", "/", "/close", "/"):
            assert await (await pool.request("GET", path, {})).read() == b"x"
        await pool.close()
    assert peers[0] == peers[1] == peers[2] != peers[3]


async def test_a_body_that_breaks_off_is_an_error() -> None:
    async def breaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        writer.close()

    server = await asyncio.start_server(breaks, "127.0.0.1", 0)
    pool = HTTPPool("127.0.0.1", server.sockets[0].getsockname()[1])
    response = await pool.request("GET", "/", {})
    with pytest.raises(ConnectionLost):
        await response.read()
    server.close()


async def test_ten_megabytes_pass_unharmed_both_ways() -> None:
    async def upgrade(request: Request) -> Response:
        duplex = request.upgrade({"Connection": "Upgrade", "Upgrade": "echo"})
        while data := await duplex.read():
            duplex.write(data)
            await duplex.drain()
        duplex.write_eof()
        return UPGRADED

    data = bytes(range(256)) * 40_000
    async with serving(upgrade) as server:
        pool = HTTPPool("127.0.0.1", server.port)
        _, duplex = await pool.upgrade("GET", "/", {"connection": "Upgrade", "upgrade": "echo"})
        assert duplex is not None

        async def send() -> None:
            for start in range(0, len(data), 50_000):
                duplex.write(data[start : start + 50_000])
                await duplex.drain()
            duplex.write_eof()

        sending = asyncio.create_task(send())
        async with asyncio.timeout(20):
            assert await duplex.read_exactly(len(data)) == data
        await sending
        duplex.close()
        await pool.close()


async def test_connecting_to_nobody_fails_plainly() -> None:
    with pytest.raises(OSError, match="onnect"):
        await connect_tcp("127.0.0.1", 1)
