"""The pod garbage collector: finds the pods nobody else will remove."""

from datetime import datetime, timedelta
from typing import Any

from steersman.api.core import Node, Pod
from steersman.apimachinery.status import NotFound
from steersman.client.cache import NODE
from steersman.controllers.podgc.plan import View, is_stuck, oldest_beyond, plan
from steersman.controllers.pods import is_finished
from steersman.reconcile.controller import Reader, Watch
from steersman.reconcile.plan import Plan

# A node's absence may be a moment between two registrations.
QUARANTINE = timedelta(seconds=40)
FINISHED_THRESHOLD = 12500
EVERYTHING = ""


class PodGCController:
    """Keys are node names; the empty key stands for pods of no node and finished ones."""

    name = "pod-garbage-collector-controller"

    def __init__(self, finished_threshold: int = FINISHED_THRESHOLD) -> None:
        self._threshold = finished_threshold

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """Nodes and pods; a missing node is looked at only after a while."""
        return (
            Watch(Node, _removed_node, delay=QUARANTINE),
            Watch(Pod, _missing_node, delay=QUARANTINE),
            Watch(Pod, self._is_unwanted),
        )

    async def observe(self, reader: Reader, key: str) -> View | None:
        """The pods in question; that a node is gone is confirmed live."""
        pods = reader.cache(Pod)
        if key == EVERYTHING:
            unscheduled = tuple(pod for pod in pods if is_stuck(pod))
            finished = [pod for pod in pods if is_finished(pod) and pod.metadata.deletionTimestamp is None]
            return View(unscheduled=unscheduled, surplus=oldest_beyond(self._threshold, finished))
        if reader.cache(Node).get("", key) is not None or not pods.by_index(NODE, key):
            return None
        try:
            await reader.live.get(Node, key)
        except NotFound:
            return View(orphans=pods.by_index(NODE, key))
        return None

    def plan(self, view: View, now: datetime) -> Plan:
        """See `plan`."""
        return plan(view, now)

    def _is_unwanted(self, reader: Reader, old: Pod | None, new: Pod | None) -> tuple[str, ...]:
        if new is None:
            return ()
        has_finished = is_finished(new) and (old is None or not is_finished(old))
        too_many = has_finished and 0 < self._threshold < len(reader.cache(Pod))
        return (EVERYTHING,) if too_many or is_stuck(new) else ()


def _removed_node(_: Reader, old: Node | None, new: Node | None) -> tuple[str, ...]:
    return (old.metadata.name,) if old is not None and new is None else ()


def _missing_node(reader: Reader, old: Pod | None, new: Pod | None) -> tuple[str, ...]:
    if new is None or not new.spec.nodeName or (old is not None and old.spec.nodeName):
        return ()
    return (new.spec.nodeName,) if reader.cache(Node).get("", new.spec.nodeName) is None else ()
