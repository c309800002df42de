"""The supervisor: keeps a cluster's processes running, and stops them in reverse order.

It is a process of its own. When it is killed the others go on; the next one adopts them.
"""

import asyncio
import sys

from steersman.cluster import containerd
from steersman.cluster.layout import ClusterFacts, Layout
from steersman.cluster.node import context_of
from steersman.component.clock import RealClock
from steersman.component.processes import Processes, ProcessSpec
from steersman.component.threads import Threads

# In the order they are started.
ORDER = ("apiserver", "controllers", "node")
SUPERVISOR = "supervisor"


def spec(layout: Layout, name: str) -> ProcessSpec:
    """How a component is started: by this interpreter, whatever its working directory."""
    command = (sys.executable, "-m", "steersman", name, "--data-dir", str(layout.data_dir))
    return ProcessSpec(name, command, layout.log(name), layout.pid(name))


def specs(layout: Layout, facts: ClusterFacts, control_plane_only: bool = False) -> tuple[ProcessSpec, ...]:
    """Every process of the cluster, in the order of their start."""
    ours = {name: spec(layout, name) for name in ORDER}
    if control_plane_only:
        return ours["apiserver"], ours["controllers"]
    return (ours["apiserver"], containerd.process_spec(context_of(layout, facts)), ours["controllers"], ours["node"])


def supervisor_spec(layout: Layout, control_plane_only: bool) -> ProcessSpec:
    """How the supervisor itself is started."""
    plain = spec(layout, "supervise")
    command = (*plain.command, "--control-plane-only") if control_plane_only else plain.command
    return ProcessSpec(SUPERVISOR, command, layout.log(SUPERVISOR), layout.pid(SUPERVISOR))


async def supervise(layout: Layout, facts: ClusterFacts, control_plane_only: bool = False) -> None:
    """Start or adopt every process and keep them until cancelled; then stop them in reverse order."""
    clock, threads = RealClock(), Threads()
    processes = Processes(clock, threads)
    try:
        if not control_plane_only:
            await threads.run(containerd.prepare, context_of(layout, facts))
        for one in specs(layout, facts, control_plane_only):
            await processes.start(one)
        await asyncio.get_running_loop().create_future()
    finally:
        await processes.stop()
        threads.close()
