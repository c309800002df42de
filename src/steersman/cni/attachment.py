"""A pod's place in the node's network, and which address the next pod gets: values only."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class HostPort:
    """A port of the node that leads to a port of the pod; no address means all of the node's."""

    protocol: str
    """`tcp`, `udp` or `sctp`."""
    host_port: int
    container_port: int
    host_ip: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """One interface of one sandbox."""

    container_id: str
    interface: str
    address: str
    host_ports: tuple[HostPort, ...] = ()
    namespace: str = ""
    """The file of the pod's network namespace: it is gone when the sandbox is."""


@dataclass(frozen=True, slots=True)
class Attachments:
    """Every attachment of the node, and the address that was handed out last."""

    items: tuple[Attachment, ...] = ()
    last_address: str = ""

    def find(self, container_id: str, interface: str) -> Attachment | None:
        """The attachment of a sandbox's interface."""
        for item in self.items:
            if item.container_id == container_id and item.interface == interface:
                return item
        return None


class AddressesExhausted(Exception):
    """Every address of the node's range is taken."""

    def __init__(self, pod_cidr: str) -> None:
        """Keep the range."""
        super().__init__(f"no address is free in {pod_cidr}")
        self.pod_cidr = pod_cidr


def gateway(pod_cidr: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The bridge's address: the first of the range."""
    return ipaddress.ip_network(pod_cidr)[1]


def attach(attachments: Attachments, wanted: Attachment, pod_cidr: str) -> Attachments:
    """Give the wanted attachment (its address is empty) an address.

    Addresses go round: one that was just freed is handed out last, as others may still hold on
    to it (conntrack, DNS answers, ARP).
    """
    network = ipaddress.ip_network(pod_cidr)
    taken = {item.address for item in attachments.items}
    first, last = int(network[2]), int(network[-2])
    count = last - first + 1
    start = first
    if attachments.last_address:
        start = int(ipaddress.ip_address(attachments.last_address)) + 1
    for step in range(count):
        candidate = str(network[(start - first + step) % count + 2])
        if candidate not in taken:
            item = replace(wanted, address=candidate)
            return Attachments((*attachments.items, item), candidate)
    raise AddressesExhausted(pod_cidr)


def detach(attachments: Attachments, container_id: str, interface: str) -> Attachments:
    """Take an attachment away; one that isn't there is no error."""
    kept = tuple(item for item in attachments.items if (item.container_id, item.interface) != (container_id, interface))
    return replace(attachments, items=kept)


def leaked(attachments: Attachments, living: Iterable[str], namespaces: Iterable[str]) -> tuple[Attachment, ...]:
    """The attachments of no living sandbox, without those whose namespace still exists.

    A sandbox that is being made is not listed yet, but its namespace is there.
    """
    known, existing = set(living), set(namespaces)
    return tuple(
        item for item in attachments.items if item.container_id not in known and item.namespace not in existing
    )
