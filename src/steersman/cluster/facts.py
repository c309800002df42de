"""How a cluster's facts come about and change: at its making, when nodes are added, when the machine moved. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, ip_network

import msgspec

from steersman.cluster.errors import ClusterError
from steersman.cluster.layout import ClusterFacts, NodeFacts

# As upstream's node IPAM gives them.
POD_PREFIX = 24
# The tenth of the services' addresses, as kubeadm chooses it.
DNS_PLACE = 10
WISHES = ("port", "cluster_cidr", "service_cidr", "node_network", "feature_gates")


class UnfitNetwork(ClusterError):
    """A network that can't hold what is asked of it; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What can be chosen about a new cluster; None leaves it to ClusterFacts' defaults.

    server_flags and election_flags may change later too: they are what is asked for now, by the flags' names; an
    empty text takes one back.
    """

    port: int | None = None
    cluster_cidr: str | None = None
    service_cidr: str | None = None
    node_network: str | None = None
    feature_gates: str | None = None
    server_flags: Mapping[str, str] = field(default_factory=dict)
    election_flags: Mapping[str, str] = field(default_factory=dict)


def new_cluster(address: str | None, wishes: Wishes) -> ClusterFacts:
    """A cluster without nodes yet.

    Without an address of the machine it is reached at the pod network's gateway, which is there even off line.
    """
    chosen = {name: value for name in WISHES if (value := getattr(wishes, name)) is not None}
    facts = msgspec.structs.replace(ClusterFacts(address="", nodes=()), **chosen)
    services = _network("service", facts.service_cidr, 28)
    pods = _network("pod", facts.cluster_cidr, POD_PREFIX)
    links = _network("node", facts.node_network, 30)
    if pods.overlaps(services) or pods.overlaps(links) or services.overlaps(links):
        raise UnfitNetwork(f"the pod network {pods}, service network {services} and node network {links} overlap")
    return msgspec.structs.replace(
        facts, address=address or gateway_of(facts.cluster_cidr), dns_address=str(services[DNS_PLACE])
    )


def contradiction(facts: ClusterFacts, wishes: Wishes) -> str:
    """What is wished of a cluster that was made otherwise; empty if nothing is."""
    for name in WISHES:
        wished, made = getattr(wishes, name), getattr(facts, name)
        if wished not in (None, made):
            option = name.replace("_", "-")
            return f"the cluster was made with --{option} {made}; for {wished} make another: reset, or --data-dir"
    return ""


def flagged(facts: ClusterFacts, flags: Mapping[str, str]) -> ClusterFacts:
    """The cluster with the API server's flags changed; an empty text takes one back."""
    return msgspec.structs.replace(facts, server_flags=_merged(facts.server_flags, flags))


def electing(facts: ClusterFacts, flags: Mapping[str, str]) -> ClusterFacts:
    """The cluster with the flags of leader election changed; likewise."""
    return msgspec.structs.replace(facts, election_flags=_merged(facts.election_flags, flags))


def _merged(noted: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in {**noted, **given}.items() if text}


def grown(facts: ClusterFacts, count: int) -> ClusterFacts:
    """The cluster with `count` nodes at least; those that are there stay as they are."""
    pods = _network("pod", facts.cluster_cidr, POD_PREFIX)
    links = _network("node", facts.node_network, 30)
    room = min(2 ** (POD_PREFIX - pods.prefixlen), links.num_addresses - 2)
    if count > room:
        raise UnfitNetwork(f"pod network {pods} and node network {links} have room for {room} nodes")
    added = tuple(
        NodeFacts(
            name=f"node{index + 1}",
            address=str(links[index + 1]) if index else facts.address,
            pod_cidr=_pod_cidr(pods, index),
            has_namespace=index > 0,
        )
        for index in range(len(facts.nodes), count)
    )
    return msgspec.structs.replace(facts, nodes=(*facts.nodes, *added))


def moved(facts: ClusterFacts, address: str | None) -> ClusterFacts:
    """The cluster on a machine whose address has changed; None: the machine has none."""
    chosen = address or gateway_of(facts.cluster_cidr)
    nodes = tuple(node if node.has_namespace else msgspec.structs.replace(node, address=chosen) for node in facts.nodes)
    return msgspec.structs.replace(facts, address=chosen, nodes=nodes)


def gateway_of(network: str) -> str:
    """The first address of a network, which is its bridge's."""
    return str(ip_network(network)[1])


def _pod_cidr(pods: IPv4Network, index: int) -> str:
    return str(IPv4Network((int(pods.network_address) + index * 2 ** (32 - POD_PREFIX), POD_PREFIX)))


def _network(what: str, text: str, longest_prefix: int) -> IPv4Network:
    try:
        network = IPv4Network(text)
    except ValueError as error:
        raise UnfitNetwork(f"the {what} network: {error}") from error
    if network.prefixlen > longest_prefix:
        raise UnfitNetwork(f"the {what} network {network} is too small: it needs /{longest_prefix} or more")
    return network
