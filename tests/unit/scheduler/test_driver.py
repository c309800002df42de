"""The scheduler's driver, where answers get lost and pods change under its hands."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random
from typing import Any, TypeVar

from steersman.api.core import Container, Node, NodeStatus, Pod, PodSpec, ResourceRequirements
from steersman.api.meta import Kind, ObjectMeta
from steersman.apimachinery.object import Object, replace
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.times import to_time
from steersman.client.informer import Informers
from steersman.client.interface import PatchType
from steersman.client.memory import MemoryClient
from steersman.client.wait import wait_condition
from steersman.component.clock import RealClock
from steersman.scheduler.driver import Scheduler
from steersman.scheduler.profile import default_profile

Body = TypeVar("Body", bound=Object)
K = TypeVar("K", bound=Kind)
PATIENCE = timedelta(seconds=10)
ROOM = {"cpu": Quantity("1"), "memory": Quantity("1Gi"), "pods": Quantity("10")}


class Cluster(MemoryClient):
    """The one strategic patch that a scheduler writes replaces nothing here: as a merge it says the same."""

    async def patch(self, kind: type[K], name: str, namespace: str | None, patch: Any, *rest: Any, **more: Any) -> K:
        return await super().patch(kind, name, namespace, patch, PatchType.MERGE, *rest[1:], **more)


class AnswerLost(Cluster):
    """The first binding is stored, and the watch has told of it when its answer gets lost."""

    has_lost = False

    async def create_subresource(
        self, kind: type[Kind], name: str, namespace: str | None, subresource: str, body: Body
    ) -> Body:
        made = await super().create_subresource(kind, name, namespace, subresource, body)
        if subresource == "binding" and not self.has_lost:
            self.has_lost = True
            await RealClock().sleep(0.1)
            raise TimeoutError
        return made


def node() -> Node:
    return Node(metadata=ObjectMeta(name="node1"), status=NodeStatus(allocatable=ROOM, capacity=ROOM))


def pod(name: str, cpu: str) -> Pod:
    resources = ResourceRequirements(requests={"cpu": Quantity(cpu)})
    container = Container(name="main", image="example.org/app:1", resources=resources)
    spec = PodSpec(containers=(container,), schedulerName="default-scheduler")
    return Pod(metadata=ObjectMeta(name=name, namespace="default"), spec=spec)


@asynccontextmanager
async def scheduling(client: MemoryClient) -> AsyncIterator[None]:
    clock = RealClock()
    informers = Informers(client, clock)
    scheduler = Scheduler(client, informers, default_profile(), clock, Random(1))
    tasks = [asyncio.create_task(informers.run()), asyncio.create_task(scheduler.run())]
    try:
        async with asyncio.timeout(20):
            yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def is_told(client: MemoryClient, name: str) -> bool:
    """Its condition was written: no node had room."""
    return ("patch", "Pod", name) in client.calls


async def test_a_pod_whose_bindings_answer_was_lost_still_fills_its_node() -> None:
    clock = RealClock()
    client = AnswerLost(clock)
    await client.create(node())
    async with scheduling(client):
        await client.create(pod("first", "600m"))

        async def has_lost() -> bool:
            return client.has_lost

        assert await wait_condition(has_lost, clock, PATIENCE)
        await clock.sleep(0.3)  # the answer is lost 0.1 s after the binding was stored
        await client.create(pod("second", "600m"))

        async def is_refused() -> bool:
            return is_told(client, "second")

        assert await wait_condition(is_refused, clock, PATIENCE)
    assert not (await client.get(Pod, "second", "default")).spec.nodeName
    assert [name for verb, _, name in client.calls if verb == "binding"] == ["first"]


async def test_a_waiting_pod_that_is_being_deleted_is_not_bound() -> None:
    clock = RealClock()
    client = Cluster(clock)
    async with scheduling(client):
        await client.create(pod("leaving", "600m"))

        async def is_refused() -> bool:
            return is_told(client, "leaving")

        assert await wait_condition(is_refused, clock, PATIENCE)
        leaving = await client.get(Pod, "leaving", "default")
        meta = replace(leaving.metadata, deletionTimestamp=to_time(clock.now()), finalizers=("example.org/hold",))
        await client.update(replace(leaving, metadata=meta))
        await client.create(node())
        await client.create(pod("staying", "100m"))

        async def is_bound() -> bool:
            return bool((await client.get(Pod, "staying", "default")).spec.nodeName)

        assert await wait_condition(is_bound, clock, PATIENCE)
    assert not (await client.get(Pod, "leaving", "default")).spec.nodeName
