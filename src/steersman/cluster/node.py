"""A node put together: containerd's socket, pod network, kubelet, service proxy."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from steersman.client.interface import Client
from steersman.cluster import containerd, images
from steersman.cluster.containerdconfig import snapshotter
from steersman.cluster.layout import ClusterFacts, Layout
from steersman.cluster.multinode import context_of, opening_of
from steersman.cluster.pki import cluster_ca_pem, kubelet_serving
from steersman.cluster.runtimeready import wait_ready
from steersman.cni.firewallkeeper import FirewallKeeper
from steersman.cni.peerroutes import PeerRoutes
from steersman.cni.server import PodNetwork
from steersman.component.clock import Clock
from steersman.component.resolvconf import host_resolv_conf
from steersman.component.supervisor import Supervisor
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


class Node:
    """One node of this machine; its containerd is a process of its own."""

    def __init__(self, place: Place, clients: Clients, clock: Clock, threads: Threads) -> None:
        self._place = place
        self._clients = clients
        self._context = context_of(place.layout, place.facts, place.facts.node(place.node))
        self._clock = clock
        self._threads = threads

    async def run(self) -> None:
        """Be a node until cancelled; containers are left running."""
        context, clock, threads = self._context, self._clock, self._threads
        async with AsyncExitStack() as stack:
            network = PodNetwork(context, threads)
            await network.start()
            stack.push_async_callback(network.stop)
            await wait_ready(context, clock)
            runtime = await connect(context.containerd.socket)
            stack.push_async_callback(runtime.close)
            # Addresses of pods that ended while nobody was there to be told.
            await network.reclaim([sandbox.id for sandbox in await runtime.list_pod_sandboxes()])
            await self._import_images(runtime)
            deps = KubeletDeps(context, self._clients.kubelet, runtime, clock, threads)
            settings = await threads.run(self._kubelet_settings)
            cidr, proxy_client = self._place.facts.service_cidr, self._clients.proxy
            # None of the four ends the others; one that fails is started anew.
            supervisor = await stack.enter_async_context(Supervisor(clock))
            if context.network.namespace is None:
                supervisor.start("firewall", FirewallKeeper(opening_of(self._place.layout), clock, threads).run)
            supervisor.start("kubelet", lambda: Kubelet(deps, settings).run())
            supervisor.start("proxy", lambda: Proxy(context, cidr, proxy_client, clock, threads).run())
            supervisor.start("routes", lambda: PeerRoutes(network, proxy_client, clock).run())
            await asyncio.get_running_loop().create_future()

    def _kubelet_settings(self) -> KubeletSettings:
        """By the node's files, read and made. Blocks."""
        layout, facts = self._place.layout, self._place.facts
        ca_pem = cluster_ca_pem(layout)
        serving = kubelet_serving(layout, facts.node(self._place.node), self._clock.now())
        return KubeletSettings(
            dns=ClusterDNS((facts.dns_address,), node_resolv_conf=host_resolv_conf()),
            serving=server_context(serving, ca_pem),
            client_ca_pem=ca_pem,
        )

    async def _import_images(self, runtime: Runtime) -> None:
        """The pause image and the sample image, made of this machine's packages, so that no registry is needed."""
        present = {name for image in await runtime.list_images() for name in image.repo_tags}
        archives = await self._threads.run(images.build_images, self._place.layout.images, images.Programs())
        for archive in archives:
            names = await self._threads.run(images.archive_references, archive)
            if not present.issuperset(names):
                machine = await self._threads.run(containerd.inspect_machine, self._context)
                await images.import_archive(self._context, archive, snapshotter(machine))
