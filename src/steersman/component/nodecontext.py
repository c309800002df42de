"""Where a node lives on its machine: paths, namespaces, cgroup, addresses and names.

Everything on the node side (kubelet, proxy, CNI, containerd) takes these values from here and
from nowhere else, so that two nodes, or two clusters, fit on one machine. The values are chosen
in cluster.nodecontext; this module only names them, low enough for every component to import.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ContainerdPaths:
    """The files and directories of the node's own containerd."""

    root: Path
    """Images, snapshots, metadata: kept over restarts."""
    state: Path
    """Running tasks, their bundles and mounts: void after a reboot."""
    socket: Path
    config: Path
    log: Path


@dataclass(frozen=True, slots=True)
class CNIPaths:
    """Where the pod network keeps its configuration and state."""

    conf_dir: Path
    bin_dir: Path
    state_dir: Path
    """The addresses that are handed out."""
    socket: Path
    """Where the node process answers the CNI executable."""


@dataclass(frozen=True, slots=True)
class NodeNetwork:
    """The node's place in the network."""

    namespace: Path | None
    """The network namespace file the node lives in; None is the machine's own."""
    node_ips: tuple[str, ...]
    """The node's addresses, the primary one first."""
    pod_cidr: str
    """The range this node's pods get their addresses from."""
    cluster_cidr: str
    """The range of all nodes' pods; traffic that leaves it is masqueraded."""
    bridge: str
    """The bridge that pods are attached to; at most 15 characters."""
    cni_table: str
    """Name of the nftables table (family inet) that the pod network owns."""
    proxy_table: str
    """Name of the nftables table (family inet) that the service proxy owns."""
    mtu: int = 1500


@dataclass(frozen=True, slots=True)
class NodeContext:
    """All that is particular to one node on this machine."""

    name: str
    """The Node object's name."""
    cluster_id: str
    """A few characters that tell this cluster's names on the machine from another cluster's."""
    data_dir: Path
    """What must outlive a reboot."""
    run_dir: Path
    """Sockets, pid files and namespaces: void after a reboot. Short, as socket paths are limited."""
    log_dir: Path
    """Container logs: `<log_dir>/<namespace>_<pod>_<uid>/<container>/<n>.log`."""
    kubelet_dir: Path
    """Pods' volumes and the kubelet's own files (upstream: /var/lib/kubelet)."""
    containerd: ContainerdPaths
    cni: CNIPaths
    network: NodeNetwork
    cgroup_root: str
    """Absolute path, within each cgroup hierarchy, that the node's cgroups stand under."""
    kubelet_port: int = 10250
