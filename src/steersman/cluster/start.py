"""Starting a cluster's processes: the API server first, then a supervisor that adopts it and starts the others."""

from steersman.cluster.layout import ClusterFacts, Layout
from steersman.cluster.supervise import SUPERVISOR, specs, supervisor_spec
from steersman.component.clock import RealClock
from steersman.component.processes import read_running, spawn


def start(layout: Layout, facts: ClusterFacts) -> None:
    """Start what doesn't run. Blocks for some 100 ms, while the API server is coming up."""
    is_supervised = read_running(layout.pid(SUPERVISOR)) is not None
    server = specs(layout, facts)[0]
    if not is_supervised and read_running(server.pid_file) is None:
        spawn(server)
    # Only now, as the API server has its own start to work on meanwhile: cryptography takes a while to import.
    from steersman.cluster.pki import write_kubeconfigs

    write_kubeconfigs(layout, facts, RealClock().now())
    if not is_supervised:
        spawn(supervisor_spec(layout))
