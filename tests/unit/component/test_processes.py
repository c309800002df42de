import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from steersman.component.backoff import Backoff
from steersman.component.clock import RealClock
from steersman.component.processes import (
    Processes,
    ProcessSpec,
    is_running,
    read_running,
    stop_process,
    wait_exit,
    write_pid_file,
)
from steersman.component.threads import Threads

BACKOFF = Backoff(initial=0.01, factor=2, limit=0.05)
# Ends when asked to; and one that has to be killed.
SLEEPER = ("/bin/sh", "-c", "echo begun; exec sleep 300")
STUBBORN = ("/bin/sh", "-c", "trap '' TERM; echo begun; while :; do sleep 300; done")


async def eventually(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


def spec(directory: Path, command: tuple[str, ...] = SLEEPER, name: str = "server") -> ProcessSpec:
    return ProcessSpec(name, command, directory / f"{name}.log", directory / "run" / f"{name}.pid", stop_seconds=5)


@pytest.fixture
async def processes() -> AsyncIterator[Processes]:
    kept = Processes(RealClock(), Threads(2), BACKOFF)
    yield kept
    await kept.stop()


async def test_a_process_is_detached_logged_and_recorded_and_a_stop_ends_it(
    tmp_path: Path, processes: Processes
) -> None:
    server = spec(tmp_path)
    identity = await processes.start(server)
    await eventually(lambda: server.log_file.read_text() == "begun\n")
    assert os.getsid(identity.pid) == identity.pid
    assert read_running(server.pid_file) == identity
    await processes.stop()
    assert not is_running(identity)
    assert not server.pid_file.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(identity.pid, 0)  # reaped: no zombie is left


async def test_one_that_dies_is_restarted_and_its_end_is_known(tmp_path: Path, processes: Processes) -> None:
    server = spec(tmp_path)
    first = await processes.start(server)
    os.kill(first.pid, signal.SIGKILL)
    await eventually(lambda: processes.states()[0].identity not in (None, first))
    (state,) = processes.states()
    assert state.last_exit == -signal.SIGKILL
    assert state.restarts == 1
    assert read_running(server.pid_file) == state.identity


async def test_a_successor_adopts_what_runs_and_restarts_it_when_it_dies(tmp_path: Path, processes: Processes) -> None:
    server = spec(tmp_path)
    # Started by a process that is gone: nobody here can wait for it.
    script = (
        "import sys; from pathlib import Path; from steersman.component.processes import *;"
        "d = Path(sys.argv[1]); spawn(ProcessSpec('server', tuple(sys.argv[2:]), d/'server.log', d/'run'/'server.pid'))"
    )
    starter = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(tmp_path), *server.command)
    assert await starter.wait() == 0
    left = read_running(server.pid_file)
    assert left is not None
    assert await processes.start(server) == left
    os.kill(left.pid, signal.SIGKILL)
    await eventually(lambda: processes.states()[0].identity not in (None, left))


async def test_detaching_leaves_processes_to_the_next(tmp_path: Path, processes: Processes) -> None:
    server = spec(tmp_path)
    identity = await processes.start(server)
    await processes.detach()
    assert is_running(identity)
    assert await processes.start(server) == identity


async def test_another_command_replaces_what_runs(tmp_path: Path, processes: Processes) -> None:
    server = spec(tmp_path)
    old = await processes.start(server)
    await processes.detach()
    new = await processes.start(replace(server, command=("/bin/sleep", "200")))
    assert not is_running(old)
    assert new.command == ("/bin/sleep", "200")


async def test_a_reused_pid_is_neither_adopted_nor_signalled(tmp_path: Path, processes: Processes) -> None:
    server = spec(tmp_path)
    bystander = await processes.start(spec(tmp_path, name="bystander"))
    stale = replace(bystander, start_time=bystander.start_time - 1)
    write_pid_file(server.pid_file.with_name("server.pid"), stale)
    assert read_running(server.pid_file) is None
    await stop_process(stale, 1, RealClock())
    assert is_running(bystander)
    assert await wait_exit(stale) is None
    assert (await processes.start(server)).pid != bystander.pid
    earlier_boot = replace(bystander, boot_id="another")
    assert not is_running(earlier_boot)


@pytest.mark.parametrize("content", ["", "12", "{}", '{"pid": "x", "startTime": 1, "bootID": 1}', "[]"])
def test_a_torn_pid_file_names_nobody(tmp_path: Path, content: str) -> None:
    (tmp_path / "pid").write_text(content)
    assert read_running(tmp_path / "pid") is None


async def test_who_ignores_the_term_signal_is_killed_at_the_deadline(tmp_path: Path, processes: Processes) -> None:
    server = replace(spec(tmp_path, STUBBORN), stop_seconds=0.05)
    identity = await processes.start(server)
    await eventually(lambda: server.log_file.read_text() == "begun\n")
    (child,) = await eventually_children(identity.pid)
    await processes.stop()
    assert not is_running(identity)
    os.kill(child, signal.SIGKILL)


async def eventually_children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    await eventually(path.read_text)
    return [int(child) for child in path.read_text().split()]


async def test_a_crash_loop_backs_off_and_can_be_stopped(tmp_path: Path, processes: Processes) -> None:
    await processes.start(spec(tmp_path, ("/bin/false",)))
    await eventually(lambda: processes.states()[0].restarts >= 3)
    assert processes.states()[0].last_exit == 1
    await processes.stop()
    assert processes.states() == ()


async def test_a_command_that_does_not_exist_is_an_error_at_once(tmp_path: Path, processes: Processes) -> None:
    with pytest.raises(FileNotFoundError):
        await processes.start(spec(tmp_path, ("/nonexistent",)))
    assert processes.states() == ()


async def test_processes_stop_in_reverse_order(tmp_path: Path, processes: Processes) -> None:
    order = tmp_path / "order"
    command = "trap 'echo {} >> {}; exit' TERM; echo begun; sleep 300 & wait"
    specs = [spec(tmp_path, ("/bin/sh", "-c", command.format(name, order)), name) for name in ("a", "b", "c")]
    children = []
    for one in specs:
        identity = await processes.start(one)
        children += await eventually_children(identity.pid)
        await eventually(lambda one=one: one.log_file.read_text() == "begun\n")  # type: ignore[misc]
    await processes.stop()
    for child in children:
        os.kill(child, signal.SIGKILL)
    assert order.read_text().split() == ["c", "b", "a"]


def test_it_works_on_uvloop_too(tmp_path: Path) -> None:
    script = (
        "import uvloop, sys, os, json; from pathlib import Path; from steersman.component.processes import *\n"
        "async def main():\n"
        "    d = Path(sys.argv[1])\n"
        "    identity = spawn(ProcessSpec('x', ('/bin/sh', '-c', 'exit 3'), d/'log', d/'pid'))\n"
        "    print(json.dumps(await wait_exit(identity)))\n"
        "uvloop.run(main())"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=20, check=True
    )
    assert json.loads(run.stdout) == 3
