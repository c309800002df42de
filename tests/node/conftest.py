"""Real nodes for tests: root, containerd and the kernel's network."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from steersman.cni.server import PodNetwork
from steersman.component.nodecontext import NodeContext
from steersman.component.threads import Threads
from steersman.cri import grpc as cri
from steersman.testing.realnode import RealNode, missing_for_real_node, real_node


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip where a node can't run."""
    missing = missing_for_real_node()
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.node)
            if missing:
                item.add_marker(pytest.mark.skip(reason=missing))


@pytest.fixture(scope="module", params=["machine", "namespace"])
def started_node(request: pytest.FixtureRequest) -> Iterator[RealNode]:
    """A containerd of our own: in the machine's network namespace, and in one of its own."""
    is_own = request.param == "namespace"
    # From RFC 2544's ranges, which no machine uses; one a worker, as they run side by side.
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    with real_node(f"198.18.{worker}.0/24", own_namespace=is_own) as real:
        yield real


@pytest.fixture
def node(started_node: RealNode) -> NodeContext:
    """Where that node's things are."""
    return started_node.context


@pytest.fixture
async def network(node: NodeContext) -> AsyncIterator[PodNetwork]:
    """The node's pod network, answering."""
    threads = Threads()
    pod_network = PodNetwork(node, threads)
    await pod_network.start()
    yield pod_network
    await pod_network.stop()


@pytest.fixture
async def runtime(node: NodeContext, network: PodNetwork) -> AsyncIterator[cri.GRPCRuntime]:
    """The node's runtime; pods that the test leaves are removed."""
    connected = await cri.connect(node.containerd.socket)
    yield connected
    await connected.close()
    # By a connection of its own: after a restart of containerd the test's may still be waiting to try again.
    cleaning = await cri.connect(node.containerd.socket)
    for sandbox in await cleaning.list_pod_sandboxes():
        await cleaning.stop_pod_sandbox(sandbox.id)
        await cleaning.remove_pod_sandbox(sandbox.id)
    await cleaning.close()
