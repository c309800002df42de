import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from steersman.api.core import Binding, ObjectReference, Pod
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.status import Conflict, Expired, NotFound, StatusError
from steersman.client.http import HTTPClient
from steersman.client.interface import EventType, Propagation
from steersman.client.kubeconfig import ClientConfig, Credentials
from steersman.component.clock import FakeClock
from steersman.component.threads import Threads

POD = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a", "namespace": "default", "resourceVersion": "7"}}


@dataclass
class Answer:
    status: int = 200
    body: object = field(default_factory=lambda: POD)
    headers: dict[str, str] = field(default_factory=dict)
    lines: tuple[bytes, ...] | None = None


@dataclass
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Server:
    """Answers each request with the next prepared answer, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[Asked] = []
        self.connections: list[asyncio.Task[None]] = []

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(asyncio.ensure_future(self.serve(reader, writer)))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                method, target, _ = line.decode().split()
                headers: dict[str, str] = {}
                while (header := await reader.readline()) not in (b"\r\n", b""):
                    name, _, value = header.decode().partition(":")
                    headers[name.lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.asked.append(Asked(method, target, headers, body))
                await self._answer(writer, self.answers.pop(0) if self.answers else Answer())
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, answer: Answer) -> None:
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        is_stream = answer.lines is not None
        headers = {"transfer-encoding": "chunked"} if is_stream else {"content-length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in (headers | answer.headers).items())
        writer.write(f"HTTP/1.1 {answer.status} X\r\n{head}\r\n".encode() + (b"" if is_stream else body))
        for line in answer.lines or ():
            writer.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
        if is_stream:
            writer.write(b"0\r\n\r\n")
        await writer.drain()


@asynccontextmanager
async def talking(
    clock: FakeClock | None = None, make: Callable[[str], ClientConfig] = ClientConfig
) -> AsyncIterator[tuple[HTTPClient, Server]]:
    server = Server()
    listener = await asyncio.start_server(server.accept, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    threads = Threads(1)
    client = HTTPClient(make(f"http://127.0.0.1:{port}"), clock or FakeClock(), threads)
    try:
        yield client, server
    finally:
        await client.close()
        threads.close()
        listener.close()
        for connection in server.connections:
            connection.cancel()
        await asyncio.gather(*server.connections, return_exceptions=True)


async def test_each_verb_is_the_request_it_should_be() -> None:
    async with talking() as (client, server):
        pod = await client.get(Pod, "a", "default")
        await client.create(pod)
        await client.update(pod, "status")
        await client.patch(Pod, "a", "default", {"metadata": {"labels": None}})
        await client.delete(Pod, "a", "default", grace_period_seconds=0, propagation=Propagation.ORPHAN, uid="u")
        await client.delete_collection(Pod, "default", label_selector="a=b")
    assert [(asked.method, asked.target) for asked in server.asked] == [
        ("GET", "/api/v1/namespaces/default/pods/a"),
        ("POST", "/api/v1/namespaces/default/pods"),
        ("PUT", "/api/v1/namespaces/default/pods/a/status"),
        ("PATCH", "/api/v1/namespaces/default/pods/a"),
        ("DELETE", "/api/v1/namespaces/default/pods/a"),
        ("DELETE", "/api/v1/namespaces/default/pods?labelSelector=a%3Db"),
    ]
    assert pod.metadata.resourceVersion == "7"
    assert server.asked[3].headers["content-type"] == "application/merge-patch+json"
    assert json.loads(server.asked[3].body) == {"metadata": {"labels": None}}
    assert json.loads(server.asked[4].body)["preconditions"] == {"uid": "u"}


async def test_an_error_is_the_class_its_status_names() -> None:
    async with talking() as (client, server):
        server.answers = [
            Answer(404, {"kind": "Status", "code": 404, "reason": "NotFound", "message": "no"}),
            Answer(409, {"kind": "Status", "code": 409, "reason": "Conflict", "message": "no"}),
            Answer(502, b"proxy says no"),
        ]
        with pytest.raises(NotFound):
            await client.get(Pod, "a", "default")
        with pytest.raises(Conflict):
            await client.get(Pod, "a", "default")
        with pytest.raises(StatusError, match="proxy says no"):
            await client.get(Pod, "a", "default")


async def test_a_busy_server_is_asked_again_when_it_says_but_a_create_only_if_it_was_refused() -> None:
    clock = FakeClock()
    busy = Answer(429, {"kind": "Status", "reason": "TooManyRequests"}, {"retry-after": "0"})
    broken = Answer(503, {"kind": "Status", "code": 503, "reason": "ServiceUnavailable"}, {"retry-after": "0"})
    async with talking(clock) as (client, server):
        server.answers = [busy, broken, Answer()]
        await client.get(Pod, "a", "default")
        assert len(server.asked) == 3
        server.answers = [busy, broken]
        with pytest.raises(StatusError):
            await client.create(Pod(metadata=ObjectMeta(name="a", namespace="default")))
        assert len(server.asked) == 5
        server.answers = [busy] * 20
        with pytest.raises(StatusError):
            await client.get(Pod, "a", "default")
        assert len(server.asked) == 15


async def test_a_watch_yields_events_across_chunk_borders_and_ends_with_the_stream() -> None:
    first = json.dumps({"type": "ADDED", "object": POD}).encode() + b"\n"
    second = json.dumps({"type": "DELETED", "object": POD}).encode() + b"\n"
    async with talking() as (client, server):
        server.answers = [Answer(lines=(first + second[:10], second[10:30], second[30:]))]
        async with aclosing(client.watch(Pod, "default", resource_version="5")) as events:
            seen = [(event.type, event.object.metadata.name) async for event in events]
    assert seen == [(EventType.ADDED, "a"), (EventType.DELETED, "a")]
    assert "watch=true" in server.asked[0].target
    assert "resourceVersion=5" in server.asked[0].target
    assert "allowWatchBookmarks=true" in server.asked[0].target
    assert "timeoutSeconds=" in server.asked[0].target


async def test_a_watch_of_lost_history_raises_expired_at_its_begin_or_in_the_stream() -> None:
    gone = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
    async with talking() as (client, server):
        line = json.dumps({"type": "ERROR", "object": gone}).encode() + b"\n"
        server.answers = [Answer(410, gone), Answer(lines=(line,))]
        for _ in range(2):
            with pytest.raises(Expired):
                async for _event in client.watch(Pod):
                    pass


async def test_a_list_is_read_with_its_revision() -> None:
    async with talking() as (client, server):
        server.answers = [Answer(body={"kind": "PodList", "metadata": {"resourceVersion": "9"}, "items": [POD]})]
        found = await client.list(Pod, field_selector="spec.nodeName=n", limit=5)
    assert (found.resource_version, [pod.metadata.name for pod in found.items]) == ("9", ["a"])
    assert server.asked[0].target == "/api/v1/pods?fieldSelector=spec.nodeName%3Dn&limit=5"


async def test_a_binding_is_answered_with_a_status() -> None:
    async with talking() as (client, server):
        server.answers = [Answer(201, {"kind": "Status", "apiVersion": "v1", "status": "Success"})]
        body = Binding(metadata=ObjectMeta(name="a"), target=ObjectReference(kind="Node", name="n"))
        assert await client.create_subresource(Pod, "a", "default", "binding", body) == body
    assert server.asked[0].target == "/api/v1/namespaces/default/pods/a/binding"


async def test_a_token_file_is_read_again_when_it_may_have_been_renewed(tmp_path: Path) -> None:
    file, clock = tmp_path / "token", FakeClock()
    file.write_text("first\n")
    async with talking(clock, lambda url: ClientConfig(url, credentials=Credentials(token_file=file))) as (
        client,
        server,
    ):
        await client.get(Pod, "a", "default")
        file.write_text("second\n")
        await client.get(Pod, "a", "default")
        await clock.advance(61)
        await client.get(Pod, "a", "default")
    tokens = [asked.headers["authorization"] for asked in server.asked]
    assert tokens == ["Bearer first", "Bearer first", "Bearer second"]
