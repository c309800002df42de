"""Runs a set of controllers over shared informers."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

from steersman.api.apiextensions import CustomResourceDefinition
from steersman.api.meta import Kind
from steersman.client.informer import Informers, Transform
from steersman.client.interface import Client
from steersman.client.recorder import EventRecorder
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.component.metrics import Registry
from steersman.reconcile.allkinds import metadata_only, without_owned_fields
from steersman.reconcile.controller import Controller
from steersman.reconcile.customkinds import CustomKinds
from steersman.reconcile.loop import Loop

log = get_logger(__name__)

NAME = "controller-manager"


class Manager:
    """Controllers, with the informers and the recorder they share. whole: kinds that others follow here, too."""

    def __init__(
        self,
        client: Client,
        controllers: Sequence[Controller[Any, Any]],
        clock: Clock,
        whole: Collection[type[Kind]] = (),
    ) -> None:
        self.informers = Informers(client, clock, _transforms(controllers, whole))
        self._recorder = EventRecorder(client, clock, NAME)
        custom = CustomKinds(self.informers)
        self.loops = tuple(
            Loop(controller, self.informers, client, self._recorder.sibling(controller.name), clock, custom)
            for controller in controllers
        )

    async def run(self) -> None:
        """Follow, then reconcile, until cancelled. Call it only as the leader: a second caller would act too."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.informers.run(), name="informers")
            group.create_task(self.work(), name="controllers")

    async def work(self) -> None:
        """Reconcile until cancelled; somebody else runs the informers."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._recorder.run(), name="events")
            await self.informers.wait_synced()
            log.info("controllers started", count=len(self.loops))
            for loop in self.loops:
                group.create_task(loop.run(), name=loop.controller.name)

    def export(self, registry: Registry) -> None:
        """Show the work queues in the registry, under upstream's names."""
        depth = registry.gauge("workqueue_depth", "Current depth of workqueue", ("name",))
        adds = registry.counter("workqueue_adds_total", "Total number of adds handled by workqueue", ("name",))
        retries = registry.counter("workqueue_retries_total", "Total number of retries handled by workqueue", ("name",))

        def collect() -> None:
            for loop in self.loops:
                name, queue = loop.controller.name, loop.queue
                depth.set(len(queue), name)
                adds.labels(name).value = queue.adds
                retries.labels(name).value = queue.retries

        registry.on_render(collect)

    def loop(self, name: str) -> Loop[Any, Any]:
        """The loop of the controller of this name; KeyError when there is none."""
        for loop in self.loops:
            if loop.controller.name == name:
                return loop
        raise KeyError(name)


def _transforms(
    controllers: Sequence[Controller[Any, Any]], whole: Collection[type[Kind]]
) -> dict[type[Kind], Transform[Any]]:
    watches = [watch for controller in controllers for watch in controller.watches]
    # The definitions say which other kinds there are.
    needed_whole: set[type[Kind]] = {
        CustomResourceDefinition,
        *whole,
        *(watch.kind for watch in watches if not watch.metadata_only),
    }
    stripped = {watch.kind: metadata_only(watch.kind) for watch in watches if watch.kind not in needed_whole}
    kept: dict[type[Kind], Transform[Any]] = dict.fromkeys(needed_whole, without_owned_fields)
    return {**kept, **stripped}
