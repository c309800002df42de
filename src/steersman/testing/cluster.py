"""`Cluster`: a whole cluster inside a test: API server, controllers, scheduler, and a node with pretended containers.

async with Cluster() as cluster:
    await cluster.client.create(deployment)
    await cluster.until(lambda: ...)
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Self

from steersman.apiserver.admission.configuration import Configurations
from steersman.apiserver.app import ServerConfig
from steersman.apiserver.local import LocalClient
from steersman.apiserver.user import MASTERS_GROUP, UserInfo
from steersman.client.kubeconfig import ClientConfig, Credentials
from steersman.cluster.authenticating import Identity
from steersman.cluster.controlplane import ControlPlane, ControlPlaneConfig
from steersman.cluster.facts import Wishes, grown, new_cluster
from steersman.cluster.nodecontext import NodePlace, node_context
from steersman.cluster.serverflags import ServerFlags
from steersman.component import keys
from steersman.component.clock import RealClock
from steersman.component.http.server import HTTPServer
from steersman.component.threads import Threads
from steersman.controllers.registry import Settings, all_controllers
from steersman.cri.behaviour import FakeSettings
from steersman.cri.fake import FakeRuntime
from steersman.kubelet.app import Kubelet, KubeletDeps, KubeletSettings
from steersman.reconcile.manager import Manager
from steersman.scheduler.driver import FOLLOWED, Scheduler
from steersman.scheduler.profile import default_profile
from steersman.storage.memory import MemoryStore

TOKEN = "test-administrator"
NODE = "node-1"
HOST = "127.0.0.1"
TIMEOUT_SECONDS = 20.0
PAUSE_SECONDS = 0.01


class Cluster:
    """Everything runs in the test's own event loop; nothing is global, so that several clusters fit in one process."""

    def __init__(
        self,
        images: tuple[str, ...] = (),
        with_node: bool = True,
        flags: ServerFlags | None = None,
        admission: Configurations | None = None,
    ) -> None:
        self._images = images
        self._with_node = with_node
        self._clock = RealClock()
        self._stack = AsyncExitStack()
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []
        self._http: HTTPServer | None = None
        identity = Identity(keys.new_private_key(), tokens=((TOKEN, UserInfo("admin", groups=(MASTERS_GROUP,))),))
        self._store = MemoryStore(self._clock)
        self._facts = grown(new_cluster(HOST, Wishes()), 1)
        server = ServerConfig(HOST, self._facts.port, self._facts.service_cidr)
        config = ControlPlaneConfig(
            identity,
            server,
            random=Random(),
            flags=flags or ServerFlags(),
            admission=admission or Configurations(),
        )
        self._plane = ControlPlane(config, self._store, self._clock)
        self.client: LocalClient = self._plane.client

    async def __aenter__(self) -> Self:
        await self._stack.__aenter__()
        await self._stack.enter_async_context(self._plane.auditing())
        await self._stack.enter_async_context(self._group)
        self._begin(self._plane.run())
        await self._plane.server.ready()
        settings = Settings("test", (self._facts.cluster_cidr,), sign_token=lambda *_: "token")
        manager = Manager(self.client, all_controllers(settings, self._clock), self._clock, FOLLOWED)
        scheduler = Scheduler(self.client, manager.informers, default_profile(), self._clock, Random())
        for part in (manager.run(), scheduler.run()):
            self._begin(part)
        if self._with_node:
            self._begin(self._kubelet().run())
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.stop(0.1)
        await self._stack.aclose()
        await self._store.close()

    async def serve(self) -> ClientConfig:
        """Listen on a free port of this machine; how to reach it, as an administrator."""
        self._http = HTTPServer(self._plane.server.handle)
        await self._http.start()
        return ClientConfig(f"http://{HOST}:{self._http.port}", credentials=Credentials(token=TOKEN))

    async def until(self, condition: Callable[[], Awaitable[bool]], timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        """Wait until a condition holds; TimeoutError when it doesn't in time."""
        async with asyncio.timeout(timeout_seconds):
            while not await condition():
                await self._clock.sleep(PAUSE_SECONDS)

    def _kubelet(self) -> Kubelet:
        directory = Path(self._stack.enter_context(TemporaryDirectory(prefix="steersman-")))
        place = NodePlace(None, (HOST,), self._facts.nodes[0].pod_cidr, self._facts.cluster_cidr)
        context = node_context(directory / "data", NODE, place, directory / "run")
        runtime = FakeRuntime(self._clock, FakeSettings(images=self._images))
        without_cgroups = directory / "cgroup"
        without_cgroups.mkdir()
        deps = KubeletDeps(context, self.client, runtime, self._clock, Threads())
        return Kubelet(deps, KubeletSettings(cgroup_mount=without_cgroups))

    def _begin(self, part: Awaitable[None]) -> None:
        async def run() -> None:
            await part

        self._tasks.append(self._group.create_task(run()))
