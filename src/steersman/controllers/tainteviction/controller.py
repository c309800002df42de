"""The taint eviction controller."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from steersman.api.core import Node, Pod, Taint
from steersman.client.cache import NODE, ObjectKey, key_of
from steersman.component.clock import Clock
from steersman.controllers.pods import is_finished
from steersman.controllers.tainteviction.plan import View, no_execute, plan
from steersman.reconcile.controller import Reader, Watch
from steersman.reconcile.plan import Plan


class TaintEvictionController:
    """Keys are pods. A taint that doesn't say when it was added counts from when it was first seen."""

    name = "taint-eviction-controller"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[tuple[str, str], datetime] = {}

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """Nodes for their taints, and pods."""
        return (Watch(Node, _pods_of_node), Watch(Pod, _pod))

    async def observe(self, reader: Reader, key: ObjectKey) -> View | None:
        """The pod and what its node's taints are."""
        pod = reader.get(Pod, key)
        if pod is None or pod.metadata.deletionTimestamp is not None or is_finished(pod):
            return None
        node = reader.cache(Node).get("", pod.spec.nodeName)
        if node is None:
            return None
        taints = no_execute(node)
        self._forget(node, taints)
        return View(pod, tuple((taint, self._since(node, taint)) for taint in taints))

    def plan(self, view: View, now: datetime) -> Plan:
        """See `plan`."""
        return plan(view, now)

    def _since(self, node: Node, taint: Taint) -> datetime:
        if taint.timeAdded is not None:
            return taint.timeAdded
        return self._seen.setdefault((node.metadata.uid, taint.key), self._clock.now())

    def _forget(self, node: Node, taints: tuple[Taint, ...]) -> None:
        keys = {taint.key for taint in taints}
        for entry in [entry for entry in self._seen if entry[0] == node.metadata.uid and entry[1] not in keys]:
            del self._seen[entry]


def _pods_of_node(reader: Reader, old: Node | None, new: Node | None) -> Iterator[ObjectKey]:
    if new is None or (old is not None and no_execute(old) == no_execute(new)):
        return
    for pod in reader.cache(Pod).by_index(NODE, new.metadata.name):
        yield key_of(pod)


def _pod(reader: Reader, old: Pod | None, new: Pod | None) -> tuple[ObjectKey, ...]:
    if new is None or not new.spec.nodeName:
        return ()
    is_news = old is None or (old.spec.nodeName, old.spec.tolerations) != (new.spec.nodeName, new.spec.tolerations)
    node = reader.cache(Node).get("", new.spec.nodeName)
    return (key_of(new),) if is_news and node is not None and no_execute(node) else ()
