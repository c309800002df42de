"""The supervisor: keeps a cluster's processes running, and stops them in reverse order.

It is a process of its own. When it is killed the others go on; the next one adopts them. SIGHUP makes it leave without
stopping anything, so that a new one starts what the cluster's facts say now.
"""

import asyncio
import signal
import sys

from steersman.cluster import containerd
from steersman.cluster.layout import ClusterFacts, Layout
from steersman.cluster.multinode import contexts, uplink_of
from steersman.cni import uplink
from steersman.component.clock import RealClock
from steersman.component.processes import Processes, ProcessSpec
from steersman.component.threads import Threads

SUPERVISOR = "supervisor"
CONTROL_PLANE = ("apiserver", "controllers")


def spec(layout: Layout, name: str, *arguments: str) -> ProcessSpec:
    """How a component is started: by this interpreter, whatever its working directory."""
    command = (sys.executable, "-m", "steersman", *(arguments or (name,)), "--data-dir", str(layout.data_dir))
    return ProcessSpec(name, command, layout.log(name), layout.pid(name))


def specs(layout: Layout, facts: ClusterFacts) -> tuple[ProcessSpec, ...]:
    """Every process of the cluster, in the order of their start."""
    server, *others = components(layout, facts)
    return server, *(containerd.process_spec(context) for context in contexts(layout, facts)), *others


def components(layout: Layout, facts: ClusterFacts) -> tuple[ProcessSpec, ...]:
    """Those that are steersman itself; they work by the cluster's facts."""
    control_plane = tuple(spec(layout, name) for name in CONTROL_PLANE)
    return *control_plane, *(spec(layout, node.name, "node", "--node", node.name) for node in facts.nodes)


def supervisor_spec(layout: Layout) -> ProcessSpec:
    """How the supervisor itself is started."""
    return ProcessSpec(SUPERVISOR, spec(layout, "supervise").command, layout.log(SUPERVISOR), layout.pid(SUPERVISOR))


async def supervise(layout: Layout, facts: ClusterFacts) -> None:
    """Start or adopt every process and keep them until cancelled; then stop them in reverse order."""
    clock, threads = RealClock(), Threads()
    processes = Processes(clock, threads)
    leaves = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, leaves.set)
    try:
        server, *others = specs(layout, facts)
        await processes.start(server)  # first: it needs nothing of the nodes'
        await threads.run(make_places, layout, facts)
        for one in others:
            await processes.start(one)
        await leaves.wait()
        await processes.detach()
    finally:
        await processes.stop()
        threads.close()


def make_places(layout: Layout, facts: ClusterFacts) -> None:
    """What each node's containerd needs before it starts: directories, configuration, network namespace. Blocks."""
    for context in contexts(layout, facts):
        containerd.prepare(context)
        link = uplink_of(layout, facts, context)
        if link is not None:
            uplink.connect(link)
