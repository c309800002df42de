"""A server in this process, over real HTTP, and the shortest way to ask it something."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from steersman.apiserver.app import APIServer, Deps, ServerConfig
from steersman.apiserver.attributes import AdmitEverybody, AlwaysAllow
from steersman.component.clock import RealClock
from steersman.component.http.client import HTTPPool
from steersman.component.http.server import HTTPServer
from steersman.storage.memory import MemoryStore

WAIT_SECONDS = 10
CONFIG = ServerConfig("127.0.0.1", 6443, "10.96.0.0/12")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.data)


class Served:
    """A running server; paths are given whole."""

    def __init__(self, server: APIServer, http: HTTPServer, store: MemoryStore) -> None:
        self.server, self.http, self.store = server, http, store
        self.pool = HTTPPool("127.0.0.1", http.port)

    async def ask(self, method: str, target: str, body: Any = None, **headers: str) -> Answer:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if data and "content-type" not in sent:
            sent["content-type"] = "application/json"
        async with asyncio.timeout(WAIT_SECONDS):
            response = await self.pool.request(method, target, sent, data)
            return Answer(response.status, response.headers, await response.read())

    async def get(self, target: str, **headers: str) -> Answer:
        return await self.ask("GET", target, **headers)

    async def post(self, target: str, body: Any, **headers: str) -> Answer:
        return await self.ask("POST", target, body, **headers)

    async def put(self, target: str, body: Any) -> Answer:
        return await self.ask("PUT", target, body)

    async def patch(self, target: str, body: Any, kind: str = "merge") -> Answer:
        names = {
            "merge": "application/merge-patch+json",
            "json": "application/json-patch+json",
            "strategic": "application/strategic-merge-patch+json",
        }
        return await self.ask("PATCH", target, body, content_type=names.get(kind, kind))

    async def delete(self, target: str, body: Any = None) -> Answer:
        return await self.ask("DELETE", target, body)

    @contextlib.asynccontextmanager
    async def watching(self, target: str, **headers: str) -> AsyncIterator[AsyncGenerator[dict[str, Any], None]]:
        response = await self.pool.request("GET", target, headers)
        assert response.status == 200, await response.read()

        async def events() -> AsyncGenerator[dict[str, Any], None]:
            rest = b""
            chunks = response.chunks()
            while True:
                *lines, rest = rest.split(b"\n")
                for line in lines:
                    yield json.loads(line)
                try:
                    async with asyncio.timeout(WAIT_SECONDS):
                        rest += await anext(chunks)
                except StopAsyncIteration:
                    return

        stream = events()
        try:
            yield stream
        finally:
            await stream.aclose()
            response.close()


@contextlib.asynccontextmanager
async def serving(deps: Deps | None = None) -> AsyncIterator[Served]:
    clock = RealClock()
    store = MemoryStore(clock)
    server = APIServer(deps or Deps(store, clock, AdmitEverybody(), AlwaysAllow(), CONFIG))
    http = HTTPServer(server.handle)
    running = asyncio.create_task(server.run())
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await server.ready()
        await http.start()
        served = Served(server, http, store)
        try:
            yield served
        finally:
            await served.pool.close()
            await http.stop(deadline_seconds=0.1)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await store.close()
