"""The whole kubelet over fakes: pods come, run, crash, go; kubelets crash and find everything again."""

from pathlib import Path

from tests.unit.kubelet.world import World, new_world, pod

from steersman.api.core import Pod
from steersman.cri.records import ContainerState


def is_running(world: World, name: str) -> bool:
    found = world.pod(name)
    return found is not None and found.status.phase == "Running"


async def test_a_pod_of_the_api_runs_and_says_so(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    async with world.kubelet():
        await world.client.create(pod("web"))
        await world.until(lambda: is_running(world, "web"), 5)
        status = world.status("web")
        assert status.podIP.startswith("10.88.")
        assert status.hostIP == "10.0.0.7"
        assert status.containerStatuses[0].ready
        conditions = {condition.type: condition.status for condition in status.conditions}
        assert conditions == dict.fromkeys(
            ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"), "True"
        )
        assert status.qosClass == "BestEffort"


async def test_a_restarted_kubelet_leaves_containers_alone(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    async with world.kubelet():
        await world.client.create(pod("web"))
        await world.until(lambda: is_running(world, "web"), 5)
    before = world.status("web").containerStatuses[0]
    calls = len([call for call in world.runtime.calls if call.startswith(("create", "run", "stop", "remove"))])
    async with world.kubelet() as kubelet:
        await world.until(lambda: bool(kubelet.workers and kubelet.workers.workers[0].runtime), 5)
        await world.clock.advance(120)
        after = world.status("web").containerStatuses[0]
    assert (after.containerID, after.restartCount, after.state) == (before.containerID, 0, before.state)
    assert len([c for c in world.runtime.calls if c.startswith(("create", "run", "stop", "remove"))]) == calls


async def test_a_deleted_pod_is_stopped_and_then_forgotten(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    async with world.kubelet():
        await world.client.create(pod("web"))
        await world.until(lambda: is_running(world, "web"), 5)
        await world.client.delete(Pod, "web", "default")
        await world.until(lambda: world.pod("web") is None, 5)
        assert await world.runtime.list_pod_sandboxes() == ()
        assert await world.runtime.list_containers() == ()
        assert "Killing" in world.reasons()


async def test_a_crashed_container_is_restarted_later_each_time(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    async with world.kubelet():
        await world.client.create(pod("web"))
        await world.until(lambda: is_running(world, "web"), 5)
        (first,) = await world.runtime.list_containers()
        world.runtime.end_container(first.id, 1)
        await world.until(lambda: world.status("web").containerStatuses[0].restartCount == 1, 5)
        running = [each for each in await world.runtime.list_containers() if each.state is ContainerState.RUNNING]
        world.runtime.end_container(running[0].id, 1)
        await world.until(lambda: bool(world.status("web").containerStatuses[0].state.waiting), 5)
        waiting = world.status("web").containerStatuses[0].state.waiting
        assert waiting is not None
        assert waiting.reason == "CrashLoopBackOff"
        assert waiting.message.startswith("back-off 10s restarting failed container=main pod=web_default(")
        assert not world.status("web").containerStatuses[0].ready
        await world.until(lambda: world.status("web").containerStatuses[0].restartCount == 2, 15)
        assert "BackOff" in world.reasons()
