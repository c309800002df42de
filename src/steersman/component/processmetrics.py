"""What a process tells of itself: its time, memory and files, and what it is built of.

Source: client_golang: process_collector; component-base/metrics/prometheus/version.
"""

import os
import resource
from pathlib import Path

from steersman.component.metrics import Registry

PAGE_BYTES, TICKS = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
STAT, OPEN_FILES, BOOTED = Path("/proc/self/stat"), Path("/proc/self/fd"), Path("/proc/stat")
# Fields of /proc/self/stat after the name, counted from the state. Source: proc(5).
STARTED_AT, VIRTUAL_BYTES, RESIDENT_PAGES = 19, 20, 21
BUILD = (
    "major", "minor", "git_version", "git_commit", "git_tree_state", "build_date", "go_version", "compiler", "platform",
)  # fmt: skip


CPU = ("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.")
FILES = ("process_open_fds", "Number of open file descriptors.")
MOST_FILES = ("process_max_fds", "Maximum number of open file descriptors.")
VIRTUAL = ("process_virtual_memory_bytes", "Virtual memory size in bytes.")
MOST_VIRTUAL = ("process_virtual_memory_max_bytes", "Maximum amount of virtual memory available in bytes.")
RESIDENT = ("process_resident_memory_bytes", "Resident memory size in bytes.")
STARTED = ("process_start_time_seconds", "[ALPHA] Start time of the process since unix epoch in seconds.")
INFO = (
    "kubernetes_build_info",
    (
        "[ALPHA] A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, "
        "build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running."
    ),
    BUILD,
)


def export_process(registry: Registry) -> None:
    """Show the process in the registry; read when somebody asks."""
    cpu = registry.counter(*CPU)
    files = registry.gauge(*FILES)
    most_files = registry.gauge(*MOST_FILES)
    virtual = registry.gauge(*VIRTUAL)
    most_virtual = registry.gauge(*MOST_VIRTUAL)
    resident = registry.gauge(*RESIDENT)
    started = registry.gauge(*STARTED)
    most_virtual.set(_limit(resource.RLIMIT_AS))
    most_files.set(_limit(resource.RLIMIT_NOFILE))
    started.set(_booted() + float(_stat()[STARTED_AT]) / TICKS)

    def collect() -> None:
        times, stat = os.times(), _stat()
        cpu.labels().value = times.user + times.system
        files.set(len(os.listdir(OPEN_FILES)))
        virtual.set(float(stat[VIRTUAL_BYTES]))
        resident.set(float(stat[RESIDENT_PAGES]) * PAGE_BYTES)

    registry.on_render(collect)


def export_build(registry: Registry, *facts: str) -> None:
    """Show what this is built of; the facts in the order of BUILD."""
    info = registry.gauge(*INFO)
    info.set(1, *facts)


def _stat() -> list[str]:
    # The name may hold anything, blanks and brackets too.
    return STAT.read_text().rpartition(")")[2].split()


def _booted() -> float:
    """When the machine was started, in seconds of the epoch."""
    for line in BOOTED.read_text().splitlines():
        name, _, value = line.partition(" ")
        if name == "btime":
            return float(value)
    return 0.0


def _limit(which: int) -> float:
    limit = resource.getrlimit(which)[0]
    return float(2**64 - 1) if limit == resource.RLIM_INFINITY else float(limit)
