"""Requests a second and CPU a request of the HTTP server over TLS, on uvloop. Run it by hand.

The client is a process of its own that keeps each connection busy with one request at a time, so that the server's
CPU time can be told from its own.
"""

import argparse
import asyncio
import multiprocessing
import time
from datetime import UTC, datetime

import uvloop

from steersman.component import certs
from steersman.component.http.message import Request, Response
from steersman.component.http.server import HTTPServer
from steersman.component.tls import client_context, server_context

BODY = b"x" * 1000
HEADERS = (("Content-Type", "application/json"), ("Cache-Control", "no-cache, private"), ("Audit-Id", "0" * 36))
ASKED = (
    b"GET /api/v1/namespaces/default/pods/web HTTP/1.1\r\nHost: localhost\r\nUser-Agent: perf\r\n"
    b"Accept: application/json\r\nAccept-Encoding: gzip\r\n\r\n"
)


class Asker(asyncio.Protocol):
    """Asks again as soon as an answer is whole."""

    def __init__(self) -> None:
        self.answers = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        transport.write(ASKED)

    def data_received(self, data: bytes) -> None:
        if data.endswith(BODY[-10:]):
            self.answers += 1
            self._transport.write(ASKED)


async def ask(port: int, ca_pem: bytes, connections: int, seconds: float) -> int:
    loop = asyncio.get_running_loop()
    context = client_context(ca_pem)
    opened = [
        await loop.create_connection(Asker, "127.0.0.1", port, ssl=context, server_hostname="localhost")
        for _ in range(connections)
    ]
    await asyncio.sleep(seconds)
    for transport, _ in opened:
        transport.abort()
    return sum(asker.answers for _, asker in opened)


def client(port: int, ca_pem: bytes, connections: int, seconds: float) -> None:
    uvloop.run(ask(port, ca_pem, connections, seconds))


async def serve(connections: int, seconds: float) -> None:
    now = datetime.now(UTC)
    ca = certs.new_ca("perf", now)
    pair = certs.issue(ca, certs.Leaf("localhost", certs.Usage.SERVER, dns_names=("localhost",)), now)
    answered = 0

    def answer(request: Request) -> Response:
        nonlocal answered
        answered += 1
        return Response(200, HEADERS, BODY)

    server = HTTPServer(answer, ssl_context=server_context(pair, ca.cert_pem))
    await server.start()
    asking = multiprocessing.get_context("spawn").Process(
        target=client, args=(server.port, ca.cert_pem, connections, seconds)
    )
    asking.start()
    while answered < connections:
        await asyncio.sleep(0.01)
    begun, cpu, before = time.perf_counter(), time.process_time(), answered
    await asyncio.sleep(seconds * 0.8)
    took, cpu, count = time.perf_counter() - begun, time.process_time() - cpu, answered - before
    print(f"{count / took:,.0f} requests/s, {cpu / count * 1e6:.1f} µs CPU a request")
    while asking.is_alive():
        await asyncio.sleep(0.05)
    await server.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=4)
    options = parser.parse_args()
    uvloop.run(serve(options.connections, options.seconds))
