"""Carries scheduling decisions out: keeps the snapshot by watches, takes pods off the queue, binds them.

A decided pod counts on its node at once (assumed) and is bound in the background; a binding that fails takes it back.
"""

import asyncio
from random import Random

from steersman.api.core import Binding, Node, ObjectReference, Pod, PodCondition
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.codec.json import to_wire
from steersman.apimachinery.status import NotFound, StatusError
from steersman.apimachinery.times import to_time
from steersman.client.informer import Informers
from steersman.client.interface import Client, PatchType
from steersman.client.recorder import EventRecorder
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.scheduler.cycle import schedule
from steersman.scheduler.framework import Placed, Profile, Unplaced
from steersman.scheduler.queue import QueuedPod, SchedulingQueue
from steersman.scheduler.snapshot import Snapshot

_log = get_logger(__name__)

FINISHED = ("Succeeded", "Failed")
# What it must see whole.
FOLLOWED = (Node, Pod)
# Bindings in flight; more would only wait in the API server.
MAX_BINDINGS = 64
# Decisions made before the loop gets its turn.
DECISIONS_A_TURN = 16


class Scheduler:
    """One scheduler: gives every pod that names it a node."""

    def __init__(self, client: Client, informers: Informers, profile: Profile, clock: Clock, random: Random) -> None:
        self._client = client
        self._profile = profile
        self._clock = clock
        self._random = random
        self._snapshot = Snapshot()
        self._queue = SchedulingQueue()
        self._assumed: set[str] = set()
        self._wake = asyncio.Event()
        self._slots = asyncio.Semaphore(MAX_BINDINGS)
        self._recorder = EventRecorder(client, clock, profile.scheduler_name, "")
        self._nodes = informers.of(Node)
        self._pods = informers.of(Pod)
        self._nodes.add_handler(self._node_changed)
        self._pods.add_handler(self._pod_changed)

    async def run(self) -> None:
        """Schedule until cancelled; the informers must be running."""
        await self._nodes.wait_synced()
        await self._pods.wait_synced()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._recorder.run())
            while True:
                await self._decide_ready(group)
                await self._wait()

    async def _decide_ready(self, group: asyncio.TaskGroup) -> None:
        decided = 0
        while True:
            # Before deciding: what is decided must be done before anything changes.
            await self._slots.acquire()
            queued = self._queue.pop(self._clock.monotonic())
            if queued is None:
                self._slots.release()
                return
            moves = self._queue.moves
            decision = schedule(queued.pod, self._snapshot, self._profile, self._random)
            match decision:
                case Placed():
                    self._assume(queued.pod, decision.node_name)
                    group.create_task(self._bind(queued, decision.node_name))
                case Unplaced():
                    self._queue.failed(queued, decision.rejected_by, self._clock.monotonic(), moves)
                    group.create_task(self._report_and_release(queued.pod, decision.message))
            decided += 1
            if decided % DECISIONS_A_TURN == 0:
                await asyncio.sleep(0)  # noqa: TID251  # only to let the loop take its turn

    async def _wait(self) -> None:
        """Until something changes, or a back-off ends."""
        seconds = self._queue.next_wake(self._clock.monotonic())
        if seconds is None:
            await self._wake.wait()
        elif seconds > 0:
            waking = asyncio.ensure_future(self._wake.wait())
            sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
            try:
                await asyncio.wait((waking, sleeping), return_when=asyncio.FIRST_COMPLETED)
            finally:
                waking.cancel()
                sleeping.cancel()
        self._wake.clear()

    def _node_changed(self, old: Node | None, new: Node | None) -> None:
        if new is None:
            assert old is not None
            self._snapshot.remove_node(old.metadata.name)
            return
        self._snapshot.set_node(new)
        if old is None or _may_help(old, new):
            self._queue.move_all()
            self._wake.set()

    def _pod_changed(self, old: Pod | None, new: Pod | None) -> None:
        pod = new or old
        assert pod is not None
        uid = pod.metadata.uid
        if new is None or new.status.phase in FINISHED:
            self._forget(uid, pod)
        elif new.spec.nodeName:
            self._assumed.discard(uid)
            self._queue.remove(uid)
            if old is None or old.spec != new.spec:
                self._snapshot.place(new, new.spec.nodeName)
        elif not self._is_mine(new):
            self._queue.remove(uid)
        elif uid not in self._assumed and (old is None or _asks_otherwise(old, new)):
            self._queue.add(new)
            self._wake.set()

    def _is_mine(self, pod: Pod) -> bool:
        is_waiting = not pod.spec.schedulingGates and pod.metadata.deletionTimestamp is None
        return is_waiting and pod.spec.schedulerName == self._profile.scheduler_name

    def _forget(self, uid: str, pod: Pod) -> None:
        self._queue.remove(uid)
        self._assumed.discard(uid)
        self._snapshot.unplace(uid)
        if pod.spec.nodeName:
            # Room has become free.
            self._queue.move_all()
            self._wake.set()

    def _assume(self, pod: Pod, node_name: str) -> None:
        self._assumed.add(pod.metadata.uid)
        self._snapshot.place(pod, node_name)

    async def _bind(self, queued: QueuedPod, node_name: str) -> None:
        pod = queued.pod
        meta = pod.metadata
        binding = Binding(
            metadata=ObjectMeta(name=meta.name, namespace=meta.namespace, uid=meta.uid),
            target=ObjectReference(kind="Node", name=node_name),
        )
        try:
            await self._client.create_subresource(Pod, meta.name, meta.namespace, "binding", binding)
        except NotFound:
            self._forget(meta.uid, pod)
        except (StatusError, OSError, TimeoutError) as error:
            _log.warning(
                "a binding failed; the pod is scheduled again", pod=meta.name, node=node_name, error=str(error)
            )
            found = self._pods.cache.get(meta.namespace, meta.name)
            if found is not None and found.metadata.uid == meta.uid and found.spec.nodeName:
                return  # only the answer was lost
            self._assumed.discard(meta.uid)
            self._snapshot.unplace(meta.uid)
            self._queue.failed(queued, frozenset(), self._clock.monotonic(), -1)
            self._wake.set()
        else:
            message = f"Successfully assigned {meta.namespace}/{meta.name} to {node_name}"
            self._recorder.event(pod, "Normal", "Scheduled", message)
        finally:
            self._slots.release()

    async def _report_and_release(self, pod: Pod, message: str) -> None:
        try:
            await self._report(pod, message)
        finally:
            self._slots.release()

    async def _report(self, pod: Pod, message: str) -> None:
        """An Event, and the PodScheduled condition, written only when its words change."""
        self._recorder.event(pod, "Warning", "FailedScheduling", message)
        known = next((one for one in pod.status.conditions if one.type == "PodScheduled"), None)
        if known is not None and (known.status, known.message) == ("False", message):
            return
        now = to_time(self._clock.now())
        condition = PodCondition(
            type="PodScheduled",
            status="False",
            reason="Unschedulable",
            message=message,
            lastTransitionTime=known.lastTransitionTime if known is not None and known.status == "False" else now,
        )
        patch = {"status": {"conditions": [to_wire(condition)]}}
        meta = pod.metadata
        try:
            await self._client.patch(Pod, meta.name, meta.namespace, patch, PatchType.STRATEGIC, "status")
        except (StatusError, OSError, TimeoutError) as error:
            _log.debug("a pod's condition wasn't written", pod=meta.name, error=str(error))


def _asks_otherwise(old: Pod, new: Pod) -> bool:
    """The change may lead to another decision: also labels count, for the pods that are spread or attracted by them."""
    return old.spec != new.spec or old.metadata.labels != new.metadata.labels


def _may_help(old: Node, new: Node) -> bool:
    """The change may make a waiting pod fit; a heartbeat doesn't."""
    before = (old.spec.unschedulable, old.spec.taints, old.metadata.labels, old.status.allocatable)
    return before != (new.spec.unschedulable, new.spec.taints, new.metadata.labels, new.status.allocatable)
