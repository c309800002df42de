"""The API server is killed while 500 creates are on their way: what was acknowledged is there, and nothing half."""

import asyncio
import os
import signal
from contextlib import aclosing
from pathlib import Path

import pytest

from steersman.api.core import ConfigMap
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.status import AlreadyExists, Expired, StatusError
from steersman.client import kubeconfig
from steersman.client.http import HTTPClient
from steersman.client.informer import Informer
from steersman.component.clock import RealClock
from steersman.component.processes import read_running
from steersman.component.threads import Threads
from tests.e2e.conftest import Cluster

ROUNDS = 20 if os.environ.get("STEERSMAN_TEST_LONG") else 2
CREATES = 500
KILLED_AFTER = 150
PAYLOAD = "x" * 2000


async def create(client: HTTPClient, name: str, acknowledged: set[str], enough: asyncio.Event) -> None:
    try:
        await client.create(ConfigMap(metadata=ObjectMeta(name=name, namespace="default"), data={"payload": PAYLOAD}))
    except AlreadyExists:
        pass
    except (OSError, StatusError, TimeoutError):
        return
    acknowledged.add(name)
    if len(acknowledged) >= KILLED_AFTER:
        enough.set()


async def kill(pid_file: Path, enough: asyncio.Event) -> None:
    async with asyncio.timeout(30):
        await enough.wait()
    identity = read_running(pid_file)
    assert identity is not None
    os.kill(identity.pid, signal.SIGKILL)


async def watch_goes_on(client: HTTPClient, seen: str) -> None:
    """A watch from before the kill gets every event since, or is told to list again; never silence."""
    async with asyncio.timeout(30), aclosing(client.watch(ConfigMap, "default", resource_version=seen)) as events:
        try:
            event = await anext(events)
        except Expired:
            return
        assert int(event.object.metadata.resourceVersion) > int(seen)


@pytest.mark.slow
async def test_every_acknowledged_object_is_there_after_the_server_was_killed(control_plane: Cluster) -> None:
    clock, threads = RealClock(), Threads()
    client = HTTPClient(kubeconfig.load(control_plane.kubeconfig), clock, threads)
    watching = Informer(client, ConfigMap, clock)
    following = asyncio.create_task(watching.run())
    everything: set[str] = set()
    try:
        await watching.wait_synced()
        for number in range(ROUNDS):
            seen = (await client.list(ConfigMap, "default")).resource_version
            acknowledged: set[str] = set()
            enough = asyncio.Event()
            killing = asyncio.create_task(kill(control_plane.data_dir / "run" / "apiserver.pid", enough))
            names = [f"survivor-{number}-{count}" for count in range(CREATES)]
            await asyncio.gather(*(create(client, name, acknowledged, enough) for name in names))
            await killing
            everything |= acknowledged
            await threads.run(control_plane.steersman, "up")
            await watch_goes_on(client, seen)
            stored = (await client.list(ConfigMap, "default")).items
            there = {one.metadata.name for one in stored if one.metadata.name.startswith("survivor-")}
            assert everything <= there
            assert all(one.data == {"payload": PAYLOAD} for one in stored if one.metadata.name in there)
            wanted = frozenset(there)
            async with asyncio.timeout(30):
                while not wanted <= {one.metadata.name for one in watching.cache.list("default")}:
                    await clock.sleep(0.05)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await client.close()
        threads.close()
