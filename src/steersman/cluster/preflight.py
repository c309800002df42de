"""What a machine must have before a cluster can start on it, each lack with its cure."""

import os
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from steersman.cluster.layout import ClusterFacts

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
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NO_ADDRESS = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is in the way, and what to do about it."""

    problem: str
    cure: str


def faults(facts: ClusterFacts, is_running: bool) -> tuple[Fault, ...]:
    """Everything that would keep this cluster from starting."""
    found = []
    if os.geteuid() != 0:
        found.append(Fault("a node needs root for containers and networks", "run it with sudo"))
    missing = sorted({package for program, package in PROGRAMS.items() if not _find(program)})
    missing += [package for path, package in FILES.items() if not path.exists()]
    if missing:
        found.append(Fault(f"not installed: {', '.join(missing)}", f"apt-get install {' '.join(missing)}"))
    if not is_running and _is_taken(facts.port):
        cure = "stop what listens there (ss -ltnp shows it), or choose another port with --port"
        found.append(Fault(f"port {facts.port} is taken", cure))
    if not Path("/proc/sys/net/ipv4/ip_forward").exists():
        found.append(Fault("the kernel has no IPv4 forwarding", "use a kernel with networking"))
    return tuple(found)


def host_address() -> str:
    """The machine's address towards others; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # An address reserved for documentation: only the route to it is looked up.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return NO_ADDRESS
        return str(probe.getsockname()[0])


def _find(program: str) -> bool:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}") is not None


def _is_taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # as the server will
        except OSError:
            return True
    return False
