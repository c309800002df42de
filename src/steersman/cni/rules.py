"""The pod network's nftables table as text: masquerading and host ports. Pure.

The table is the node's own and is always written as a whole, in one transaction.
"""

import ipaddress

from steersman.cni.attachment import Attachment, Attachments
from steersman.component.nodecontext import NodeNetwork


def render(network: NodeNetwork, attachments: Attachments) -> str:
    """The commands that put the table in the place of the one before."""
    family = "ip" if ipaddress.ip_network(network.pod_cidr).version == 4 else "ip6"
    table = f"inet {network.cni_table}"
    mapped = [item for item in attachments.items if item.host_ports]
    lines = [
        f"add table {table}",
        f"delete table {table}",
        f"table {table} {{",
        *_host_port_chains(network, family, mapped),
        "  chain postrouting {",
        "    type nat hook postrouting priority srcnat; policy accept;",
        *_hairpins(family, mapped),
        f"    {_leaves_the_cluster(network, family)} masquerade",
        "  }",
        "  chain output {",
        "    type filter hook output priority filter; policy accept;",
        # Pods on one bridge talk through the node, so that their connections are tracked and
        # filtered; a redirect would tell them to go straight.
        f'    oifname "{network.bridge}" icmp type redirect drop',
        "  }",
        "}",
    ]
    return "\n".join(line for line in lines if line) + "\n"


def render_removal(network: NodeNetwork) -> str:
    """The commands that take the table away, whether or not it is there."""
    table = f"inet {network.cni_table}"
    return f"add table {table}\ndelete table {table}\n"


def _host_port_chains(network: NodeNetwork, family: str, mapped: list[Attachment]) -> list[str]:
    if not mapped:
        return []
    rules = [
        f"    {_destination(family, port.host_ip)}{port.protocol} dport {port.host_port}"
        f" dnat {family} to {_at(item.address, port.container_port)}"
        for item in mapped
        for port in item.host_ports
    ]
    return [
        "  chain hostports {",
        *rules,
        "  }",
        "  chain prerouting {",
        "    type nat hook prerouting priority dstnat; policy accept;",
        "    fib daddr type local jump hostports",
        "  }",
        "  chain outgoing {",
        "    type nat hook output priority -100; policy accept;",
        "    fib daddr type local jump hostports",
        "  }",
    ]


def _leaves_the_cluster(network: NodeNetwork, family: str) -> str:
    pods_to_others = f"{family} saddr {network.pod_cidr} {family} daddr != {network.cluster_cidr}"
    return f'{pods_to_others} oifname != "{network.bridge}" fib daddr type != multicast'


def _hairpins(family: str, mapped: list[Attachment]) -> list[str]:
    """A pod that reaches itself by its host port must see another's address as the source."""
    return [f"    {family} saddr {item.address} {family} daddr {item.address} masquerade" for item in mapped]


def _destination(family: str, host_ip: str) -> str:
    if not host_ip or ipaddress.ip_address(host_ip).is_unspecified:
        return ""
    return f"{family} daddr {host_ip} "


def _at(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
