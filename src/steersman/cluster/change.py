"""What `up` does to a cluster that is there: its facts brought up to date, what stands still started at once."""

import os
import signal

from steersman.cluster.facts import Wishes, grown, moved, new_cluster
from steersman.cluster.layout import ClusterFacts, Layout
from steersman.cluster.preflight.machine import is_local, machine_address
from steersman.cluster.supervise import SUPERVISOR, components, specs
from steersman.component.clock import RealClock
from steersman.component.processes import read_running, stop_process, wait_exit

STOP_SECONDS = 20.0


def facts_now(layout: Layout, wishes: Wishes, nodes: int | None) -> ClusterFacts:
    """What the cluster is to be: as noted, moved with the machine, grown to `nodes` (None: a new one gets one).

    UnfitNetwork if that can't be.
    """
    facts = layout.read_facts()
    if facts is None:
        return grown(new_cluster(machine_address(), wishes), 1 if nodes is None else nodes)
    if not is_local(facts.address):
        facts = moved(facts, machine_address())
    return grown(facts, nodes or 0)


async def make_way(layout: Layout, before: ClusterFacts, after: ClusterFacts) -> None:
    """Stop what works by facts that hold no more, and the supervisor if anything is to be started; pods go on."""
    gone = before.address != after.address
    missing = [one for one in specs(layout, after) if read_running(one.pid_file) is None]
    if gone or missing:
        await relieve_supervisor(layout)
    for one in reversed(components(layout, before)) if gone else ():
        identity = read_running(one.pid_file)
        if identity is not None:
            await stop_process(identity, STOP_SECONDS, RealClock())


async def relieve_supervisor(layout: Layout) -> None:
    """Let it go without stopping anything: its successor starts at once what it was waiting to restart."""
    supervisor = read_running(layout.pid(SUPERVISOR))
    if supervisor is not None:
        os.kill(supervisor.pid, signal.SIGHUP)
        await wait_exit(supervisor)
