"""Following etcd's history from a revision on, over the times when it is away.

All keys are watched, and those below the prefix are told of: the last event is then always etcd's revision, so that
a reader knows at once how far it has come. Asking for the progress of a narrower watch would do only with newer etcd:
before 3.4.31 and 3.5.13 the answer may overtake events.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.storage.etcd import messages
from steersman.storage.etcd.connection import Connection
from steersman.storage.interface import Changes, Compacted, Event, StoreUnavailable

_log = get_logger(__name__)

RETRY_SECONDS = 0.5
ALL_KEYS = b"\0"


async def follow(
    connection: Connection, clock: Clock, prefix: bytes, from_revision: int
) -> AsyncGenerator[Changes, None]:
    """What Store.watch yields. Compacted when history has a gap; else it goes on until the connection is closed."""
    revision = from_revision - 1
    is_away = False
    while True:
        # The revision before is asked for too: of a revision that is just being compacted to, deletions may be missing.
        create = messages.WatchCreateRequest(
            ALL_KEYS, ALL_KEYS, start_revision=max(revision, 1), progress_notify=True, prev_kv=True
        )
        try:
            async with aclosing(
                connection.stream(messages.WATCH, messages.WatchRequest(create_request=create))
            ) as answers:
                async for answer in answers:
                    if is_away:
                        is_away = False
                        _log.info("etcd is watched again", revision=revision)
                    changes = _changes(answer, prefix, revision)
                    if changes is not None:
                        revision = changes.revision
                        yield changes
        except StoreUnavailable as error:
            if connection.is_closed:
                return
            if not is_away:
                _log.warning("etcd is away; the watch goes on when it is back", error=str(error), revision=revision)
            is_away = True
            await clock.sleep(RETRY_SECONDS)


def _changes(answer: messages.WatchResponse, prefix: bytes, after: int) -> Changes | None:
    if answer.canceled:
        if answer.compact_revision:
            raise Compacted(answer.compact_revision)
        raise StoreUnavailable(answer.cancel_reason)
    if answer.created:
        return None
    if not answer.events:
        # Only this one's header says how far the watch is; with events it may say how far etcd is.
        return Changes((), answer.header.revision) if answer.header.revision > after else None
    revision = answer.events[-1].kv.mod_revision
    return Changes(_events(answer.events, prefix, after), revision) if revision > after else None


def _events(told: Sequence[messages.Event], prefix: bytes, after: int) -> tuple[Event, ...]:
    return tuple(_event(each) for each in told if each.kv.mod_revision > after and each.kv.key.startswith(prefix))


def _event(told: messages.Event) -> Event:
    kv = told.kv
    if told.type == messages.DELETE:
        before = told.prev_kv
        return Event(kv.key.decode(), before.value, before.create_revision, kv.mod_revision, is_delete=True)
    return Event(kv.key.decode(), kv.value, kv.create_revision, kv.mod_revision)
