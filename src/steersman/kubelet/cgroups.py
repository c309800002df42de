"""The pods' cgroups: kubepods, a level for each quality of service, and one cgroup a pod, on cgroup v1 and v2.

All under the node's own root. Everything blocks on files: call it by component.threads.
Source: pkg/kubelet/cm: qos_container_manager, pod_container_manager, cgroup_manager.
"""

import contextlib
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from steersman.api.core import Pod, PodQOSClass
from steersman.api.core.qos import qos_class
from steersman.component.log import get_logger
from steersman.cri.records import LinuxContainerResources
from steersman.kubelet.resources import MIN_SHARES, pod_cgroup_resources

_log = get_logger(__name__)

MOUNT = Path("/sys/fs/cgroup")
KUBEPODS = "kubepods"
V2_CONTROLLERS = "+cpu +memory +pids +cpuset +io"
REMOVE_TRIES, REMOVE_PAUSE_SECONDS = 20, 0.05


class Cgroups:
    """The cgroups below one node's root."""

    def __init__(self, root: str, mount: Path = MOUNT) -> None:
        """`root` is an absolute path within each hierarchy."""
        self._root, self._mount = root, mount
        self._is_unified = (mount / "cgroup.controllers").exists()

    def parent_of(self, pod: Pod) -> str:
        """The pod's cgroup, as CRI takes it."""
        level = {PodQOSClass.BURSTABLE: "/burstable", PodQOSClass.BEST_EFFORT: "/besteffort"}.get(qos_class(pod), "")
        return f"{self._root}/{KUBEPODS}{level}/pod{pod.metadata.uid}"

    def prepare(self) -> None:
        """Make the levels above the pods. Best effort gets what others leave."""
        for level in ("", "/burstable", "/besteffort"):
            self._make(f"{self._root}/{KUBEPODS}{level}")
        self._apply(f"{self._root}/{KUBEPODS}/besteffort", LinuxContainerResources(cpu_shares=MIN_SHARES))

    def create(self, pod: Pod) -> None:
        """Make the pod's cgroup with its limits; one that is there gets them anew."""
        path = self.parent_of(pod)
        self._make(path)
        self._apply(path, pod_cgroup_resources(pod))

    def remove(self, uid: str) -> None:
        """Remove the pod's cgroup on every level, killing what is left in it."""
        for level in ("", "/burstable", "/besteffort"):
            for directory in self._directories(f"{self._root}/{KUBEPODS}{level}/pod{uid}"):
                _remove_tree(directory)

    def pod_uids(self) -> set[str]:
        """The pods that have a cgroup."""
        found: set[str] = set()
        for level in ("", "/burstable", "/besteffort"):
            for directory in self._directories(f"{self._root}/{KUBEPODS}{level}"):
                if directory.is_dir():
                    found |= {each.name[3:] for each in directory.iterdir() if each.name.startswith("pod")}
        return found

    def _hierarchies(self) -> list[Path]:
        if self._is_unified:
            return [self._mount]
        try:
            names = sorted(
                entry for entry in os.listdir(self._mount) if (self._mount / entry / "cgroup.procs").exists()
            )
        except OSError:
            return []
        # `cpu` may be a link to `cpu,cpuacct`: each hierarchy once.
        return list(dict.fromkeys((self._mount / name).resolve() for name in names))

    def _directories(self, path: str) -> list[Path]:
        return [hierarchy / path.lstrip("/") for hierarchy in self._hierarchies()]

    def _make(self, path: str) -> None:
        for directory in self._directories(path):
            try:
                directory.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                # A hierarchy the machine lets nobody write to: the runtime does without it as well.
                _log.debug("cgroup not made", path=str(directory), error=str(error))
        if self._is_unified:
            self._delegate(path)

    def _delegate(self, path: str) -> None:
        """Hand the controllers down to the parent of the path, level by level."""
        directory = self._mount
        for part in Path(path.lstrip("/")).parts:
            for controller in V2_CONTROLLERS.split():
                with contextlib.suppress(OSError):  # a controller the kernel hasn't
                    (directory / "cgroup.subtree_control").write_text(controller)
            directory /= part

    def _apply(self, path: str, resources: LinuxContainerResources) -> None:
        settings = _unified(resources) if self._is_unified else _legacy(resources)
        for (hierarchy, name), value in settings.items():
            directory = (self._mount / hierarchy).resolve() / path.lstrip("/")
            try:
                (directory / name).write_text(value)
            except OSError as error:
                _log.debug("cgroup setting refused", path=str(directory / name), error=str(error))


def weight_of(shares: int) -> int:
    """CPU weight of cgroup v2 for shares of v1. Source: KEP-2254."""
    return 1 + (shares - 2) * 9999 // 262142


Settings = Mapping[tuple[str, str], str]


def _legacy(resources: LinuxContainerResources) -> Settings:
    settings = {("cpu", "cpu.shares"): str(resources.cpu_shares)}
    if resources.cpu_period:
        settings["cpu", "cpu.cfs_period_us"] = str(resources.cpu_period)
        settings["cpu", "cpu.cfs_quota_us"] = str(resources.cpu_quota or -1)
    if resources.memory_limit_in_bytes:
        settings["memory", "memory.limit_in_bytes"] = str(resources.memory_limit_in_bytes)
    return settings


def _unified(resources: LinuxContainerResources) -> Settings:
    settings = {("", "cpu.weight"): str(weight_of(resources.cpu_shares))}
    if resources.cpu_period:
        settings["", "cpu.max"] = f"{resources.cpu_quota or 'max'} {resources.cpu_period}"
    if resources.memory_limit_in_bytes:
        settings["", "memory.max"] = str(resources.memory_limit_in_bytes)
    return settings


def _remove_tree(directory: Path) -> None:
    if not directory.is_dir():
        return
    for child in sorted(directory.rglob("*"), key=lambda path: len(path.parts), reverse=True):
        if child.is_dir():
            _remove_one(child)
    _remove_one(directory)


def _remove_one(directory: Path) -> None:
    for _ in range(REMOVE_TRIES):
        try:
            directory.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            _kill_all(directory)
            time.sleep(REMOVE_PAUSE_SECONDS)  # the kernel takes a moment to let go of the dead
        else:
            return
    _log.warning("cgroup not removed", path=str(directory))


def _kill_all(directory: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        for pid in (directory / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
