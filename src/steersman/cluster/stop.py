"""Stopping a cluster: its processes in reverse order, then every pod and what it had of the machine."""

import shutil

from steersman.cluster import containerd, systemd
from steersman.cluster.layout import ClusterFacts, Layout
from steersman.cluster.multinode import contexts, node_link, opening_of, uplink_of
from steersman.cluster.nodecontext import cluster_run_dir
from steersman.cluster.supervise import SUPERVISOR, specs
from steersman.cni import uplink
from steersman.cni.bridge import tear_down
from steersman.cni.firewallkeeper import close_up
from steersman.component.clock import RealClock
from steersman.component.processes import read_running, stop_process
from steersman.component.threads import Threads
from steersman.proxy.driver import remove as remove_rules

STOP_SECONDS = 20.0


async def stop_cluster(layout: Layout, facts: ClusterFacts) -> None:
    """Nothing of the cluster runs afterwards."""
    threads = Threads()
    try:
        await _stop_processes(layout, facts, threads)
        await threads.run(take_nodes_away, layout, facts)
    finally:
        threads.close()


async def _stop_processes(layout: Layout, facts: ClusterFacts, threads: Threads) -> None:
    if systemd.is_enabled(layout):
        # Else it would start its supervisor again.
        await threads.run(systemd.stop, layout)
    pid_files = [layout.pid(SUPERVISOR), *(one.pid_file for one in reversed(specs(layout, facts)))]
    for path in pid_files:
        identity = read_running(path)
        if identity is not None:
            await stop_process(identity, STOP_SECONDS, RealClock())
        path.unlink(missing_ok=True)


def take_nodes_away(layout: Layout, facts: ClusterFacts) -> None:
    """Pods, networks and namespaces of every node. Blocks."""
    for context in contexts(layout, facts):
        if not context.data_dir.exists():
            continue
        containerd.kill_everything(context)
        link = uplink_of(layout, facts, context)
        if link is None:
            tear_down(context.network)
            remove_rules(context)
            close_up(opening_of(layout))
        else:
            # All else that is in the namespace goes with it.
            uplink.disconnect(link)
    if len(facts.nodes) > 1:
        uplink.remove(node_link(layout, facts))
    shutil.rmtree(cluster_run_dir(layout.data_dir), ignore_errors=True)
