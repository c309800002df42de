"""`steersman status`: what runs, and what is wrong; a supervisor that was killed is started again."""

import argparse
import asyncio

from steersman.api.core import Node, Pod
from steersman.apimachinery.status import StatusError
from steersman.client import kubeconfig
from steersman.client.http import HTTPClient
from steersman.cluster.layout import ClusterFacts, Layout
from steersman.cluster.start import start_supervisor
from steersman.cluster.supervise import SUPERVISOR, specs, supervisor_spec
from steersman.component.clock import RealClock
from steersman.component.processes import read_running
from steersman.component.threads import Threads


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each process, then what the API says; 1 when something is wrong."""
    layout = Layout(arguments.data_dir.resolve())
    facts = layout.read_facts()
    if facts is None:
        print(f"there is no cluster in {layout.data_dir}; make one with: steersman up")
        return 1
    is_well = _processes(layout, facts)
    return 0 if asyncio.run(_api(layout)) and is_well else 1


def _processes(layout: Layout, facts: ClusterFacts) -> bool:
    is_well = True
    if read_running(layout.pid(SUPERVISOR)) is None and any(read_running(one.pid_file) for one in specs(layout, facts)):
        # Only the supervisor was killed: a new one adopts the others.
        start_supervisor(layout)
    for one in (supervisor_spec(layout), *specs(layout, facts)):
        identity = read_running(one.pid_file)
        is_well = is_well and identity is not None
        state = f"runs (pid {identity.pid})" if identity is not None else f"is not running; see {one.log_file}"
        print(f"{one.name:16} {state}")
    return is_well


async def _api(layout: Layout) -> bool:
    clock, threads = RealClock(), Threads()
    client = HTTPClient(kubeconfig.load(layout.kubeconfig), clock, threads)
    try:
        nodes = (await client.list(Node)).items
        pods = (await client.list(Pod)).items
    except (OSError, StatusError, TimeoutError) as error:
        print(f"the API server doesn't answer: {error}")
        return False
    finally:
        await client.close()
        threads.close()
    for node in nodes:
        ready = next((c for c in node.status.conditions if c.type == "Ready"), None)
        is_ready = ready is not None and ready.status == "True"
        message = ready.message if ready is not None else "it hasn't reported yet"
        print(f"node {node.metadata.name} {'is ready' if is_ready else f'is not ready: {message}'}")
    running = sum(pod.status.phase == "Running" for pod in pods)
    print(f"{running} of {len(pods)} pods run")
    return True
