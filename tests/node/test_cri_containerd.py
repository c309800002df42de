"""containerd as a node's own: what it leaves running, and that all of it can be taken away."""

import asyncio
import hashlib
import io
import itertools
import json
import os
import signal
import tarfile
from pathlib import Path

import pytest

from steersman.cluster import containerd
from steersman.cluster.containerdconfig import PAUSE_IMAGE
from steersman.cluster.images import (
    SAMPLE_IMAGE,
    ImageImportFailed,
    Programs,
    archive_references,
    build_images,
    import_archive,
)
from steersman.cluster.runtimeready import wait_ready
from steersman.component.clock import RealClock
from steersman.component.nodecontext import NodeContext
from steersman.component.processes import Processes
from steersman.component.threads import Threads
from steersman.cri import grpc as cri
from steersman.cri import records
from steersman.cri.errors import Unavailable
from steersman.testing.realnode import RealNode, real_node

UIDS = itertools.count()
CGROUPS = Path("/sys/fs/cgroup")


async def run_sleeper(runtime: cri.GRPCRuntime, node: NodeContext) -> str:
    """A running container, limited to 64 MiB; its id."""
    uid = f"sleeper-{next(UIDS)}"
    host = records.NamespaceOption(network=records.NamespaceMode.NODE)
    config = records.PodSandboxConfig(
        metadata=records.PodSandboxMetadata("sleeper", uid, "default"),
        log_directory=str(node.log_dir / uid),
        linux=records.LinuxPodSandboxConfig(
            cgroup_parent=f"{node.cgroup_root}/pod{uid}",
            security_context=records.LinuxSandboxSecurityContext(namespace_options=host),
        ),
    )
    sandbox = await runtime.run_pod_sandbox(config)
    container = await runtime.create_container(
        sandbox,
        records.ContainerConfig(
            metadata=records.ContainerMetadata("main"),
            image=records.ImageSpec(SAMPLE_IMAGE),
            command=("sleep", "1000"),
            log_path="main.log",
            linux=records.LinuxContainerConfig(
                resources=records.LinuxContainerResources(memory_limit_in_bytes=64 << 20),
                security_context=records.LinuxContainerSecurityContext(namespace_options=host),
            ),
        ),
        config,
    )
    await runtime.start_container(container)
    return container


def cgroups_of(node: NodeContext) -> list[Path]:
    """The node's directories in all cgroup hierarchies."""
    relative = node.cgroup_root.strip("/")
    return [*CGROUPS.glob(f"{relative}"), *CGROUPS.glob(f"*/{relative}")]


