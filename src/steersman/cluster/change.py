"""What `up` does to a cluster that is there: its facts brought up to date, what stands still started at once."""

import fcntl
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from steersman.cluster.errors import ClusterError
from steersman.cluster.facts import Wishes, contradiction, electing, flagged, grown, moved, new_cluster
from steersman.cluster.layout import ClusterFacts, Layout
from steersman.cluster.preflight.machine import is_local, machine_address
from steersman.cluster.supervise import SUPERVISOR, component_specs, specs
from steersman.component.clock import RealClock
from steersman.component.processes import read_running, stop_process

STOP_SECONDS = RELIEVE_SECONDS = 20.0
CHANGE_SECONDS, LOOK_SECONDS = 60.0, 0.1


def facts_now(layout: Layout, wishes: Wishes, nodes: int | None) -> ClusterFacts:
    """What the cluster is to be: as noted, moved with the machine, grown to `nodes` (None: a new one gets one).

    ClusterError if that can't be.
    """
    facts = layout.read_facts()
    if facts is None:
        made = grown(new_cluster(machine_address(), wishes), 1 if nodes is None else nodes)
        return electing(flagged(made, wishes.server_flags), wishes.election_flags)
    if text := contradiction(facts, wishes):
        raise ClusterError(text)
    if not is_local(facts.address):
        facts = moved(facts, machine_address())
    return electing(flagged(grown(facts, nodes or 0), wishes.server_flags), wishes.election_flags)


async def make_way(layout: Layout, before: ClusterFacts, after: ClusterFacts, *, moves_store: bool) -> None:
    """Stop what works by facts that hold no more, and the supervisor if anything is to be started; pods go on.

    moves_store: the objects are, or are reached, elsewhere from now on.
    """
    gone = before.address != after.address
    changed = set[str]()
    if moves_store or before.server_flags != after.server_flags:
        changed.add("apiserver")
    if moves_store or before.election_flags != after.election_flags:
        changed.add("controllers")
    missing = [one for one in specs(layout, after) if read_running(one.pid_file) is None]
    if gone or changed or missing:
        await relieve_supervisor(layout)
    for one in reversed(component_specs(layout, before)):
        if not gone and one.name not in changed:
            continue
        identity = read_running(one.pid_file)
        if identity is not None:
            await stop_process(identity, STOP_SECONDS, RealClock())


async def relieve_supervisor(layout: Layout) -> None:
    """Let it go without stopping anything: its successor starts at once what it was waiting to restart."""
    supervisor = read_running(layout.pid(SUPERVISOR))
    if supervisor is not None:
        await stop_process(supervisor, RELIEVE_SECONDS, RealClock(), first=signal.SIGHUP)


@contextmanager
def changing(layout: Layout) -> Iterator[None]:
    """One command at a time starts and stops a cluster's processes. ClusterError if another takes too long. Blocks."""
    layout.prepare()
    with (layout.pid("change").with_suffix(".lock")).open("w") as lock:
        deadline = time.monotonic() + CHANGE_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise ClusterError(f"another command is at work on {layout.data_dir}: try again later") from error
                time.sleep(LOOK_SECONDS)
        yield
