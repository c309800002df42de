"""What every container runtime keeps to, checked on the fake and on containerd."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

import pytest

from steersman.cluster.images import SAMPLE_IMAGE
from steersman.component.clock import RealClock
from steersman.component.nodecontext import NodeContext
from steersman.cri import grpc as cri
from steersman.cri import records
from steersman.cri.behaviour import Behaviour, FakeSettings
from steersman.cri.errors import (
    AlreadyExists,
    DeadlineExceeded,
    NotFound,
    RuntimeServiceError,
)
from steersman.cri.fake import FakeRuntime
from steersman.cri.interface import Runtime
from steersman.testing.realnode import missing_for_real_node, real_node

UIDS = itertools.count()
READY = records.PodSandboxState.READY
EXITED = records.ContainerState.EXITED


@dataclass(frozen=True)
class Subject:
    """A runtime under test, and the node it is on if it is a real one."""

    runtime: Runtime
    node: NodeContext | None

    def sandbox(self, name: str) -> records.PodSandboxConfig:
        """A sandbox in the node's network, so that no pod network is needed."""
        uid = f"{name}-{next(UIDS)}"
        host = records.NamespaceOption(network=records.NamespaceMode.NODE)
        return records.PodSandboxConfig(
            metadata=records.PodSandboxMetadata(name, uid, "default"),
            log_directory=str(self.node.log_dir / uid) if self.node else "/var/log/pods",
            labels={"app": name},
            annotations={"note": "kept"},
            linux=records.LinuxPodSandboxConfig(
                cgroup_parent=f"{self.node.cgroup_root}/pod{uid}" if self.node else "",
                security_context=records.LinuxSandboxSecurityContext(namespace_options=host),
            ),
        )

    def container(self, name: str, script: str) -> records.ContainerConfig:
        """A container that runs a shell script; the fake is told by BEHAVIOURS what it does."""
        host = records.NamespaceOption(network=records.NamespaceMode.NODE)
        return records.ContainerConfig(
            metadata=records.ContainerMetadata(name),
            image=records.ImageSpec(SAMPLE_IMAGE),
            command=("sh", "-c", script),
            labels={"name": name},
            annotations={"hash": "1"},
            log_path=f"{name}.log",
            linux=records.LinuxContainerConfig(
                resources=records.LinuxContainerResources(
                    cpu_shares=102, memory_limit_in_bytes=64 << 20, oom_score_adj=1000
                ),
                security_context=records.LinuxContainerSecurityContext(namespace_options=host),
            ),
        )


FOREVER = "exec sleep 1000"
FAIL = "exit 3"
HEED = "trap 'exit 5' TERM; echo ready; while true; do sleep 0.05; done"
MISSING = "missing"
ABSENT_IMAGE = "127.0.0.1:1/absent:1"
"""No registry listens there."""


def answer(cmd: Sequence[str]) -> records.ExecSyncResult:
    """What the fake's containers answer to the commands below."""
    match tuple(cmd):
        case ("sh", "-c", "echo out; echo err >&2; exit 4"):
            return records.ExecSyncResult(b"out\n", b"err\n", 4)
        case ("sleep", _):
            raise DeadlineExceeded("ExecSync", "timeout exceeded")
        case _:
            return records.ExecSyncResult()


def behave(config: records.ContainerConfig) -> Behaviour:
    """What the fake's containers do."""
    behaviours = {
        FOREVER: Behaviour(stop_seconds=3600, run=answer),
        FAIL: Behaviour(run_seconds=0, exit_code=3),
        HEED: Behaviour(stop_exit_code=5),
    }
    if config.command == (MISSING,):
        return Behaviour(start_error="no such file or directory")
    return behaviours[config.command[-1]]


@pytest.fixture(scope="module")
def node() -> Iterator[NodeContext]:
    """A real node, in its own network namespace."""
    with real_node("198.19.0.0/24", own_namespace=True) as real:
        yield real.context


