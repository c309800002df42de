"""How soon a new cluster answers, and what it costs while nothing happens. Run it by hand, as root.

It makes clusters in directories of its own and takes each away again, also on failure. The API server is asked by this
script, not by `up`; what the asking costs (a refused connection every few milliseconds) is part of the figures.
"""

import argparse
import asyncio
import os
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from steersman.client import kubeconfig
from steersman.client.http import HTTPClient
from steersman.cluster.layout import Layout
from steersman.cluster.multinode import contexts
from steersman.cluster.ready import wait_node_ready
from steersman.component.clock import RealClock
from steersman.component.threads import Threads

STEERSMAN = (sys.executable, "-m", "steersman")
ASKED = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
LOOK_SECONDS, START_SECONDS, COMMAND_SECONDS = 0.005, 60.0, 120.0
CONTROL_PLANE, CONTROL_PLANE_GOAL_MIB = ("apiserver", "controllers", "supervise"), 150
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from the start of `up`; without a node, node is None."""

    answers: float
    node: float | None
    returned: float


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used so far: CPU seconds, and how often it went to sleep by itself."""

    cpu: float
    sleeps: int


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def cluster(*arguments: str) -> Iterator[tuple[Layout, int, "subprocess.Popen[bytes]"]]:
    """`up` under way in a new directory; at the end the cluster is reset."""
    directory, port = Path(tempfile.mkdtemp(prefix="steersman-perf-")), free_port()
    where = ("--data-dir", str(directory / "data"))
    log = directory / "up.log"
    try:
        with log.open("wb") as output:
            up = subprocess.Popen(
                (*STEERSMAN, "up", *where, "--port", str(port), *arguments), stdout=output, stderr=output
            )
        try:
            yield Layout(directory / "data"), port, up
            if up.wait(COMMAND_SECONDS) != 0:
                raise SystemExit(f"up failed:\n{log.read_text()}")
        finally:
            up.kill()
            up.wait()
            subprocess.run(
                (*STEERSMAN, "reset", *where), timeout=COMMAND_SECONDS, stdout=subprocess.DEVNULL, check=True
            )
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def wait_answers(port: int) -> None:
    """Return when /readyz is answered 200."""
    context = ssl.create_default_context()
    # The authority that signs the server's certificate is only being made.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
            with context.wrap_socket(plain) as connection:
                connection.sendall(ASKED)
                if connection.recv(1000).startswith(b"HTTP/1.1 200"):
                    return
        time.sleep(LOOK_SECONDS)
    raise SystemExit("the API server doesn't answer")


async def wait_nodes(layout: Layout) -> None:
    facts = layout.read_facts()
    assert facts is not None
    clock, threads = RealClock(), Threads()
    client = HTTPClient(kubeconfig.load(layout.kubeconfig), clock, threads)
    try:
        for node in facts.nodes:
            if not await wait_node_ready(client, clock, node.name):
                raise SystemExit(f"{node.name} doesn't get ready")
    finally:
        await client.close()
        threads.close()


def start(*arguments: str) -> Start:
    begun = time.monotonic()
    with cluster(*arguments) as (layout, port, up):
        wait_answers(port)
        answers, node = time.monotonic() - begun, None
        if "--control-plane-only" not in arguments:
            asyncio.run(wait_nodes(layout))
            node = time.monotonic() - begun
        up.wait(COMMAND_SECONDS)
        return Start(answers, node, time.monotonic() - begun)


def processes(layout: Layout) -> dict[int, str]:
    """The cluster's processes by id: whatever has its directory or a containerd of its in its arguments."""
    facts = layout.read_facts()
    assert facts is not None
    sockets = (str(context.containerd.socket) for context in contexts(layout, facts))
    marks, found = (str(layout.data_dir), *sockets), {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            argv = (entry / "cmdline").read_bytes().decode().split("\0") if entry.name.isdigit() else []
            if any(mark in one for one in argv for mark in marks):
                found[int(entry.name)] = argv[3] if "steersman" in argv[:3] else Path(argv[0]).name
    return found


def usage(pid: int) -> Usage:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    sleeps = 0
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        with suppress(OSError):
            line = next(line for line in status.read_text().splitlines() if line.startswith("voluntary_ctxt"))
            sleeps += int(line.split()[1])
    return Usage((int(fields[11]) + int(fields[12])) / TICKS, sleeps)


def pss_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for first, *others in (head, *rows):
        numbers = (text.rjust(width) for text, width in zip(others, widths[1:], strict=True))
        print("  ".join((first.ljust(widths[0]), *numbers)))
    print(flush=True)


def show_starts(title: str, starts: Sequence[Start]) -> None:
    measured = {
        "/readyz answers": [one.answers for one in starts],
        "node is Ready": [one.node for one in starts if one.node is not None],
        "up returns": [one.returned for one in starts],
    }
    rows = [
        (name, *(f"{figure(seconds):.2f} s" for figure in (statistics.median, min, max)))
        for name, seconds in measured.items()
        if seconds
    ]
    print_table((f"{title}, {len(starts)} starts", "median", "min", "max"), rows)


def show_idle(settle: float, seconds: float) -> None:
    """What a settled cluster with the sample application uses."""
    with cluster("--sample") as (layout, _, up):
        up.wait(COMMAND_SECONDS)
        time.sleep(settle)
        names = processes(layout)
        before, begun = {pid: usage(pid) for pid in names}, time.monotonic()
        time.sleep(seconds)
        names = {pid: name for pid, name in names.items() if Path(f"/proc/{pid}").exists()}
        after, took = {pid: usage(pid) for pid in names}, time.monotonic() - begun
        totals: dict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0.0, 0.0])
        for pid, name in names.items():
            used = (1, (after[pid].cpu - before[pid].cpu) / took * 100, (after[pid].sleeps - before[pid].sleeps) / took)
            for column, value in enumerate((*used, pss_mib(pid))):
                totals[name][column] += value
    rows = sorted(totals.items())
    rows.append(("all", [sum(column) for column in zip(*totals.values(), strict=True)]))
    head = (f"idle for {took:.0f} s", "processes", "% of a core", "sleeps/s", "PSS MiB")
    print_table(
        head, [(name, f"{n:.0f}", f"{cpu:.2f}", f"{sleeps:.1f}", f"{pss:.1f}") for name, (n, cpu, sleeps, pss) in rows]
    )
    control_plane = sum(totals[name][3] for name in CONTROL_PLANE if name in totals)
    print(f"control plane: {control_plane:.1f} MiB PSS, goal {CONTROL_PLANE_GOAL_MIB} MiB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10, help="cold starts of each kind")
    parser.add_argument("--seconds", type=float, default=60, help="how long the idle cluster is watched")
    parser.add_argument("--settle", type=float, default=20, help="seconds before it counts as idle")
    options = parser.parse_args()
    if options.runs:
        show_starts("control plane alone", [start("--control-plane-only") for _ in range(options.runs)])
        show_starts("with a node", [start() for _ in range(options.runs)])
    show_idle(options.settle, options.seconds)
