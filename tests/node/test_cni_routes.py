"""Two nodes on one machine: pods of one reach pods of the other by host gateway routes."""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from steersman.cluster.nodecontext import NodePlace, node_context
from steersman.cni.attachment import gateway
from steersman.cni.namespace import entered
from steersman.cni.routes import ROUTE_OWNER, Peer
from steersman.cni.server import PodNetwork
from steersman.component.nodecontext import NodeContext
from steersman.component.threads import Threads
from steersman.testing.realnode import network_namespace

CLUSTER_CIDR = "198.18.0.0/15"


@dataclass(frozen=True)
class Place:
    """A node, and a namespace that stands for one of its pods."""

    context: NodeContext
    pod: Path
    peer: Peer


def ip(namespace: Path, *arguments: str) -> None:
    """Run ip in a namespace."""
    subprocess.run(["ip", "-n", namespace.name, *arguments], check=True, timeout=5)


@pytest.fixture
def places(tmp_path: Path) -> Iterator[tuple[Place, Place]]:
    """Two nodes that share a link."""
    with ExitStack() as stack:
        one, two, first, second = (stack.enter_context(network_namespace()) for _ in range(4))
        link = ["link", "add", "uplink", "type", "veth", "peer", "uplink", "netns", two.name]
        ip(one, *link)
        nodes = []
        for number, (namespace, pod) in enumerate(((one, first), (two, second)), start=1):
            address, pod_cidr = f"192.0.2.{number}", f"198.19.{number}.0/24"
            ip(namespace, "address", "add", f"{address}/24", "dev", "uplink")
            ip(namespace, "link", "set", "uplink", "up")
            place = NodePlace(namespace, (address,), pod_cidr, CLUSTER_CIDR)
            context = node_context(tmp_path, f"n{number}", place, tmp_path / "run")
            nodes.append(Place(context, pod, Peer(f"n{number}", (pod_cidr,), (address,))))
        yield nodes[0], nodes[1]


async def attach(place: Place) -> str:
    """Give a pod its address, as the CNI executable does."""
    said = f"CNI_COMMAND=ADD\0CNI_CONTAINERID=pod\0CNI_IFNAME=eth0\0CNI_NETNS={place.pod}\0\0{{}}"
    reader, writer = await asyncio.open_unix_connection(place.context.cni.socket)
    with closing(writer):
        writer.write(said.encode())
        writer.write_eof()
        assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"0")
    return str(gateway(place.peer.pod_cidrs[0]) + 1)


def own_routes(place: Place) -> list[str]:
    """The routes that carry our mark."""
    assert place.context.network.namespace is not None
    name = place.context.network.namespace.name
    show = ["ip", "-n", name, "route", "show", "proto", str(ROUTE_OWNER)]
    return subprocess.run(show, capture_output=True, text=True, check=True, timeout=5).stdout.splitlines()


async def test_pods_of_two_nodes_reach_each_other_with_their_own_addresses(
    places: tuple[Place, Place],
) -> None:
    one, two = places
    networks = [PodNetwork(place.context, Threads()) for place in places]
    peers = [place.peer for place in places]
    for place, network in zip(places, networks, strict=True):
        place.context.run_dir.mkdir(parents=True)
        await network.start()
        await network.route_to_peers(peers)
    try:
        from_address, to_address = await attach(one), await attach(two)
        seen: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with closing(writer):
                seen.set_result(writer.get_extra_info("peername")[0])

        with entered(two.pod):
            server = await asyncio.start_server(serve, to_address, 8080)
        async with server:
            with entered(one.pod):
                connection = asyncio.open_connection(to_address, 8080)
                _, writer = await asyncio.wait_for(connection, 5)
            with closing(writer):
                assert await asyncio.wait_for(seen, 5) == from_address
        await networks[0].route_to_peers([one.peer])
        assert own_routes(one) == []
    finally:
        for network in networks:
            await network.stop()
