"""The configuration of a node's own containerd, as a function of the node and the machine."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from steersman.component.nodecontext import NodeContext

PAUSE_IMAGE = "registry.k8s.io/pause:3.10"
"""The sandbox image, built and imported locally under the name that every Kubernetes knows."""

_CAP_SYS_RESOURCE = 24
_DISABLED = (
    # Snapshotters that aren't used each probe the filesystem when containerd starts.
    "io.containerd.snapshotter.v1.aufs",
    "io.containerd.snapshotter.v1.blockfile",
    "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.devmapper",
    "io.containerd.snapshotter.v1.zfs",
    "io.containerd.internal.v1.opt",
    "io.containerd.internal.v1.restart",
    "io.containerd.internal.v1.tracing",
    "io.containerd.tracing.processor.v1.otlp",
    "io.containerd.nri.v1.nri",
)


@dataclass(frozen=True, slots=True)
class Machine:
    """What of the machine decides how containerd must be set."""

    may_raise_oom_score: bool
    """Without CAP_SYS_RESOURCE a process can't have a lower oom_score_adj than its parent."""
    has_overlayfs: bool
    """Whether overlayfs works on the filesystem of containerd's root."""
    has_apparmor: bool


def render(context: NodeContext, machine: Machine) -> str:
    """The configuration file, in version 2, which containerd 1.6 to 2.x read."""
    # JSON strings and lists are TOML strings and lists.
    text = json.dumps
    paths = context.containerd
    return f"""\
version = 2
root = {text(str(paths.root))}
state = {text(str(paths.state))}
disabled_plugins = {text(list(_DISABLED))}

[grpc]
  address = {text(str(paths.socket))}

[debug]
  level = "warn"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = {text(PAUSE_IMAGE)}
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  netns_mounts_under_state_dir = true
  restrict_oom_score_adj = {text(not machine.may_raise_oom_score)}
  disable_apparmor = {text(not machine.has_apparmor)}
  max_concurrent_downloads = 6

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = {text(str(context.cni.bin_dir))}
  conf_dir = {text(str(context.cni.conf_dir))}

[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = {text(snapshotter(machine))}

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  BinaryName = "runc"
  Root = {text(str(paths.state / "runc"))}
  SystemdCgroup = false

[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = {text(str(context.data_dir / "certs.d"))}
"""


def snapshotter(machine: Machine) -> str:
    """Where containers' root filesystems come from; `native` copies them in full."""
    return "overlayfs" if machine.has_overlayfs else "native"


def may_raise_oom_score(status: str) -> bool:
    """Whether a process with this /proc/<pid>/status has CAP_SYS_RESOURCE."""
    for line in status.splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_SYS_RESOURCE & 1)
    return False


def has_apparmor(security: Path = Path("/sys/kernel/security/apparmor")) -> bool:
    """Whether AppArmor is on and its loader installed, as containerd checks before using it."""
    return security.is_dir() and any(
        os.access(Path(directory) / "apparmor_parser", os.X_OK) for directory in ("/sbin", "/usr/sbin")
    )
