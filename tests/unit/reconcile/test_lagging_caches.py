"""Deployment and ReplicaSet controllers together, on caches that lag at random and servers that fail at random."""

import asyncio
from collections.abc import AsyncGenerator
from random import Random
from typing import Any

import pytest

from steersman.api.apps import Deployment, DeploymentSpec, DeploymentStrategy, ReplicaSet, RollingUpdateDeployment
from steersman.api.core import Container, Pod, PodSpec, PodTemplateSpec
from steersman.api.meta import LabelSelector, ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Conflict, ServerTimeout
from steersman.client.interface import WatchEvent
from steersman.client.memory import MemoryClient
from steersman.component.clock import FakeClock
from steersman.controllers.deployment.controller import DeploymentController
from steersman.controllers.pods import is_active, is_ready
from steersman.controllers.replicaset.controller import ReplicaSetController
from steersman.reconcile.manager import Manager

LABELS = {"app": "web"}
REPLICAS, SURGE, UNAVAILABLE = 4, 1, 1


class Unreliable(MemoryClient):
    """Events arrive up to two seconds late; writes fail now and then, some of them after they were done."""

    def __init__(self, clock: FakeClock, random: Random) -> None:
        super().__init__(clock)
        self._fake, self._chance = clock, random

    async def watch(self, kind: type[Any], *rest: Any, **named: Any) -> AsyncGenerator[WatchEvent[Any], None]:
        async for event in super().watch(kind, *rest, **named):
            if self._chance.random() < 0.5:
                await self._fake.sleep(self._chance.random() * 2)
            yield event

    async def create(self, obj: Any, *, dry_run: bool = False) -> Any:
        made = await super().create(obj, dry_run=dry_run)
        if self._chance.random() < 0.1:
            raise ServerTimeout("the server was slow")
        return made

    async def update(self, obj: Any, subresource: str = "") -> Any:
        if self._chance.random() < 0.1:
            raise Conflict("somebody was faster")
        return await super().update(obj, subresource)


def template(image: str) -> PodTemplateSpec:
    containers = (Container(name="c", image=image),)
    return PodTemplateSpec(metadata=ObjectMeta(labels=LABELS), spec=PodSpec(containers=containers))


def deployment() -> Deployment:
    rolling = RollingUpdateDeployment(maxSurge=SURGE, maxUnavailable=UNAVAILABLE)
    spec = DeploymentSpec(
        replicas=REPLICAS,
        selector=LabelSelector(matchLabels=LABELS),
        template=template("v1"),
        strategy=DeploymentStrategy(type="RollingUpdate", rollingUpdate=rolling),
    )
    return Deployment(metadata=ObjectMeta(name="web", namespace="default"), spec=spec)


async def make_ready(client: Unreliable, random: Random) -> None:
    """What kubelets do, at their own pace."""
    for pod in client.all(Pod):
        if is_active(pod) and not is_ready(pod) and random.random() < 0.5:
            ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
            await client.patch(Pod, pod.metadata.name, "default", {"status": ready}, subresource="status")


def check_bounds(client: Unreliable, was_available: bool) -> None:
    active = [pod for pod in client.all(Pod) if is_active(pod)]
    assert len(active) <= REPLICAS + SURGE
    assert not was_available or sum(map(is_ready, active)) >= REPLICAS - UNAVAILABLE


@pytest.mark.parametrize("seed", range(8))
async def test_bounds_hold_and_the_rollout_ends_on_late_caches_and_failing_writes(seed: int) -> None:
    random, clock = Random(seed), FakeClock()
    client = Unreliable(clock, random)
    await MemoryClient.create(client, deployment())
    manager = Manager(client, (DeploymentController(), ReplicaSetController()), clock)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(manager.run())
        was_available = False
        for step in range(150):
            if step in (50, 60, 90):
                current = client.all(Deployment)[0]
                spec = replace(current.spec, template=template(f"v{step}"))
                await MemoryClient.update(client, replace(current, spec=spec))
            await clock.advance(1)
            await make_ready(client, random)
            was_available = was_available or sum(map(is_ready, client.all(Pod))) == REPLICAS
            check_bounds(client, was_available)
        running.cancel()
    assert {pod.spec.containers[0].image for pod in client.all(Pod)} == {"v90"}
    assert len(client.all(Pod)) == REPLICAS
    status = client.all(Deployment)[0].status
    assert (status.updatedReplicas, status.availableReplicas, status.replicas) == (REPLICAS, REPLICAS, REPLICAS)
    assert len(client.all(ReplicaSet)) == 4
