"""Observes the machine. Nothing is changed, and nothing is sent."""

import os
import resource
import shutil
import socket
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

# What the node calls, and the Debian package that brings it.
PROGRAMS = {
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "nft": "nftables",
    "ip": "iproute2",
    "nsenter": "util-linux",
}
FILES = {Path("/bin/busybox"): "busybox-static", Path("/usr/bin/catatonit"): "catatonit"}
ROUTES, CGROUPS, HOSTS = Path("/proc/net/route"), Path("/sys/fs/cgroup"), Path("/etc/hosts")
FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
_NFT_SECONDS = 10.0
_ROUTE_UP = 1


@dataclass(frozen=True, slots=True)
class Route:
    """A network that the machine reaches, and by what."""

    network: IPv4Network
    interface: str


@dataclass(frozen=True, slots=True)
class Machine:
    """What was seen."""

    is_root: bool
    missing_packages: tuple[str, ...]
    taken_ports: frozenset[int]
    routes: tuple[Route, ...]
    has_forwarding: bool
    nft_problem: str
    """What nft said when it was asked for its tables; empty if all is well."""
    has_cgroups: bool
    has_hosts_file: bool
    free_bytes: int
    open_files: int
    """How many files a process may open at most."""


def observe(data_dir: Path, ports: Iterable[int]) -> Machine:
    """Look at the machine; `ports` are those a new cluster would listen on. Blocks for some milliseconds."""
    return Machine(
        is_root=os.geteuid() == 0,
        missing_packages=_missing_packages(),
        taken_ports=frozenset(port for port in ports if _is_taken(port)),
        routes=parse_routes(ROUTES.read_text() if ROUTES.exists() else ""),
        has_forwarding=FORWARDING.exists(),
        nft_problem=_nft_problem(),
        has_cgroups=(CGROUPS / "cgroup.controllers").exists() or (CGROUPS / "memory").is_dir(),
        has_hosts_file=HOSTS.exists(),
        free_bytes=shutil.disk_usage(_existing(data_dir)).free,
        open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[1],
    )


def machine_address() -> str | None:
    """The machine's address towards others, None where there is none; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # An address reserved for documentation: only the route to it is looked up.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


def is_local(address: str) -> bool:
    """Whether an address is this machine's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
        return True


def parse_routes(table: str) -> tuple[Route, ...]:
    """The routes in the kernel's table (/proc/net/route) but the default one; its numbers are in host byte order."""
    found = []
    for line in table.splitlines()[1:]:
        interface, destination, _, flags, _, _, _, mask = line.split()[:8]
        prefix = int(mask, 16).bit_count()
        if prefix and int(flags, 16) & _ROUTE_UP:
            first = IPv4Address(int.from_bytes(bytes.fromhex(destination), "little"))
            found.append(Route(IPv4Network((first, prefix)), interface))
    return tuple(found)


def _missing_packages() -> tuple[str, ...]:
    by_program = {package for program, package in PROGRAMS.items() if shutil.which(program) is None}
    by_file = {package for path, package in FILES.items() if not path.exists()}
    return tuple(sorted(by_program | by_file))


def _nft_problem() -> str:
    program = shutil.which("nft")
    if program is None:
        return ""  # told as a missing package
    command = (program, "list", "tables")
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_NFT_SECONDS)
    except subprocess.TimeoutExpired:
        return f"no answer within {_NFT_SECONDS:.0f} s"
    return done.stderr.strip() if done.returncode else ""


def _existing(directory: Path) -> Path:
    return next(path for path in (directory, *directory.parents) if path.exists())


def _is_taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # as the server will
        except OSError:
            return True
    return False
