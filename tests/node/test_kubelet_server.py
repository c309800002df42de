"""The kubelet's own server on a real containerd: logs to their end, commands over WebSocket and over SPDY."""

import asyncio
import base64
import json
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

import pytest

from steersman.api.core import Container, Pod, PodSpec
from steersman.api.meta import ObjectMeta
from steersman.client.memory import MemoryClient
from steersman.cluster.images import SAMPLE_IMAGE
from steersman.component import certs, tls
from steersman.component.clock import RealClock
from steersman.component.http.client import HTTPPool
from steersman.component.nodecontext import NodeContext
from steersman.component.streams.bytestream import read_all
from steersman.component.streams.remotecommand import ChannelSocket, CommandOptions, StreamName, open_streams
from steersman.component.streams.spdy import Session
from steersman.component.streams.websocket import WebSocket
from steersman.component.threads import Threads
from steersman.cri import grpc as cri
from steersman.kubelet.app import Kubelet, KubeletDeps, KubeletSettings

OPTIONS = CommandOptions(stdin=True, stdout=True, stderr=True)
SCRIPT = "for i in 1 2 3; do echo line $i; done; while test ! -e /stop; do sleep 0.05; done; echo the end; exit 3"


@dataclass
class Served:
    """A kubelet that serves, and a way in as the API server has it."""

    kubelet: Kubelet
    client: MemoryClient
    runtime: cri.GRPCRuntime
    ssl_context: ssl.SSLContext
    port: int

    def pool(self, *, is_known: bool = True) -> HTTPPool:
        context = self.ssl_context if is_known else tls.client_context(None, is_insecure=True)
        return HTTPPool("127.0.0.1", self.port, ssl_context=context, connect=self.kubelet.dialer.connect)

    async def get(self, target: str, *, is_known: bool = True) -> tuple[int, str]:
        pool = self.pool(is_known=is_known)
        try:
            answer = await pool.request("GET", target, {})
            return answer.status, (await answer.read()).decode()
        finally:
            await pool.close()

    async def run_pod(self, name: str, script: str) -> str:
        main = Container(name="main", image=SAMPLE_IMAGE, command=("sh", "-c", script))
        spec = PodSpec(nodeName="node", containers=(main,), restartPolicy="Never", terminationGracePeriodSeconds=0)
        await self.client.create(Pod(metadata=ObjectMeta(name=name, namespace="default"), spec=spec))
        async with asyncio.timeout(20):
            while True:
                pod = await self.client.get(Pod, name, "default")
                if pod.status.phase == "Running":
                    return pod.status.containerStatuses[0].containerID.partition("://")[2]
                await asyncio.sleep(0.02)

    async def finish_pod(self, name: str) -> None:
        await self.client.delete(Pod, name, "default", grace_period_seconds=1)
        async with asyncio.timeout(20):
            while any(pod.metadata.name == name for pod in self.client.all(Pod)):
                await asyncio.sleep(0.02)


@asynccontextmanager
async def serving(node: NodeContext, runtime: cri.GRPCRuntime) -> AsyncIterator[Served]:
    clock, threads = RealClock(), Threads()
    ca = certs.new_ca("test", clock.now())
    pair = certs.issue(ca, certs.Leaf("node", certs.Usage.SERVER, ip_addresses=("127.0.0.1",)), clock.now())
    asking = certs.Leaf("apiserver", certs.Usage.CLIENT, organizations=("system:masters",))
    client_pair = certs.issue(ca, asking, clock.now())
    client = MemoryClient(clock, graceful=True)
    settings = KubeletSettings(serving=tls.server_context(pair, ca.cert_pem), client_ca_pem=ca.cert_pem)
    # Port 0: whichever is free, as tests run side by side.
    kubelet = Kubelet(KubeletDeps(replace(node, kubelet_port=0), client, runtime, clock, threads), settings)
    task = asyncio.create_task(kubelet.run())
    try:
        async with asyncio.timeout(20):
            while kubelet.server is None or not kubelet.server.port:
                await asyncio.wait({task}, timeout=0.02)
                assert not task.done(), task.result()
        yield Served(kubelet, client, runtime, tls.client_context(ca.cert_pem, client_pair), kubelet.server.port)
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=15)
        threads.close()


@pytest.fixture
async def served(node: NodeContext, runtime: cri.GRPCRuntime) -> AsyncIterator[Served]:
    async with serving(node, runtime) as made:
        yield made


