"""Runs a set of controllers over shared informers, if wanted only while holding the leader's lease."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from steersman.api.meta import Kind
from steersman.client.informer import Informers, Transform
from steersman.client.interface import Client
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.reconcile.allkinds import metadata_only
from steersman.reconcile.controller import Controller
from steersman.reconcile.execute import EventSink
from steersman.reconcile.loop import Loop

log = get_logger(__name__)

# Makes the recorder under which a controller's Events appear.
Recorders = Callable[[str], EventSink]


class Manager:
    """Controllers and the informers they share."""

    def __init__(
        self, client: Client, controllers: Sequence[Controller[Any, Any]], recorders: Recorders, clock: Clock
    ) -> None:
        self.informers = Informers(client, clock, _transforms(controllers))
        self.loops = tuple(
            Loop(controller, self.informers, client, recorders(controller.name), clock) for controller in controllers
        )

    async def run(self) -> None:
        """Follow, then reconcile, until cancelled. Call it only as the leader: a second caller would act too."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.informers.run(), name="informers")
            await self.informers.wait_synced()
            log.info("controllers started", count=len(self.loops))
            for loop in self.loops:
                group.create_task(loop.run(), name=loop.controller.name)

    def loop(self, name: str) -> Loop[Any, Any]:
        """The loop of the controller of this name; KeyError when there is none."""
        for loop in self.loops:
            if loop.controller.name == name:
                return loop
        raise KeyError(name)


def _transforms(controllers: Sequence[Controller[Any, Any]]) -> dict[type[Kind], Transform[Any]]:
    watches = [watch for controller in controllers for watch in controller.watches]
    needed_whole = {watch.kind for watch in watches if not watch.metadata_only}
    return {watch.kind: metadata_only(watch.kind) for watch in watches if watch.kind not in needed_whole}
