"""A node's own containerd: what to run, making ready, and taking all of it away again.

It never touches a containerd that it does not own: root, state, socket, runc's state, namespaces
and cgroups are all the node's. Containers outlive containerd (each has its shim), so a restart is
harmless; `kill_everything` is for when the node goes down for good. All functions
block: call them by component.threads.
"""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from steersman.cluster.containerdconfig import (
    Machine,
    has_apparmor,
    may_raise_oom_score,
    render,
)
from steersman.component.files import read_if_exists, write_atomic
from steersman.component.mounts import unmount_below
from steersman.component.nodecontext import NodeContext
from steersman.component.processes import ProcessSpec

_MOUNT_SECONDS = 10.0
_DEATH_SECONDS = 10.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_CGROUPS = Path("/sys/fs/cgroup")


def command(context: NodeContext) -> tuple[str, ...]:
    """The command that runs containerd, in the node's network namespace."""
    enter: tuple[str, ...] = ()
    if context.network.namespace is not None:
        enter = ("nsenter", f"--net={context.network.namespace}", "--")
    return (*enter, "containerd", "--config", str(context.containerd.config))


def process_spec(context: NodeContext) -> ProcessSpec:
    """Containerd as component.processes keeps it running."""
    return ProcessSpec(
        name=f"containerd {context.name}",
        command=command(context),
        log_file=context.containerd.log,
        pid_file=context.run_dir / "containerd.pid",
    )


def prepare(context: NodeContext) -> Machine:
    """Clean what a reboot left, make the directories, write the configuration."""
    clean_after_reboot(context)
    paths = context.containerd
    for directory in (
        paths.root,
        paths.state,
        paths.log.parent,
        context.log_dir,
        context.kubelet_dir,
        context.cni.conf_dir,
        context.cni.bin_dir,
        context.cni.state_dir,
        context.run_dir,
    ):
        directory.mkdir(parents=True, exist_ok=True, mode=0o711)
    (context.run_dir / "boot-id").write_text(_BOOT_ID.read_text())
    machine = inspect_machine(context)
    written = render(context, machine)
    if not paths.config.exists() or paths.config.read_text() != written:
        write_atomic(paths.config, written.encode())
    return machine


def inspect_machine(context: NodeContext) -> Machine:
    """Find out what decides the configuration."""
    return Machine(
        may_raise_oom_score=may_raise_oom_score(Path("/proc/self/status").read_text()),
        has_overlayfs=_overlayfs_works(context.containerd.root),
        has_apparmor=has_apparmor(),
    )


def clean_after_reboot(context: NodeContext) -> None:
    """Remove sockets, bundles and namespaces of a former boot, where /run outlives a reboot."""
    marker = context.run_dir / "boot-id"
    if not marker.exists() or marker.read_text() == _BOOT_ID.read_text():
        return
    unmount_below(context.run_dir)
    shutil.rmtree(context.run_dir, ignore_errors=True)


def kill_everything(context: NodeContext) -> None:
    """Kill every container of the node and its shim, and remove what they leave.

    Call it after containerd itself was stopped: it would note each death as a container's exit.
    """
    shims = tuple(_shims(context.containerd.socket))
    sockets = tuple(_shim_sockets(context))
    kill_and_wait((*_container_processes(context), *shims))
    unmount_below(context.containerd.state)
    unmount_below(context.kubelet_dir)
    remove_cgroups(context.cgroup_root)
    for path in sockets:
        path.unlink(missing_ok=True)
    shutil.rmtree(context.containerd.state, ignore_errors=True)
    context.containerd.socket.unlink(missing_ok=True)
    Path(f"{context.containerd.socket}.ttrpc").unlink(missing_ok=True)


def kill_and_wait(pids: Iterable[int]) -> None:
    """Kill processes and return when they are gone (a zombie counts as gone)."""
    waiting = {}
    for pid in set(pids):
        with contextlib.suppress(ProcessLookupError):
            waiting[pid] = os.pidfd_open(pid)
            signal.pidfd_send_signal(waiting[pid], signal.SIGKILL)
    for descriptor in waiting.values():
        _wait_death(descriptor)
        os.close(descriptor)


