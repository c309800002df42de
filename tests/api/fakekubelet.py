"""A kubelet, and pods' own servers, that remember what they were asked; and a network in which they have addresses."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from steersman.component import certs, tls
from steersman.component.clock import RealClock
from steersman.component.http.client import connect_tcp
from steersman.component.http.duplex import Duplex
from steersman.component.http.message import UPGRADED, BodyWriter, Request, Response
from steersman.component.http.server import HTTPServer

NODE, POD, OTHER_POD = "10.1.0.7", "10.2.0.8", "10.2.0.9"


class FakeServer:
    """Answers everything; upgraded streams are echoed until the other side ends."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked: list[Request] = []
        self.upgraded, self.ended = asyncio.Event(), asyncio.Event()
        self.answers: dict[str, Response] = {}

    async def handle(self, request: Request) -> Response:
        self.asked.append(request)
        if request.path in self.answers:
            return self.answers[request.path]
        if request.path == "/endless":
            return Response(200, (("content-type", "text/plain"),), self._tell_on)
        if request.upgrader is not None:
            return await self._echo(request.upgrade({"connection": "Upgrade", "upgrade": request.headers["upgrade"]}))
        return Response(
            200, (("x-server", self.name), ("connection", "close")), await request.body(1 << 20) or b"hello"
        )

    async def _echo(self, stream: Duplex) -> Response:
        self.upgraded.set()
        try:
            while data := await stream.read():
                stream.write(data)
        finally:
            stream.close()
            self.ended.set()
        return UPGRADED

    async def _tell_on(self, writer: BodyWriter) -> None:
        self.upgraded.set()
        try:
            writer.write(b"first line\n")
            await asyncio.Event().wait()
        finally:
            self.ended.set()


@dataclass
class Network:
    """The fakes by address; everything else refuses."""

    kubelet: FakeServer
    pod: FakeServer
    secure_pod: FakeServer
    client_tls: ssl.SSLContext
    ports: dict[tuple[str, int], int] = field(default_factory=dict)

    async def connect(
        self, host: str, port: int, ssl_context: ssl.SSLContext | None, server_hostname: str | None
    ) -> Duplex:
        if (host, port) not in self.ports:
            raise ConnectionRefusedError(f"nothing listens on {host}:{port}")
        return await connect_tcp("127.0.0.1", self.ports[host, port], ssl_context, server_hostname or host)


@asynccontextmanager
async def network() -> AsyncIterator[Network]:
    now = RealClock().now()
    ca = certs.new_ca("kubelets", now)

    def serving_tls(address: str, authority: certs.KeyPair) -> ssl.SSLContext:
        leaf = certs.Leaf("server", certs.Usage.SERVER, ip_addresses=(address,))
        return tls.server_context(certs.issue(authority, leaf, now), ca.cert_pem)

    own = certs.issue(ca, certs.Leaf("kube-apiserver", certs.Usage.CLIENT, organizations=("system:masters",)), now)
    made = Network(FakeServer("kubelet"), FakeServer("pod"), FakeServer("secure"), tls.client_context(ca.cert_pem, own))
    unknown = certs.new_ca("unknown", now)
    async with AsyncExitStack() as stack:
        listening = (
            (made.kubelet, (NODE, 10250), serving_tls(NODE, ca)),
            (made.pod, (POD, 8080), None),
            (made.secure_pod, (POD, 8443), serving_tls(POD, unknown)),
        )
        for fake, address, context in listening:
            server = HTTPServer(fake.handle, ssl_context=context)
            await server.start()
            stack.push_async_callback(server.stop, 0.1)
            made.ports[address] = server.port
        yield made


async def until(condition: Callable[[], bool]) -> None:
    """Let others run until it is so."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)
