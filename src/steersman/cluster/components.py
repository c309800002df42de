"""The cluster's processes, each as a coroutine that works until it is cancelled.

Each imports what it needs when it is called: a process pays only for its own start.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from random import SystemRandom
from typing import TYPE_CHECKING, Any

from steersman.cluster.layout import ClusterFacts, Layout
from steersman.cluster.storesettings import EtcdSettings
from steersman.component import collector
from steersman.component.clock import RealClock
from steersman.component.log import get_logger
from steersman.component.threads import Threads

if TYPE_CHECKING:
    from steersman.cluster.controlplane import ControlPlane
    from steersman.cluster.pki import ServerCredentials
    from steersman.storage.interface import Store

_log = get_logger(__name__)

# Measured: with the default of 5 ms a busy loop starves the database's writer thread.
SWITCH_INTERVAL_SECONDS = 0.0005


async def run_apiserver(layout: Layout, facts: ClusterFacts, etcd: EtcdSettings | None = None) -> None:
    """The API server with TLS, over the store that is given or noted."""
    from steersman.cluster.addons import ensure_dns_rights
    from steersman.cluster.pki import server_credentials
    from steersman.cluster.stores import open_store
    from steersman.cluster.storesettings import noted_etcd
    from steersman.component.http.server import HTTPServer
    from steersman.component.tls import server_context

    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    collector.tune()
    clock = RealClock()
    credentials = server_credentials(layout, facts, clock.now())  # nothing else runs yet
    etcd = etcd or noted_etcd(layout)
    store = await open_store(layout, etcd, clock)
    try:
        plane = await _control_plane(facts, credentials, store, may_be_several=etcd is not None)
        context = server_context(credentials.serving, plane.authorities)
        http = HTTPServer(plane.server.handle, "0.0.0.0", facts.port, context)  # nodes and pods come from outside
        async with plane.auditing():
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(plane.run())
                    await plane.ready()
                    if facts.nodes:
                        await ensure_dns_rights(plane.client)
                    await http.start()
                    _log.info("API server listens", port=facts.port)
            finally:
                await http.stop()
    finally:
        await store.close()


async def _control_plane(
    facts: ClusterFacts, credentials: "ServerCredentials", store: "Store", *, may_be_several: bool
) -> "ControlPlane":
    from steersman.apiserver.admission.configuration import read_configurations
    from steersman.apiserver.admission.errors import ConfigurationError
    from steersman.apiserver.app import ServerConfig
    from steersman.cluster.authenticating import Identity
    from steersman.cluster.controlplane import ControlPlane, ControlPlaneConfig
    from steersman.cluster.encryption import open_encryption
    from steersman.cluster.serverflags import FlagError, read_flags
    from steersman.component.metrics import Registry
    from steersman.component.tls import client_context

    clock, flags, metrics = RealClock(), read_flags(facts.server_flags), Registry()
    node_ports = flags.service_node_port_range
    server = ServerConfig(facts.address, facts.port, facts.service_cidr, node_ports, may_be_several)
    identity = Identity(credentials.signing_key, credentials.client_ca.cert_pem, credentials.front_proxy_ca.cert_pem)
    kubelets = client_context(credentials.client_ca.cert_pem, credentials.kubelet_client)
    encryption = await open_encryption(flags, store, clock, SystemRandom(), metrics)
    keeper = None if encryption is None else encryption.keeper
    try:
        admission = read_configurations(flags.admission_control_config_file)
        config = ControlPlaneConfig(
            identity,
            server,
            kubelets,
            credentials.front_proxy_client,
            flags=flags,
            admission=admission,
            metrics=metrics,
            keeper=keeper,
        )
        return ControlPlane(config, store if encryption is None else encryption.store, clock)
    except ConfigurationError as error:
        raise FlagError(f"admission control: {error}") from error


async def run_controllers(layout: Layout, facts: ClusterFacts) -> None:
    """The controller manager and the scheduler; they also make the objects that the cluster's own parts need."""
    from steersman.client import kubeconfig
    from steersman.client.http import HTTPClient
    from steersman.cluster.addons import make_dns_service
    from steersman.cluster.election import CONTROLLER_MANAGER, SCHEDULER, Election, Elections
    from steersman.cluster.electionflags import read_flags
    from steersman.cluster.facts import POD_PREFIX
    from steersman.cluster.features import NO_TOKEN_SECRETS, feature_gates
    from steersman.cluster.pki import cluster_ca_pem, token_signing_key
    from steersman.cluster.storesettings import noted_etcd
    from steersman.controllers.registry import Settings, all_controllers
    from steersman.controllers.tokens.claims import signer
    from steersman.reconcile.manager import Manager
    from steersman.scheduler.driver import FOLLOWED, Scheduler
    from steersman.scheduler.profile import default_profile

    clock, threads = RealClock(), Threads()
    client = HTTPClient(
        kubeconfig.load(layout.credentials("controllers")), clock, threads, user_agent="kube-controller-manager"
    )
    ca_pem = (await threads.run(cluster_ca_pem, layout)).decode()
    sign = signer(await threads.run(token_signing_key, layout))
    makes_secrets = not feature_gates(facts.feature_gates).is_enabled(NO_TOKEN_SECRETS)
    settings = Settings(ca_pem, (facts.cluster_cidr,), sign, makes_secrets, POD_PREFIX)
    manager = Manager(client, all_controllers(settings, clock), clock, FOLLOWED)
    scheduler = Scheduler(client, manager.informers, default_profile(), clock, SystemRandom())
    election = Election(read_flags(facts.election_flags), several=noted_etcd(layout) is not None)
    elections = Elections(client, clock, election, manager.informers)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(elections.run())
            group.create_task(elections.lead(CONTROLLER_MANAGER, manager.work))
            group.create_task(elections.lead(SCHEDULER, scheduler.run))
            if facts.nodes:
                group.create_task(make_dns_service(client, facts, clock))
    finally:
        await client.close()
        threads.close()


async def run_node(layout: Layout, facts: ClusterFacts, name: str) -> None:
    """A node: pod network, kubelet and service proxy, on a containerd of its own."""
    # Read when grpc is imported. Else it logs a line for each program the node starts; none of them uses it.
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
    from steersman.client import kubeconfig
    from steersman.client.http import HTTPClient
    from steersman.cluster.node import Clients, Node, Place

    clock, threads = RealClock(), Threads()
    kubelet = HTTPClient(kubeconfig.load(layout.credentials(name)), clock, threads, user_agent="kubelet")
    proxy = HTTPClient(kubeconfig.load(layout.credentials("proxy")), clock, threads, user_agent="kube-proxy")
    try:
        await Node(Place(layout, facts, name), Clients(kubelet, proxy), clock, threads).run()
    finally:
        await kubelet.close()
        await proxy.close()
        threads.close()


async def run_dns(layout: Layout, facts: ClusterFacts) -> None:
    """The DNS server."""
    from steersman.cluster.dns import run

    await run(layout, facts)


RUNNERS: dict[str, Callable[[Layout, ClusterFacts], Coroutine[Any, Any, None]]] = {
    "apiserver": run_apiserver,
    "controllers": run_controllers,
    "dns": run_dns,
}
