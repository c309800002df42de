"""The supervisor: keeps a cluster's processes running, and stops them in reverse order.

It is a process of its own. When it is killed the others go on; the next one adopts them. SIGHUP makes it leave without
stopping anything, so that a new one starts what the cluster's facts say now.
"""

import asyncio
import fcntl
import signal
import sys

from steersman.cluster import containerd
from steersman.cluster.errors import ClusterError
from steersman.cluster.layout import ClusterFacts, Layout
from steersman.cluster.multinode import contexts, uplink_of
from steersman.cni import uplink
from steersman.component.clock import Clock, RealClock
from steersman.component.processes import Processes, ProcessSpec, identify_self, write_pid_file
from steersman.component.threads import Threads

SUPERVISOR = "supervisor"
CONTROL_PLANE = ("apiserver", "controllers")
LISTEN_SECONDS, LOOK_SECONDS = 10.0, 0.02


def spec(layout: Layout, name: str, *arguments: str) -> ProcessSpec:
    """How a component is started: by this interpreter, whatever its working directory."""
    command = (sys.executable, "-m", "steersman", *(arguments or (name,)), "--data-dir", str(layout.data_dir))
    return ProcessSpec(name, command, layout.log(name), layout.pid(name))


def specs(layout: Layout, facts: ClusterFacts) -> tuple[ProcessSpec, ...]:
    """Every process of the cluster, in the order of their start."""
    server, *others = component_specs(layout, facts)
    return server, *runtimes(layout, facts), *others


def runtimes(layout: Layout, facts: ClusterFacts) -> tuple[ProcessSpec, ...]:
    """Each node's containerd."""
    return tuple(containerd.process_spec(context) for context in contexts(layout, facts))


def component_specs(layout: Layout, facts: ClusterFacts) -> tuple[ProcessSpec, ...]:
    """Those that are steersman itself; they work by the cluster's facts."""
    control_plane = tuple(spec(layout, name) for name in CONTROL_PLANE)
    nodes = tuple(spec(layout, node.name, "node", "--node", node.name) for node in facts.nodes)
    return *control_plane, *nodes, *((spec(layout, "dns"),) if nodes else ())


def supervisor_spec(layout: Layout) -> ProcessSpec:
    """How the supervisor itself is started."""
    return ProcessSpec(SUPERVISOR, spec(layout, "supervise").command, layout.log(SUPERVISOR), layout.pid(SUPERVISOR))


class AlreadySupervised(ClusterError):
    """Another supervisor keeps this cluster."""


async def supervise(layout: Layout, facts: ClusterFacts) -> None:
    """Start or adopt every process and keep them until cancelled; then stop them in reverse order.

    AlreadySupervised if another one does.
    """
    with layout.pid(SUPERVISOR).with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadySupervised(f"{layout.data_dir} has a supervisor") from error
        write_pid_file(layout.pid(SUPERVISOR), identify_self(supervisor_spec(layout).command))
        await _supervise(layout, facts)


async def _supervise(layout: Layout, facts: ClusterFacts) -> None:
    clock, threads = RealClock(), Threads()
    processes = Processes(clock, threads)
    leaves = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, leaves.set)
    try:
        server, *others = component_specs(layout, facts)
        await processes.start(server)
        await threads.run(make_places, layout, facts)
        for one in runtimes(layout, facts):
            await processes.start(one)
        # All the others are its clients: on few cores they would only keep it from its own start.
        await wait_listening(facts.port, clock)
        for one in others:
            await processes.start(one)
        await leaves.wait()
    except asyncio.CancelledError:
        await processes.stop()
        raise
    finally:
        # Also when something couldn't be started: what runs is no worse for that.
        await processes.detach()
        threads.close()


async def wait_listening(port: int, clock: Clock) -> None:
    """Return when something listens on the port, or after a while: who needs it then waits for it itself."""
    deadline = clock.monotonic() + LISTEN_SECONDS
    while clock.monotonic() < deadline:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await clock.sleep(LOOK_SECONDS)
        else:
            writer.close()
            return


def make_places(layout: Layout, facts: ClusterFacts) -> None:
    """What each node's containerd needs before it starts: directories, configuration, network namespace. Blocks."""
    for context in contexts(layout, facts):
        containerd.prepare(context)
        link = uplink_of(layout, facts, context)
        if link is not None:
            uplink.connect(link)
