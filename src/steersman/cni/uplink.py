"""The way from a node in a network namespace of its own to the machine and to the other nodes. Blocks.

All such nodes of a cluster are ports of one bridge in the machine's namespace. The machine's own address is on that
link too (the kernel answers for it), so that it can be the gateway to the first node's pods.
"""

import hashlib
import ipaddress
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from steersman.cni import links, nft
from steersman.cni.netlink import Netlink
from steersman.cni.routes import Route

INTERFACE = "eth0"
"""The node's end, within its namespace."""
_MAKE_SECONDS = 10.0
_EVERYWHERE = ipaddress.ip_network("0.0.0.0/0")


@dataclass(frozen=True, slots=True)
class NodeLink:
    """The network that joins the nodes, seen from the machine."""

    bridge: str
    """At most 15 characters."""
    network: str
    """Its range; the machine has the first address."""
    cluster_cidr: str
    table: str
    """Name of the nftables table (family ip) that masquerades what leaves it."""
    mtu: int = 1500


@dataclass(frozen=True, slots=True)
class Uplink:
    """One node's end of it."""

    link: NodeLink
    namespace: Path
    address: str
    machine_address: str
    """Where the first node is."""


def connect(uplink: Uplink) -> None:
    """Make the namespace and its way out; harmless when repeated."""
    link = uplink.link
    network = ipaddress.ip_network(link.network)
    _make_namespace(uplink.namespace)
    with Netlink(None) as machine, Netlink(uplink.namespace) as node:
        links.make_bridge(machine, link.bridge, links.stable_mac(link.bridge), link.mtu)
        bridge = links.get_link(machine, link.bridge)
        links.add_address(machine, bridge.index, network[1], network.prefixlen)
        links.set_up(machine, bridge.index)
        if links.find_link(node, INTERFACE) is None:
            _plug(machine, uplink, bridge.index)
        links.set_up(node, links.get_link(node, "lo").index)
        _configure(node, uplink)
    nft.apply(None, _masquerade(link))


def disconnect(uplink: Uplink) -> None:
    """Take the namespace away; what is in it must have ended."""
    with Netlink(None) as machine:
        links.delete_link(machine, _port(uplink))
    if os.path.ismount(uplink.namespace):
        subprocess.run(["umount", "--lazy", uplink.namespace], check=False, timeout=_MAKE_SECONDS)
    uplink.namespace.unlink(missing_ok=True)


def remove(link: NodeLink) -> None:
    """Take the bridge and its rules away, when the last node is gone."""
    with Netlink(None) as machine:
        links.delete_link(machine, link.bridge)
    nft.apply(None, f"add table ip {link.table}\ndelete table ip {link.table}\n")


def _make_namespace(path: Path) -> None:
    if os.path.ismount(path):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    subprocess.run(["unshare", f"--net={path}", "true"], check=True, timeout=_MAKE_SECONDS)


def _plug(machine: Netlink, uplink: Uplink, bridge_index: int) -> None:
    port = _port(uplink)
    descriptor = os.open(uplink.namespace, os.O_RDONLY | os.O_CLOEXEC)
    try:
        links.delete_link(machine, port)  # what a cut short attempt left
        links.make_veth(machine, links.Veth(port, INTERFACE, descriptor, uplink.link.mtu))
    finally:
        os.close(descriptor)
    links.attach_to_bridge(machine, links.get_link(machine, port).index, bridge_index)


def _configure(node: Netlink, uplink: Uplink) -> None:
    network = ipaddress.ip_network(uplink.link.network)
    index = links.get_link(node, INTERFACE).index
    links.add_address(node, index, ipaddress.ip_address(uplink.address), network.prefixlen)
    links.set_up(node, index)
    links.put_route(node, Route(_EVERYWHERE, network[1], index))
    links.put_route(node, Route(ipaddress.ip_network(uplink.machine_address), None, index))


def _masquerade(link: NodeLink) -> str:
    table = f"ip {link.table}"
    inside = f"{{ {link.network}, {link.cluster_cidr} }}"
    return f"""\
add table {table}
delete table {table}
table {table} {{
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr {link.network} ip daddr != {inside} oifname != "{link.bridge}" masquerade
  }}
}}
"""


def _port(uplink: Uplink) -> str:
    """The machine's end of a node's pair: found again without any state, at most 15 characters."""
    return "stn" + hashlib.sha256(str(uplink.namespace).encode()).hexdigest()[:12]
