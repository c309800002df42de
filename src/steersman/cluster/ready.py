"""Waiting for a cluster to come up."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from steersman.api.apps import Deployment
from steersman.api.core import Event, Namespace, Node
from steersman.apimachinery.status import StatusError
from steersman.client.interface import Client
from steersman.component.clock import Clock

# Longer than the supervisor's longest pause before it starts a process again.
SERVER_DEADLINE = timedelta(seconds=60)
NODE_DEADLINE = timedelta(seconds=60)
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.02, 0.5


async def wait_server_ready(client: Client, clock: Clock) -> bool:
    """The API server answers and holds the first objects."""

    async def has_namespaces() -> bool:
        await client.get(Namespace, "default")
        return True

    return await _until(has_namespaces, SERVER_DEADLINE, clock)


async def wait_node_ready(client: Client, clock: Clock, name: str, since: datetime | None = None) -> bool:
    """A node says that it is ready; since: its kubelet was started then, and what it said before doesn't count."""

    async def is_ready() -> bool:
        node = await client.get(Node, name)
        ready = next((one for one in node.status.conditions if one.type == "Ready"), None)
        if ready is None or ready.status != "True":
            return False
        told = ready.lastHeartbeatTime
        return since is None or (told is not None and told >= since)

    return await _until(is_ready, NODE_DEADLINE, clock)


async def wait_deployment_available(client: Client, clock: Clock, namespace: str, name: str) -> bool:
    """Every replica of a Deployment is available."""

    async def are_available() -> bool:
        found = await client.get(Deployment, name, namespace)
        return found.status.availableReplicas >= (found.spec.replicas or 0) > 0

    return await _until(are_available, NODE_DEADLINE, clock)


async def warnings(client: Client, namespace: str) -> tuple[str, ...]:
    """What the latest warning about each object says, once."""
    events = (await client.list(Event, namespace, field_selector="type=Warning")).items
    latest = {event.involvedObject.uid: event for event in sorted(events, key=lambda event: str(event.lastTimestamp))}
    return tuple(dict.fromkeys(f"{event.reason}: {event.message}" for event in latest.values()))


async def _until(condition: Callable[[], Awaitable[bool]], deadline: timedelta, clock: Clock) -> bool:
    ends, pause = clock.monotonic() + deadline.total_seconds(), FIRST_PAUSE_SECONDS
    while clock.monotonic() < ends:
        try:
            if await condition():
                return True
        except (OSError, StatusError, TimeoutError):
            pass
        await clock.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
    return False
