"""A kubelet over a fake runtime, a client in memory and a clock that stands still."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from steersman.api.core import Container, Event, Pod, PodSpec, PodStatus
from steersman.api.meta import ObjectMeta
from steersman.client.memory import MemoryClient
from steersman.cluster.nodecontext import NodePlace, node_context
from steersman.component.clock import FakeClock
from steersman.component.nodecontext import NodeContext
from steersman.component.threads import Threads
from steersman.cri.behaviour import FakeSettings
from steersman.cri.fake import FakeRuntime
from steersman.kubelet.app import Kubelet, KubeletDeps, KubeletSettings

IMAGE = "steersman.local/busybox:1"
DEADLINE_SECONDS = 5.0


@dataclass
class World:
    """One node and its cluster."""

    context: NodeContext
    client: MemoryClient
    runtime: FakeRuntime
    clock: FakeClock
    threads: Threads
    settings: KubeletSettings

    @asynccontextmanager
    async def kubelet(self) -> AsyncIterator[Kubelet]:
        """A running kubelet; leaving the body is its crash."""
        kubelet = Kubelet(KubeletDeps(self.context, self.client, self.runtime, self.clock, self.threads), self.settings)
        task = asyncio.create_task(kubelet.run())
        try:
            await eventually(lambda: (kubelet.workers is not None and kubelet.pods.is_synced) or task.done())
            yield kubelet
        finally:
            task.cancel()
            done, _ = await asyncio.wait({task}, timeout=DEADLINE_SECONDS)
            while not done:  # the supervisor's deadline is the fake clock's
                await self.clock.advance(20)
                done, _ = await asyncio.wait({task}, timeout=0.05)
            if not task.cancelled() and task.exception() is not None:
                raise task.exception()

    def pod(self, name: str) -> Pod | None:
        """The pod as the API has it."""
        return next((pod for pod in self.client.all(Pod) if pod.metadata.name == name), None)

    def status(self, name: str) -> PodStatus:
        """Its status."""
        pod = self.pod(name)
        assert pod is not None
        return pod.status

    def reasons(self) -> list[str]:
        """The reasons of all Events."""
        return [event.reason for event in self.client.all(Event)]

    async def until(self, condition: Callable[[], bool], seconds: float = 0.0) -> None:
        """Let the fake clock run, second by second, until the condition holds."""
        for _ in range(int(seconds)):
            if await settles(condition):
                return
            await self.clock.advance(1)
        await eventually(condition)


def new_world(tmp_path: Path, settings: FakeSettings | None = None) -> World:
    """A node with the sample image on it."""
    clock = FakeClock()
    settings = settings or FakeSettings(images=(IMAGE,))
    place = NodePlace(None, ("10.0.0.7",), "10.88.0.0/16", "10.88.0.0/16")
    context = node_context(tmp_path / "data", "node-1", place, tmp_path / "run")
    client = MemoryClient(clock, graceful=True)
    empty = tmp_path / "cgroup"
    empty.mkdir()
    return World(context, client, FakeRuntime(clock, settings), clock, Threads(), KubeletSettings(cgroup_mount=empty))


def pod(name: str, *containers: Container, **spec: object) -> Pod:
    """A pod on the node."""
    containers = containers or (Container(name="main", image=IMAGE),)
    given = {"restartPolicy": "Always", "terminationGracePeriodSeconds": 30, **spec}
    return Pod(
        metadata=ObjectMeta(name=name, namespace="default"),
        spec=PodSpec(nodeName="node-1", containers=containers, **given),
    )


async def settles(condition: Callable[[], bool]) -> bool:
    """Whether the condition comes true without the clock moving."""
    for _ in range(15):
        if condition():
            return True
        await asyncio.sleep(0.002)
    return condition()


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait, in real time, until the condition holds."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not condition():
            await asyncio.sleep(0.002)
