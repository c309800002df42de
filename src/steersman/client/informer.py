"""Informers: a cache kept true by list and watch.

A watch resumes where the last one ended; 410 or a failed list leads to a new list. The cache's `revision` says how far
it has come, and a caller that has written can wait until its own write is visible.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

from steersman.api.core import Pod
from steersman.api.meta import Kind
from steersman.apimachinery.codec.json import DecodeError
from steersman.apimachinery.status import Expired, Gone, StatusError, Timeout
from steersman.client.cache import NODE, Cache, Change, by_node, key_of
from steersman.client.interface import Client, EventType, ListResult, WatchEvent
from steersman.component.backoff import Backoff
from steersman.component.clock import Clock
from steersman.component.log import get_logger

K = TypeVar("K", bound=Kind)

Handler = Callable[[K | None, K | None], None]
Transform = Callable[[K], K]

# Source: client-go reflector: 800 ms growing to 30 s.
RETRY = Backoff(initial=0.8, factor=2.0, limit=30.0)
LIST_TIMEOUT = timedelta(seconds=60)
SHORT_WATCH = timedelta(seconds=1)

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of a collection an informer follows."""

    namespace: str | None = None
    label_selector: str = ""
    field_selector: str = ""


EVERYTHING = Scope()


def revision_of(obj: Kind) -> int:
    """The object's resourceVersion as a number; 0 when it has none."""
    return int(obj.metadata.resourceVersion or 0)


class Informer(Generic[K]):
    """Follows one kind. `run` does the work; everything else only reads."""

    def __init__(
        self,
        client: Client,
        kind: type[K],
        clock: Clock,
        scope: Scope = EVERYTHING,
        transform: Transform[K] | None = None,
    ) -> None:
        self.kind = kind
        self.cache: Cache[K] = Cache()
        if kind is Pod:
            self.cache.add_index(NODE, by_node)
        self._client, self._clock, self._scope, self._transform = client, clock, scope, transform
        self._handlers: list[Handler[K]] = []
        self._revision = 0
        self._is_synced = False
        self._on_synced: list[Callable[[], None]] = []
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    @property
    def revision(self) -> int:
        """Every change up to this revision is in the cache; 0 before the first list."""
        return self._revision

    @property
    def is_synced(self) -> bool:
        """The first list has been taken over."""
        return self._is_synced

    def add_handler(self, handler: Handler[K]) -> None:
        """Call `handler(old, new)` on each change from now on, and at once for what is there.

        It must not block or raise.
        """
        self._handlers.append(handler)
        for obj in self.cache:
            handler(None, obj)

    def when_synced(self, callback: Callable[[], None]) -> None:
        """Call once the first list is in the cache and told, at once if it is. It must not block or raise."""
        if self._is_synced:
            callback()
        else:
            self._on_synced.append(callback)

    async def run(self) -> None:
        """Keep the cache true until cancelled."""
        failures, needs_list = 0, True
        while True:
            try:
                if needs_list:
                    # Whatever this list says holds, an older revision included: the server may have lost its data.
                    self._take_over(await self._list())
                needs_list, failures = False, 0
                await self._watch()
            except (Expired, Gone):
                log.debug("history is gone, listing again", kind=self.kind.__name__)
                needs_list = True
            except (StatusError, DecodeError, OSError, TimeoutError) as error:
                log.warning("watch failed", kind=self.kind.__name__, error=str(error), attempt=failures)
                # So a server says that it doesn't know our revision yet: it may have lost data, and never will.
                needs_list = needs_list or isinstance(error, Timeout)
                await self._clock.sleep(RETRY.delay(failures))
                failures += 1

    async def relist(self) -> None:
        """Take over a list as new as the moment of the call, beside the watch."""
        found = await self._list()
        if int(found.resource_version) >= self._revision:  # else the watch overtook the list on its way
            self._take_over(found)

    async def wait_synced(self) -> None:
        """Return once the first list is in the cache."""
        await self._wait(lambda: self._is_synced)

    async def wait_for(self, revision: int, timeout: timedelta) -> bool:
        """True once the cache has reached the revision, False when that takes longer than `timeout`."""
        return await self.wait_until(lambda: self._revision >= revision, timeout)

    async def wait_until(self, condition: Callable[[], bool], timeout: timedelta) -> bool:
        """True once the condition holds; it is asked again after each change."""
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                await self._wait(condition)
        except TimeoutError:
            return False
        return True

    async def _list(self) -> ListResult[K]:
        scope = self._scope
        async with asyncio.timeout(LIST_TIMEOUT.total_seconds()):
            return await self._client.list(
                self.kind,
                scope.namespace,
                label_selector=scope.label_selector,
                field_selector=scope.field_selector,
            )

    def _take_over(self, found: ListResult[K]) -> None:
        objects = found.items if self._transform is None else tuple(map(self._transform, found.items))
        changes = self.cache.replace(objects)
        self._revision = int(found.resource_version)
        self._is_synced = True
        for change in changes:
            self._tell(change)
        waiting, self._on_synced = self._on_synced, []
        for callback in waiting:
            callback()
        self._wake()

    async def _watch(self) -> None:
        scope, started = self._scope, self._clock.monotonic()
        stream = self._client.watch(
            self.kind,
            scope.namespace,
            resource_version=str(self._revision),
            label_selector=scope.label_selector,
            field_selector=scope.field_selector,
        )
        async with aclosing(stream):
            async for event in stream:
                self._take(event)
        if self._clock.monotonic() - started < SHORT_WATCH.total_seconds():
            await self._clock.sleep(RETRY.delay(0))  # a server that closes at once is not to be hammered

    def _take(self, event: WatchEvent[K]) -> None:
        revision = revision_of(event.object)
        if revision <= self._revision:
            return  # a relist has already brought this
        obj = event.object
        self._revision = revision
        match event.type:
            case EventType.ADDED | EventType.MODIFIED:
                self._tell(self.cache.put(obj if self._transform is None else self._transform(obj)))
            case EventType.DELETED:
                # Handlers get the last state; the event's object is that state with the revision of its deletion.
                gone = self.cache.remove(key_of(obj))
                if gone.old is not None:
                    self._tell(gone)
            case EventType.BOOKMARK:
                pass
        self._wake()

    def _tell(self, change: Change[K]) -> None:
        for handler in self._handlers:
            handler(change.old, change.new)

    async def _wait(self, condition: Callable[[], bool]) -> None:
        if condition():
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = (condition, future)
        self._waiters.append(waiter)
        try:
            await future
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def _wake(self) -> None:
        for waiter in tuple(self._waiters):
            condition, future = waiter
            if condition() and not future.done():
                self._waiters.remove(waiter)
                future.set_result(None)


