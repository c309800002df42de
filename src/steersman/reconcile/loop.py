"""The one reconcile loop: wait for own writes, observe, plan, execute, requeue.

A plan is made only when the cache shows every write the last plan for that key made, so no controller counts
expectations.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Generic, TypeVar

from steersman.api.meta import Kind
from steersman.api.resources import Resource
from steersman.apimachinery.status import StatusError
from steersman.client.informer import Informers
from steersman.client.interface import Client
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.reconcile.controller import Controller, FollowsCustomKinds, Reader, Watch
from steersman.reconcile.customkinds import CustomKinds
from steersman.reconcile.execute import EventSink, Executor, Outcome, Written, is_conflict
from steersman.reconcile.plan import Failure, Plan
from steersman.reconcile.queue import WorkQueue

Key = TypeVar("Key")
View = TypeVar("View")

WORKERS = 5
OWN_WRITE_TIMEOUT = timedelta(seconds=5)
OBSERVE_TIMEOUT = timedelta(seconds=60)

log = get_logger(__name__)


class Loop(Generic[Key, View]):
    """Runs one controller."""

    def __init__(  # noqa: PLR0913  # what a loop is put together from
        self,
        controller: Controller[Key, View],
        informers: Informers,
        client: Client,
        events: EventSink,
        clock: Clock,
        custom: CustomKinds | None = None,
    ) -> None:
        self.controller = controller
        self.queue: WorkQueue[Key] = WorkQueue(clock)
        self._reader = Reader(informers, client, custom=custom)
        self._executor = Executor(client, events)
        self._clock = clock
        self._last: dict[Key, Outcome] = {}
        for watch in controller.watches:
            self._follow(watch)
        if custom is not None and isinstance(controller, FollowsCustomKinds):
            custom.on_new(partial(self._meet, controller))

    async def run(self, workers: int = WORKERS) -> None:
        """Work until cancelled. The informers must have synced."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.queue.run(), name=f"{self.controller.name} delays")
            for number in range(workers):
                group.create_task(self._work(), name=f"{self.controller.name} worker {number}")

    def _follow(self, watch: Watch[Any]) -> None:
        informer = self._reader.informers.of(watch.kind)
        for name, function in watch.indexes:
            informer.cache.add_index(name, function)
        informer.add_handler(self._handler(watch))

    def _meet(self, controller: FollowsCustomKinds, resource: Resource) -> None:
        """Follow a custom kind that has come, and judge anew what depends on it once its objects are known."""
        self._follow(controller.watch_of(resource.object_type))

        def judge_anew() -> None:
            for key in controller.concerned_by(self._reader, resource):
                self.queue.add(key)

        self._reader.informers.of(resource.object_type).when_synced(judge_anew)

    async def debug_plan(self, key: Key) -> Plan | None:
        """What the controller would do about the key now."""
        view = await self.controller.observe(self._reader, key)
        return None if view is None else self.controller.plan(view, self._clock.now())

    async def reconcile(self, key: Key) -> None:
        """One pass over a key; what fails is retried later."""
        try:
            failure = await self._pass(key)
        except (StatusError, OSError, TimeoutError) as error:
            delay = self.queue.retry(key)
            log.warning(
                "cannot observe", controller=self.controller.name, key=str(key), error=str(error),
                retry_seconds=delay.total_seconds(),
            )  # fmt: skip
            return
        except Exception as error:
            # A fault in observe or plan must not stop the other keys.
            delay = self.queue.retry(key)
            log.error(  # our logger
                "reconcile failed", exc_info=error,
                controller=self.controller.name, key=str(key), retry_seconds=delay.total_seconds(),
            )  # fmt: skip
            return
        if failure is None:
            self.queue.forget(key)
        else:
            self.queue.retry(key)

    def _handler(self, watch: Watch[Any]) -> Callable[[Kind | None, Kind | None], None]:
        def handle(old: Kind | None, new: Kind | None) -> None:
            try:
                for key in watch.keys(self._reader, old, new):
                    self.queue.add_after(key, watch.delay)
            except Exception as error:
                # The informer serves other controllers too.
                log.error(  # our logger
                    "no keys for a change", exc_info=error, controller=self.controller.name
                )

        return handle

    async def _work(self) -> None:
        while True:
            key = await self.queue.take()
            try:
                await self.reconcile(key)
            finally:
                self.queue.done(key)

    async def _pass(self, key: Key) -> Failure | None:
        last = self._last.get(key, Outcome())
        await self._settle(last)
        async with asyncio.timeout(OBSERVE_TIMEOUT.total_seconds()):
            view = await self.controller.observe(replace(self._reader, failure=last.failure), key)
        if view is None:
            self._last.pop(key, None)
            return None
        plan = self.controller.plan(view, self._clock.now())
        outcome = await self._executor.run(plan)
        if outcome == Outcome():
            self._last.pop(key, None)
        else:
            self._last[key] = outcome
        if plan.requeue_after is not None:
            self.queue.add_after(key, plan.requeue_after)
        self._report(key, outcome)
        return outcome.failure

    def _report(self, key: Key, outcome: Outcome) -> None:
        if outcome.failure is None:
            return
        say = log.debug if is_conflict(outcome.error) else log.warning
        say(
            "plan ended early",
            controller=self.controller.name,
            key=str(key),
            action=type(outcome.failure.action).__name__,
            error=outcome.failure.message,
        )

    async def _settle(self, last: Outcome) -> None:
        """Wait until the caches show what the last plan wrote; past the deadline, list."""
        followed = {watch.kind for watch in self.controller.watches}
        followed |= {resource.object_type for resource in self._reader.custom_resources}
        stale = {kind for kind in last.unknown if kind in followed}
        for written in last.written:
            if written.kind in followed and written.kind not in stale and not await self._is_visible(written):
                stale.add(written.kind)
        for kind in stale:
            await self._reader.informers.of(kind).relist()

    async def _is_visible(self, written: Written) -> bool:
        informer = self._reader.informers.of(written.kind)
        revision = written.revision
        if revision is not None:
            return await informer.wait_for(revision, OWN_WRITE_TIMEOUT)

        def is_gone() -> bool:
            found = informer.cache.get(written.key.namespace, written.key.name)
            return found is None or found.metadata.uid != written.uid or found.metadata.deletionTimestamp is not None

        return await informer.wait_until(is_gone, OWN_WRITE_TIMEOUT)
