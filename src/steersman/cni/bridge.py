"""The pod network on one node: a bridge, and a veth pair for each pod. Blocks.

A pod's address is a /32 whose only way out is the bridge's address, so that even pods of one
bridge reach each other through the node's IP layer: connections are tracked and filtered there,
and Services work between neighbours, without the br_netfilter module.
"""

import hashlib
import ipaddress
import os
from collections.abc import Iterable
from pathlib import Path

from steersman.cni import links, nft, routes, rules
from steersman.cni.attachment import Attachment, Attachments, gateway
from steersman.cni.namespace import entered
from steersman.cni.netlink import Netlink
from steersman.cni.protocol import Attached
from steersman.cni.routes import Peer, Route
from steersman.component.nodecontext import NodeNetwork

_VETH_PREFIX = "stv"
_NAME_DIGITS = 12
"""With the prefix 15 characters, the kernel's limit."""


def set_up(network: NodeNetwork, attachments: Attachments) -> None:
    """Make the bridge, let the node forward, write the rules; harmless when repeated."""
    address = gateway(network.pod_cidr)
    with Netlink(network.namespace) as netlink:
        links.make_bridge(netlink, network.bridge, links.stable_mac(network.bridge), network.mtu)
        bridge = links.get_link(netlink, network.bridge)
        prefix = ipaddress.ip_network(network.pod_cidr).prefixlen
        links.add_address(netlink, bridge.index, address, prefix)
        links.set_up(netlink, bridge.index)
    forwarding = "ipv4/ip_forward" if address.version == 4 else "ipv6/conf/all/forwarding"
    with entered(network.namespace):
        Path("/proc/sys/net", forwarding).write_text("1")
    write_rules(network, attachments)


def tear_down(network: NodeNetwork) -> None:
    """Take bridge, veth pairs, routes and rules away."""
    nft.apply(network.namespace, rules.render_removal(network))
    with Netlink(network.namespace) as netlink:
        bridge = links.find_link(netlink, network.bridge)
        for link in links.list_links(netlink):
            if bridge is not None and link.master == bridge.index:
                links.delete_link(netlink, link.name)
        links.delete_link(netlink, network.bridge)
        for route in _own_routes(netlink, network):
            links.delete_route(netlink, route)


def write_rules(network: NodeNetwork, attachments: Attachments) -> None:
    """Write masquerading and host ports."""
    nft.apply(network.namespace, rules.render(network, attachments))


def connect(network: NodeNetwork, attachment: Attachment, namespace: Path) -> Attached:
    """Connect a pod's network namespace to the bridge."""
    name = host_interface(attachment.container_id, attachment.interface)
    with Netlink(network.namespace) as node, Netlink(namespace) as pod:
        _make_veth(node, name, attachment.interface, namespace, network.mtu)
        try:
            bridge = links.get_link(node, network.bridge)
            port = links.get_link(node, name).index
            links.attach_to_bridge(node, port, bridge.index)
            # Where br_netfilter is on, a packet that a Service sends back to its own pod is
            # bridged, not routed, and so leaves by the port that it came from.
            links.allow_hairpin(node, port)
            mac = _configure_pod(pod, network, attachment)
        except BaseException:
            links.delete_link(node, name)
            raise
    at = str(gateway(network.pod_cidr))
    return Attached(attachment, at, name, mac, str(namespace))


def disconnect(network: NodeNetwork, container_id: str, interface: str) -> None:
    """Take a pod off the bridge; that it is gone already is no error."""
    with Netlink(network.namespace) as node:
        links.delete_link(node, host_interface(container_id, interface))


def is_connected(network: NodeNetwork, attachment: Attachment, namespace: Path) -> bool:
    """Whether both ends of a pod's pair are there and up."""
    name = host_interface(attachment.container_id, attachment.interface)
    with Netlink(network.namespace) as node, Netlink(namespace) as pod:
        ends = (links.find_link(node, name), links.find_link(pod, attachment.interface))
    return all(end is not None and end.is_up for end in ends)


def set_loopback_up(namespace: Path) -> None:
    """Set a pod's loopback interface up."""
    with Netlink(namespace) as pod:
        links.set_up(pod, links.get_link(pod, "lo").index)


def route_to_peers(network: NodeNetwork, own_name: str, peers: Iterable[Peer]) -> routes.RoutePlan:
    """Make the routes to other nodes' pods be those that the nodes ask for; what was changed."""
    with Netlink(network.namespace) as node:
        plan = routes.plan(own_name, peers, _own_routes(node, network))
        for route in plan.delete:
            links.delete_route(node, route)
        for route in plan.put:
            links.put_route(node, route)
    return plan


def host_interface(container_id: str, interface: str) -> str:
    """The node's end of a pod's pair: found again without any state."""
    digest = hashlib.sha256(f"{container_id}/{interface}".encode()).hexdigest()
    return _VETH_PREFIX + digest[:_NAME_DIGITS]


def _own_routes(netlink: Netlink, network: NodeNetwork) -> tuple[Route, ...]:
    """The routes that this cluster made: another's carry the same mark."""
    pods = ipaddress.ip_network(network.cluster_cidr)
    return tuple(route for route in links.list_owned_routes(netlink) if route.destination.network_address in pods)


def _make_veth(node: Netlink, name: str, peer_name: str, namespace: Path, mtu: int) -> None:
    descriptor = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)
    try:
        # What an ADD that was cut short left behind.
        links.delete_link(node, name)
        links.make_veth(node, links.Veth(name, peer_name, descriptor, mtu))
    finally:
        os.close(descriptor)


def _configure_pod(pod: Netlink, network: NodeNetwork, attachment: Attachment) -> str:
    address = ipaddress.ip_address(attachment.address)
    way_out = gateway(network.pod_cidr)
    link = links.get_link(pod, attachment.interface)
    links.add_address(pod, link.index, address, address.max_prefixlen)
    links.set_up(pod, link.index)
    # The gateway is in no network of the pod's, so the way to it must be said first.
    links.put_route(pod, Route(ipaddress.ip_network(way_out), None, link.index))
    everywhere = ipaddress.ip_network("0.0.0.0/0" if address.version == 4 else "::/0")
    links.put_route(pod, Route(everywhere, way_out, link.index))
    return link.mac
