"""Serves what CustomResourceDefinitions define: follows them, accepts their names, and cleans up after them.

A definition is served before its condition says so, so that whoever waits for the condition finds it.
"""

import asyncio
from collections.abc import Sequence
from random import Random

from steersman.api.apiextensions import CustomResourceDefinition, CustomResourceDefinitionCondition
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Conflict, NotFound, Timeout
from steersman.apiserver.collections import Collections
from steersman.apiserver.crd.naming import with_accepted_names
from steersman.apiserver.crd.resources import ServedVersion, versions_of
from steersman.apiserver.crd.webhook import Caller, WebhookConverter
from steersman.apiserver.registry.apiextensions import (
    CLEANUP_FINALIZER,
    ESTABLISHED,
    TERMINATING,
    is_true,
    with_condition,
)
from steersman.apiserver.resourcetable import ResourceTable
from steersman.client.interface import Client
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.storage.cached import Facts
from steersman.storage.interface import StoreFull, StoreUnavailable

_log = get_logger(__name__)

IDLE_SECONDS = 3600.0
# While objects are waiting for their finalizers.
LOOK_AGAIN_SECONDS = 1.0
# What passes by itself: nothing of it may end the server.
AWAY = (StoreUnavailable, StoreFull, Timeout)
Condition = CustomResourceDefinitionCondition


class Conversions:
    """Makes the converters of definitions that ask for a webhook."""

    def __init__(self, caller: Caller, clock: Clock, random: Random) -> None:
        self._caller = caller
        self._clock = clock
        self._random = random

    def of(self, crd: CustomResourceDefinition) -> WebhookConverter | None:
        """The converter of a definition; None when its versions differ in nothing but their name."""
        conversion = crd.spec.conversion
        if conversion is None or conversion.strategy != "Webhook" or conversion.webhook is None:
            return None
        return WebhookConverter(crd.metadata.name, conversion.webhook, self._caller, self._clock, self._random)


