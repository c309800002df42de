"""What the runtime tells late is still seen soon."""

import asyncio
from dataclasses import replace

from steersman.component.clock import FakeClock
from steersman.cri.behaviour import FakeSettings
from steersman.cri.fake import FakeRuntime
from steersman.cri.records import (
    Container,
    ContainerConfig,
    ContainerFilter,
    ContainerMetadata,
    ContainerState,
    ImageSpec,
    PodSandboxConfig,
    PodSandboxMetadata,
)
from steersman.kubelet import names
from steersman.kubelet.relist import Listener, Relist

UID, IMAGE = "uid-1", "example.org/app:1"


class LateRuntime(FakeRuntime):
    """Its events come before its lists show what they tell of, as containerd's do."""

    late_lists = 0

    async def list_containers(self, wanted: ContainerFilter | None = None) -> tuple[Container, ...]:
        found = await super().list_containers(wanted)
        if not self.late_lists:
            return found
        self.late_lists -= 1
        return tuple(replace(one, state=ContainerState.RUNNING) for one in found)


async def test_an_end_that_the_lists_show_late_is_noticed_within_seconds() -> None:
    clock = FakeClock()
    runtime = LateRuntime(clock, FakeSettings(images=(IMAGE,)))
    sandbox_config = PodSandboxConfig(metadata=PodSandboxMetadata("pod", UID, "default", 0))
    sandbox = await runtime.run_pod_sandbox(sandbox_config)
    config = ContainerConfig(metadata=ContainerMetadata("main", 0), image=ImageSpec(IMAGE), labels={names.POD_UID: UID})
    container = await runtime.create_container(sandbox, config, sandbox_config)
    await runtime.start_container(container)
    changed: list[str] = []
    relist = asyncio.create_task(Relist(runtime, clock, Listener(changed.append, lambda uids: None)).run())
    try:
        await clock.advance(10)
        changed.clear()
        runtime.late_lists = 2
        runtime.end_container(container, exit_code=7)
        await clock.advance(0.1)
        assert changed == []
        await clock.advance(1)
        assert changed == [UID]
    finally:
        relist.cancel()
        await asyncio.gather(relist, return_exceptions=True)
