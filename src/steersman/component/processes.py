"""Processes of the operating system that outlive us, kept running.

A child is started in a session of its own, with its output in a log file and a pid file beside, so that whoever comes
after us finds and adopts it. A pid file says when its process started: a pid that was given to another process since is
never taken for ours, and never signalled.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from steersman.component import files
from steersman.component.backoff import Backoff, Backoffs
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.component.threads import Threads

_log = get_logger(__name__)

RESTART = Backoff(initial=0.2, factor=2.0, limit=30.0, jitter=0.1)
QUIET_SECONDS = 60.0
KILL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """A process that is to run."""

    name: str
    command: tuple[str, ...]
    log_file: Path
    pid_file: Path
    environment: Mapping[str, str] | None = None
    """The whole environment; None is our own."""
    directory: Path | None = None
    stop_seconds: float = 10.0
    """How long it may take to end after SIGTERM; then it is killed."""


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process, never to be mistaken for a later one of the same pid."""

    pid: int
    start_time: int
    """Clock ticks after boot (/proc/PID/stat, field 22)."""
    boot_id: str
    """Pids and ticks begin anew at each boot."""
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProcessState:
    """How a kept process is doing."""

    name: str
    identity: ProcessIdentity | None
    """None while it waits to be restarted."""
    restarts: int
    last_exit: int | None
    """Exit code of its last end; negative for a signal, None if it never ended or the code can't be known."""


class Processes:
    """Keeps processes running: adopted if they run already, restarted when they die, later each time.

    `stop` ends them in reverse order; `detach` only looks away, for a supervisor that is to be replaced.
    """

    def __init__(
        self, clock: Clock, threads: Threads, backoff: Backoff = RESTART, random: Random | None = None
    ) -> None:
        self._clock = clock
        self._threads = threads
        self._backoffs: Backoffs[str] = Backoffs(backoff, QUIET_SECONDS, random)
        self._kept: dict[str, _Kept] = {}

    async def start(self, spec: ProcessSpec) -> ProcessIdentity:
        """Adopt or start the process, and keep it. OSError when it can't be started at all.

        A process that runs with another command is stopped first.
        """
        if spec.name in self._kept:
            raise ValueError(f"process {spec.name!r} is kept already")
        kept = self._kept[spec.name] = _Kept(spec, None)
        try:
            kept.identity = identity = await self._adopt(spec) or await self._spawn(kept)
        except OSError:
            del self._kept[spec.name]
            raise
        kept.keeper = asyncio.create_task(self._keep(kept), name=f"keep {spec.name}")
        return identity

    def states(self) -> tuple[ProcessState, ...]:
        """How each process is doing, in order of their start."""
        return tuple(
            ProcessState(kept.spec.name, kept.identity, kept.restarts, kept.last_exit) for kept in self._kept.values()
        )

    async def stop(self) -> None:
        """Stop every process, the last started first, each with its own deadline."""
        for name in reversed(tuple(self._kept)):
            await self.stop_one(name)

    async def stop_one(self, name: str) -> None:
        """Stop the process of this name and keep it no longer; KeyError when there is none."""
        kept = self._kept[name]
        await kept.abandon()
        del self._kept[name]
        identity = kept.identity or await self._threads.run(read_running, kept.spec.pid_file)
        if identity is not None:
            await stop_process(identity, kept.spec.stop_seconds, self._clock)
        await self._threads.run(kept.spec.pid_file.unlink, missing_ok=True)
        _log.info("process stopped", process=name)

    async def detach(self) -> None:
        """Keep nothing any more; what runs runs on."""
        for kept in self._kept.values():
            await kept.abandon()
        self._kept.clear()

    async def _adopt(self, spec: ProcessSpec) -> ProcessIdentity | None:
        identity = await self._threads.run(read_running, spec.pid_file)
        if identity is None:
            return None
        if identity.command == spec.command:
            _log.info("process adopted", process=spec.name, pid=identity.pid)
            return identity
        _log.info("process runs with another command", process=spec.name, pid=identity.pid)
        await stop_process(identity, spec.stop_seconds, self._clock)
        return None

    async def _keep(self, kept: "_Kept") -> None:
        spec = kept.spec
        while True:
            if kept.identity is not None:
                kept.last_exit = await wait_exit(kept.identity)
                kept.identity = None
            kept.restarts += 1
            delay = self._backoffs.failed(spec.name, self._clock.monotonic())
            _log.warning("process ended", process=spec.name, exit_code=kept.last_exit, restart_seconds=delay)
            await self._clock.sleep(delay)
            try:
                kept.identity = await self._spawn(kept)
            except OSError as error:
                _log.error("process not started", process=spec.name, error=str(error))

    async def _spawn(self, kept: "_Kept") -> ProcessIdentity:
        starting = asyncio.ensure_future(self._threads.run(spawn, kept.spec))
        try:
            identity = await asyncio.shield(starting)
        except asyncio.CancelledError:
            # The thread can't be called back: the child must be known to whoever stops us.
            with contextlib.suppress(OSError):
                kept.identity = await starting
            raise
        _log.info("process started", process=kept.spec.name, pid=identity.pid)
        return identity


