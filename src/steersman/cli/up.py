"""`steersman up`: step by step to a running cluster; run again it is quick and changes nothing."""

import argparse
import asyncio
import shutil
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

from steersman.cli import electionflags
from steersman.cli.errors import CommandError
from steersman.cli.etcdflags import etcd_settings
from steersman.cli.serverflags import given_flags
from steersman.cluster import systemd
from steersman.cluster.change import changing, facts_now, make_way, relieve_supervisor
from steersman.cluster.electionflags import read_flags as read_election_flags
from steersman.cluster.facts import Wishes
from steersman.cluster.features import feature_gates
from steersman.cluster.layout import ClusterFacts, Layout
from steersman.cluster.multinode import own_interfaces
from steersman.cluster.preflight.machine import observe
from steersman.cluster.preflight.verdict import faults, needed_ports
from steersman.cluster.serverflags import check_flags
from steersman.cluster.start import start_server, start_supervisor
from steersman.cluster.storesettings import EtcdSettings, is_new_etcd, note_etcd
from steersman.cluster.supervise import SUPERVISOR, supervise
from steersman.component import log
from steersman.component.clock import RealClock
from steersman.component.featuregate import FeatureGateError
from steersman.component.mainloop import run_until_stopped
from steersman.component.processes import read_running
from steersman.component.threads import Threads


def run(arguments: argparse.Namespace) -> None:
    """Bring the cluster up and say what to do next.

    What only the waiting needs is imported when the API server is on its way.
    """
    layout = Layout(arguments.data_dir)
    wishes = Wishes(
        arguments.port,
        arguments.cluster_cidr,
        arguments.service_cidr,
        arguments.node_network,
        arguments.feature_gates,
        given_flags(arguments),
        electionflags.given(arguments),
    )
    etcd = etcd_settings(arguments)
    _check_gates(arguments.feature_gates)
    facts = facts_now(layout, wishes, 0 if arguments.control_plane_only else arguments.nodes)
    check_flags(facts.server_flags)
    read_election_flags(facts.election_flags)
    _check(layout, facts)
    moves_store = is_new_etcd(layout, etcd)
    if etcd is not None and moves_store:
        _check_store(etcd)
    with Step("starting its processes"), changing(layout):
        before = layout.read_facts()
        # What a node said before its kubelet was started anew is no news.
        began = RealClock().now().replace(microsecond=0)
        news = {one.name: began for one in facts.nodes if read_running(layout.pid(one.name)) is None}
        layout.write_facts(facts)
        if moves_store:
            note_etcd(layout, etcd)
        if before is not None:
            asyncio.run(make_way(layout, before, facts, moves_store=moves_store))
        start_server(layout, facts)
        if arguments.foreground:
            asyncio.run(relieve_supervisor(layout))
        else:
            _supervised(layout, wants_systemd=arguments.enable)
    if arguments.foreground:
        log.configure()
        run_until_stopped(partial(supervise, layout, facts))
        return
    asyncio.run(_wait(layout, facts, news, wants_sample=arguments.sample))
    print(f"\nexport KUBECONFIG={layout.kubeconfig}\nkubectl get pods -A")
    if shutil.which("kubectl") is None:
        print("\nkubectl is not installed: https://kubernetes.io/docs/tasks/tools/ (any version from 1.27 on)")


def _check_gates(text: str | None) -> None:
    try:
        feature_gates(text or "")
    except FeatureGateError as error:
        raise CommandError(str(error)) from error


def _check(layout: Layout, facts: ClusterFacts) -> None:
    is_running = any(read_running(layout.pid(name)) is not None for name in (SUPERVISOR, "apiserver"))
    with Step("checking the machine"):
        machine = observe(layout.data_dir, needed_ports(facts))
        found = faults(facts, own_interfaces(layout), machine, is_running=is_running)
        fatal = [fault for fault in found if fault.is_fatal]
        if fatal:
            said = (f"{fault.problem}: {fault.cure}" for fault in fatal)
            raise CommandError("\n  ".join(("this machine can't hold the cluster yet", *said)))
    for fault in found:
        print(f"  mind: {fault.problem}: {fault.cure}")


def _check_store(etcd: EtcdSettings) -> None:
    # What it needs takes a while to import: only for who has an etcd.
    from steersman.cluster.stores import check_etcd

    with Step("asking etcd"):
        asyncio.run(check_etcd(etcd, RealClock()))


def _supervised(layout: Layout, *, wants_systemd: bool) -> None:
    if wants_systemd:
        if not systemd.is_enabled(layout):
            asyncio.run(relieve_supervisor(layout))
        # Written anew each time: the Python environment may have moved since.
        systemd.enable(layout)
    start_supervisor(layout)


def _log_of(layout: Layout, name: str) -> Path:
    """Where to read why a component doesn't come up: if it was never started, the supervisor knows."""
    path = layout.log(name)
    return path if path.exists() else layout.log(SUPERVISOR)


class Step:
    """A line that says what is being done, and how long it took."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __enter__(self) -> None:
        self._began = time.monotonic()
        print(f"{self._text} ...", end=" ", flush=True)

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        print("failed" if error is not None else f"{time.monotonic() - self._began:.1f} s", file=sys.stdout, flush=True)


async def _wait(layout: Layout, facts: ClusterFacts, news: Mapping[str, datetime], *, wants_sample: bool) -> None:
    from steersman.client import kubeconfig
    from steersman.client.http import HTTPClient
    from steersman.cluster import sample
    from steersman.cluster.ready import wait_deployment_available, wait_node_ready, wait_server_ready, warnings

    clock, threads = RealClock(), Threads()
    client = HTTPClient(kubeconfig.load(layout.kubeconfig), clock, threads)
    try:
        with Step("API server"):
            if not await wait_server_ready(client, clock):
                raise CommandError(f"the API server doesn't answer; see {_log_of(layout, 'apiserver')}")
        for node in facts.nodes:
            with Step(node.name):
                if not await wait_node_ready(client, clock, node.name, news.get(node.name)):
                    raise CommandError(f"{node.name} doesn't get ready; see {_log_of(layout, node.name)}")
        if wants_sample:
            with Step("sample application"):
                await sample.apply_sample(client)
                if facts.nodes and not await wait_deployment_available(client, clock, sample.NAMESPACE, sample.NAME):
                    words = await warnings(client, sample.NAMESPACE)
                    raise CommandError("\n  ".join(("the sample doesn't get ready; the latest warnings:", *words)))
            if facts.nodes:
                print("it answers at", " and ".join(await sample.urls(client, facts.nodes[0].address)))
            else:
                print("mind: a cluster without nodes runs no pods, the sample's neither")
    finally:
        await client.close()
        threads.close()
