"""A node's real containerd for a test: started in a temporary place, and all of it taken away.

It needs root, containerd, runc and nft (`missing_for_real_node` says what isn't there).
"""

import asyncio
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from steersman.cluster import containerd, images
from steersman.cluster.containerdconfig import snapshotter
from steersman.cluster.nodecontext import NodePlace, node_context
from steersman.cluster.runtimeready import wait_ready
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


class RealNode:
    """A containerd with our images, without a kubelet."""

    def __init__(self, context: NodeContext) -> None:
        """Nothing runs before start."""
        self.context = context
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start containerd and wait until it answers."""
        with self.context.containerd.log.open("ab") as log:
            self._process = subprocess.Popen(
                containerd.command(self.context), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        _finish(wait_ready(self.context, RealClock()))

    def stop(self) -> None:
        """Stop containerd; containers go on."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def real_node(pod_cidr: str, *, own_namespace: bool) -> Iterator[RealNode]:
    """Run a containerd and take away all that it, its pods and their network made.

    In its own network namespace a node leaves the machine's network alone.
    """
    with ExitStack() as stack:
        directory = Path(tempfile.mkdtemp(prefix="stm-"))
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        namespace = stack.enter_context(network_namespace()) if own_namespace else None
        place = NodePlace(namespace, ("127.0.0.1",), pod_cidr, pod_cidr)
        context = node_context(directory / "data", "node", place, directory / "run")
        machine = containerd.prepare(context)
        stack.callback(bridge.tear_down, context.network)
        stack.callback(containerd.kill_everything, context)
        node = RealNode(context)
        stack.callback(node.stop)
        node.start()
        for archive in images.build_images(directory / "images", images.Programs()):
            _finish(images.import_archive(context, archive, snapshotter(machine)))
        yield node


def _finish(work: Coroutine[object, object, object]) -> None:
    """Run to its end in a thread, as a test's own loop may be running here."""
    with ThreadPoolExecutor(max_workers=1) as runner:
        runner.submit(asyncio.run, work).result()


@contextmanager
def network_namespace() -> Iterator[Path]:
    """An empty network namespace, its loopback up."""
    name = f"stm-{uuid.uuid4().hex[:8]}"
    subprocess.run(["ip", "netns", "add", name], check=True, timeout=_STOP_SECONDS)
    try:
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True, timeout=_STOP_SECONDS)
        yield _NAMESPACES / name
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False, timeout=_STOP_SECONDS)
