"""Starting a cluster's processes: the API server first, then a supervisor that adopts it and starts the others."""

from steersman.cluster import systemd
from steersman.cluster.layout import ClusterFacts, Layout
from steersman.cluster.supervise import SUPERVISOR, specs, supervisor_spec
from steersman.component.clock import RealClock
from steersman.component.processes import read_running, spawn


def start_server(layout: Layout, facts: ClusterFacts) -> None:
    """Start the API server, unless it runs or a supervisor sees to it, and write everyone's credentials meanwhile."""
    server = specs(layout, facts)[0]
    is_supervised = read_running(layout.pid(SUPERVISOR)) is not None
    if not is_supervised and read_running(server.pid_file) is None:
        spawn(server)
    # Only now, as the API server has its own start to work on: cryptography takes a while to import.
    from steersman.cluster.pki import write_kubeconfigs

    write_kubeconfigs(layout, facts, RealClock().now())


def start_supervisor(layout: Layout) -> None:
    """Start one, unless it runs; by systemd where that keeps it. SystemdError if it refuses."""
    if systemd.is_enabled(layout):
        systemd.start(layout)
    elif read_running(layout.pid(SUPERVISOR)) is None:
        spawn(supervisor_spec(layout))


def restore_supervisor(layout: Layout, facts: ClusterFacts) -> None:
    """Give processes that lost their supervisor a new one; it adopts them. Nothing is started where nothing runs."""
    lost = read_running(layout.pid(SUPERVISOR)) is None
    if lost and any(read_running(one.pid_file) for one in specs(layout, facts)):
        start_supervisor(layout)
