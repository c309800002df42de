"""The kubelet's HTTPS server: logs, exec, port-forward, and what it says of itself.

Source: pkg/kubelet/server/server.go.
"""

import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from steersman.api.meta import ListMeta
from steersman.apimachinery.codec.json import encode, to_wire
from steersman.apimachinery.status import StatusError
from steersman.cni.namespace import entered
from steersman.component.clock import Clock
from steersman.component.healthz import HealthEndpoint
from steersman.component.http.message import Request, Response
from steersman.component.http.server import HTTPServer
from steersman.component.log import get_logger
from steersman.component.metrics import CONTENT_TYPE, Registry
from steersman.component.threads import Threads
from steersman.cri.interface import Runtime
from steersman.kubelet.dialer import NodeDialer
from steersman.kubelet.server.access import Access
from steersman.kubelet.server.logs import log_options, log_response
from steersman.kubelet.server.pods import Found, PodFinder, RequestRefused
from steersman.kubelet.server.stats import stats_summary
from steersman.kubelet.server.streaming import Streaming

_log = get_logger(__name__)

BACKLOG = 128
TEXT = (("content-type", "text/plain; charset=utf-8"),)
JSON = (("content-type", "application/json"),)

Endpoint = Callable[[Request, tuple[str, ...]], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class ServerDeps:
    """What the server stands on."""

    runtime: Runtime
    finder: PodFinder
    dialer: NodeDialer
    access: Access
    health: HealthEndpoint
    metrics: Registry
    node_name: str
    clock: Clock
    threads: Threads


class KubeletServer:
    """Answers the API server's requests about this node's pods."""

    def __init__(self, deps: ServerDeps) -> None:
        """It listens after `start`."""
        self._deps = deps
        self._streaming = Streaming(deps.runtime, deps.finder, deps.dialer)
        self._server: HTTPServer | None = None
        self._endpoints: dict[str, Endpoint] = {
            "healthz": self._healthz,
            "containerLogs": self._logs,
            "exec": self._streaming.exec,
            "attach": self._streaming.attach,
            "portForward": self._streaming.port_forward,
            "pods": self._pods,
            "runningpods": self._pods,
            "metrics": self._metrics,
            "stats": self._stats,
        }

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.port if self._server is not None else 0

    async def start(self, namespace: Path | None, port: int, tls: ssl.SSLContext) -> None:
        """Listen on all addresses of the node's network; OSError when the port is taken."""
        listener = await self._deps.threads.run(_listen, namespace, port)
        self._server = HTTPServer(self.handle, ssl_context=tls)
        await self._server.start(listener)

    async def stop(self) -> None:
        """Listen no more; running streams end."""
        if self._server is not None:
            await self._server.stop()

    async def handle(self, request: Request) -> Response:
        """Any request's answer."""
        try:
            refused = await self._refusal(request)
            if refused is not None:
                return refused
            name, *rest = [unquote(part) for part in request.path.strip("/").split("/")]
            endpoint = self._endpoints.get(name)
            if endpoint is None:
                return _text(404, "404 page not found\n")
            return await endpoint(request, tuple(rest))
        except RequestRefused as refusal:
            return _text(refusal.code, refusal.message)
        except (StatusError, TimeoutError, OSError) as error:
            _log.warning("request failed", path=request.path, error=str(error))
            return _text(500, str(error))

    async def _refusal(self, request: Request) -> Response | None:
        access = self._deps.access
        caller = await access.caller(request)
        if caller is None:
            return _text(401, "Unauthorized")
        if not await access.is_allowed(caller, request):
            name = self._deps.node_name
            return _text(
                403, f"Forbidden (user={caller.name}, verb={request.method.lower()}, resource=nodes, name={name})"
            )
        return None

    async def _logs(self, request: Request, path: tuple[str, ...]) -> Response:
        if len(path) != 3:
            raise RequestRefused(404, "404 page not found\n")
        namespace, name, container = path
        finder = self._deps.finder
        worker = finder.worker(namespace, name)
        options, is_previous = log_options(request.query, self._deps.clock.now())
        observed = finder.logged(worker, container, previous=is_previous)
        if not await self._deps.threads.run(observed.log_path.exists):
            raise RequestRefused(400, f"unable to retrieve container logs for containerd://{observed.id}")
        return log_response(Found(worker, observed), options, self._deps.threads)

    async def _healthz(self, _request: Request, path: tuple[str, ...]) -> Response:
        answer = await self._deps.health.answer_one(path[0]) if path else await self._deps.health.answer()
        return _text(404, "404 page not found\n") if answer is None else _text(answer.status, answer.text)

    async def _pods(self, _request: Request, _path: tuple[str, ...]) -> Response:
        pods = [to_wire(worker.pod) for worker in self._deps.finder.workers.workers]
        return _json({"kind": "PodList", "apiVersion": "v1", "metadata": to_wire(ListMeta()), "items": pods})

    async def _metrics(self, _request: Request, _path: tuple[str, ...]) -> Response:
        return Response(200, (("content-type", CONTENT_TYPE),), self._deps.metrics.render())

    async def _stats(self, _request: Request, path: tuple[str, ...]) -> Response:
        if path not in (("summary",), ()):
            raise RequestRefused(404, "404 page not found\n")
        figures = await self._deps.runtime.list_container_stats()
        return _json(stats_summary(self._deps.node_name, figures, self._deps.clock.now()))


def _listen(namespace: Path | None, port: int) -> socket.socket:
    with entered(namespace):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("0.0.0.0", port))  # the node's addresses may change under it
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _text(status: int, text: str) -> Response:
    return Response(status, TEXT, text.encode())


def _json(tree: Any) -> Response:
    return Response(200, JSON, encode(tree))