def remove_cgroups(cgroup: str) -> None:
    """Kill what is left in a cgroup, in each hierarchy, and remove it with all below it."""
    roots = tuple(_cgroup_directories(cgroup))
    kill_and_wait(pid for root in roots for pid in _processes_in(root))
    for root in roots:
        for directory, _, _ in os.walk(root, topdown=False):
            # A dying process may still hold it; an empty one does no harm, the next run removes it.
            with contextlib.suppress(OSError):
                os.rmdir(directory)
        if cgroup.strip("/").count("/"):
            # The cluster's own directory goes with its last node.
            with contextlib.suppress(OSError):
                root.parent.rmdir()


def _overlayfs_works(directory: Path) -> bool:
    with tempfile.TemporaryDirectory(dir=directory, prefix="overlay-check-") as place:
        parts = {name: Path(place) / name for name in ("lower", "upper", "work", "merged")}
        for part in parts.values():
            part.mkdir()
        options = f"lowerdir={parts['lower']},upperdir={parts['upper']},workdir={parts['work']}"
        mounted = subprocess.run(
            ["mount", "-t", "overlay", "overlay", "-o", options, str(parts["merged"])],
            capture_output=True,
            check=False,
            timeout=_MOUNT_SECONDS,
        )
        if mounted.returncode == 0:
            subprocess.run(["umount", str(parts["merged"])], check=True, timeout=_MOUNT_SECONDS)
        return mounted.returncode == 0


def _shims(socket: Path) -> Iterator[int]:
    """The shims that report to this containerd: its address stands in their command line."""
    for pid, arguments in _command_lines():
        name = os.path.basename(arguments[0])
        if name.startswith(b"containerd-shim") and os.fsencode(socket) in arguments:
            yield pid


def _shim_sockets(context: NodeContext) -> Iterator[Path]:
    """The sockets of the shims, which stand in a directory that all containerds share."""
    tasks = context.containerd.state / "io.containerd.runtime.v2.task"
    for address in tasks.glob("*/*/address"):
        text = read_if_exists(address)
        if text is not None:
            yield Path(text.decode().strip().removeprefix("unix://"))


def _command_lines() -> Iterator[tuple[int, list[bytes]]]:
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            arguments = Path("/proc", entry, "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        yield int(entry), arguments


def _container_processes(context: NodeContext) -> Iterator[int]:
    """Every process of the node's containers: by their bundles and by the node's cgroups."""
    tasks = context.containerd.state / "io.containerd.runtime.v2.task"
    for pid_file in tasks.glob("*/*/init.pid"):
        # A shim that ends meanwhile takes its files along.
        text = (read_if_exists(pid_file) or b"").decode().strip()
        if text.isdigit() and _is_in_cgroup(int(text), pid_file.parent.name):
            yield int(text)
    for root in _cgroup_directories(context.cgroup_root):
        yield from _processes_in(root)


def _is_in_cgroup(pid: int, container_id: str) -> bool:
    """Whether a pid from a file still is that container's, and not given to another process."""
    try:
        return container_id in Path(f"/proc/{pid}/cgroup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def _cgroup_directories(cgroup: str) -> Iterator[Path]:
    """The cgroup in the unified hierarchy, or in each of version 1's."""
    relative = cgroup.strip("/")
    hierarchies = (_CGROUPS, *(each for each in _CGROUPS.iterdir() if each.is_dir()))
    for hierarchy in hierarchies:
        if (hierarchy / relative / "cgroup.procs").exists():
            yield hierarchy / relative


def _processes_in(root: Path) -> Iterator[int]:
    for directory, _, _ in os.walk(root):
        try:
            lines = Path(directory, "cgroup.procs").read_text().split()
        except OSError:
            continue
        yield from (int(line) for line in lines if line != "0")


def _wait_death(descriptor: int) -> None:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    poll.poll(int(_DEATH_SECONDS * 1000))
