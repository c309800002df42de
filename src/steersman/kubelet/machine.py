"""What the kubelet finds out about the machine it is on. Everything reads files: call it by component.threads."""

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}


@dataclass(frozen=True, slots=True)
class Machine:
    """What stays the same while the machine is up."""

    cpus: int
    memory_bytes: int
    hugepages: tuple[tuple[str, int], ...]
    """Sizes as resource names have them (`2Mi`), and bytes."""
    machine_id: str
    system_uuid: str
    boot_id: str
    kernel_version: str
    os_image: str
    architecture: str
    swap_bytes: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What changes: how much is left."""

    memory_available_bytes: int
    disk_capacity_bytes: int
    disk_available_bytes: int
    inodes_total: int
    inodes_free: int
    pids_max: int
    pids_used: int


def read_machine() -> Machine:
    """The machine's constants."""
    memory = _meminfo()
    return Machine(
        cpus=os.cpu_count() or 1,
        memory_bytes=memory.get("MemTotal", 0),
        hugepages=_hugepages(),
        machine_id=_text("/etc/machine-id"),
        system_uuid=_text("/sys/class/dmi/id/product_uuid") or _text("/etc/machine-id"),
        boot_id=_text("/proc/sys/kernel/random/boot_id"),
        kernel_version=platform.release(),
        os_image=_os_image(),
        architecture=_ARCHITECTURES.get(platform.machine(), platform.machine()),
        swap_bytes=memory.get("SwapTotal", 0),
    )


def read_usage(directory: Path) -> Usage:
    """What is left now, of the filesystem that the directory is on."""
    disk = shutil.disk_usage(directory)
    inodes = os.statvfs(directory)
    load = _text("/proc/loadavg").split()
    threads = load[3].partition("/")[2] if len(load) > 3 else "0"
    return Usage(
        memory_available_bytes=_meminfo().get("MemAvailable", 0),
        disk_capacity_bytes=disk.total,
        disk_available_bytes=disk.free,
        inodes_total=inodes.f_files,
        inodes_free=inodes.f_favail,
        pids_max=int(_text("/proc/sys/kernel/pid_max") or 0),
        pids_used=int(threads or 0),
    )


def _meminfo() -> dict[str, int]:
    found: dict[str, int] = {}
    for line in _text("/proc/meminfo").splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if words:
            found[name] = int(words[0]) * (1024 if len(words) > 1 else 1)
    return found


def _hugepages() -> tuple[tuple[str, int], ...]:
    found = []
    for directory in sorted(Path("/sys/kernel/mm/hugepages").glob("hugepages-*kB")):
        kib = int(directory.name.removeprefix("hugepages-").removesuffix("kB"))
        count = int(_text(str(directory / "nr_hugepages")) or 0)
        name = f"{kib >> 20}Gi" if kib >= 1 << 20 else f"{kib >> 10}Mi" if kib >= 1 << 10 else f"{kib}Ki"
        found.append((name, count * kib * 1024))
    return tuple(found)


def _os_image() -> str:
    for line in (_text("/etc/os-release") or _text("/usr/lib/os-release")).splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return "Linux"


def _text(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
