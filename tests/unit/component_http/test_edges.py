"""What clients may do to the server without harming others, and what tunnels and pools owe their ends."""

import asyncio

import pytest

from steersman.component.http.client import ConnectFailed, ConnectionLost, HTTPPool
from steersman.component.http.connection import Limits
from steersman.component.http.duplex import Duplex, tunnel
from steersman.component.http.message import UPGRADED, BodyWriter, Request, Response

from .serving import serving, talk

CLOSE = b"Connection: close\r\n\r\n"
UPGRADE = {"connection": "Upgrade", "upgrade": "raw"}


async def hello(writer: BodyWriter) -> None:
    writer.write(b"hello")


def path_of(request: Request) -> Response:
    return Response(200, (), request.path.encode())


async def test_an_unfinished_header_is_refused_at_the_limit_and_not_kept() -> None:
    async with serving(path_of, Limits(header_bytes=100_000)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\nX-Endless: ")
        for _ in range(20):
            writer.write(b"x" * 10_000)
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            assert (await reader.readline()).startswith(b"HTTP/1.1 431 ")
        writer.close()


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nX-Slow:", b"GET / HTTP/1.1\r\n\r\nGET /2 HT"])
async def test_a_client_that_does_not_finish_its_header_is_dropped(begun: bytes) -> None:
    async with serving(path_of, Limits(header_seconds=0.05, idle_seconds=60)) as server:
        assert (await talk(server, begun)).count(b"200 OK") == begun.count(b"\r\n\r\n")


async def test_an_idle_connection_is_closed() -> None:
    async with serving(path_of, Limits(idle_seconds=0.05)) as server:
        assert (await talk(server, b"GET / HTTP/1.1\r\n\r\n")).endswith(b"/")


async def test_a_refusal_waits_for_the_answers_before_it() -> None:
    async def later(request: Request) -> Response:
        await asyncio.sleep(0)
        return path_of(request)

    async with serving(later) as server:
        answer = await talk(server, b"GET /first HTTP/1.1\r\n\r\nnonsense\r\n\r\n")
    assert answer.index(b"200 OK") < answer.index(b"/first") < answer.index(b"400 Bad Request")


async def test_nothing_is_answered_after_an_answer_that_closes() -> None:
    async with serving(path_of) as server:
        answer = await talk(server, b"GET /1 HTTP/1.1\r\n" + CLOSE + b"GET /2 HTTP/1.1\r\n\r\n")
    assert answer.count(b"200 OK") == 1


async def test_an_answer_given_before_the_body_was_sent_arrives() -> None:
    async with serving(lambda request: Response(413, (), b"too large")) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"POST / HTTP/1.1\r\nContent-Length: 30000000\r\n\r\n" + b"x" * 3_000_000)
        async with asyncio.timeout(5):
            assert (await reader.read()).endswith(b"too large")
        writer.close()


async def test_a_body_nobody_reads_is_not_taken_in() -> None:
    begun, release = asyncio.Event(), asyncio.Event()
    seen: list[Request] = []

    async def late(request: Request) -> Response:
        seen.append(request)
        begun.set()
        await release.wait()
        return Response(200, (), b"%d" % len(await request.body(100_000_000)))

    async with serving(late, Limits(unread_body_bytes=100_000)) as server:
        asking = asyncio.create_task(
            talk(server, b"POST / HTTP/1.1\r\nContent-Length: 20000000\r\n" + CLOSE + b"x" * 20_000_000)
        )
        await begun.wait()
        for _ in range(200):
            await asyncio.sleep(0)
        assert seen[0].reader.size_bytes < 5_000_000
        release.set()
        assert (await asking).endswith(b"20000000")


async def test_a_stream_to_an_old_client_ends_with_the_connection_and_head_has_none() -> None:
    async with serving(lambda request: Response(200, (), hello)) as server:
        old = await talk(server, b"GET / HTTP/1.0\r\n\r\n")
        head = await talk(server, b"HEAD / HTTP/1.1\r\n" + CLOSE)
    assert b"chunked" not in old
    assert old.endswith(b"\r\n\r\nhello")
    assert head.endswith(b"\r\n\r\n")