@pytest.fixture(
    params=[
        "fake",
        pytest.param(
            "containerd",
            marks=[
                pytest.mark.node,
                pytest.mark.skipif(bool(missing_for_real_node()), reason=missing_for_real_node()),
            ],
        ),
    ]
)
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    """Each runtime in turn."""
    if request.param == "fake":
        refused = {ABSENT_IMAGE: "dial tcp 127.0.0.1:1: connect: connection refused"}
        settings = FakeSettings(behave=behave, images=(SAMPLE_IMAGE,), pull_errors=refused)
        yield Subject(FakeRuntime(RealClock(), settings), None)
        return
    context: NodeContext = request.getfixturevalue("node")
    runtime = await cri.connect(context.containerd.socket)
    yield Subject(runtime, context)
    for sandbox in await runtime.list_pod_sandboxes():
        await runtime.stop_pod_sandbox(sandbox.id)
        await runtime.remove_pod_sandbox(sandbox.id)
    await runtime.close()


async def wait_status(
    runtime: Runtime, container: str, is_reached: Callable[[records.ContainerStatus], bool]
) -> records.ContainerStatus:
    """The container's status when it has come to be as wanted."""
    async with asyncio.timeout(10):
        while True:
            status = await runtime.container_status(container)
            if is_reached(status):
                return status
            await asyncio.sleep(0.01)


async def start(subject: Subject, script: str) -> tuple[str, str, records.PodSandboxConfig]:
    """A sandbox with a running container."""
    config = subject.sandbox("pod")
    sandbox = await subject.runtime.run_pod_sandbox(config)
    container = await subject.runtime.create_container(sandbox, subject.container("main", script), config)
    await subject.runtime.start_container(container)
    return sandbox, container, config


async def test_a_sandbox_is_listed_by_what_it_was_made_from(subject: Subject) -> None:
    config = subject.sandbox("web")
    sandbox = await subject.runtime.run_pod_sandbox(config)
    status = await subject.runtime.pod_sandbox_status(sandbox)
    assert (status.state, status.metadata) == (READY, config.metadata)
    assert (status.labels, status.annotations) == (config.labels, config.annotations)
    assert status.created_at is not None
    assert status.ips() == ()
    wanted = records.PodSandboxFilter(state=records.PodSandboxStateValue(READY), label_selector={"app": "web"})
    assert [each.id for each in await subject.runtime.list_pod_sandboxes(wanted)] == [sandbox]
    other = records.PodSandboxFilter(label_selector={"app": "other"})
    assert await subject.runtime.list_pod_sandboxes(other) == ()


async def test_the_name_of_a_sandbox_is_taken_until_it_is_removed(subject: Subject) -> None:
    config = subject.sandbox("once")
    sandbox = await subject.runtime.run_pod_sandbox(config)
    with pytest.raises(AlreadyExists):
        await subject.runtime.run_pod_sandbox(config)
    wanted = subject.container("main", FAIL)
    await subject.runtime.create_container(sandbox, wanted, config)
    with pytest.raises(AlreadyExists):
        await subject.runtime.create_container(sandbox, wanted, config)
    await subject.runtime.stop_pod_sandbox(sandbox)
    await subject.runtime.remove_pod_sandbox(sandbox)
    assert await subject.runtime.run_pod_sandbox(config) != sandbox


async def test_a_container_goes_from_created_by_running_to_exited(subject: Subject) -> None:
    config = subject.sandbox("life")
    sandbox = await subject.runtime.run_pod_sandbox(config)
    wanted = subject.container("main", FAIL)
    container = await subject.runtime.create_container(sandbox, wanted, config)
    status = await subject.runtime.container_status(container)
    assert status.state is records.ContainerState.CREATED
    assert (status.started_at, status.finished_at) == (None, None)
    await subject.runtime.start_container(container)
    status = await wait_status(subject.runtime, container, lambda each: each.state is EXITED)
    assert (status.exit_code, status.reason) == (3, "Error")
    assert status.started_at is not None
    assert status.finished_at is not None
    assert status.created_at is not None
    assert status.created_at <= status.started_at <= status.finished_at
    assert (status.labels, status.annotations) == (wanted.labels, wanted.annotations)
    assert status.log_path == f"{config.log_directory}/{wanted.log_path}"
    assert status.image.image == SAMPLE_IMAGE


