"""The pod network's nftables table."""

from steersman.cni.attachment import Attachment, Attachments, HostPort
from steersman.cni.rules import render
from steersman.component.nodecontext import NodeNetwork

NETWORK = NodeNetwork(
    namespace=None,
    node_ips=("192.0.2.1",),
    pod_cidr="10.1.2.0/24",
    cluster_cidr="10.1.0.0/16",
    bridge="stm0",
    cni_table="steersman-x-cni",
    proxy_table="steersman-x-proxy",
)


def test_only_what_leaves_the_cluster_is_masqueraded() -> None:
    text = render(NETWORK, Attachments())
    assert "ip saddr 10.1.2.0/24 ip daddr != 10.1.0.0/16" in text
    assert "hostports" not in text


def test_the_table_is_replaced_in_one_transaction() -> None:
    lines = render(NETWORK, Attachments()).splitlines()
    assert lines[:3] == [
        "add table inet steersman-x-cni",
        "delete table inet steersman-x-cni",
        "table inet steersman-x-cni {",
    ]


def test_a_host_port_leads_to_its_pod_by_protocol_and_address() -> None:
    ports = (HostPort("tcp", 8080, 80), HostPort("udp", 53, 5353, "192.0.2.1"))
    item = Attachment("s", "eth0", "10.1.2.7", ports)
    text = render(NETWORK, Attachments((item,)))
    assert "    tcp dport 8080 dnat ip to 10.1.2.7:80\n" in text
    assert "    ip daddr 192.0.2.1 udp dport 53 dnat ip to 10.1.2.7:5353\n" in text
    assert "ip saddr 10.1.2.7 ip daddr 10.1.2.7 masquerade" in text
