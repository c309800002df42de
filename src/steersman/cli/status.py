"""`steersman status`: what runs, and what is wrong; a supervisor that was killed is started again."""

import argparse
import asyncio
from collections.abc import Sequence

from steersman.api.core import Node, Pod
from steersman.apimachinery.status import StatusError
from steersman.cli.existing import command, existing_cluster
from steersman.client import kubeconfig
from steersman.client.http import HTTPClient
from steersman.cluster.change import changing
from steersman.cluster.layout import Layout
from steersman.cluster.start import restore_supervisor
from steersman.cluster.supervise import specs, supervisor_spec
from steersman.component.clock import RealClock
from steersman.component.processes import read_running
from steersman.component.threads import Threads

# Source: kubelet and kubectl: what a container waits for when something is wrong.
TROUBLES_SHOWN = 5


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each process, then what the API says; 1 when something is wrong."""
    layout, facts = existing_cluster(arguments)
    components = specs(layout, facts)
    if not any(read_running(one.pid_file) for one in (supervisor_spec(layout), *components)):
        print(f"stopped; start it with: {command(arguments, 'up')}")
        return 1
    with changing(layout):
        restore_supervisor(layout, facts)
    is_well = True
    for one in (supervisor_spec(layout), *components):
        identity = read_running(one.pid_file)
        is_well = is_well and identity is not None
        state = f"runs (pid {identity.pid})" if identity is not None else f"is not running; see {one.log_file}"
        print(f"{one.name:16} {state}")
    return 0 if asyncio.run(_api(layout)) and is_well else 1


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
    for line in pod_lines(pods):
        print(line)
    return True


def pod_lines(pods: Sequence[Pod]) -> list[str]:
    """How many pods run, and the first few that something is wrong with."""
    wanted = [pod for pod in pods if pod.status.phase != "Succeeded"]
    troubles = [f"pod {pod.metadata.namespace}/{pod.metadata.name}: {why}" for pod in wanted if (why := trouble(pod))]
    running = sum(pod.status.phase == "Running" for pod in wanted)
    more = [f"... and {len(troubles) - TROUBLES_SHOWN} more"] if len(troubles) > TROUBLES_SHOWN else []
    return [f"{running} of {len(wanted)} pods run", *troubles[:TROUBLES_SHOWN], *more]


def trouble(pod: Pod) -> str:
    """Why a pod doesn't get on: the reason its first such container waits for, or the pod's own; empty if it does."""
    for status in (*pod.status.initContainerStatuses, *pod.status.containerStatuses):
        waiting = status.state.waiting
        if waiting is not None and waiting.reason not in ("ContainerCreating", "PodInitializing"):
            return waiting.reason
    if pod.status.phase == "Failed":
        return pod.status.reason or "Failed"
    unscheduled = (one for one in pod.status.conditions if one.type == "PodScheduled" and one.status == "False")
    return next((one.message for one in unscheduled), "")
