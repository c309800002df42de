"""The pod network with real namespaces, bridges and rules."""

import asyncio
import itertools
import subprocess
from collections.abc import Iterator
from contextlib import closing

import pytest

from steersman.cluster import containerd
from steersman.cluster.images import SAMPLE_IMAGE
from steersman.cni import bridge, store
from steersman.cni.attachment import gateway
from steersman.cni.namespace import entered
from steersman.cni.server import PodNetwork
from steersman.component.nodecontext import NodeContext
from steersman.cri import records
from steersman.cri.errors import RuntimeServiceError
from steersman.cri.grpc import GRPCRuntime, connect
from steersman.testing.realnode import RealNode, network_namespace

UIDS = itertools.count()
SERVE = "hostname > /tmp/index.html; exec httpd -f -p 8080 -h /tmp"


async def run_pod(
    runtime: GRPCRuntime,
    node: NodeContext,
    name: str,
    ports: tuple[records.PortMapping, ...] = (),
) -> tuple[str, str, str]:
    """A pod with a web server that answers its name: sandbox, container, address."""
    uid = f"{name}-{next(UIDS)}"
    config = records.PodSandboxConfig(
        metadata=records.PodSandboxMetadata(name, uid, "default"),
        hostname=name,
        log_directory=str(node.log_dir / uid),
        port_mappings=ports,
        linux=records.LinuxPodSandboxConfig(cgroup_parent=f"{node.cgroup_root}/pod{uid}"),
    )
    sandbox = await runtime.run_pod_sandbox(config)
    container = await runtime.create_container(
        sandbox,
        records.ContainerConfig(
            metadata=records.ContainerMetadata("web"),
            image=records.ImageSpec(SAMPLE_IMAGE),
            command=("sh", "-c", SERVE),
            log_path="web.log",
        ),
        config,
    )
    await runtime.start_container(container)
    return sandbox, container, (await runtime.pod_sandbox_status(sandbox)).ips()[0]


async def fetch_from_node(node: NodeContext, address: str, port: int) -> str:
    """What a web server answers to the node; retried until it listens."""
    for _ in range(100):
        try:
            with entered(node.network.namespace):
                reader, writer = await asyncio.open_connection(address, port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.02)
            continue
        with closing(writer):
            writer.write(b"GET / HTTP/1.0\r\n\r\n")
            answer = await asyncio.wait_for(reader.read(), 5)
        return answer.decode().rpartition("\r\n\r\n")[2].strip()
    raise AssertionError("the web server never listened")


async def fetch_from_pod(runtime: GRPCRuntime, container: str, url: str) -> str:
    """What a web server answers to a pod."""
    done = await runtime.exec_sync(container, ("wget", "-q", "-O", "-", url), 5)
    assert done.exit_code == 0, done
    return done.stdout.decode().strip()


def links_of(node: NodeContext) -> Iterator[str]:
    """The names of the node's interfaces."""
    with entered(node.network.namespace):
        said = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True, timeout=5)
    return (line.split(": ")[1].partition("@")[0] for line in said.stdout.splitlines())


async def test_a_pod_is_reached_from_the_node_and_from_its_neighbour(runtime: GRPCRuntime, node: NodeContext) -> None:
    _, first, address = await run_pod(runtime, node, "first")
    _, _, neighbour = await run_pod(runtime, node, "second")
    assert await fetch_from_node(node, address, 8080) == "first"
    assert await fetch_from_node(node, neighbour, 8080) == "second"
    assert await fetch_from_pod(runtime, first, f"http://{neighbour}:8080/") == "second"


async def test_a_host_port_leads_to_the_pod_even_from_itself(runtime: GRPCRuntime, node: NodeContext) -> None:
    mapping = records.PortMapping(records.Protocol.TCP, 8080, 31_987)
    _, container, _ = await run_pod(runtime, node, "mapped", (mapping,))
    at = str(gateway(node.network.pod_cidr))
    assert await fetch_from_node(node, at, 31_987) == "mapped"
    assert await fetch_from_pod(runtime, container, f"http://{at}:31987/") == "mapped"


async def test_a_removed_pod_leaves_no_interface_and_no_address(runtime: GRPCRuntime, node: NodeContext) -> None:
    sandbox, _, _ = await run_pod(runtime, node, "brief")
    name = bridge.host_interface(sandbox, "eth0")
    assert name in links_of(node)
    await runtime.stop_pod_sandbox(sandbox)
    await runtime.remove_pod_sandbox(sandbox)
    assert name not in links_of(node)
    assert store.load(node.cni.state_dir).find(sandbox, "eth0") is None


async def test_without_the_node_process_a_pod_fails_cleanly_and_later_succeeds(
    runtime: GRPCRuntime, node: NodeContext, network: PodNetwork
) -> None:
    await network.stop()
    with pytest.raises(RuntimeServiceError, match="try again later"):
        await run_pod(runtime, node, "early")
    await network.start()
    _, _, address = await run_pod(runtime, node, "late")
    assert await fetch_from_node(node, address, 8080) == "late"


async def test_addresses_of_vanished_sandboxes_are_reclaimed(
    runtime: GRPCRuntime, node: NodeContext, network: PodNetwork
) -> None:
    sandbox, _, address = await run_pod(runtime, node, "kept")
    request = "CNI_COMMAND=ADD\0CNI_CONTAINERID=gone\0CNI_IFNAME=eth0\0CNI_NETNS={}\0\0{{}}"
    with network_namespace() as lost:
        code, _ = await ask(node, request.format(lost))
        assert code == 0
    assert await network.reclaim([sandbox]) == 1
    assert await network.reclaim([sandbox]) == 0
    assert await fetch_from_node(node, address, 8080) == "kept"


async def test_a_pod_that_was_killed_with_its_node_gives_its_address_back(
    runtime: GRPCRuntime, node: NodeContext, started_node: RealNode
) -> None:
    sandbox, _, _ = await run_pod(runtime, node, "killed")
    started_node.stop()
    containerd.kill_everything(node)
    containerd.prepare(node)
    started_node.start()
    again = await connect(node.containerd.socket)
    assert (await again.pod_sandbox_status(sandbox)).state is records.PodSandboxState.NOTREADY
    await again.stop_pod_sandbox(sandbox)
    await again.remove_pod_sandbox(sandbox)
    assert store.load(node.cni.state_dir).items == ()
    assert bridge.host_interface(sandbox, "eth0") not in links_of(node)
    await again.close()


async def ask(node: NodeContext, request: str) -> tuple[int, str]:
    """Speak to the node process as the executable does."""
    reader, writer = await asyncio.open_unix_connection(node.cni.socket)
    with closing(writer):
        writer.write(request.encode())
        writer.write_eof()
        answer = (await asyncio.wait_for(reader.read(), 5)).decode()
    return int(answer[0]), answer[1:]
