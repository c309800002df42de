"""The pod workers of a node: one for every pod the API or the runtime knows of.

Pods come from the source, hints from the relist; each goes to the worker of its pod, and nothing else happens here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from steersman.api.core import Container, Pod, PodSpec, PodStatus
from steersman.api.meta import ObjectMeta
from steersman.component.log import get_logger
from steersman.component.supervisor import Supervisor
from steersman.kubelet import names
from steersman.kubelet.podworker.driver import Outlets, PodWorker
from steersman.kubelet.podworker.observed import ObservedContainer, PodRuntime
from steersman.kubelet.podworker.work import Tools
from steersman.kubelet.probes.check import Checker
from steersman.kubelet.references import References

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerDeps:
    """What workers are made with."""

    tools: Tools
    checker: Checker
    references: References
    supervisor: Supervisor
    publish: Callable[[Pod, PodStatus], None]
    delete: Callable[[Pod], None]


class PodWorkers:
    """Starts and feeds the workers; a crashed one is started again and finds its pod anew."""

    def __init__(self, deps: WorkerDeps) -> None:
        """No pods yet."""
        self._deps = deps
        self._workers: dict[str, PodWorker] = {}
        self._pods: dict[str, Pod] = {}
        self._finished: set[str] = set()
        """Pods that are gone from the node, though the API still has them."""

    @property
    def workers(self) -> tuple[PodWorker, ...]:
        """Those at work."""
        return tuple(self._workers.values())

    def running(self) -> tuple[ObservedContainer, ...]:
        """Every container that runs."""
        return tuple(each for worker in self.workers if worker.runtime is not None for each in worker.runtime.alive)

    def find(self, namespace: str, name: str) -> PodWorker | None:
        """The worker of a pod by its name; of several, the one whose pod isn't going."""
        found = [
            worker
            for worker in self._workers.values()
            if (worker.pod.metadata.namespace, worker.pod.metadata.name) == (namespace, name)
        ]
        found.sort(key=lambda worker: worker.pod.metadata.deletionTimestamp is not None)
        return found[0] if found else None

    def update(self, old: Pod | None, new: Pod | None) -> None:
        """An informer's change; the same name under another uid is another pod."""
        if old is not None and (new is None or old.metadata.uid != new.metadata.uid):
            self._forget(old)
        if new is None:
            return
        uid = new.metadata.uid
        self._pods[uid] = new
        if uid in self._finished:
            return
        worker = self._workers.get(uid)
        if worker is None:
            self._start(new)
        else:
            self._deps.references.follow(new)
            worker.update(new)

    def knows(self, uid: str) -> bool:
        """The API has the pod, or a worker is ending it."""
        return uid in self._workers or uid in self._pods

    def adopt(self, uid: str, runtime: PodRuntime) -> None:
        """End what the runtime or the disk still has of a pod that the API no longer knows."""
        if self.knows(uid):
            return
        pod = orphan_pod(uid, runtime)
        _log.info("pod is gone from the API, ending it", pod=names.full_name(pod))
        self._start(pod)
        self._workers[uid].gone()

    def look(self, uid: str) -> None:
        """Something changed in the runtime."""
        worker = self._workers.get(uid)
        if worker is not None:
            worker.look()

    def refresh(self, uid: str) -> None:
        """Something changed that the pod's volumes show."""
        worker = self._workers.get(uid)
        if worker is not None:
            worker.refresh()

    def _start(self, pod: Pod) -> None:
        uid, deps = pod.metadata.uid, self._deps
        name = f"pod {names.full_name(pod)}"
        deps.references.follow(pod)

        def finish(finished: Pod, delete_object: bool) -> None:
            self._finish(finished, delete_object)

        async def run() -> None:
            if deps.supervisor.restarts(name):
                # Nothing that the old one held is needed.
                self._workers[uid] = PodWorker(self._pods.get(uid, pod), deps.tools, deps.checker, outlets)
                if uid not in self._pods:
                    self._workers[uid].gone()
            await self._workers[uid].run()

        outlets = Outlets(deps.publish, finish)
        self._workers[uid] = PodWorker(pod, deps.tools, deps.checker, outlets)
        deps.supervisor.start(name, run)

    def _forget(self, pod: Pod) -> None:
        uid = pod.metadata.uid
        self._pods.pop(uid, None)
        self._finished.discard(uid)
        worker = self._workers.get(uid)
        if worker is not None:
            worker.gone()

    def _finish(self, pod: Pod, delete_object: bool) -> None:
        uid = pod.metadata.uid
        self._workers.pop(uid, None)
        self._deps.references.forget(uid)
        if uid in self._pods:
            self._finished.add(uid)
        if delete_object:
            self._deps.delete(pod)


def orphan_pod(uid: str, runtime: PodRuntime) -> Pod:
    """What can be told of a pod from its sandboxes and containers alone."""
    labels = runtime.sandboxes[0].labels if runtime.sandboxes else {}
    if not labels and runtime.containers:
        labels = runtime.containers[0].status.labels
    containers, sidecars = {}, {}
    for observed in runtime.containers:
        if observed.status.annotations.get(names.KIND) == "sidecar":
            sidecars[observed.name] = Container(name=observed.name, restartPolicy="Always")
        else:
            containers[observed.name] = Container(name=observed.name)
    graces = [each.status.annotations.get(names.GRACE_PERIOD, "") for each in runtime.containers]
    grace = next((int(text) for text in graces if text.isdigit()), None)
    return Pod(
        metadata=ObjectMeta(
            name=labels.get(names.POD_NAME, ""), namespace=labels.get(names.POD_NAMESPACE, ""), uid=uid
        ),
        spec=PodSpec(
            containers=tuple(containers.values()),
            initContainers=tuple(sidecars.values()),
            terminationGracePeriodSeconds=grace,
        ),
    )
