"""A pod's hostname and the /etc/hosts that its containers see. Pure.

Source: pkg/kubelet/kubelet_pods.go: GeneratePodHostNameAndDomain, managedHostsFileContent.
"""

from collections.abc import Sequence

from steersman.api.core import HostAlias, Pod

MAX_HOSTNAME = 63
_HEAD = "# Kubernetes-managed hosts file.\n"
_HEAD_HOST_NETWORK = "# Kubernetes-managed hosts file (host network).\n"
_LOCAL = (
    ("127.0.0.1", "localhost"),
    ("::1", "localhost ip6-localhost ip6-loopback"),
    ("fe00::", "ip6-localnet"),
    ("fe00::", "ip6-mcastprefix"),
    ("fe00::1", "ip6-allnodes"),
    ("fe00::2", "ip6-allrouters"),
)


def hostname_of(pod: Pod) -> str:
    """The short name that `hostname` prints."""
    if pod.spec.hostnameOverride:
        return pod.spec.hostnameOverride
    name = pod.spec.hostname or pod.metadata.name
    return name[:MAX_HOSTNAME].rstrip("-.")


def domain_of(pod: Pod, cluster_domain: str) -> str:
    """The domain under which a pod with a subdomain can be found; empty for others."""
    if not pod.spec.subdomain or pod.spec.hostnameOverride:
        return ""
    return f"{pod.spec.subdomain}.{pod.metadata.namespace}.svc.{cluster_domain}"


def uts_hostname_of(pod: Pod, cluster_domain: str) -> str:
    """The hostname that the kernel is told."""
    domain = domain_of(pod, cluster_domain)
    if pod.spec.setHostnameAsFQDN and domain:
        return f"{hostname_of(pod)}.{domain}"
    return hostname_of(pod)


def hosts_file(pod: Pod, ips: Sequence[str], cluster_domain: str) -> str:
    """The whole file of a pod with its own network."""
    lines = [_HEAD, *(f"{address}\t{names}\n" for address, names in _LOCAL)]
    domain, hostname = domain_of(pod, cluster_domain), hostname_of(pod)
    for ip in ips:
        names = f"{hostname}.{domain}\t{hostname}" if domain else hostname
        lines.append(f"{ip}\t{names}\n")
    return "".join(lines) + _aliases(pod.spec.hostAliases)


def host_network_hosts_file(pod: Pod, node_file: str) -> str:
    """The whole file of a pod in the node's network: the node's own, and the aliases."""
    return _HEAD_HOST_NETWORK + node_file + _aliases(pod.spec.hostAliases)


def _aliases(aliases: Sequence[HostAlias]) -> str:
    if not aliases:
        return ""
    lines = (f"{alias.ip}\t" + "\t".join(alias.hostnames) + "\n" for alias in aliases)
    return "\n# Entries added by HostAliases.\n" + "".join(lines)
