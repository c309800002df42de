"""The fake runtime's own ways: time, failures, scale."""

from datetime import UTC, datetime

import pytest

from steersman.component.clock import FakeClock
from steersman.cri import records
from steersman.cri.behaviour import Behaviour, FakeSettings
from steersman.cri.errors import RuntimeServiceError, Unavailable, Unimplemented
from steersman.cri.fake import FakeRuntime

IMAGE = "example.com/app:1"
START = datetime(2030, 1, 1, tzinfo=UTC)


def fake(clock: FakeClock, **behaviours: Behaviour) -> FakeRuntime:
    settings = FakeSettings(
        behave=lambda config: behaviours.get(config.metadata.name, Behaviour()),
        pull_errors={"example.com/absent:1": "not found"},
        images=(IMAGE,),
    )
    return FakeRuntime(clock, settings)


async def start(runtime: FakeRuntime, name: str) -> str:
    config = records.PodSandboxConfig(metadata=records.PodSandboxMetadata(name, name, "default"))
    sandbox = await runtime.run_pod_sandbox(config)
    wanted = records.ContainerConfig(metadata=records.ContainerMetadata(name), image=records.ImageSpec(IMAGE))
    container = await runtime.create_container(sandbox, wanted, config)
    await runtime.start_container(container)
    return container


async def test_a_container_ends_when_its_time_has_come() -> None:
    clock = FakeClock(START)
    runtime = fake(clock, job=Behaviour(run_seconds=30, exit_code=2))
    container = await start(runtime, "job")
    await clock.advance(29)
    assert (await runtime.container_status(container)).state is records.ContainerState.RUNNING
    await clock.advance(2)
    status = await runtime.container_status(container)
    assert (status.state, status.exit_code) == (records.ContainerState.EXITED, 2)
    assert status.started_at is not None
    assert status.finished_at is not None
    assert (status.finished_at - status.started_at).total_seconds() == 30


async def test_running_out_of_memory_is_told_as_the_kernel_does() -> None:
    clock = FakeClock(START)
    runtime = fake(clock, big=Behaviour(run_seconds=1, out_of_memory=True))
    container = await start(runtime, "big")
    await clock.advance(1)
    status = await runtime.container_status(container)
    assert (status.exit_code, status.reason) == (137, "OOMKilled")


async def test_images_that_cannot_be_pulled_say_why_and_others_arrive() -> None:
    runtime = fake(FakeClock(START))
    with pytest.raises(RuntimeServiceError, match="not found"):
        await runtime.pull_image("example.com/absent:1")
    await runtime.pull_image("busybox")
    image = await runtime.image_status("docker.io/library/busybox:latest")
    assert image is not None


async def test_a_call_fails_once_when_told_to() -> None:
    runtime = fake(FakeClock(START))
    runtime.fail_next("list_containers", Unavailable("ListContainers", "restarting"))
    with pytest.raises(Unavailable):
        await runtime.list_containers()
    assert await runtime.list_containers() == ()


async def test_pods_have_addresses_of_their_own_until_they_stop() -> None:
    runtime = fake(FakeClock(START))
    for number in range(2000):
        await start(runtime, f"pod-{number}")
    sandboxes = await runtime.list_pod_sandboxes()
    addresses = {(await runtime.pod_sandbox_status(each.id)).ips() for each in sandboxes}
    assert len(addresses) == 2000
    await runtime.stop_pod_sandbox(sandboxes[0].id)
    assert (await runtime.pod_sandbox_status(sandboxes[0].id)).ips() == ()


async def test_streams_need_a_streaming_server() -> None:
    runtime = fake(FakeClock(START))
    container = await start(runtime, "pod")
    with pytest.raises(Unimplemented):
        await runtime.exec(records.ExecRequest(container, ("sh",)))
