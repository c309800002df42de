"""Where a cluster keeps its things, and the few facts that are fixed when it is made."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from steersman.component.files import make_private_directory, read_if_exists, write_atomic

DEFAULT_DATA_DIR = Path("/var/lib/steersman")
API_PORT = 6443
NODE_PREFIX = "node"


class ClusterFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a cluster is: written once, read by each of its processes.

    address is where nodes and pods reach the API server; host_names are further names clients may call it by.
    """

    address: str
    port: int = API_PORT
    cluster_cidr: str = "10.244.0.0/16"
    service_cidr: str = "10.96.0.0/16"
    dns_address: str = "10.96.0.10"
    node: str = "node1"
    node_cidr: str = "10.244.0.0/24"
    host_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths below the data directory."""

    data_dir: Path

    @property
    def pki(self) -> Path:
        """Keys and certificates."""
        return self.data_dir / "pki"

    @property
    def database(self) -> Path:
        """The store's file."""
        return self.data_dir / "state.db"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.data_dir / "admin.kubeconfig"

    @property
    def facts_file(self) -> Path:
        """The cluster's facts."""
        return self.data_dir / "cluster.json"

    def log(self, name: str) -> Path:
        """A process's log."""
        return self.data_dir / "logs" / f"{name}.log"

    def pid(self, name: str) -> Path:
        """A process's pid file."""
        return self.data_dir / "run" / f"{name}.pid"

    def credentials(self, name: str) -> Path:
        """A component's kubeconfig."""
        return self.data_dir / "credentials" / f"{name}.kubeconfig"

    def prepare(self) -> None:
        """Make the directories; what is in them is for root's eyes only."""
        for directory in (self.data_dir, self.pki, *(self.data_dir / name for name in ("logs", "run", "credentials"))):
            make_private_directory(directory)

    def read_facts(self) -> ClusterFacts | None:
        """The cluster's facts, or None where there is no cluster yet."""
        data = read_if_exists(self.facts_file)
        return msgspec.json.decode(data, type=ClusterFacts) if data is not None else None

    def write_facts(self, facts: ClusterFacts) -> None:
        """Note the cluster's facts."""
        write_atomic(self.facts_file, msgspec.json.format(msgspec.json.encode(facts)), mode=0o600)
