"""Writes pods' statuses to the API: only what differs, in order for each pod, until it has arrived.

A terminating pod whose containers are gone is deleted for good. Source: pkg/kubelet/status/status_manager.go.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from steersman.api.core import Pod, PodStatus
from steersman.apimachinery.codec.json import to_wire
from steersman.apimachinery.status import Conflict, NotFound, StatusError
from steersman.client.interface import Client
from steersman.component.backoff import Backoff
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.kubelet.names import full_name
from steersman.kubelet.podworker.status import merged

_log = get_logger(__name__)

CALL_TIMEOUT = timedelta(seconds=15)
RETRY = Backoff(initial=0.2, factor=2, limit=10)
WRITERS = 8


@dataclass(slots=True)
class _Pending:
    """The newest of what is to be written about one pod."""

    pod: Pod
    status: PodStatus | None = None
    is_to_delete: bool = False
    attempts: int = 0


class StatusManager:
    """`publish` and `delete` return at once; `run` does the writing."""

    def __init__(self, client: Client, clock: Clock, newest: Callable[[Pod], Pod]) -> None:
        """`newest` is the source's view of a pod, which may be ahead of the worker's."""
        self._client, self._clock, self._newest = client, clock, newest
        self._pending: dict[str, _Pending] = {}
        self._written: dict[str, Pod] = {}
        """Our own last write, for as long as the watch may not have brought it."""
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._busy: set[str] = set()

    def publish(self, pod: Pod, status: PodStatus) -> None:
        """Let the API know this status of the pod."""
        pending = self._pending.setdefault(pod.metadata.uid, _Pending(pod))
        pending.pod, pending.status = pod, status
        self._enqueue(pod.metadata.uid)

    def delete(self, pod: Pod) -> None:
        """Delete the pod for good, after its last status has been written."""
        pending = self._pending.setdefault(pod.metadata.uid, _Pending(pod))
        pending.is_to_delete = True
        self._enqueue(pod.metadata.uid)

    @property
    def is_idle(self) -> bool:
        """Everything has been written."""
        return not self._pending and not self._busy

    async def run(self) -> None:
        """Write until cancelled."""
        async with asyncio.TaskGroup() as group:
            for number in range(WRITERS):
                group.create_task(self._write_all(group), name=f"status writer {number}")

    def _enqueue(self, uid: str) -> None:
        if uid not in self._busy:
            self._busy.add(uid)
            self._queue.put_nowait(uid)

    async def _write_all(self, group: asyncio.TaskGroup) -> None:
        while True:
            uid = await self._queue.get()
            pending = self._pending.pop(uid, None)
            delay = await self._write(pending) if pending is not None else None
            if delay is not None and pending is not None:
                self._restore(uid, pending)
                group.create_task(self._again(uid, delay))
                continue
            self._busy.discard(uid)
            if uid in self._pending:
                self._enqueue(uid)

    async def _again(self, uid: str, delay: float) -> None:
        await self._clock.sleep(delay)
        self._queue.put_nowait(uid)

    def _restore(self, uid: str, failed: _Pending) -> None:
        """Put a failed write back under what has come since."""
        newer = self._pending.setdefault(uid, failed)
        if newer is not failed:
            newer.is_to_delete |= failed.is_to_delete
            newer.status = newer.status or failed.status
        newer.attempts = failed.attempts + 1

    async def _write(self, pending: _Pending) -> float | None:
        """None when it is done, or the seconds until it is tried again."""
        try:
            async with asyncio.timeout(CALL_TIMEOUT.total_seconds()):
                if pending.status is not None:
                    await self._write_status(pending.pod, pending.status)
                if pending.is_to_delete:
                    await self._delete(pending.pod)
        except NotFound:
            self._written.pop(pending.pod.metadata.uid, None)
            return None
        except Conflict:
            return 0.0 if await self._reread(pending) else None
        except (StatusError, OSError, TimeoutError) as error:
            _log.warning("status not written", pod=full_name(pending.pod), error=str(error))
            return RETRY.delay(pending.attempts)
        return None

    async def _write_status(self, pod: Pod, status: PodStatus) -> None:
        current = self._current(pod)
        wanted = merged(current, status, self._clock.now())
        patch = _difference(to_wire(current.status), to_wire(wanted))
        if not patch:
            return
        meta = current.metadata
        # The precondition keeps conditions that others wrote meanwhile: the list is replaced as a whole.
        body = {"metadata": {"uid": meta.uid, "resourceVersion": meta.resourceVersion}, "status": patch}
        written = await self._client.patch(Pod, meta.name, meta.namespace, body, subresource="status")
        self._written[meta.uid] = written

    async def _delete(self, pod: Pod) -> None:
        meta = pod.metadata
        self._written.pop(meta.uid, None)
        await self._client.delete(Pod, meta.name, meta.namespace, grace_period_seconds=0, uid=meta.uid)

    async def _reread(self, pending: _Pending) -> bool:
        """Somebody else changed the pod: take the newest for the next try. False when it is another pod now."""
        meta = pending.pod.metadata
        try:
            async with asyncio.timeout(CALL_TIMEOUT.total_seconds()):
                found = await self._client.get(Pod, meta.name, meta.namespace)
        except NotFound:
            return False
        except (StatusError, OSError, TimeoutError):
            return True
        if found.metadata.uid != meta.uid:
            return False
        self._written[meta.uid] = found
        return True

    def _current(self, pod: Pod) -> Pod:
        """The newest state known: the watch's, the worker's or our own last write's."""
        seen = self._newest(pod)
        written = self._written.get(pod.metadata.uid)
        if written is not None and _revision(written) > _revision(seen):
            return written
        self._written.pop(pod.metadata.uid, None)
        return seen


def _revision(pod: Pod) -> int:
    return int(pod.metadata.resourceVersion or 0)


def _difference(old: Any, new: Any) -> Any:
    """The merge patch (RFC 7386) that makes `old` into `new`."""
    patch: dict[str, Any] = {name: None for name in old if name not in new}
    for name, value in new.items():
        before = old.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            if inner := _difference(before, value):
                patch[name] = inner
        elif value != before:
            patch[name] = value
    return patch
