"""Chooses a node's paths and names on this machine: the one place that knows the layout.

What must outlive a reboot is under `<data_dir>/nodes/<node>`, what is void after one under
`/run/steersman/<cluster id>/<node>`. Names that the whole machine shares (cgroups, bridges,
nftables tables) carry the cluster id, so that two clusters don't meet.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from steersman.component.nodecontext import (
    CNIPaths,
    ContainerdPaths,
    NodeContext,
    NodeNetwork,
)

RUN_ROOT = Path("/run/steersman")
BRIDGE_PREFIX = "stm"
_LONGEST_DIRECTORY = 32
"""Unix socket paths end at 107 bytes, so a long node name can't be a directory's."""


@dataclass(frozen=True, slots=True)
class NodePlace:
    """Where a node stands in the network."""

    namespace: Path | None
    """Its network namespace file; None for the machine's own."""
    node_ips: tuple[str, ...]
    pod_cidr: str
    cluster_cidr: str
    mtu: int = 1500


def cluster_id(data_dir: Path) -> str:
    """The cluster's short name on the machine: eight characters of its data directory's hash."""
    return hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:8]


def pod_bridge(short: str) -> str:
    """The bridge of a node's pods, by its cluster's id; at most 15 characters."""
    return f"{BRIDGE_PREFIX}{short}"


def run_dir(data_dir: Path, name: str, run_root: Path = RUN_ROOT) -> Path:
    """Where a node keeps what is void after a reboot."""
    return cluster_run_dir(data_dir, run_root) / _directory(name)


def cluster_run_dir(data_dir: Path, run_root: Path = RUN_ROOT) -> Path:
    """Where all nodes of a cluster do."""
    return run_root / cluster_id(data_dir)


def namespace_of(data_dir: Path, name: str) -> Path:
    """The file that holds a node's network namespace, for a node that has its own."""
    return run_dir(data_dir, name) / "netns"


def node_context(data_dir: Path, name: str, place: NodePlace, run_root: Path = RUN_ROOT) -> NodeContext:
    """All of a node's values; nothing is made on disk."""
    short = cluster_id(data_dir)
    directory = _directory(name)
    data = data_dir / "nodes" / directory
    run = run_dir(data_dir, name, run_root)
    return NodeContext(
        name=name,
        cluster_id=short,
        data_dir=data,
        run_dir=run,
        log_dir=data / "logs" / "pods",
        kubelet_dir=data / "kubelet",
        containerd=ContainerdPaths(
            root=data / "containerd",
            state=run / "containerd",
            socket=run / "containerd.sock",
            config=data / "containerd.toml",
            log=data / "logs" / "containerd.log",
        ),
        cni=CNIPaths(
            conf_dir=data / "cni" / "net.d",
            bin_dir=data / "cni" / "bin",
            state_dir=run / "cni",
            socket=run / "cni.sock",
        ),
        network=NodeNetwork(
            namespace=place.namespace,
            node_ips=place.node_ips,
            pod_cidr=place.pod_cidr,
            cluster_cidr=place.cluster_cidr,
            bridge=pod_bridge(short),
            cni_table=f"steersman-{short}-cni",
            proxy_table=f"steersman-{short}-proxy",
            mtu=place.mtu,
        ),
        cgroup_root=f"/steersman-{short}/{directory}",
    )


def _directory(name: str) -> str:
    return name if len(name) <= _LONGEST_DIRECTORY else _digest(name)


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:_LONGEST_DIRECTORY]
