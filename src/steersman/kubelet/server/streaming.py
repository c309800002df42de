"""/exec, /attach, /portForward: the client's stream joined to the runtime's streaming server.

SPDY passes through untouched: runtimes speak it too. WebSocket is translated.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from steersman.component.http.client import ClientResponse, HTTPPool
from steersman.component.http.duplex import Duplex, tunnel
from steersman.component.http.message import UPGRADED, Request, Response
from steersman.component.streams.remotecommand import CommandOptions
from steersman.cri.errors import RuntimeServiceError
from steersman.cri.interface import Runtime
from steersman.cri.records import AttachRequest, ExecRequest
from steersman.kubelet.dialer import NodeDialer
from steersman.kubelet.server.pods import PodFinder, RequestRefused
from steersman.kubelet.server.websockets import RUNTIME_HEADERS, chosen_protocol, is_websocket, translate

CALL_TIMEOUT = timedelta(seconds=30)
SWITCHING_PROTOCOLS = 101
_NOT_PASSED_ON = ("host", "content-length", "transfer-encoding", "authorization")
_NOT_PASSED_BACK = ("content-length", "transfer-encoding")

Path = tuple[str, ...]
Query = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Streams:
    """Which streams the client wants."""

    stdin: bool
    stdout: bool
    stderr: bool
    tty: bool

    @property
    def options(self) -> CommandOptions:
        """The same for component.streams."""
        return CommandOptions(self.stdin, self.stdout, self.stderr, self.tty)

    @classmethod
    def of(cls, query: Query) -> "Streams":
        """The kubelet's own names, or those of the API server; a terminal has no stderr of its own."""
        tty = _is_set(query, "tty")
        streams = cls(
            _is_set(query, "input") or _is_set(query, "stdin"),
            _is_set(query, "output") or _is_set(query, "stdout"),
            (_is_set(query, "error") or _is_set(query, "stderr")) and not tty,
            tty,
        )
        if not (streams.stdin or streams.stdout or streams.stderr):
            raise RequestRefused(400, "you must specify at least 1 of stdin, stdout, stderr")
        return streams


class Streaming:
    """Joins streams."""

    def __init__(self, runtime: Runtime, finder: PodFinder, dialer: NodeDialer) -> None:
        """`dialer` reaches the runtime's streaming server where it listens, in the node's network."""
        self._runtime, self._finder, self._dialer = runtime, finder, dialer

    async def exec(self, request: Request, path: Path) -> Response:
        """Run a command: /exec/{namespace}/{pod}[/{uid}]/{container}?command=..."""
        query = parse_qs(request.query, keep_blank_values=True)
        streams, command = Streams.of(query), tuple(query.get("command", ()))
        wanted = ExecRequest(self._container(path), command, streams.tty, streams.stdin, streams.stdout, streams.stderr)
        return await self._command(request, await self._url(self._runtime.exec(wanted)), streams)

    async def attach(self, request: Request, path: Path) -> Response:
        """Take part in the streams of the container's own process: /attach/{namespace}/{pod}[/{uid}]/{container}."""
        streams = Streams.of(parse_qs(request.query, keep_blank_values=True))
        wanted = AttachRequest(self._container(path), streams.stdin, streams.tty, streams.stdout, streams.stderr)
        return await self._command(request, await self._url(self._runtime.attach(wanted)), streams)

    async def port_forward(self, request: Request, path: Path) -> Response:
        """Reach ports of the pod: /portForward/{namespace}/{pod}[/{uid}]."""
        namespace, name, *uid = path
        worker = self._finder.worker(namespace, name, uid[0] if uid else "")
        sandboxes = worker.runtime.ready_sandboxes if worker.runtime is not None else ()
        if not sandboxes:
            raise RequestRefused(404, f'pod "{name}" is not running')
        ports = [int(port) for port in parse_qs(request.query).get("port", ()) if port.isdigit()]
        return await self._join(request, await self._url(self._runtime.port_forward(sandboxes[0].id, ports)))

    def _container(self, path: Path) -> str:
        namespace, name, *uid, container = path
        worker = self._finder.worker(namespace, name, uid[0] if uid else "")
        return self._finder.running(worker, container).id

    async def _url(self, call: Coroutine[object, object, str]) -> str:
        try:
            async with asyncio.timeout(CALL_TIMEOUT.total_seconds()):
                return await call
        except (RuntimeServiceError, TimeoutError) as error:
            raise RequestRefused(500, str(error)) from error

    async def _command(self, request: Request, url: str, streams: Streams) -> Response:
        if not is_websocket(request):
            return await self._join(request, url)
        protocol = chosen_protocol(request)
        answer, runtime_side = await self._upgrade("POST", url, RUNTIME_HEADERS)
        if runtime_side is None:
            return Response(answer.status, (), await answer.read())
        return await translate(request, protocol, streams.options.names, runtime_side)

    async def _upgrade(self, method: str, url: str, headers: Mapping[str, str]) -> tuple[ClientResponse, Duplex | None]:
        parts = urlsplit(url)
        pool = HTTPPool(parts.hostname or "127.0.0.1", parts.port or 80, connect=self._dialer.connect)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return await pool.upgrade(method, target, headers)

    async def _join(self, request: Request, url: str) -> Response:
        """Ask the runtime for the same upgrade as the client asks for, then copy both ways."""
        headers = {name: value for name, value in request.headers.items() if name not in _NOT_PASSED_ON}
        answer, runtime_side = await self._upgrade(request.method, url, headers)
        passed = {name: value for name, value in answer.headers.items() if name not in _NOT_PASSED_BACK}
        if runtime_side is None:
            return Response(answer.status, tuple(passed.items()), await answer.read())
        client_side = request.upgrade(passed)
        try:
            await tunnel(client_side, runtime_side)
        finally:
            client_side.close()
            runtime_side.close()
        return UPGRADED


def _is_set(query: Query, name: str) -> bool:
    return query.get(name, [""])[-1] in ("1", "true")
