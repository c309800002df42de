"""Carries out a plan: actions in order, creates in slow-start batches, deletes together, the first failure ends it.

The outcome says what was written, so that the loop can wait for its cache, and which writes may or may not have
happened.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Protocol, assert_never

from steersman.api.meta import Kind
from steersman.apimachinery.status import (
    AlreadyExists,
    Conflict,
    InternalError,
    NotFound,
    ServerTimeout,
    StatusError,
    Timeout,
)
from steersman.client.cache import ObjectKey, key_of
from steersman.client.informer import revision_of
from steersman.client.interface import Client, Propagation
from steersman.reconcile.plan import Action, Create, Delete, DeleteCollection, Emit, Failure, Note, Patch, Plan, Update

# Source: pkg/controller/controller_utils.go: SlowStartInitialBatchSize, BurstReplicas.
FIRST_BATCH = 1
LARGEST_BATCH = 500
CALL_TIMEOUT = timedelta(seconds=30)
# The server may have stored the write before it answered with one of these.
UNKNOWN_OUTCOME = (TimeoutError, OSError, Timeout, ServerTimeout, InternalError)


class EventSink(Protocol):
    """Where Events go."""

    def event(self, about: Kind, type_: str, reason: str, message: str) -> None:
        """Record an Event; never blocks, never fails."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """A write that happened: of which object, and the revision it made; None for a deletion."""

    kind: type[Kind]
    key: ObjectKey
    uid: str
    revision: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a plan. unknown: kinds of which a write may or may not have happened."""

    written: tuple[Written, ...] = ()
    unknown: frozenset[type[Kind]] = frozenset()
    failure: Failure | None = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class _Result:
    action: Action
    written: Written | None = None
    error: Exception | None = None


class Executor:
    """Carries out plans through a client."""

    def __init__(self, client: Client, events: EventSink) -> None:
        self._client, self._events = client, events

    async def run(self, plan: Plan) -> Outcome:
        """Carry out the plan until the end or the first failure."""
        results: list[_Result] = []
        for batch in _batches(plan.actions):
            done = await self._together(batch)
            results.extend(done)
            if any(result.error is not None for result in done):
                break
        return _outcome(results)

    async def _together(self, batch: tuple[Action, ...]) -> list[_Result]:
        if len(batch) == 1:
            return [await self._one(batch[0])]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._one(action)) for action in batch]
        return [task.result() for task in tasks]

    async def _one(self, action: Action) -> _Result:
        try:
            async with asyncio.timeout(CALL_TIMEOUT.total_seconds()):
                result = _Result(action, await self._do(action))
        except (StatusError, OSError, TimeoutError) as error:
            result = _Result(action, error=error)
        self._tell(result)
        return result

    async def _do(self, action: Action) -> Written | None:
        match action:
            case Create():
                return await self._create(action)
            case Update():
                return _written(await self._client.update(action.object, action.subresource))
            case Patch():
                return await self._patch(action)
            case Delete():
                return await self._delete(action)
            case DeleteCollection():
                await self._client.delete_collection(
                    action.kind, action.namespace, propagation=action.propagation or Propagation.BACKGROUND
                )
                return None
            case Emit():
                self._record(action.note, "", "")
                return None
            case _:
                assert_never(action)

    async def _create(self, action: Create) -> Written | None:
        try:
            return _written(await self._client.create(action.object))
        except AlreadyExists:
            if action.exists_is_fine:
                return None
            raise

    async def _patch(self, action: Patch) -> Written:
        target = action.target.metadata
        guard = {"uid": target.uid} | ({} if action.any_version else {"resourceVersion": target.resourceVersion})
        body = dict(action.patch) | {"metadata": {**action.patch.get("metadata", {}), **guard}}
        made = await self._client.patch(
            type(action.target), target.name, target.namespace or None, body, subresource=action.subresource
        )
        return _written(made)

    async def _delete(self, action: Delete) -> Written | None:
        target = action.target.metadata
        try:
            await self._client.delete(
                type(action.target),
                target.name,
                target.namespace or None,
                grace_period_seconds=action.grace_period_seconds,
                propagation=action.propagation,
                uid=target.uid,
                resource_version=target.resourceVersion if action.same_version else None,
            )
        except NotFound:
            return None
        return Written(type(action.target), key_of(action.target), target.uid, None)

    def _tell(self, result: _Result) -> None:
        if isinstance(result.action, Emit | DeleteCollection):
            return
        if result.error is None:
            # What was there or gone already is nobody's news.
            if result.action.told.done is not None and result.written is not None:
                self._record(result.action.told.done, result.written.key.name, "")
        elif result.action.told.failed is not None and not is_terminating_namespace(result.error):
            self._record(result.action.told.failed, "", str(result.error))

    def _record(self, note: Note, name: str, error: str) -> None:
        message = note.message.replace("{name}", name).replace("{error}", error)
        self._events.event(note.about, note.type, note.reason, message)


def is_terminating_namespace(error: Exception) -> bool:
    """The write failed only because its namespace is being deleted: retrying would be in vain."""
    details = error.details if isinstance(error, StatusError) else None
    return details is not None and any(cause.reason == "NamespaceTerminating" for cause in details.causes)


def is_conflict(error: Exception | None) -> bool:
    """Somebody else wrote first: look again, nothing to report."""
    return isinstance(error, Conflict)


def _written(obj: Kind) -> Written:
    return Written(type(obj), key_of(obj), obj.metadata.uid, revision_of(obj))


def _batches(actions: tuple[Action, ...]) -> Iterator[tuple[Action, ...]]:
    for kind, run in groupby(actions, type):
        together = tuple(run)
        if kind is Create:
            yield from _slow_start(together)
        elif kind is Delete:
            yield from (together[i : i + LARGEST_BATCH] for i in range(0, len(together), LARGEST_BATCH))
        else:
            yield from ((action,) for action in together)


def _slow_start(creates: tuple[Action, ...]) -> Iterator[tuple[Action, ...]]:
    start, size = 0, FIRST_BATCH
    while start < len(creates):
        yield creates[start : start + size]
        start, size = start + size, min(2 * size, LARGEST_BATCH)


def _outcome(results: list[_Result]) -> Outcome:
    written = tuple(result.written for result in results if result.written is not None)
    unknown: set[type[Kind]] = set()
    failed: _Result | None = None
    for result in results:
        if result.error is None:
            continue
        failed = failed or result
        if isinstance(result.error, UNKNOWN_OUTCOME):
            unknown |= _kinds(result.action)
    if failed is None or failed.error is None or is_terminating_namespace(failed.error):
        return Outcome(written, frozenset(unknown))
    reason = failed.error.reason if isinstance(failed.error, StatusError) else ""
    failure = Failure(failed.action, reason, str(failed.error))
    return Outcome(written, frozenset(unknown), failure, failed.error)


def _kinds(action: Action) -> set[type[Kind]]:
    match action:
        case Create() | Update():
            return {type(action.object)}
        case Patch() | Delete():
            return {type(action.target)}
        case DeleteCollection():
            return {action.kind}
        case Emit():
            return set()
        case _:
            assert_never(action)