async def test_containers_are_listed_by_sandbox_state_and_labels(subject: Subject) -> None:
    sandbox, container, _ = await start(subject, FOREVER)
    await start(subject, FOREVER)
    running = records.ContainerStateValue(records.ContainerState.RUNNING)
    wanted = records.ContainerFilter(state=running, pod_sandbox_id=sandbox)
    listed = await subject.runtime.list_containers(wanted)
    assert [(each.id, each.pod_sandbox_id) for each in listed] == [(container, sandbox)]
    created = records.ContainerStateValue(records.ContainerState.CREATED)
    assert await subject.runtime.list_containers(records.ContainerFilter(state=created)) == ()
    both = records.ContainerFilter(label_selector={"name": "main"})
    assert len(await subject.runtime.list_containers(both)) == 2


async def test_stopping_lets_a_container_end_itself_within_the_grace_period(
    subject: Subject,
) -> None:
    _, container, _ = await start(subject, HEED)
    # A signal that comes before the shell has set its trap would be lost.
    await wait_for_line(subject, container, "ready")
    await subject.runtime.stop_container(container, 20)
    status = await subject.runtime.container_status(container)
    assert (status.state, status.exit_code) == (EXITED, 5)


async def test_stopping_kills_what_does_not_heed(subject: Subject) -> None:
    _, container, _ = await start(subject, FOREVER)
    await subject.runtime.stop_container(container, 0)
    status = await subject.runtime.container_status(container)
    assert (status.state, status.exit_code) == (EXITED, 137)


async def test_a_command_that_is_not_there_fails_to_start(subject: Subject) -> None:
    config = subject.sandbox("wrong")
    sandbox = await subject.runtime.run_pod_sandbox(config)
    wanted = records.ContainerConfig(
        metadata=records.ContainerMetadata("main"),
        image=records.ImageSpec(SAMPLE_IMAGE),
        command=(MISSING,),
        log_path="main.log",
        linux=subject.container("main", FAIL).linux,
    )
    container = await subject.runtime.create_container(sandbox, wanted, config)
    with pytest.raises(RuntimeServiceError):
        await subject.runtime.start_container(container)
    status = await subject.runtime.container_status(container)
    assert (status.state, status.exit_code) == (EXITED, 128)


async def test_commands_run_in_a_container(subject: Subject) -> None:
    _, container, _ = await start(subject, FOREVER)
    done = await subject.runtime.exec_sync(container, ("sh", "-c", "echo out; echo err >&2; exit 4"), 5)
    assert done == records.ExecSyncResult(b"out\n", b"err\n", 4)
    with pytest.raises(DeadlineExceeded):
        await subject.runtime.exec_sync(container, ("sleep", "100"), 1)


async def test_commands_need_a_running_container(subject: Subject) -> None:
    _, container, _ = await start(subject, FAIL)
    await wait_status(subject.runtime, container, lambda each: each.state is EXITED)
    with pytest.raises(RuntimeServiceError):
        await subject.runtime.exec_sync(container, ("true",), 5)


async def test_a_stopped_sandbox_keeps_its_containers_states(subject: Subject) -> None:
    sandbox, container, _ = await start(subject, FOREVER)
    await subject.runtime.stop_pod_sandbox(sandbox)
    status = await subject.runtime.pod_sandbox_status(sandbox)
    assert status.state is records.PodSandboxState.NOTREADY
    assert (await subject.runtime.container_status(container)).state is EXITED


async def test_a_removed_sandbox_takes_its_containers_along(subject: Subject) -> None:
    sandbox, container, _ = await start(subject, FOREVER)
    await subject.runtime.stop_pod_sandbox(sandbox)
    await subject.runtime.remove_pod_sandbox(sandbox)
    with pytest.raises(NotFound):
        await subject.runtime.pod_sandbox_status(sandbox)
    with pytest.raises(NotFound):
        await subject.runtime.container_status(container)


async def test_ending_what_is_gone_is_no_error(subject: Subject) -> None:
    await subject.runtime.stop_pod_sandbox("gone")
    await subject.runtime.remove_pod_sandbox("gone")
    await subject.runtime.stop_container("gone", 1)
    await subject.runtime.remove_container("gone")
    await subject.runtime.remove_image("example.com/gone:1")


async def test_a_running_container_can_be_removed(subject: Subject) -> None:
    _, container, _ = await start(subject, FOREVER)
    await subject.runtime.remove_container(container)
    with pytest.raises(NotFound):
        await subject.runtime.container_status(container)


