"""Notices that something changed in the runtime, and tells the pods it is about to look. It never acts itself.

The runtime's events are hints; lists are the truth. With events, lists are taken on a hint and, in case one was lost,
at long intervals; without, every second while there is something to watch, as upstream's PLEG does.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta

from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.cri.errors import RuntimeServiceError, Unimplemented
from steersman.cri.interface import Runtime
from steersman.cri.records import ContainerState, PodSandboxState
from steersman.kubelet import names

_log = get_logger(__name__)

WITH_EVENTS = timedelta(seconds=60)
WITHOUT_EVENTS = timedelta(seconds=1)
SETTLE = timedelta(milliseconds=20)
"""Events come in bursts: one list serves them all."""
SECOND_LOOKS = (timedelta(milliseconds=100), timedelta(milliseconds=500), timedelta(seconds=2))
"""After a hint: containerd tells of a container's end before its own lists show it, on a busy machine long before."""
RETRY = timedelta(seconds=1)
LIST_TIMEOUT = timedelta(seconds=60)

State = frozenset[tuple[str, ContainerState | PodSandboxState]]


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told: `changed` of each pod that changed, `listed` of all pods the runtime has, after each list."""

    changed: Callable[[str], None]
    listed: Callable[[frozenset[str]], None]


class Relist:
    """Keeps watching until cancelled."""

    def __init__(self, runtime: Runtime, clock: Clock, listener: Listener) -> None:
        """`listener.changed` is called for every pod with the first list."""
        self._runtime, self._clock, self._listener = runtime, clock, listener
        self._states: dict[str, State] = {}
        self._hint = asyncio.Event()
        self._has_events = True
        self._looks: list[timedelta] = []
        self.listed_at: float | None = None
        """When the last list succeeded, by the clock's monotonic time: the health of the runtime."""

    async def run(self) -> None:
        """List at the start, on hints, and at intervals."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_events())
            while True:
                if self._hint.is_set():
                    self._hint.clear()
                    self._looks = list(SECOND_LOOKS)
                await self._list()
                await self._wait(self._next_interval())

    def _next_interval(self) -> timedelta:
        if not self._has_events:
            return WITHOUT_EVENTS
        return self._looks.pop(0) if self._looks else WITH_EVENTS

    async def _wait(self, interval: timedelta) -> None:
        sleeping = asyncio.ensure_future(self._clock.sleep(interval.total_seconds()))
        hinted = asyncio.ensure_future(self._hint.wait())
        try:
            await asyncio.wait((sleeping, hinted), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            hinted.cancel()
        if self._hint.is_set():
            await self._clock.sleep(SETTLE.total_seconds())

    async def _list(self) -> None:
        try:
            async with asyncio.timeout(LIST_TIMEOUT.total_seconds()):
                sandboxes, containers = await asyncio.gather(
                    self._runtime.list_pod_sandboxes(), self._runtime.list_containers()
                )
        except (RuntimeServiceError, TimeoutError) as error:
            _log.warning("relist failed", error=str(error))
            await self._clock.sleep(RETRY.total_seconds())
            self._hint.set()
            return
        found: dict[str, set[tuple[str, ContainerState | PodSandboxState]]] = {}
        for sandbox in sandboxes:
            uid = sandbox.labels.get(names.POD_UID) or sandbox.metadata.uid
            found.setdefault(uid, set()).add((sandbox.id, sandbox.state))
        for container in containers:
            uid = container.labels.get(names.POD_UID, "")
            if uid:
                found.setdefault(uid, set()).add((container.id, container.state))
        self._compare({uid: frozenset(states) for uid, states in found.items()})
        self.listed_at = self._clock.monotonic()

    def _compare(self, states: dict[str, State]) -> None:
        before, self._states = self._states, states
        for uid in (*states, *(uid for uid in before if uid not in states)):
            if states.get(uid) != before.get(uid):
                self._listener.changed(uid)
        self._listener.listed(frozenset(states))

    async def _follow_events(self) -> None:
        while True:
            try:
                async with aclosing(self._runtime.events()) as events:
                    self._hint.set()  # what happened before the stream began
                    async for _ in events:
                        self._hint.set()
            except Unimplemented:
                _log.info("the runtime has no events, listing each second")
                self._has_events = False
                self._hint.set()
                return
            except RuntimeServiceError as error:
                _log.debug("event stream ended", error=str(error))
            await self._clock.sleep(RETRY.total_seconds())