@dataclass(slots=True)
class _Kept:
    """What a keeper knows of its process; written by the keeper alone."""

    spec: ProcessSpec
    identity: ProcessIdentity | None
    restarts: int = 0
    last_exit: int | None = None
    keeper: "asyncio.Task[None] | None" = field(default=None)

    async def abandon(self) -> None:
        if self.keeper is not None:
            self.keeper.cancel()
            await asyncio.wait({self.keeper})


def spawn(spec: ProcessSpec) -> ProcessIdentity:
    """Start the process, detached, and write its pid file. Blocks for some milliseconds."""
    for path in (spec.log_file, spec.pid_file):
        path.parent.mkdir(parents=True, exist_ok=True)
    log = os.open(spec.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, files.PRIVATE_FILE)
    try:
        child = subprocess.Popen(
            spec.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=spec.environment,
            cwd=spec.directory,
            start_new_session=True,
        )
    finally:
        os.close(log)
    # Popen's own bookkeeping would reap behind our back: from here on the pid is ours to wait for.
    child.returncode = 0
    identity = ProcessIdentity(child.pid, _start_time(child.pid, dead_too=True) or 0, _boot_id(), spec.command)
    try:
        write_pid_file(spec.pid_file, identity)
    except OSError:
        # A full disk. Nobody after us could know of the child.
        os.kill(child.pid, signal.SIGKILL)
        os.waitpid(child.pid, 0)
        raise
    return identity


def write_pid_file(path: Path, identity: ProcessIdentity) -> None:
    """Say who runs, for those who come after."""
    record = {
        "pid": identity.pid,
        "startTime": identity.start_time,
        "bootID": identity.boot_id,
        "command": list(identity.command),
    }
    files.write_atomic(path, json.dumps(record).encode() + b"\n", files.PRIVATE_FILE)


def identify_self(command: tuple[str, ...]) -> ProcessIdentity:
    """This process itself, as if it had been started by `command`."""
    return ProcessIdentity(os.getpid(), _start_time(os.getpid()) or 0, _boot_id(), command)


def read_running(path: Path) -> ProcessIdentity | None:
    """Whom the pid file names, if that very process still runs."""
    content = files.read_if_exists(path)
    if content is None:
        return None
    try:
        record = json.loads(content)
        identity = ProcessIdentity(
            record["pid"], record["startTime"], record["bootID"], tuple(record.get("command", ()))
        )
    except (ValueError, KeyError, TypeError):
        return None
    return identity if is_running(identity) else None


def is_running(identity: ProcessIdentity) -> bool:
    """Does this very process run; a zombie doesn't."""
    return identity.boot_id == _boot_id() and _start_time(identity.pid) == identity.start_time


async def stop_process(
    identity: ProcessIdentity, deadline_seconds: float, clock: Clock, first: signal.Signals = signal.SIGTERM
) -> None:
    """End a process, child or not: by the first signal, then at the deadline SIGKILL. Returns when it is gone."""
    for number, seconds in ((first, deadline_seconds), (signal.SIGKILL, KILL_SECONDS)):
        if not _send(identity, number):
            break
        gone = asyncio.ensure_future(wait_exit(identity))
        deadline = asyncio.ensure_future(clock.sleep(seconds))
        try:
            await asyncio.wait({gone, deadline}, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                return
        finally:
            gone.cancel()
            deadline.cancel()
        _log.warning("process did not end in time", pid=identity.pid, signal=number.name, deadline_seconds=seconds)
    _reap(identity.pid)


async def wait_exit(identity: ProcessIdentity) -> int | None:
    """Wait until the process has ended; its exit code if it was our child, negative for a signal."""
    descriptor = _open(identity)
    if descriptor is None:
        return _reap(identity.pid)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    try:
        loop.add_reader(descriptor, ended.set)
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    return _reap(identity.pid)


def _send(identity: ProcessIdentity, number: signal.Signals) -> bool:
    """Signal this very process; False when it is gone."""
    descriptor = _open(identity)
    if descriptor is None:
        return False
    try:
        signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def _open(identity: ProcessIdentity) -> int | None:
    """A descriptor that stays with the process whatever becomes of its pid; None when it no longer runs."""
    try:
        descriptor = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        return None
    # Looked at after opening: if the pid is still ours now, the descriptor is of our process.
    if is_running(identity):
        return descriptor
    os.close(descriptor)
    return None


def _reap(pid: int) -> int | None:
    with contextlib.suppress(ChildProcessError):
        waited, status = os.waitpid(pid, os.WNOHANG)
        if waited == pid:
            return os.waitstatus_to_exitcode(status)
    return None


def _start_time(pid: int, dead_too: bool = False) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The second field is the command in parentheses, which may hold anything.
    fields = stat.rpartition(")")[2].split()
    if fields[0] in ("Z", "X") and not dead_too:
        return None
    return int(fields[19])


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
