"""A cluster's facts found and made true: on a machine whose address has changed, with nodes added while it runs."""

import os
import signal
import socket

from steersman.cluster.facts import Wishes, grown, moved, new_cluster
from steersman.cluster.layout import ClusterFacts, Layout
from steersman.cluster.preflight import NO_ADDRESS, host_address
from steersman.cluster.supervise import SUPERVISOR, components
from steersman.component.clock import RealClock
from steersman.component.processes import read_running, stop_process, wait_exit

STOP_SECONDS = 20.0


def facts_now(layout: Layout, wishes: Wishes, nodes: int | None) -> ClusterFacts:
    """What the cluster is to be: as noted, moved with the machine, grown to `nodes`. UnfitNetwork if that can't be."""
    facts = layout.read_facts()
    if facts is None:
        facts = new_cluster(_machine_address(), wishes)
    elif not is_local(facts.address):
        facts = moved(facts, _machine_address())
    return grown(facts, nodes) if nodes is not None else facts


async def make_way(layout: Layout, before: ClusterFacts, after: ClusterFacts) -> None:
    """Stop what runs by facts that no longer hold; pods go on. A new supervisor starts it again."""
    supervisor = read_running(layout.pid(SUPERVISOR))
    if supervisor is not None:
        os.kill(supervisor.pid, signal.SIGHUP)
        await wait_exit(supervisor)
    if before.address == after.address:
        return
    clock = RealClock()
    for one in reversed(components(layout, before)):
        identity = read_running(one.pid_file)
        if identity is not None:
            await stop_process(identity, STOP_SECONDS, clock)


def is_local(address: str) -> bool:
    """Whether an address is this machine's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
        return True


def _machine_address() -> str | None:
    found = host_address()
    return None if found == NO_ADDRESS else found