async def test_logs_are_read_from_the_end_and_followed_to_it(served: Served, node: NodeContext) -> None:
    container_id = await served.run_pod("talker", SCRIPT)
    log = "/containerLogs/default/talker/main"
    async with asyncio.timeout(10):
        while (await served.get(log))[1].count("\n") < 3:
            await asyncio.sleep(0.02)
    assert await served.get(f"{log}?tailLines=2") == (200, "line 2\nline 3\n")
    assert await served.get(f"{log}?limitBytes=4") == (200, "line")
    stamped = (await served.get(f"{log}?timestamps=true&tailLines=1"))[1]
    assert stamped.endswith(" line 3\n")
    assert stamped.startswith("20")
    assert await served.get(f"{log}?previous=true") == (
        400, 'previous terminated container "main" in pod "talker" not found',
    )  # fmt: skip
    assert (await served.get("/containerLogs/default/nobody/main"))[0] == 404
    assert (await served.get(log, is_known=False))[0] == 401
    following = asyncio.create_task(served.get(f"{log}?follow=true&tailLines=1"))
    await asyncio.wait({following}, timeout=0.2)
    assert not following.done()
    path = next(node.log_dir.rglob("talker*/main/0.log"), None) or next(Path(node.log_dir).rglob("0.log"))
    path.rename(path.with_name("0.log.old"))
    await served.runtime.reopen_container_log(container_id)
    await served.runtime.exec_sync(container_id, ("touch", "/stop"), 5)
    async with asyncio.timeout(10):
        assert await following == (200, "line 3\nthe end\n")
    await served.finish_pod("talker")


def command(*words: str) -> str:
    streams = [("input", "1"), ("output", "1"), ("error", "1")]
    return "/exec/default/shell/main?" + urlencode([*streams, *(("command", word) for word in words)])


async def by_websocket(served: Served, target: str, given: bytes) -> dict[StreamName, bytes]:
    """Run a command as kubectl 1.33 does; what came back on each stream."""
    headers = {
        "connection": "Upgrade", "upgrade": "websocket", "sec-websocket-version": "13",
        "sec-websocket-key": base64.b64encode(os.urandom(16)).decode(), "sec-websocket-protocol": "v5.channel.k8s.io",
    }  # fmt: skip
    answer, duplex = await served.pool().upgrade("GET", target, headers)
    assert duplex is not None, await answer.read()
    assert answer.headers["sec-websocket-protocol"] == "v5.channel.k8s.io"
    socket = ChannelSocket(WebSocket(duplex, is_server=False), "v5.channel.k8s.io", OPTIONS.names)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(socket.run())
        socket.channels[StreamName.STDIN].write(given)
        socket.channels[StreamName.STDIN].close_write()
        outputs = (name for name in OPTIONS.names if name is not StreamName.STDIN)
        return {name: await read_all(socket.channels[name], 10_000) for name in outputs}


async def by_spdy(served: Served, target: str, given: bytes) -> dict[StreamName, bytes]:
    """Run a command as kubectl 1.27 does."""
    headers = {"connection": "Upgrade", "upgrade": "SPDY/3.1", "x-stream-protocol-version": "v4.channel.k8s.io"}
    answer, duplex = await served.pool().upgrade("POST", target, headers)
    assert duplex is not None, await answer.read()
    session = Session(duplex, is_server=False)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        running = group.create_task(session.run())
        streams = await open_streams(session, OPTIONS.names)
        streams[StreamName.STDIN].write(given)
        streams[StreamName.STDIN].close_write()
        outputs = (name for name in OPTIONS.names if name is not StreamName.STDIN)
        said = {name: await read_all(streams[name], 10_000) for name in outputs}
        session.close()
        running.cancel()
    return said


@pytest.mark.parametrize("run", [by_websocket, by_spdy])
async def test_a_command_hears_its_input_end_and_its_exit_code_comes_back(served: Served, run: object) -> None:
    assert callable(run)
    await served.run_pod("shell", "exec sleep 1000")
    said = await run(served, command("sh", "-c", "tr a-z A-Z; echo oops >&2; exit 7"), b"quiet\n")
    assert said[StreamName.STDOUT] == b"QUIET\n"
    assert said[StreamName.STDERR] == b"oops\n"
    status = json.loads(said[StreamName.ERROR])
    assert status["status"] == "Failure"
    assert status["reason"] == "NonZeroExitCode"
    assert status["details"]["causes"] == [{"reason": "ExitCode", "message": "7"}]
    await served.finish_pod("shell")
