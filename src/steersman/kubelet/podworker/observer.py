"""Reads one pod's state from the runtime."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from steersman.component.threads import Threads
from steersman.cri.errors import NotFound
from steersman.cri.interface import Runtime
from steersman.cri.records import (
    Container,
    ContainerFilter,
    ContainerState,
    ContainerStatus,
    PodSandboxFilter,
    PodSandboxStatus,
)
from steersman.kubelet import names
from steersman.kubelet.podworker.observed import ObservedContainer, PodRuntime
from steersman.kubelet.terminationmessage import read_termination_message

LOOK_TIMEOUT = timedelta(seconds=120)


class Observer:
    """Looks at the pod of one uid. What has ended doesn't change any more, so it is read once."""

    def __init__(self, runtime: Runtime, threads: Threads, uid: str) -> None:
        """Nothing is read yet."""
        self._runtime, self._threads = runtime, threads
        self._labels = {names.POD_UID: uid}
        self._ended: dict[str, ContainerStatus] = {}

    async def look(self) -> PodRuntime:
        """The pod as it is now; RuntimeServiceError or TimeoutError when the runtime can't be asked."""
        async with asyncio.timeout(LOOK_TIMEOUT.total_seconds()):
            listed, containers = await asyncio.gather(
                self._runtime.list_pod_sandboxes(PodSandboxFilter(label_selector=self._labels)),
                self._runtime.list_containers(ContainerFilter(label_selector=self._labels)),
            )
            sandboxes = await asyncio.gather(*(self._sandbox(each.id) for each in listed))
            observed = await asyncio.gather(*(self._container(each) for each in containers))
        found = [each for each in observed if each is not None]
        self._ended = {each.id: each.status for each in found if each.has_exited}
        return PodRuntime.of([each for each in sandboxes if each is not None], found)

    async def _sandbox(self, sandbox_id: str) -> PodSandboxStatus | None:
        try:
            return await self._runtime.pod_sandbox_status(sandbox_id)
        except NotFound:
            return None

    async def _container(self, listed: Container) -> ObservedContainer | None:
        known = self._ended.get(listed.id)
        if known is not None:
            return ObservedContainer(listed.pod_sandbox_id, known)
        try:
            status = await self._runtime.container_status(listed.id)
        except NotFound:
            return None
        if status.state is ContainerState.EXITED:
            message = await self._threads.run(read_termination_message, status)
            status = replace(status, message=message or status.message)
        return ObservedContainer(listed.pod_sandbox_id, status)
