"""The API server beside upstream's: the same requests to each, one server after the other, in one run.

Steersman's control plane is started with SQLite, and with etcd where that is installed; upstream's is whatever `--peer`
is the kubeconfig of. TLS, RBAC and durable writes are on. Nothing else should run meanwhile.
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import uvloop
from tests.etcdserver import running_etcd
from tests.perf import figures
from tests.perf.cluster import cluster, print_table, processes, pss_mib, usage, wait_answers
from tests.perf.load import Target, ask

SETTLE_SECONDS, PEER_SECONDS = 10.0, 180.0
STEPS = ("writes", "watches", "lists")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs. started: seconds to its /readyz, if its start was seen."""

    target: Target
    pids: Callable[[], Sequence[int]]
    started: float | None = None

    def cpu(self) -> float:
        """CPU seconds of its processes so far."""
        return sum(usage(pid).cpu for pid in self.pids())

    def memory(self) -> float:
        """MiB of its processes, what they share counted once."""
        return sum(pss_mib(pid) for pid in self.pids())


@contextmanager
def steersman(*arguments: str, besides: Sequence[int] = ()) -> Iterator[Server]:
    """A control plane of ours in a directory of its own. besides: processes that work for it."""
    begun = time.monotonic()
    with cluster("--control-plane-only", *arguments) as (layout, port, up):
        wait_answers(port)
        started = time.monotonic() - begun
        up.wait()
        yield Server(Target.of(layout.kubeconfig), lambda: [*processes(layout), *besides], started)


@contextmanager
def steersman_on_etcd() -> Iterator[Server]:
    """The same over an etcd of its own."""
    with tempfile.TemporaryDirectory(prefix="steersman-perf-") as directory:
        with running_etcd(Path(directory) / "etcd", f"--quota-backend-bytes={4 << 30}") as etcd:
            files = {name: Path(directory) / "etcd" / name for name in ("ca.crt", "client.crt", "client.key")}
            flags = zip(("--etcd-cafile", "--etcd-certfile", "--etcd-keyfile"), map(str, files.values()), strict=True)
            where = ("--etcd-servers", etcd.url, *(text for pair in flags for text in pair))
            with steersman(*where, besides=(etcd.pid,)) as server:
                yield server


def peer_pids(directory: Path | None) -> Sequence[int]:
    """The processes whose ids stand in the files of a directory, and their descendants."""
    if directory is None:
        return ()
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit():
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found, todo = [], [int(file.read_text()) for file in directory.glob("*.pid")]
    while todo:
        pid = todo.pop()
        if Path(f"/proc/{pid}").exists():
            found.append(pid)
            todo += children.get(pid, ())
    return found


async def peer_starts(target: Target, restart: str) -> float:
    """Seconds until a server that a command starts answers /readyz."""
    begun = time.monotonic()
    await (await asyncio.create_subprocess_shell(restart)).wait()
    while time.monotonic() - begun < PEER_SECONDS:
        with suppress(Exception):  # whatever is wrong as long as it starts
            await ask(target, "GET", "/readyz")
            return time.monotonic() - begun
        await asyncio.sleep(0.02)
    raise SystemExit("the peer doesn't start")


async def measure(server: Server, steps: Sequence[str]) -> Mapping[str, float]:
    """What is to be found out about a server that is empty."""
    target, found = server.target, {}
    if server.started is not None:
        found["start to /readyz"] = server.started
    await figures.ready(target)
    await asyncio.sleep(SETTLE_SECONDS)
    found["memory, empty"] = server.memory()
    if "writes" in steps:
        found |= await figures.all_writes(target, server.cpu)
    if "watches" in steps:
        found |= await figures.watches(target, server.cpu)
    if "lists" in steps:
        await figures.fill(target)
        await asyncio.sleep(SETTLE_SECONDS)
        found["memory, 10,000 pods"] = server.memory()
        found |= await figures.lists(target)
    return found


def show(results: Mapping[str, Mapping[str, float]]) -> None:
    """The table: a line for each figure that somebody has, and how ours is beside upstream's."""
    names, theirs = list(results), results.get("upstream", {})
    ours = [name for name in names if name != "upstream"]
    rows = []
    for figure in figures.FIGURES:
        if not any(figure.name in found for found in results.values()):
            continue
        cells = [_shown(results[name].get(figure.name), figure.unit) for name in names]
        ratios = [_ratio(figure, results[name].get(figure.name), theirs.get(figure.name)) for name in ours]
        rows.append((figure.name, *cells, *ratios, f"{figure.goal:g}×"))
    print_table(("", *names, *(f"{name}, times better" for name in ours), "goal"), rows)
    rows = []
    for name in sorted({name for found in results.values() for name in found if name.endswith(", CPU")}):
        if not name.startswith("watch"):
            rows.append((name, *(_shown(results[one].get(name), "ms") for one in names)))
    if rows:
        print_table(("of the server, for each", *names), rows)


def _shown(value: float | None, unit: str) -> str:
    if value is None or value <= 0:
        return "-"
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {unit}"


def _ratio(figure: figures.Figure, ours: float | None, theirs: float | None) -> str:
    return f"{figure.ratio(ours, theirs):.1f}×" if ours and theirs else "-"


def arguments() -> argparse.Namespace:
    """What to measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", default=",".join(STEPS), help="some of writes, watches, lists")
    parser.add_argument("--stores", default="sqlite,etcd", help="some of sqlite, etcd")
    parser.add_argument("--peer", type=Path, help="a kubeconfig of an empty upstream cluster")
    parser.add_argument("--peer-pids", type=Path, help="a directory of NAME.pid files of its processes")
    parser.add_argument("--peer-start", help="a command that starts it, for the time it takes; it is stopped before")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    options = arguments()
    steps, results = options.steps.split(","), {}
    if options.peer is not None:
        target = Target.of(options.peer)
        took = uvloop.run(peer_starts(target, options.peer_start)) if options.peer_start else None
        results["upstream"] = uvloop.run(measure(Server(target, lambda: peer_pids(options.peer_pids), took), steps))
    if "sqlite" in options.stores:
        with steersman() as server:
            results["SQLite"] = uvloop.run(measure(server, steps))
    if "etcd" in options.stores and shutil.which("etcd"):
        with steersman_on_etcd() as server:
            results["etcd"] = uvloop.run(measure(server, steps))
    elif "etcd" in options.stores:
        print("etcd isn't installed: nothing is measured with it", file=sys.stderr)
    show(results)
    if options.json is not None:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
