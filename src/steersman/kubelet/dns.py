"""What stands in a pod's /etc/resolv.conf, by its DNS policy. Pure but for reading the node's own file.

Source: pkg/kubelet/network/dns/dns.go.
"""

from dataclasses import dataclass
from pathlib import Path

from steersman.api.core import DNSPolicy, Pod, PodDNSConfig
from steersman.component.resolvconf import read_resolv_conf
from steersman.cri.records import DNSConfig

MAX_NAMESERVERS = 3
MAX_SEARCHES, MAX_SEARCH_CHARACTERS = 32, 2048
CLUSTER_OPTIONS = ("ndots:5",)


@dataclass(frozen=True, slots=True)
class ClusterDNS:
    """Where the cluster's own names are answered; without servers ClusterFirst falls back to the node's."""

    servers: tuple[str, ...] = ()
    domain: str = "cluster.local"
    node_resolv_conf: Path = Path("/etc/resolv.conf")


def pod_dns(pod: Pod, cluster: ClusterDNS, node: DNSConfig) -> DNSConfig:
    """The resolver configuration of a pod."""
    policy = pod.spec.dnsPolicy or DNSPolicy.CLUSTER_FIRST
    is_cluster = policy == DNSPolicy.CLUSTER_FIRST_WITH_HOST_NET or (
        policy == DNSPolicy.CLUSTER_FIRST and not pod.spec.hostNetwork
    )
    if policy == DNSPolicy.NONE:
        config = DNSConfig()
    elif is_cluster and cluster.servers:
        searches = _unique((*_cluster_searches(pod.metadata.namespace, cluster.domain), *node.searches))
        config = DNSConfig(cluster.servers, searches, CLUSTER_OPTIONS)
    else:
        config = node
    if pod.spec.dnsConfig is not None:
        config = _with_pod_settings(config, pod.spec.dnsConfig)
    return DNSConfig(config.servers[:MAX_NAMESERVERS], _fitting(config.searches), config.options)


def read_node_dns(path: Path) -> DNSConfig:
    """The node's resolver configuration; empty where there is none. Blocks on a file."""
    read = read_resolv_conf(path)
    return DNSConfig(read.servers, read.searches, read.options)


def _cluster_searches(namespace: str, domain: str) -> tuple[str, ...]:
    return (f"{namespace}.svc.{domain}", f"svc.{domain}", domain)


def _with_pod_settings(config: DNSConfig, extra: PodDNSConfig) -> DNSConfig:
    options = dict(option.partition(":")[::2] for option in config.options)
    options.update({option.name: option.value or "" for option in extra.options})
    return DNSConfig(
        _unique((*config.servers, *extra.nameservers)),
        _unique((*config.searches, *extra.searches)),
        tuple(f"{name}:{value}" if value else name for name, value in options.items()),
    )


def _fitting(searches: tuple[str, ...]) -> tuple[str, ...]:
    kept = searches[:MAX_SEARCHES]
    while len(" ".join(kept)) > MAX_SEARCH_CHARACTERS:
        kept = kept[:-1]
    return kept


def _unique(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
