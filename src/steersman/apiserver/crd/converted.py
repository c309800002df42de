"""A version of a custom resource whose objects a webhook converts: a watch cache that follows the stored objects' one.

Each object is converted once for each version, when it is written; reads and watches find it ready. Who needs to see
the latest writes waits until they are converted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from steersman.apimachinery.status import InternalError
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.storage.cached import Facts, Index
from steersman.storage.cacher import CacheEvent, Cacher, CacheWatch, Change
from steersman.storage.interface import Entry, Event, TransformFailed

_log = get_logger(__name__)

IDLE_SECONDS = 3600.0
RETRY_SECONDS = 1.0
# Stored bytes, of any versions, in one version, in their order.
Convert = Callable[[Sequence[bytes]], Awaitable[list[bytes]]]


class ConversionFailed(Exception):
    """A webhook can't convert objects; the text says which, and why."""


class ConvertedCacher(Cacher):
    """`run` must be running for anything to be found."""

    def __init__(self, source: Cacher, index: Index, convert: Convert, clock: Clock) -> None:
        super().__init__(source.prefix, index)
        self._clock = clock
        self._source = source
        self._convert = convert
        self._done = -1
        self._failure = ""
        self._progress = asyncio.Event()

    async def run(self) -> None:
        """Follow the source until cancelled."""
        while True:
            try:
                watch = self._source.watch(0, _all)
            except TransformFailed as error:
                self._failure = str(error)
                self._progress.set()
                await self._clock.sleep(RETRY_SECONDS)
                continue
            try:
                await self._take_in(watch, await watch.next(0), is_first=True)
                while not watch.is_closed:
                    await self._take_in(watch, await watch.next(IDLE_SECONDS), is_first=False)
            finally:
                watch.close()

    async def wait_current(self, timeout_seconds: float) -> None:
        """Wait until everything in the source is here; InternalError when it isn't in time."""
        wanted = self._source.changed_at
        try:
            async with asyncio.timeout(timeout_seconds):
                while self._done < wanted:
                    self._progress.clear()
                    await self._progress.wait()
                    if self._failure:
                        raise InternalError(self._failure)
        except TimeoutError as error:
            raise InternalError(self._failure or "the conversion webhook hasn't answered yet") from error

    async def _take_in(self, watch: CacheWatch, batch: Sequence[tuple[Change, CacheEvent]], *, is_first: bool) -> None:
        revision = watch.revision
        present = [event.new for _, event in batch if event.new is not None]
        values = iter(await self._converted([one.data for one in present]))
        events = []
        for _, event in batch:
            shown = event.new if event.new is not None else event.old
            assert shown is not None, "an event is about an object"
            value = next(values) if event.new is not None else shown.data
            is_delete = event.new is None
            events.append(Event(shown.key, value, shown.create_revision, event.revision, is_delete))
        if is_first:
            self.load(_last_of_each(events), revision)
        else:
            self.apply(events, revision)
        self._done = revision
        self._progress.set()

    async def _converted(self, found: Sequence[bytes]) -> list[bytes]:
        while found:
            try:
                made = await self._convert(found)
                self._failure = ""
                return made
            except ConversionFailed as error:
                self._failure = str(error)
                self._progress.set()
                _log.warning("objects wait for their conversion", error=str(error))
                await self._clock.sleep(RETRY_SECONDS)
        return []


def _last_of_each(events: Sequence[Event]) -> tuple[Entry, ...]:
    entries: dict[str, Entry] = {}
    for event in events:
        if event.is_delete:
            entries.pop(event.key, None)
        else:
            entries[event.key] = Entry(event.key, event.value, event.create_revision, event.revision)
    return tuple(entries.values())


def _all(_: Facts) -> bool:
    return True
