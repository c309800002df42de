"""The cluster's DNS server as a process."""

from steersman.cluster.layout import ClusterFacts, Layout
from steersman.cni.attachment import gateway
from steersman.component.clock import RealClock
from steersman.component.threads import Threads

DOMAIN = "cluster.local"
# Not 53: the Service leads here, and a server of the machine's own may hold port 53 on every address.
LISTEN_PORT = 10053
CREDENTIALS = "dns"


def dns_listen_address(facts: ClusterFacts) -> str:
    """Where the server listens: the address of the first node's pod bridge, which every pod and node can reach."""
    return str(gateway(facts.nodes[0].pod_cidr))


async def run(layout: Layout, facts: ClusterFacts) -> None:
    """The DNS server."""
    from steersman.client import kubeconfig
    from steersman.client.http import HTTPClient
    from steersman.component.resolvconf import host_resolv_conf
    from steersman.dns.driver import DNS, DNSSettings

    clock, threads = RealClock(), Threads()
    client = HTTPClient(kubeconfig.load(layout.credentials(CREDENTIALS)), clock, threads)
    resolv_conf = await threads.run(host_resolv_conf)
    address = dns_listen_address(facts)
    settings = DNSSettings(DOMAIN, address, LISTEN_PORT, resolv_conf, own_addresses=(facts.dns_address,))
    try:
        await DNS(client, settings, clock, threads).run()
    finally:
        await client.close()
        threads.close()
