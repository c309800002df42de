"""Finds what is left of pods that the API no longer has, in the runtime and on disk, and has it taken away.

That happens when a pod was deleted by force, or while the kubelet was away. Source: kubelet_pods.go: HandlePodCleanups.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from steersman.component.log import get_logger
from steersman.cri.errors import RuntimeServiceError
from steersman.kubelet.podworker.observer import Observer
from steersman.kubelet.podworker.work import Tools
from steersman.kubelet.workers import PodWorkers

_log = get_logger(__name__)


class Orphans:
    """Compares, after each list of the runtime, what is there with what should be."""

    def __init__(self, kubelet_dir: Path, tools: Tools, workers: PodWorkers) -> None:
        """Nothing is compared before `run`."""
        self._kubelet_dir, self._tools, self._workers = kubelet_dir, tools, workers
        self._listed: asyncio.Queue[frozenset[str]] = asyncio.Queue(1)

    def runtime_listed(self, uids: frozenset[str]) -> None:
        """These pods the runtime has."""
        while not self._listed.empty():
            self._listed.get_nowait()
        self._listed.put_nowait(uids)

    async def run(self) -> None:
        """Take away what is orphaned until cancelled; the disk is looked at once, at the start."""
        on_disk = await self._tools.threads.run(_pods_on_disk, self._kubelet_dir)
        on_disk |= await self._tools.threads.run(self._tools.cgroups.pod_uids)
        while True:
            uids = await self._listed.get()
            unknown = [uid for uid in uids | on_disk if not self._workers.knows(uid)]
            on_disk = set()
            if unknown:
                await self._adopt(unknown)

    async def _adopt(self, uids: Sequence[str]) -> None:
        for uid in uids:
            try:
                runtime = await Observer(self._tools.runtime, self._tools.threads, uid).look()
            except (RuntimeServiceError, TimeoutError) as error:
                _log.warning("orphan can't be looked at", uid=uid, error=str(error))
                continue
            self._workers.adopt(uid, runtime)


def _pods_on_disk(kubelet_dir: Path) -> set[str]:
    directory = kubelet_dir / "pods"
    return {entry.name for entry in directory.iterdir()} if directory.is_dir() else set()
