"""A power cut: everything is gone at once but the disk; the cluster comes back. Needs root and containerd."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from steersman.cluster import containerd
from steersman.cluster.layout import Layout
from steersman.cluster.multinode import context_of
from steersman.cluster.nodecontext import cluster_run_dir
from steersman.component.mounts import unmount_below
from steersman.component.nodecontext import NodeContext
from steersman.component.processes import read_running
from steersman.testing.realnode import missing_for_real_node, network_namespace
from tests.e2e.conftest import COMMAND, Cluster, free_port

NAME = "hello"


@pytest.fixture
def machine() -> Iterator[Path]:
    if missing := missing_for_real_node():
        pytest.skip(str(missing))
    with network_namespace() as namespace:
        yield namespace


class Left(StrEnum):
    """What a machine finds in /run when it is back."""

    NOTHING = "run-in-memory"
    FROM_ANOTHER_BOOT = "run-on-disk"
    FROM_THIS_BOOT = "same-boot"
    """As in a container that was stopped and started: its processes, mounts and network are gone, its files not."""


def cut_power(cluster: Cluster, left: Left) -> None:
    """Leave of the cluster what a machine that lost its power leaves."""
    layout = Layout(cluster.data_dir)
    facts = layout.read_facts()
    assert facts is not None
    context = context_of(layout, facts, facts.nodes[0])
    for name in ("supervisor", "apiserver", "controllers", "dns", "node1"):
        kill(layout.pid(name), left)
    kill(context.run_dir / "containerd.pid", left)
    shims = [pid for pid in all_pids() if str(context.containerd.socket) in command_line(pid)]
    containerd.kill_and_wait(shims)
    containerd.remove_cgroups(context.cgroup_root)
    unmount_below(context.run_dir)
    unmount_below(cluster.data_dir)
    forget_network(cluster, context)
    if left is Left.NOTHING:
        shutil.rmtree(cluster_run_dir(cluster.data_dir))
    elif left is Left.FROM_ANOTHER_BOOT:
        (context.run_dir / "boot-id").write_text("the boot before")


def forget_network(cluster: Cluster, context: NodeContext) -> None:
    enter = ("nsenter", f"--net={cluster.namespace}", "--")
    network = context.network
    for command in (
        ("ip", "link", "delete", network.bridge),
        ("nft", "delete", "table", "inet", network.cni_table),
        ("nft", "delete", "table", "ip", network.proxy_table),
    ):
        subprocess.run((*enter, *command), check=True, timeout=10)


def kill(pid_file: Path, left: Left) -> None:
    identity = read_running(pid_file)
    assert identity is not None, pid_file
    os.kill(identity.pid, signal.SIGKILL)
    if left is not Left.FROM_THIS_BOOT:
        pid_file.write_text(pid_file.read_text().replace(identity.boot_id, "the boot before"))


def all_pids() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def pods(cluster: Cluster, kubectl: Path) -> dict[str, str]:
    items = json.loads(cluster.kubectl(kubectl, "get", "pods", "-l", f"app={NAME}", "-o", "json"))["items"]
    return {pod["metadata"]["uid"]: pod["status"]["phase"] for pod in items}


@pytest.mark.parametrize("left", list(Left))
def test_pods_run_again_after_a_power_cut(
    machine: Path, newest: Path, tmp_path_factory: pytest.TempPathFactory, left: Left
) -> None:
    cluster = Cluster(tmp_path_factory.mktemp("power-cut"), machine)
    try:
        cluster.steersman("up", "--sample", "--port", str(free_port()))
        before = pods(cluster, newest)
        cut_power(cluster, left)
        cluster.steersman("up")
        # What the API says of before the cut isn't true until the kubelet has looked.
        restarted = "--for=jsonpath={.status.containerStatuses[0].restartCount}=1"
        cluster.kubectl(newest, "wait", "pod", "-l", f"app={NAME}", restarted, "--timeout=60s")
        cluster.kubectl(newest, "wait", "pod", "-l", f"app={NAME}", "--for=condition=Ready", "--timeout=60s")
        assert pods(cluster, newest) == before
        answer = cluster.kubectl(newest, "exec", f"deploy/{NAME}", "--", "wget", "-qO-", f"http://{NAME}/")
        assert "hello from" in answer
        assert "3 of 3 pods run" in cluster.steersman("status")
    finally:
        cluster.steersman("down", check=False)


def test_nothing_of_a_stopped_cluster_is_left_on_the_machine(
    machine: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cluster = Cluster(tmp_path_factory.mktemp("stopped"), machine)
    links = subprocess.run(("ip", "-n", machine.name, "link"), capture_output=True, check=True, timeout=10).stdout
    cluster.steersman("up", "--sample", "--nodes", "2", "--port", str(free_port()))
    cluster.steersman("down")
    assert [pid for pid in all_pids() if str(cluster.data_dir) in command_line(pid)] == []
    assert str(cluster.data_dir) not in Path("/proc/self/mountinfo").read_text()
    assert not cluster_run_dir(cluster.data_dir).exists()
    assert list(Path("/sys/fs/cgroup").glob(f"**/steersman-{cluster_run_dir(cluster.data_dir).name}")) == []
    enter = ("nsenter", f"--net={machine}", "--")
    assert subprocess.run((*enter, "nft", "list", "tables"), capture_output=True, check=True, timeout=10).stdout == b""
    after = subprocess.run(("ip", "-n", machine.name, "link"), capture_output=True, check=True, timeout=10).stdout
    assert after == links


def test_a_supervisor_in_the_foreground_takes_over_and_can_be_restarted(
    machine: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cluster = Cluster(tmp_path_factory.mktemp("foreground"), machine)
    command = (*cluster.enter, *COMMAND, "up", "--foreground", "--data-dir", str(cluster.data_dir))
    try:
        cluster.steersman("up", "--control-plane-only", "--port", str(free_port()))
        server = (cluster.data_dir / "run" / "apiserver.pid").read_text()
        for _ in range(2):  # as an init would start it again after its death
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                wait_supervised(cluster, process.pid)
                process.kill()
        assert (cluster.data_dir / "run" / "apiserver.pid").read_text() == server
    finally:
        cluster.steersman("down", check=False)


def wait_supervised(cluster: Cluster, pid: int) -> None:
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        identity = read_running(cluster.data_dir / "run" / "supervisor.pid")
        if identity is not None and identity.pid == pid:
            return
        time.sleep(0.05)
    raise AssertionError(f"process {pid} never became the supervisor")
