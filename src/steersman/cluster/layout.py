"""Where a cluster keeps its things, and the few facts that are fixed when it is made."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from steersman.component.files import make_private_directory, read_if_exists, write_atomic

DEFAULT_DATA_DIR = Path("/var/lib/steersman")
# What a cluster is made with unless `up` is told otherwise; whoever needs them takes them from here or from its facts.
API_PORT = 6443
CLUSTER_CIDR = "10.244.0.0/16"
SERVICE_CIDR = "10.96.0.0/16"
DNS_ADDRESS = "10.96.0.10"
NODE_NETWORK = "10.245.0.0/24"


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
    call the API server by; feature_gates as `up` was told them.
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

    def node(self, name: str) -> NodeFacts:
        """The node of a name; KeyError where there is none."""
        for each in self.nodes:
            if each.name == name:
                return each
        raise KeyError(name)


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
