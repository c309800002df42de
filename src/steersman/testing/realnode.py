"""A node's real containerd for a test: started in a temporary place, and all of it taken away.

It needs root, containerd, runc and nft (`missing_for_real_node` says what isn't there).
"""

import asyncio
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from steersman.cluster import containerd, images
from steersman.cluster.containerdconfig import snapshotter
from steersman.cluster.nodecontext import NodePlace, node_context
from steersman.cni import bridge
from steersman.component.clock import RealClock
from steersman.component.nodecontext import NodeContext

_PROGRAMS = ("containerd", "ctr", "runc", "nft", "ip", "nsenter", "catatonit", "busybox")
_STOP_SECONDS = 10.0
_NAMESPACES = Path("/run/netns")


def missing_for_real_node() -> str:
    """What keeps a real node from running here; empty if nothing does."""
    if os.geteuid() != 0:
        return "needs root"
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    return f"needs {', '.join(missing)}" if missing else ""


@contextmanager
def real_node(pod_cidr: str, *, own_namespace: bool) -> Iterator[NodeContext]:
    """Run a containerd with our images and pod network; without a kubelet.

    In its own network namespace a node leaves the machine's network alone.
    """
    with ExitStack() as stack:
        directory = Path(tempfile.mkdtemp(prefix="stm-"))
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        namespace = stack.enter_context(_network_namespace()) if own_namespace else None
        place = NodePlace(namespace, ("127.0.0.1",), pod_cidr, pod_cidr)
        context = node_context(directory / "data", "node", place, directory / "run")
        machine = containerd.prepare(context)
        stack.callback(bridge.tear_down, context.network)
        stack.callback(containerd.kill_everything, context)
        log = stack.enter_context(context.containerd.log.open("wb"))
        process = subprocess.Popen(
            containerd.command(context), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        stack.callback(_stop, process)
        # In a thread, as a test's own loop may be running here.
        runner = stack.enter_context(ThreadPoolExecutor(max_workers=1))
        ready = _make_ready(context, directory / "images", snapshotter(machine))
        runner.submit(asyncio.run, ready).result()
        yield context


async def _make_ready(context: NodeContext, archives: Path, snapshots: str) -> None:
    await containerd.wait_ready(context, RealClock())
    for archive in images.build_images(archives, images.Programs()):
        await images.import_archive(context, archive, snapshots)


@contextmanager
def _network_namespace() -> Iterator[Path]:
    name = f"stm-{uuid.uuid4().hex[:8]}"
    subprocess.run(["ip", "netns", "add", name], check=True, timeout=_STOP_SECONDS)
    try:
        subprocess.run(
            ["ip", "-n", name, "link", "set", "lo", "up"], check=True, timeout=_STOP_SECONDS
        )
        yield _NAMESPACES / name
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False, timeout=_STOP_SECONDS)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
