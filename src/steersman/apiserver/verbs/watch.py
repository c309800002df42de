"""Watches: where one begins, how long it lasts, bookmarks.

Source: apiserver/pkg/endpoints/handlers/get.go, watch.go, apiserver/pkg/storage/cacher.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from random import Random
from typing import Any

from steersman.apimachinery.status import Cause, Expired, invalid
from steersman.apiserver.collection import Collection
from steersman.apiserver.collections import Collections
from steersman.apiserver.context import RequestContext
from steersman.apiserver.http.render import Renderer
from steersman.apiserver.metrics.requests import WatchTally
from steersman.apiserver.verbs.listing import revision_of, selection
from steersman.component.clock import Clock
from steersman.component.http.message import BodyWriter
from steersman.storage.cacher import CacheEvent, CacheWatch, Change, TooOld

# Source: MinRequestTimeout: a watch without timeoutSeconds lasts between this and twice as long.
SHORTEST_SECONDS = 1800
# Source: cacher.go: a bookmark a minute, and one shortly before the end.
BOOKMARK_SECONDS = 60.0
LAST_BOOKMARK_SECONDS = 2.0
# So much is written ahead of what a client reads; what is there at the start may be a hundred times that.
AHEAD_BYTES = 1024 * 1024
# After so many frames others have their turn: they may all have to be made.
TURN_FRAMES = 64
# A client that takes none of it for so long is cut off; it resumes from the last resourceVersion it has seen.
STALLED_SECONDS = 30.0
INITIAL_EVENTS_END = {"k8s.io/initial-events-end": "true"}


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Everything up to revision has been told; initial_end marks the end of what was there at the start."""

    revision: int
    initial_end: bool = False


Told = tuple[Change, CacheEvent] | Bookmark


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """What the client wants of a watch. from_revision 0 begins with what is there."""

    from_revision: int
    seconds: float
    bookmarks: bool
    marks_initial_end: bool


def watch_options(context: RequestContext, random: Random) -> WatchOptions:
    """The options in a request; Invalid for combinations that mean nothing."""
    query = context.query
    version, match = query.get("resourceVersion"), query.get("resourceVersionMatch")
    sends_initial = query.is_true("sendInitialEvents")
    if "sendInitialEvents" in query and match != "NotOlderThan":
        detail = "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        raise invalid("ListOptions.meta.k8s.io", "", [Cause("FieldValueForbidden", detail, "resourceVersionMatch")])
    if match and "sendInitialEvents" not in query:
        detail = "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        raise invalid("ListOptions.meta.k8s.io", "", [Cause("FieldValueForbidden", detail, "resourceVersionMatch")])
    seconds = context.integer("timeoutSeconds") or 0
    bookmarks = query.is_true("allowWatchBookmarks")
    return WatchOptions(
        from_revision=0 if sends_initial else revision_of(version),
        seconds=float(seconds) if seconds > 0 else SHORTEST_SECONDS * (1 + random.random()),
        bookmarks=bookmarks,
        marks_initial_end=sends_initial and bookmarks,
    )


class Watcher:
    """Follows collections for clients."""

    def __init__(self, collections: Collections, clock: Clock, random: Random) -> None:
        self._collections = collections
        self._clock = clock
        self._random = random

    async def watch(self, context: RequestContext, collection: Collection[Any]) -> AsyncGenerator[Told, None]:
        """Changes as they come; ends when the time is up. Expired, in the first step, when history is missing.

        The request is read and judged here, before the first change is waited for.
        """
        options = watch_options(context, self._random)
        chosen = selection(context, collection)
        wanted = revision_of(context.query.get("resourceVersion"))
        if wanted:
            await self._collections.wait_for(wanted)
        elif context.query.get("resourceVersion") != "0":
            await context.catch_up()
        try:
            view = collection.cacher.watch(options.from_revision, chosen.matcher())
        except TooOld as error:
            raise Expired(str(error)) from error
        return self._told(view, options)

    async def _told(self, view: CacheWatch, options: WatchOptions) -> AsyncGenerator[Told, None]:
        end = self._clock.monotonic() + options.seconds
        next_mark = self._next_mark(end)
        try:
            if options.marks_initial_end:
                for told in await view.next(0):
                    yield told
                if not view.is_closed:
                    yield Bookmark(view.revision, initial_end=True)
            while not view.is_closed:
                now = self._clock.monotonic()
                if now >= end:
                    return
                wait = min(end, next_mark) - now if options.bookmarks else end - now
                for told in await view.next(max(wait, 0.001)):
                    yield told
                if options.bookmarks and not view.is_closed and self._clock.monotonic() >= next_mark:
                    yield Bookmark(view.revision)
                    next_mark = self._next_mark(end)
        finally:
            view.close()

    def _next_mark(self, end: float) -> float:
        now = self._clock.monotonic()
        last = end - LAST_BOOKMARK_SECONDS
        return min(now + BOOKMARK_SECONDS, last) if last > now else end + 1


async def write_stream(
    changes: AsyncGenerator[Told, None], renderer: Renderer, writer: BodyWriter, tally: WatchTally
) -> None:
    """The changes as frames, one a line, until either side ends."""
    count, is_first = 0, True
    async with aclosing(changes):
        async for told in changes:
            count += 1
            if count % TURN_FRAMES == 0:
                await asyncio.sleep(0)  # noqa: TID251  # only to let the loop take its turn
            if isinstance(told, Bookmark):
                writer.write(renderer.bookmark(told.revision, INITIAL_EVENTS_END if told.initial_end else {}))
                if told.initial_end:
                    tally.catch_up()
            else:
                frame = renderer.frame(*told, is_first)
                writer.write(frame)
                tally.tell(len(frame))
                is_first = False
            if writer.is_closed or (writer.buffered_bytes > AHEAD_BYTES and not await _is_taken(writer)):
                return


async def _is_taken(writer: BodyWriter) -> bool:
    """Whether the client takes what was written, in time."""
    try:
        async with asyncio.timeout(STALLED_SECONDS):
            await writer.drain()
    except TimeoutError:
        return False
    return True
