"""A log that grew is put aside, and nothing is lost where the runtime refuses."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.unit.kubelet.world import eventually

from steersman.component.clock import FakeClock
from steersman.component.threads import Threads
from steersman.cri.behaviour import FakeSettings
from steersman.cri.errors import RuntimeServiceError
from steersman.cri.fake import FakeRuntime
from steersman.cri.records import ContainerConfig, ContainerMetadata, ImageSpec, PodSandboxConfig, PodSandboxMetadata
from steersman.kubelet.logrotation import INTERVAL, MAX_BYTES, LogRotation
from steersman.kubelet.podworker.observed import ObservedContainer

IMAGE = "example.org/app:1"


@dataclass(frozen=True, slots=True)
class Writing:
    """A container that writes a log, and who rotates it."""

    clock: FakeClock
    runtime: FakeRuntime
    log: Path

    async def look(self) -> None:
        """Let the rotation look once, to its end."""
        await self.clock.advance(INTERVAL.total_seconds())
        await eventually(lambda: self.clock.sleepers == 1)

    def reopened(self) -> int:
        """How often the runtime was asked to open the log anew."""
        return sum(call.startswith("reopen_container_log") for call in self.runtime.calls)


@pytest.fixture
async def writing(tmp_path: Path) -> AsyncIterator[Writing]:
    clock, threads, log = FakeClock(), Threads(), tmp_path / "0.log"
    runtime = FakeRuntime(clock, FakeSettings(images=(IMAGE,)))
    sandbox_config = PodSandboxConfig(
        metadata=PodSandboxMetadata("pod", "uid", "default", 0), log_directory=str(tmp_path)
    )
    sandbox = await runtime.run_pod_sandbox(sandbox_config)
    config = ContainerConfig(metadata=ContainerMetadata("main", 0), image=ImageSpec(IMAGE), log_path=log.name)
    container = await runtime.create_container(sandbox, config, sandbox_config)
    await runtime.start_container(container)
    observed = ObservedContainer(sandbox, await runtime.container_status(container))
    task = asyncio.create_task(LogRotation(runtime, lambda: (observed,), clock, threads).run())
    await clock.drain()
    yield Writing(clock, runtime, log)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    threads.close()


def grow(log: Path) -> None:
    log.touch()
    os.truncate(log, MAX_BYTES + 1)


async def test_a_log_that_grew_is_put_aside_and_opened_anew(writing: Writing) -> None:
    writing.log.write_text("short")
    await writing.look()
    assert writing.reopened() == 0
    grow(writing.log)
    await writing.look()
    assert writing.reopened() == 1
    assert not writing.log.exists()
    assert len(os.listdir(writing.log.parent)) == 1


async def test_a_log_the_runtime_refuses_to_open_anew_gets_its_name_back_and_is_tried_again(writing: Writing) -> None:
    grow(writing.log)
    writing.runtime.fail_next("reopen_container_log", RuntimeServiceError("ReopenContainerLog", "no"))
    await writing.look()
    assert os.listdir(writing.log.parent) == [writing.log.name]
    await writing.look()
    assert writing.reopened() == 2
    assert not writing.log.exists()


async def test_a_log_without_its_name_is_opened_anew(writing: Writing) -> None:
    await writing.look()
    assert writing.reopened() == 1