class Informers:
    """Informers that several share: one per kind, made on first demand."""

    def __init__(
        self, client: Client, clock: Clock, transforms: "dict[type[Kind], Transform[Any]] | None" = None
    ) -> None:
        self._client, self._clock = client, clock
        self._transforms = transforms or {}
        self._informers: dict[type[Kind], Informer[Any]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._running: dict[type[Kind], asyncio.Task[None]] = {}

    def of(self, kind: type[K]) -> Informer[K]:
        """The informer of this kind; it follows nothing until `run` is called."""
        found: Informer[K] | None = self._informers.get(kind)
        if found is None:
            found = Informer(self._client, kind, self._clock, transform=self._transforms.get(kind))
            self._informers[kind] = found
        return found

    def cache(self, kind: type[K]) -> Cache[K]:
        """The cache of this kind."""
        return self.of(kind).cache

    async def run(self) -> None:
        """Follow every kind asked for so far, and those that are started later, until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                for kind in tuple(self._informers):
                    self.start(kind)
        finally:
            self._group = None
            self._running.clear()

    def start(self, kind: type[Kind]) -> None:
        """Follow a kind from now on, if the others are followed; else `run` will."""
        if self._group is not None and kind not in self._running:
            informer = self.of(kind)
            self._running[kind] = self._group.create_task(informer.run(), name=f"informer {kind.__name__}")

    def stop(self, kind: type[Kind]) -> None:
        """Forget a kind that is no longer served."""
        self._informers.pop(kind, None)
        task = self._running.pop(kind, None)
        if task is not None:
            task.cancel()

    async def relist(self) -> None:
        """Every cache shows, at the end, what was written before the call, by whomever."""
        async with asyncio.TaskGroup() as group:
            for kind in tuple(self._running):
                group.create_task(self._informers[kind].relist())

    async def wait_synced(self) -> None:
        """Return once every informer has its first list."""
        for informer in tuple(self._informers.values()):
            await informer.wait_synced()
