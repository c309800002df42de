"""Decides what of the machine is in the way of a cluster, each lack with its cure. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from steersman.cluster.facts import gateway_of
from steersman.cluster.layout import ClusterFacts
from steersman.cluster.nodecontext import BRIDGE_PREFIX
from steersman.cluster.preflight.machine import Machine, Route

KUBELET_PORT = 10250
LOW_DISK_BYTES = 1 << 30
FEW_FILES = 4096
_LOOPBACK = "lo"
OTHER_CLUSTER = ", which is another steersman cluster's"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is in the way, and what to do about it. One that isn't fatal is only told."""

    problem: str
    cure: str
    is_fatal: bool = True


def needed_ports(facts: ClusterFacts) -> tuple[int, ...]:
    """The ports that the cluster will listen on."""
    return (facts.port, KUBELET_PORT) if facts.nodes else (facts.port,)


def faults(facts: ClusterFacts, own_interfaces: frozenset[str], machine: Machine, *, is_running: bool) -> list[Fault]:
    """Everything that would keep this cluster from starting, or from running well."""
    found: list[Fault] = []
    if not is_running:
        found += _taken_ports(facts, machine)
    if facts.nodes:
        found += _lacks(machine)
        found += _overlaps(facts, own_interfaces, machine, is_new=not is_running)
    if machine.free_bytes < LOW_DISK_BYTES:
        free = f"{machine.free_bytes >> 20} MiB"
        found.append(Fault(f"only {free} of disk are free", "make room, or choose another --data-dir", is_fatal=False))
    if machine.open_files < FEW_FILES:
        problem = f"a process may open only {machine.open_files} files"
        found.append(Fault(problem, "raise it: ulimit -n 65536", is_fatal=False))
    return found


def _taken_ports(facts: ClusterFacts, machine: Machine) -> Iterator[Fault]:
    if facts.port in machine.taken_ports:
        cure = "stop what listens there (ss -ltnp shows it), or choose another port with --port"
        yield Fault(f"port {facts.port} is taken", cure)
    if facts.nodes and KUBELET_PORT in machine.taken_ports:
        cure = "stop what listens there (ss -ltnp shows it); until then kubectl logs and exec don't work"
        yield Fault(f"port {KUBELET_PORT} is taken, by another kubelet perhaps", cure, is_fatal=False)


def _lacks(machine: Machine) -> Iterator[Fault]:
    if not machine.is_root:
        yield Fault("a node needs root for containers and networks", "run it with sudo")
    if machine.missing_packages:
        names = machine.missing_packages
        yield Fault(f"not installed: {', '.join(names)}", f"apt-get install {' '.join(names)}")
    if not machine.has_forwarding:
        yield Fault("the kernel has no IPv4 forwarding", "use a kernel with networking")
    if machine.is_root and machine.nft_problem:
        yield Fault(f"nftables doesn't work: {machine.nft_problem}", "use a kernel with nf_tables (modprobe nf_tables)")
    if not machine.has_cgroups:
        yield Fault("no cgroups are mounted", "mount -t cgroup2 cgroup2 /sys/fs/cgroup")
    if not machine.has_hosts_file:
        yield Fault("/etc/hosts is missing, which containerd copies for pods", "echo 127.0.0.1 localhost > /etc/hosts")


def _overlaps(
    facts: ClusterFacts, own_interfaces: frozenset[str], machine: Machine, *, is_new: bool
) -> Iterator[Fault]:
    wanted = {"pod": ("--cluster-cidr", facts.cluster_cidr), "service": ("--service-cidr", facts.service_cidr)}
    if len(facts.nodes) > 1:
        wanted["node"] = ("--node-network", facts.node_network)
    for what, (option, text) in wanted.items():
        if is_new and IPv4Address(facts.address) in IPv4Network(text) and facts.address != gateway_of(text):
            problem = f"the machine's own address {facts.address} lies in the {what} network {text}"
            yield Fault(problem, f"choose another when the cluster is made: steersman up {option} NETWORK")
        network = IPv4Network(text)
        for route in machine.routes:
            if _is_foreign(route, own_interfaces) and network.overlaps(route.network):
                by = f"{route.interface}{OTHER_CLUSTER if route.interface.startswith(BRIDGE_PREFIX) else ''}"
                problem = f"the {what} network {network} overlaps {route.network}, reached by {by}"
                cure = f"choose another when the cluster is made: steersman up {option} NETWORK"
                # The narrower route wins: a wider one of a VPN only loses the addresses that the cluster uses.
                yield Fault(problem, cure, is_fatal=is_new and route.network.subnet_of(network))


def _is_foreign(route: Route, own_interfaces: frozenset[str]) -> bool:
    return route.interface != _LOOPBACK and route.interface not in own_interfaces
