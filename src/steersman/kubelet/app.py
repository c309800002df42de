"""The kubelet, put together: pods of the API become containers, and their state goes back.

`Kubelet(deps, settings).run()` works until cancelled; containers go on, and the next kubelet adopts them.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from steersman.api.core import Pod, Service
from steersman.client.informer import Informer
from steersman.client.interface import Client
from steersman.client.recorder import EventRecorder
from steersman.component.clock import Clock
from steersman.component.healthz import HealthEndpoint
from steersman.component.log import get_logger
from steersman.component.metrics import Registry
from steersman.component.nodecontext import NodeContext
from steersman.component.supervisor import Supervisor
from steersman.component.threads import Threads
from steersman.cri.interface import Runtime
from steersman.kubelet.cgroups import MOUNT, Cgroups
from steersman.kubelet.dialer import NodeDialer
from steersman.kubelet.dns import ClusterDNS
from steersman.kubelet.environment import Environment
from steersman.kubelet.hooks import Hooks
from steersman.kubelet.images import Images
from steersman.kubelet.logrotation import LogRotation
from steersman.kubelet.machine import Machine, read_machine, read_usage
from steersman.kubelet.making import Making, NodePlaces
from steersman.kubelet.node import NodeDeps, NodeKeeper
from steersman.kubelet.node_status import NodeSettings, resources
from steersman.kubelet.orphans import Orphans
from steersman.kubelet.podworker.work import NodeFacts, Tools
from steersman.kubelet.probes.check import Checker
from steersman.kubelet.references import References
from steersman.kubelet.relist import Listener, Relist
from steersman.kubelet.server.access import Access
from steersman.kubelet.server.app import KubeletServer, ServerDeps
from steersman.kubelet.server.pods import PodFinder
from steersman.kubelet.sources import pods_of_node
from steersman.kubelet.statuses import StatusManager
from steersman.kubelet.volumes.manager import Volumes
from steersman.kubelet.volumes.tokens import Tokens
from steersman.kubelet.workers import PodWorkers, WorkerDeps

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class KubeletDeps:
    """What a kubelet stands on."""

    context: NodeContext
    client: Client
    runtime: Runtime
    clock: Clock
    threads: Threads


@dataclass(frozen=True, slots=True)
class KubeletSettings:
    """What can be chosen about a kubelet."""

    dns: ClusterDNS = ClusterDNS()  # noqa: RUF009  # frozen
    labels: Mapping[str, str] = field(default_factory=dict)
    cgroup_mount: Path = MOUNT
    """Hollow nodes give a directory without hierarchies."""
    serving: ssl.SSLContext | None = None
    """The server's TLS; without it the kubelet serves nothing."""
    client_ca_pem: bytes = b""
    """Who signs the certificates of those who may ask."""


