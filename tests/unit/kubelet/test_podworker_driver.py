"""A worker that is interrupted goes on to the pod's end, whenever the interruption comes."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from steersman.api.core import Container, Pod, PodSpec
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.client.memory import MemoryClient
from steersman.client.recorder import EventRecorder
from steersman.component.clock import RealClock
from steersman.component.threads import Threads
from steersman.cri.fake import FakeRuntime
from steersman.kubelet.podworker.driver import Outlets, PodWorker
from steersman.kubelet.podworker.instructions import Relisted
from steersman.kubelet.podworker.observed import PodRuntime
from steersman.kubelet.podworker.work import NodeFacts, Tools

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POD = Pod(
    metadata=ObjectMeta(name="web", namespace="default", uid="u1"),
    spec=PodSpec(containers=(Container(name="app", image="example.org/app:1"),), terminationGracePeriodSeconds=30),
)


class StuckVolumes:
    """Volumes that never get ready, as with a Secret that isn't there."""

    def __init__(self) -> None:
        self.is_waiting = asyncio.Event()
        self.was_taken_down = False

    async def set_up(self, pod: Pod, place: object) -> None:
        self.is_waiting.set()
        await asyncio.get_running_loop().create_future()

    async def tear_down(self, uid: str, *, with_directory: bool) -> None:
        self.was_taken_down = True


def terminating(grace: int) -> Pod:
    return replace(POD, metadata=replace(POD.metadata, deletionTimestamp=NOW, deletionGracePeriodSeconds=grace))


@pytest.mark.parametrize("when", ["before the work begins", "while it hangs"])
async def test_a_pod_that_hangs_in_its_preparation_can_be_deleted(when: str) -> None:
    clock, threads, volumes, finished = RealClock(), Threads(), StuckVolumes(), asyncio.Event()
    nothing = SimpleNamespace(
        create=lambda pod: None,
        remove=lambda uid: None,
        make_directories=lambda pod: None,
        remove_logs=lambda pod: None,
    )
    tools = Tools(
        runtime=FakeRuntime(clock),
        images=cast(Any, nothing),
        volumes=cast(Any, volumes),
        cgroups=cast(Any, nothing),
        making=cast(Any, nothing),
        hooks=cast(Any, nothing),
        recorder=EventRecorder(MemoryClient(clock), clock, "kubelet", "node1"),
        clock=clock,
        threads=threads,
        facts=NodeFacts(("192.0.2.1",), 1 << 30, {}),
    )
    outlets = Outlets(publish=lambda pod, status: None, finish=lambda pod, deletes: finished.set())
    worker = PodWorker(POD, tools, cast(Any, nothing), outlets)
    if when == "before the work begins":
        # Both are taken at once: the work is begun and called off before its task's first step.
        worker._post(Relisted(PodRuntime()))
        worker.update(terminating(30))
    running = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(10):
            if when == "while it hangs":
                await volumes.is_waiting.wait()
                worker.update(terminating(30))
            await finished.wait()
        assert volumes.was_taken_down
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        threads.close()