async def test_a_declined_upgrade_may_be_answered_with_a_stream() -> None:
    async def decline(request: Request) -> Response:
        await asyncio.sleep(0)
        return Response(200, (), hello)

    offer = b"GET /1 HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    async with serving(decline) as server:
        answer = await talk(server, offer + b"GET /2 HTTP/1.1\r\n" + CLOSE)
    assert answer.count(b"hello") == 2


async def test_an_upgrade_behind_other_requests_keeps_its_bytes() -> None:
    async def handle(request: Request) -> Response:
        await asyncio.sleep(0)
        if request.path == "/1":
            return path_of(request)
        duplex = request.upgrade(UPGRADE)
        duplex.write(await duplex.read_exactly(3))
        return UPGRADED

    async with serving(handle) as server:
        sent = b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\nraw"
        answer = await talk(server, sent)
    assert b"101 Switching Protocols" in answer
    assert answer.endswith(b"\r\n\r\nraw")


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_handler_that_fails_closes_its_own_connection_only(is_async: bool) -> None:
    async def fail() -> Response:
        raise ValueError("a bug")

    def handle(request: Request) -> object:
        if request.path == "/bad":
            if is_async:
                return fail()
            raise ValueError("a bug")
        return path_of(request)

    async with serving(handle) as server:  # type: ignore[arg-type]  # object, so that both kinds fit
        assert await talk(server, b"GET /bad HTTP/1.1\r\n\r\n") == b""
        assert (await talk(server, b"GET /good HTTP/1.1\r\n" + CLOSE)).endswith(b"/good")


async def test_many_pipelined_requests_of_a_client_that_reads_late_are_all_answered() -> None:
    big = b"x" * 100_000

    async with serving(lambda request: Response(200, (), big)) as server:
        answer = await talk(server, b"GET / HTTP/1.1\r\n\r\n" * 300 + b"GET / HTTP/1.1\r\n" + CLOSE)
    assert answer.count(b"200 OK") == 301


async def test_a_tunnel_passes_half_closes_on_and_ends_with_its_ends() -> None:
    async def shout(request: Request) -> Response:
        duplex = request.upgrade(UPGRADE)
        heard = b""
        while data := await duplex.read():
            heard += data
        duplex.write(heard.upper())
        return UPGRADED

    async with serving(shout) as back:
        inner = HTTPPool("127.0.0.1", back.port)
        ended = asyncio.Event()

        async def forward(request: Request) -> Response:
            _, far = await inner.upgrade("GET", "/", UPGRADE)
            assert far is not None
            await tunnel(request.upgrade(UPGRADE), far)
            ended.set()
            return UPGRADED

        async with serving(forward) as front, asyncio.timeout(5):
            outer = HTTPPool("127.0.0.1", front.port)
            _, near = await outer.upgrade("GET", "/", UPGRADE)
            assert near is not None
            near.write(b"quiet")
            near.write_eof()
            assert await near.read_exactly(5) == b"QUIET"
            assert await near.read() == b""
            await ended.wait()


async def test_what_is_not_replayable_is_not_sent_twice() -> None:
    async def answers_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        if await reader.read(1):
            writer.close()

    server = await asyncio.start_server(answers_once, "127.0.0.1", 0)
    async with server, asyncio.timeout(5):
        pool = HTTPPool("127.0.0.1", server.sockets[0].getsockname()[1])
        for again in ("GET", "POST"):
            await (await pool.request("GET", "/", {})).read()
            if again == "GET":
                assert (await pool.request(again, "/", {})).status == 200
            else:
                with pytest.raises(ConnectionLost):
                    await pool.request(again, "/", {})
        await pool.close()


async def test_the_pool_connects_as_it_is_told() -> None:
    async def nowhere(host: str, port: int, ssl_context: object, server_hostname: str | None) -> Duplex:
        raise OSError("no such network")

    with pytest.raises(ConnectFailed, match="no such network"):
        await HTTPPool("node", 1, connect=nowhere).request("GET", "/", {})
