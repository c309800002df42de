"""The DNS server's objects, over a client in memory."""

from steersman.api.core import Service
from steersman.api.discovery import EndpointSlice
from steersman.api.rbac import ClusterRole, ClusterRoleBinding
from steersman.apimachinery.object import replace
from steersman.client.memory import MemoryClient
from steersman.cluster.addons import ensure_dns_rights, ensure_dns_service
from steersman.cluster.dns import LISTEN_PORT, dns_listen_address
from steersman.cluster.layout import ClusterFacts, NodeFacts
from steersman.component.clock import FakeClock

FACTS = ClusterFacts(
    address="192.0.2.1", nodes=(NodeFacts(name="node", address="192.0.2.1", pod_cidr="10.244.0.0/24"),)
)


async def test_the_service_leads_to_the_pod_bridges_address() -> None:
    client = MemoryClient(FakeClock())
    await ensure_dns_service(client, FACTS)
    service = await client.get(Service, "kube-dns", "kube-system")
    assert service.spec.clusterIP == FACTS.dns_address
    assert [(port.name, port.protocol, port.port) for port in service.spec.ports] == [
        ("dns", "UDP", 53),
        ("dns-tcp", "TCP", 53),
    ]
    made = await client.get(EndpointSlice, "kube-dns", "kube-system")
    assert dns_listen_address(FACTS) == "10.244.0.1"
    assert made.endpoints[0].addresses == ("10.244.0.1",)
    assert {port.port for port in made.ports} == {LISTEN_PORT}


async def test_the_servers_rights_can_be_there_before_all_else() -> None:
    client = MemoryClient(FakeClock())
    await ensure_dns_rights(client)
    binding = await client.get(ClusterRoleBinding, "system:coredns")
    assert binding.roleRef.name == (await client.get(ClusterRole, "system:coredns")).metadata.name
    client.calls.clear()
    await ensure_dns_service(client, FACTS)
    assert {kind for verb, kind, *_ in client.calls if verb != "get"} == {"Service", "EndpointSlice"}


async def test_a_second_time_changes_nothing() -> None:
    client = MemoryClient(FakeClock())
    await ensure_dns_service(client, FACTS)
    client.calls.clear()
    await ensure_dns_service(client, FACTS)
    assert {verb for verb, *_ in client.calls} <= {"get"}


async def test_what_was_spoilt_is_mended() -> None:
    client = MemoryClient(FakeClock())
    await ensure_dns_service(client, FACTS)
    service = await client.get(Service, "kube-dns", "kube-system")
    await client.update(replace(service, spec=replace(service.spec, selector={"k8s-app": "mine"}, ports=())))
    role = await client.get(ClusterRole, "system:coredns")
    await client.update(replace(role, rules=()))
    await client.delete(ClusterRoleBinding, "system:coredns")
    await ensure_dns_service(client, FACTS)
    mended = await client.get(Service, "kube-dns", "kube-system")
    assert (mended.spec.selector, len(mended.spec.ports)) == ({}, 2)
    assert len((await client.get(ClusterRole, "system:coredns")).rules) == 2
    assert (await client.get(ClusterRoleBinding, "system:coredns")).roleRef.name == "system:coredns"


async def test_a_service_of_another_address_is_made_anew() -> None:
    client = MemoryClient(FakeClock())
    await ensure_dns_service(client, FACTS)
    moved = ClusterFacts(address=FACTS.address, nodes=FACTS.nodes, dns_address="10.96.0.53")
    await ensure_dns_service(client, moved)
    assert (await client.get(Service, "kube-dns", "kube-system")).spec.clusterIP == "10.96.0.53"