class CustomResources:
    """`run` must be running for definitions to have any effect; `synced` returns once those there are served."""

    def __init__(
        self, collections: Collections, table: ResourceTable, client: Client, clock: Clock, conversions: Conversions
    ) -> None:
        self._collections = collections
        self._definitions = collections.of(CustomResourceDefinition)
        self._table = table
        self._client = client
        self._clock = clock
        self._conversions = conversions
        # What keeps the caches of converted versions, by definition.
        self._following: dict[str, list[asyncio.Task[None]]] = {}
        self._served: dict[str, tuple[CustomResourceDefinition, tuple[ServedVersion, ...]]] = {}
        self._cleaning: set[str] = set()
        self._synced = asyncio.Event()

    async def synced(self) -> None:
        """Returns once every accepted definition is served."""
        await self._synced.wait()

    async def run(self) -> None:
        """Follow the definitions until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    await self._follow(group)
                except AWAY as error:
                    await self._pause(error)

    async def _follow(self, group: asyncio.TaskGroup) -> None:
        watch = self._definitions.cacher.watch(0, _all)
        try:
            await self._forget_gone()
            while not watch.is_closed:
                batch = await watch.next(0.0 if not self._synced.is_set() else IDLE_SECONDS)
                for name in dict.fromkeys(_name(event.new or event.old) for _, event in batch):
                    await self._sync_alone(name, group)
                self._synced.set()
        finally:
            watch.close()

    async def _forget_gone(self) -> None:
        present = {one.metadata.name for one in self._all()}
        for name in [name for name in self._served if name not in present]:
            self._stop_serving(name)

    async def _sync_alone(self, name: str, group: asyncio.TaskGroup) -> None:
        """One definition; a fault in how it is served must not end the server, or hold up the others."""
        try:
            await self._sync(name, group)
        except AWAY:
            raise
        except Exception as error:  # noqa: BLE001  # a reconcile loop
            _log.error("a definition can't be served", exc_info=error, name=name)

    async def _sync(self, name: str, group: asyncio.TaskGroup) -> None:
        crds = self._all()
        crd = next((one for one in crds if one.metadata.name == name), None)
        if crd is None:
            self._stop_serving(name)
            # Its names are free now.
            for other in crds:
                await self._accept(other, crds, group)
            return
        if crd.metadata.deletionTimestamp is not None:
            if CLEANUP_FINALIZER in crd.metadata.finalizers and name not in self._cleaning:
                self._cleaning.add(name)
                group.create_task(self._cleaned_up(crd, group))
            return
        await self._accept(crd, crds, group)

    async def _accept(
        self, crd: CustomResourceDefinition, crds: Sequence[CustomResourceDefinition], group: asyncio.TaskGroup
    ) -> None:
        if crd.metadata.deletionTimestamp is not None:
            return
        others = [one for one in crds if one.metadata.uid != crd.metadata.uid]
        accepted = with_accepted_names(crd, others, self._clock.now())
        if is_true(accepted, ESTABLISHED):
            await self._serve(accepted, group)
        if accepted.status != crd.status:
            await self._write(accepted)

    async def _serve(self, crd: CustomResourceDefinition, group: asyncio.TaskGroup) -> None:
        name = crd.metadata.name
        known = self._served.get(name)
        if known is not None and _defines(known[0]) == _defines(crd):
            return
        found = versions_of(crd)
        if known is not None:
            self._collections.drop(known[1])
        self._stop_following(name)
        converted = await self._collections.put(found, self._conversions.of(crd))
        self._following[name] = [group.create_task(one.run()) for one in converted]
        self._served[name] = (crd, found)
        self._table.put(name, [one.resource for one in found if one.is_served])

    def _stop_following(self, name: str) -> None:
        for task in self._following.pop(name, ()):
            task.cancel()

    def _stop_serving(self, name: str) -> None:
        self._stop_following(name)
        _, found = self._served.pop(name, (None, ()))
        self._table.put(name, ())
        self._collections.drop(found)

    async def _cleaned_up(self, crd: CustomResourceDefinition, group: asyncio.TaskGroup) -> None:
        try:
            while True:
                try:
                    return await self._clean_up(crd, group)
                except AWAY as error:
                    await self._pause(error)
        finally:
            self._cleaning.discard(crd.metadata.name)

    async def _pause(self, error: Exception) -> None:
        _log.warning("custom resources wait for the store", error=str(error))
        await self._clock.sleep(LOOK_AGAIN_SECONDS)

    async def _clean_up(self, crd: CustomResourceDefinition, group: asyncio.TaskGroup) -> None:
        """Delete its objects, wait until they are gone, let it go."""
        name = crd.metadata.name
        if not is_true(crd, ESTABLISHED):
            done = _terminating("False", "NeverEstablished", "resource was never established")
        else:
            await self._serve(crd, group)
            begun = "CustomResource deletion is in progress"
            await self._write(self._marked(crd, _terminating("True", "InstanceDeletionInProgress", begun)))
            await self._delete_objects(self._served[name][1][0])
            done = _terminating("False", "InstanceDeletionCompleted", "removed all instances")
        await self._release(name, done)

    async def _delete_objects(self, stored: ServedVersion) -> None:
        kind = stored.resource.object_type
        cacher = self._collections.of(kind).cacher
        while cacher.under(cacher.prefix):
            try:
                await self._client.delete_collection(kind)
            except NotFound:
                return
            await self._collections.catch_up()
            if cacher.under(cacher.prefix):
                await self._clock.sleep(LOOK_AGAIN_SECONDS)

    async def _release(self, name: str, done: Condition) -> None:
        await self._collections.catch_up()
        crd = next((one for one in self._all() if one.metadata.name == name), None)
        if crd is None:
            return
        finalizers = tuple(one for one in crd.metadata.finalizers if one != CLEANUP_FINALIZER)
        crd = self._marked(crd, done)
        await self._write(replace(crd, metadata=replace(crd.metadata, finalizers=finalizers)))

    def _marked(self, crd: CustomResourceDefinition, condition: Condition) -> CustomResourceDefinition:
        return with_condition(crd, condition, self._clock.now())

    async def _write(self, crd: CustomResourceDefinition) -> None:
        """Write its status; when someone else was faster, the change that they made comes by here too."""
        try:
            await self._client.update(crd, "status")
        except (Conflict, NotFound) as error:
            _log.debug("a definition changed meanwhile", name=crd.metadata.name, error=str(error))

    def _all(self) -> list[CustomResourceDefinition]:
        cacher = self._definitions.cacher
        return [self._definitions.decoded(one) for one in cacher.under(cacher.prefix)]


def _all(_: Facts) -> bool:
    return True


def _name(cached: object) -> str:
    facts = getattr(cached, "facts", None)
    return facts.name if isinstance(facts, Facts) else ""


def _defines(crd: CustomResourceDefinition) -> object:
    """What the served resources are made of."""
    return (crd.metadata.uid, crd.spec, crd.status.acceptedNames)


def _terminating(status: str, reason: str, message: str) -> Condition:
    return Condition(type=TERMINATING, status=status, reason=reason, message=message)