async def test_what_is_not_there_is_not_found(subject: Subject) -> None:
    config = subject.sandbox("pod")
    with pytest.raises(NotFound):
        await subject.runtime.create_container("gone", subject.container("main", FAIL), config)
    with pytest.raises(NotFound):
        await subject.runtime.start_container("gone")
    with pytest.raises(NotFound):
        await subject.runtime.exec_sync("gone", ("true",), 1)
    with pytest.raises(NotFound):
        await subject.runtime.container_stats("gone")


async def test_images_are_known_by_name_and_by_id(subject: Subject) -> None:
    image = await subject.runtime.image_status(SAMPLE_IMAGE)
    assert image is not None
    assert image.repo_tags == (SAMPLE_IMAGE,)
    assert image.size > 0
    assert await subject.runtime.image_status(image.id) == image
    assert image in await subject.runtime.list_images()
    assert await subject.runtime.image_status("example.com/absent:1") is None


async def test_an_image_that_cannot_be_pulled_says_why(subject: Subject) -> None:
    with pytest.raises(RuntimeServiceError, match="connection refused"):
        await subject.runtime.pull_image(ABSENT_IMAGE)
    assert await subject.runtime.image_status(ABSENT_IMAGE) is None


async def test_the_room_that_images_take_is_known_by_filesystem(subject: Subject) -> None:
    (usage,) = await subject.runtime.image_fs_info()
    assert usage.fs_id is not None
    assert usage.fs_id.mountpoint.startswith("/")
    assert usage.used_bytes is not None


async def test_limits_can_be_changed_while_a_container_runs(subject: Subject) -> None:
    _, container, _ = await start(subject, FOREVER)
    more = records.LinuxContainerResources(cpu_shares=204, memory_limit_in_bytes=128 << 20)
    await subject.runtime.update_container_resources(container, more)
    resources = (await subject.runtime.container_status(container)).resources
    assert resources is not None
    assert resources.linux is not None
    assert resources.linux.memory_limit_in_bytes == 128 << 20


async def test_running_containers_have_figures(subject: Subject) -> None:
    _, container, _ = await start(subject, FOREVER)
    stats = await subject.runtime.container_stats(container)
    assert stats.attributes.id == container
    assert stats.memory is not None
    assert stats.memory.working_set_bytes is not None
    assert stats.cpu is not None
    assert stats.cpu.usage_core_nano_seconds


async def test_starts_and_ends_are_told(subject: Subject) -> None:
    seen: dict[str, list[records.ContainerEventType]] = {}
    subscribed = asyncio.Event()

    async def watch() -> None:
        async with aclosing(subject.runtime.events()) as events:
            async for event in events:
                seen.setdefault(event.container_id, []).append(event.container_event_type)
                subscribed.set()

    async def ended(container: str) -> None:
        while True:
            if records.ContainerEventType.STOPPED in seen.get(container, ()):
                return
            await asyncio.sleep(0.01)

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        task = group.create_task(watch())
        # When the stream is open can't be known but by an event.
        while not subscribed.is_set():
            await start(subject, FAIL)
            await asyncio.sleep(0.05)
        _, container, _ = await start(subject, FAIL)
        await ended(container)
        task.cancel()
    assert records.ContainerEventType.STARTED in seen[container]


async def test_the_runtime_says_that_it_is_ready(subject: Subject) -> None:
    conditions = {each.type: each.status for each in (await subject.runtime.status()).conditions}
    assert conditions["RuntimeReady"]
    assert (await subject.runtime.version()).runtime_name in ("fake", "containerd")


async def wait_for_line(subject: Subject, container: str, line: str) -> None:
    """Wait until a real container has logged a line; a fake one logs nothing."""
    if subject.node is None:
        return
    path = (await subject.runtime.container_status(container)).log_path
    async with asyncio.timeout(10):
        while True:
            if has_line(path, line):
                return
            await asyncio.sleep(0.01)


def has_line(path: str, line: str) -> bool:
    """Whether a container's log has the line."""
    with open(path, encoding="utf-8") as log:
        return any(each.rstrip().endswith(line) for each in log)