def processes_below(directory: Path) -> list[int]:
    """The processes whose command line names the directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != str(os.getpid()):
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if str(directory).encode() in line:
                found.append(int(entry.name))
    return found


def is_mounted_below(directory: Path) -> bool:
    """Whether a mount is left there."""
    return str(directory) in Path("/proc/self/mountinfo").read_text()


async def test_containers_outlive_containerd(
    runtime: cri.GRPCRuntime, node: NodeContext, started_node: RealNode
) -> None:
    container = await run_sleeper(runtime, node)
    before = await runtime.container_status(container)
    started_node.stop()
    with pytest.raises(Unavailable):
        await runtime.version()
    started_node.start()
    again = await cri.connect(node.containerd.socket)
    after = await again.container_status(container)
    assert (after.state, after.started_at) == (before.state, before.started_at)
    assert (await again.exec_sync(container, ("echo", "here"), 5)).stdout == b"here\n"
    await again.close()


async def test_limits_reach_the_cgroup_of_the_node(runtime: cri.GRPCRuntime, node: NodeContext) -> None:
    container = await run_sleeper(runtime, node)
    names = ("memory.limit_in_bytes", "memory.max")
    limits = [
        path.read_text().strip()
        for root in cgroups_of(node)
        for name in names
        for path in root.glob(f"*/{container}/{name}")
    ]
    assert limits == [str(64 << 20)]


async def test_importing_again_changes_nothing(runtime: cri.GRPCRuntime, node: NodeContext, tmp_path: Path) -> None:
    before = await runtime.list_images()
    assert {tag for image in before for tag in image.repo_tags} == {PAUSE_IMAGE, SAMPLE_IMAGE}
    for archive in build_images(tmp_path, Programs()):
        await import_archive(node, archive, "overlayfs")
        (reference,) = archive_references(archive)
        assert await runtime.image_status(reference) is not None
    assert set(await runtime.list_images()) == set(before)


async def test_what_is_no_archive_is_refused(node: NodeContext, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.tar"
    wrong.write_bytes(b"no archive" * 200)
    with pytest.raises(ImageImportFailed):
        await import_archive(node, wrong, "overlayfs")


async def test_all_of_it_can_be_taken_away(runtime: cri.GRPCRuntime, node: NodeContext, started_node: RealNode) -> None:
    await run_sleeper(runtime, node)
    started_node.stop()
    assert processes_below(node.run_dir)
    containerd.kill_everything(node)
    try:
        assert processes_below(node.run_dir) == []
        assert not is_mounted_below(node.containerd.state)
        assert cgroups_of(node) == []
    finally:
        # The next start finds the sandboxes dead and the images still there.
        containerd.prepare(node)
        started_node.start()
    again = await cri.connect(node.containerd.socket)
    (sandbox,) = await again.list_pod_sandboxes()
    assert sandbox.state is records.PodSandboxState.NOTREADY
    assert len(await again.list_images()) == 2
    await again.close()


async def test_another_containerd_on_the_machine_is_left_alone(runtime: cri.GRPCRuntime, node: NodeContext) -> None:
    container = await run_sleeper(runtime, node)
    with real_node("198.18.200.0/24", own_namespace=True) as other:
        theirs = await cri.connect(other.context.containerd.socket)
        await run_sleeper(theirs, other.context)
        await theirs.close()
    status = await runtime.container_status(container)
    assert status.state is records.ContainerState.RUNNING
    assert (await runtime.exec_sync(container, ("true",), 5)).exit_code == 0


async def test_archives_of_docker_save_are_imported_too(
    runtime: cri.GRPCRuntime, node: NodeContext, tmp_path: Path
) -> None:
    archive = tmp_path / "saved.tar"
    write_docker_archive(archive, "example:3")
    await import_archive(node, archive, "overlayfs")
    (reference,) = archive_references(archive)
    image = await runtime.image_status("example:3")
    assert image is not None
    assert image.repo_tags == (reference,)
    await runtime.remove_image("example:3")
    assert await runtime.image_status("example:3") is None


def write_docker_archive(path: Path, name: str) -> None:
    """An image with an empty layer, in the form of `docker save`."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w"):
        pass
    layer = out.getvalue()
    diff_id = "sha256:" + hashlib.sha256(layer).hexdigest()
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [diff_id]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    files = {
        "manifest.json": json.dumps(manifest).encode(),
        "config.json": json.dumps(config).encode(),
        "layer.tar": layer,
    }
    with tarfile.open(path, "w") as archive:
        for file, data in files.items():
            member = tarfile.TarInfo(file)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


async def wait_restarted(processes: Processes) -> None:
    """Return when the one kept process runs again."""
    async with asyncio.timeout(10):
        while True:
            (state,) = processes.states()
            if state.restarts and state.identity is not None:
                return
            await asyncio.sleep(0.01)


async def test_a_killed_containerd_is_started_again_and_its_containers_never_noticed(
    runtime: cri.GRPCRuntime, node: NodeContext, started_node: RealNode
) -> None:
    container = await run_sleeper(runtime, node)
    started_at = (await runtime.container_status(container)).started_at
    started_node.stop()
    clock, threads = RealClock(), Threads()
    processes = Processes(clock, threads)
    try:
        first = await processes.start(containerd.process_spec(node))
        await wait_ready(node, clock)
        os.kill(first.pid, signal.SIGKILL)
        await wait_restarted(processes)
        await wait_ready(node, clock)
        again = await cri.connect(node.containerd.socket)
        status = await again.container_status(container)
        await again.close()
    finally:
        await processes.stop()
        threads.close()
        started_node.start()
    assert (status.state, status.started_at) == (records.ContainerState.RUNNING, started_at)
