"""Where a cluster keeps its things, and the few facts that are fixed when it is made."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from steersman.cluster.errors import ClusterError
from steersman.component.files import make_private_directory, read_if_exists, write_atomic

DEFAULT_DATA_DIR = Path("/var/lib/steersman")
# What a cluster is made with unless `up` is told otherwise; whoever needs them takes them from here or from its facts.
API_PORT = 6443
CLUSTER_CIDR = "10.244.0.0/16"
SERVICE_CIDR = "10.96.0.0/16"
DNS_ADDRESS = "10.96.0.10"
NODE_NETWORK = "10.245.0.0/24"
# How the names of everything in a data directory begin.
OWN_ENTRIES = (
    "admin.kubeconfig", "certs.d", "cluster.json", "credentials", "etcd.json", "images", "logs", "nodes", "pki", "run",
    "state.db",
)  # fmt: skip


class NodeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One node of this machine.

    address is its InternalIP; pod_cidr the part of the pod network it gives to its pods. The first node lives in the
    machine's own network namespace, each further one in a namespace of its own.
    """

    name: str
    address: str
    pod_cidr: str
    has_namespace: bool = False


class ClusterFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a cluster is: written by `up`, read by each of its processes.

    Without nodes it is a control plane alone. address is where nodes and pods reach the API server; node_network is
    the network that joins the nodes which live in namespaces of their own; host_names are further names clients may
    call the API server by; feature_gates as `up` was told them;
    server_flags are the texts of the API server's flags (see `serverflags`), election_flags those of leader election.
    """

    address: str
    nodes: tuple[NodeFacts, ...]
    port: int = API_PORT
    cluster_cidr: str = CLUSTER_CIDR
    service_cidr: str = SERVICE_CIDR
    dns_address: str = DNS_ADDRESS
    node_network: str = NODE_NETWORK
    host_names: tuple[str, ...] = ()
    feature_gates: str = ""
    server_flags: dict[str, str] = {}
    election_flags: dict[str, str] = {}

    def node(self, name: str) -> NodeFacts:
        """The node of a name; KeyError where there is none."""
        for each in self.nodes:
            if each.name == name:
                return each
        raise KeyError(name)


def _is_own(name: str) -> bool:
    """Whether a cluster has an entry of this name; files being written begin with a dot and the name."""
    return name.lstrip(".").startswith(OWN_ENTRIES)


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
    def images(self) -> Path:
        """The archives of the images made of this machine's packages."""
        return self.data_dir / "images"

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

    def own_entries(self) -> list[Path]:
        """What is a cluster's in the data directory."""
        return [one for one in self._entries() if _is_own(one.name)]

    def foreign_entries(self) -> list[Path]:
        """What somebody else has put there."""
        return [one for one in self._entries() if not _is_own(one.name)]

    def _entries(self) -> list[Path]:
        return sorted(self.data_dir.iterdir()) if self.data_dir.exists() else []

    def prepare(self) -> None:
        """Make the directories; what is in them is for root's eyes only.

        ClusterError when the data directory can't be one, or holds other things and no cluster; nothing is touched
        then.
        """
        try:
            self._check_fit()
            self._make_directories()
        except OSError as error:
            raise ClusterError(f"{self.data_dir} can't hold a cluster: {error.strerror}") from error

    def _check_fit(self) -> None:
        if self.facts_file.exists():
            return
        foreign = self.foreign_entries()
        if foreign:
            raise ClusterError(
                f"{self.data_dir} holds {foreign[0].name} and no cluster: choose an empty or new directory (--data-dir)"
            )

    def _make_directories(self) -> None:
        for directory in (self.data_dir, self.pki, *(self.data_dir / name for name in ("logs", "run", "credentials"))):
            make_private_directory(directory)

    def read_facts(self) -> ClusterFacts | None:
        """The cluster's facts, or None where there is no cluster yet. ClusterError when they can't be read."""
        try:
            data = read_if_exists(self.facts_file)
        except OSError as error:
            raise ClusterError(f"{self.facts_file} can't be read: {error.strerror}") from error
        return msgspec.json.decode(data, type=ClusterFacts) if data is not None else None

    def write_facts(self, facts: ClusterFacts) -> None:
        """Note the cluster's facts."""
        write_atomic(self.facts_file, msgspec.json.format(msgspec.json.encode(facts)), mode=0o600)
