"""Stopping a cluster: its processes in reverse order, then every pod and what it had of the machine."""

from steersman.cluster import containerd
from steersman.cluster.layout import ClusterFacts, Layout
from steersman.cluster.node import context_of
from steersman.cluster.supervise import SUPERVISOR, specs
from steersman.cni.bridge import tear_down
from steersman.component.clock import RealClock
from steersman.component.processes import read_running, stop_process
from steersman.component.threads import Threads
from steersman.proxy.driver import remove as remove_rules

STOP_SECONDS = 20.0


async def stop_cluster(layout: Layout, facts: ClusterFacts) -> None:
    """Nothing of the cluster runs afterwards."""
    clock, threads = RealClock(), Threads()
    context = context_of(layout, facts)
    pid_files = [layout.pid(SUPERVISOR), *(one.pid_file for one in reversed(specs(layout, facts)))]
    for path in pid_files:
        identity = read_running(path)
        if identity is not None:
            await stop_process(identity, STOP_SECONDS, clock)
        path.unlink(missing_ok=True)
    if context.data_dir.exists():
        await threads.run(containerd.kill_everything, context)
        await threads.run(tear_down, context.network)
        await threads.run(remove_rules, context)
    threads.close()
