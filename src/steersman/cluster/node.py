"""A node put together: containerd's socket, pod network, kubelet, service proxy."""

import asyncio
from dataclasses import dataclass

from steersman.client.interface import Client
from steersman.cluster import containerd, images
from steersman.cluster.containerdconfig import snapshotter
from steersman.cluster.layout import ClusterFacts, Layout
from steersman.cluster.multinode import context_of, opening_of
from steersman.cluster.pki import cluster_ca, kubelet_serving
from steersman.cluster.runtimeready import wait_ready
from steersman.cni.firewallkeeper import FirewallKeeper
from steersman.cni.peerroutes import PeerRoutes
from steersman.cni.server import PodNetwork
from steersman.component.clock import Clock
from steersman.component.keypair import KeyPair
from steersman.component.resolvconf import host_resolv_conf
from steersman.component.threads import Threads
from steersman.component.tls import server_context
from steersman.cri.grpc import connect
from steersman.cri.interface import Runtime
from steersman.kubelet.app import Kubelet, KubeletDeps, KubeletSettings
from steersman.kubelet.dns import ClusterDNS
from steersman.proxy.driver import Proxy


@dataclass(frozen=True, slots=True)
class Place:
    """Which node of which cluster."""

    layout: Layout
    facts: ClusterFacts
    node: str


@dataclass(frozen=True, slots=True)
class Clients:
    """Each part of a node speaks for itself, with its own rights."""

    kubelet: Client
    proxy: Client


@dataclass(frozen=True, slots=True)
class NodeIdentity:
    """How the kubelet's server proves itself, and whose callers it believes."""

    serving: KeyPair
    client_ca_pem: bytes


class Node:
    """One node of this machine; its containerd is a process of its own."""

    def __init__(self, place: Place, clients: Clients, clock: Clock, threads: Threads) -> None:
        self._facts = place.facts
        self._clients = clients
        node, now = place.facts.node(place.node), clock.now()
        serving = kubelet_serving(place.layout, node, now)
        self._identity = NodeIdentity(serving, cluster_ca(place.layout, now).cert_pem)
        self._context = context_of(place.layout, place.facts, node)
        self._layout = place.layout
        self._clock = clock
        self._threads = threads

    async def run(self) -> None:
        """Be a node until cancelled; containers are left running."""
        network = PodNetwork(self._context, self._threads)
        await network.start()
        try:
            await wait_ready(self._context, self._clock)
            runtime = await connect(self._context.containerd.socket)
            await self._import_images(runtime)
            deps = KubeletDeps(self._context, self._clients.kubelet, runtime, self._clock, self._threads)
            settings = KubeletSettings(
                dns=ClusterDNS((self._facts.dns_address,), node_resolv_conf=host_resolv_conf()),
                serving=server_context(self._identity.serving, self._identity.client_ca_pem),
                client_ca_pem=self._identity.client_ca_pem,
            )
            cidr = self._facts.service_cidr
            proxy = Proxy(self._context, cidr, self._clients.proxy, self._clock, self._threads)
            async with asyncio.TaskGroup() as group:
                if self._context.network.namespace is None:
                    group.create_task(FirewallKeeper(opening_of(self._layout), self._clock, self._threads).run())
                group.create_task(Kubelet(deps, settings).run())
                group.create_task(proxy.run())
                group.create_task(PeerRoutes(network, self._clients.proxy, self._clock).run())
        finally:
            await network.stop()

    async def _import_images(self, runtime: Runtime) -> None:
        """The pause image and the sample image, made of this machine's packages, so that no registry is needed."""
        present = {name for image in await runtime.list_images() for name in image.repo_tags}
        archives = await self._threads.run(images.build_images, self._layout.images, images.Programs())
        for archive in archives:
            names = await self._threads.run(images.archive_references, archive)
            if not present.issuperset(names):
                machine = await self._threads.run(containerd.inspect_machine, self._context)
                await images.import_archive(self._context, archive, snapshotter(machine))