class Kubelet:
    """One node's kubelet."""

    def __init__(self, deps: KubeletDeps, settings: KubeletSettings | None = None) -> None:
        """Nothing happens before `run`."""
        self._deps, self._settings = deps, settings or KubeletSettings()
        self.recorder = EventRecorder(deps.client, deps.clock, "kubelet", deps.context.name)
        self.pods: Informer[Pod] = pods_of_node(deps.client, deps.clock, deps.context.name)
        self._services: Informer[Service] = Informer(deps.client, Service, deps.clock)
        self.statuses = StatusManager(deps.client, deps.clock, self._newest)
        self.dialer = NodeDialer(deps.context.network.namespace, deps.threads)
        self.workers: PodWorkers | None = None
        self.node: NodeKeeper | None = None
        self.server: KubeletServer | None = None

    async def run(self) -> None:
        """Be the node's kubelet until cancelled. Containers are left running."""
        deps, context = self._deps, self._deps.context
        context.kubelet_dir.mkdir(parents=True, exist_ok=True)
        machine = await deps.threads.run(read_machine)
        cgroups = Cgroups(context.cgroup_root, self._settings.cgroup_mount)
        await deps.threads.run(cgroups.prepare)
        async with Supervisor(deps.clock) as supervisor:
            references = References(deps.client, deps.clock, self._refresh)
            tools = await self._tools(machine, cgroups, references)
            checker = Checker(deps.runtime, self.dialer)
            workers = self.workers = PodWorkers(
                WorkerDeps(tools, checker, references, supervisor, self.statuses.publish, self.statuses.delete)
            )
            orphans = Orphans(context.kubelet_dir, tools, workers)
            relist = Relist(deps.runtime, deps.clock, Listener(workers.look, orphans.runtime_listed))
            self.node = self._node_keeper(machine)
            supervisor.start("events", self.recorder.run)
            supervisor.start("references", references.run)
            supervisor.start("services", self._services.run)
            supervisor.start("statuses", self.statuses.run)
            supervisor.start("node", self.node.run)
            supervisor.start("pods", self.pods.run)
            await self.pods.wait_synced()
            await self._services.wait_synced()
            self.pods.add_handler(workers.update)
            supervisor.start("relist", relist.run)
            supervisor.start("orphans", orphans.run)
            supervisor.start("logs", LogRotation(deps.runtime, workers.running, deps.clock, deps.threads).run)
            if self._settings.serving is not None:
                tls = self._settings.serving
                supervisor.start("server", lambda: self._serve(workers, tls))
            _log.info("kubelet runs", node=context.name, pods=len(self.pods.cache))
            await asyncio.get_running_loop().create_future()

    async def _serve(self, workers: PodWorkers, tls: ssl.SSLContext) -> None:
        """Pods need no server to run: where its port is taken it is tried again, and all else goes on."""
        context = self._deps.context
        server = self.server = self._server(workers)
        await server.start(context.network.namespace, context.kubelet_port, tls)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await server.stop()

    def _server(self, workers: PodWorkers) -> KubeletServer:
        deps = self._deps
        return KubeletServer(
            ServerDeps(
                runtime=deps.runtime,
                finder=PodFinder(workers),
                dialer=self.dialer,
                access=Access(deps.client, deps.clock, deps.context.name, self._settings.client_ca_pem),
                health=HealthEndpoint("healthz"),
                metrics=Registry(),
                node_name=deps.context.name,
                clock=deps.clock,
                threads=deps.threads,
            )
        )

    async def _tools(self, machine: Machine, cgroups: Cgroups, references: References) -> Tools:
        deps, context = self._deps, self._deps.context
        usage = await deps.threads.run(read_usage, context.kubelet_dir)
        _, allocatable = resources(machine, usage)
        tokens = Tokens(deps.client, deps.clock)
        volumes = Volumes(context.kubelet_dir, references, tokens, deps.clock, deps.threads)
        environment = Environment(references, lambda: self._services.cache.list())
        places = NodePlaces(context.kubelet_dir, context.log_dir, self._settings.dns, machine.memory_bytes)
        making = Making(places, cgroups, volumes, environment, references, deps.runtime, deps.threads)
        return Tools(
            runtime=deps.runtime,
            images=Images(deps.runtime, deps.clock),
            volumes=volumes,
            cgroups=cgroups,
            making=making,
            hooks=Hooks(deps.runtime, self.dialer, deps.clock),
            recorder=self.recorder,
            clock=deps.clock,
            threads=deps.threads,
            facts=NodeFacts(context.network.node_ips, machine.memory_bytes, allocatable),
        )

    def _node_keeper(self, machine: Machine) -> NodeKeeper:
        deps, context = self._deps, self._deps.context
        settings = NodeSettings(
            context.name,
            context.network.node_ips,
            context.network.pod_cidr,
            context.kubelet_port,
            self._settings.labels,
        )
        node_deps = NodeDeps(deps.client, deps.runtime, self.recorder, deps.clock, deps.threads, context.kubelet_dir)
        return NodeKeeper(node_deps, settings, machine)

    def _newest(self, pod: Pod) -> Pod:
        found = self.pods.cache.get(pod.metadata.namespace, pod.metadata.name)
        return found if found is not None and found.metadata.uid == pod.metadata.uid else pod

    def _refresh(self, uid: str) -> None:
        if self.workers is not None:
            self.workers.refresh(uid)
