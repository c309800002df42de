"""What is done to interfaces, addresses and routes: one function a deed, over a netlink socket.

Numbers are the kernel's, from linux/if_link.h, linux/if_addr.h and linux/rtnetlink.h.
"""

import errno
import hashlib
import ipaddress
import socket
import struct
import sys
from dataclasses import dataclass

from steersman.cni.netlink import (
    NLM_F_CREATE,
    NLM_F_DUMP,
    NLM_F_EXCL,
    NLM_F_REPLACE,
    Netlink,
    NetlinkError,
    attribute,
    attributes,
    nested,
    number,
    text,
)
from steersman.cni.routes import ROUTE_OWNER, IPAddress, Route

_RTM_NEWLINK, _RTM_DELLINK, _RTM_GETLINK, _RTM_SETLINK = 16, 17, 18, 19
_RTM_NEWADDR = 20
_RTM_NEWROUTE, _RTM_DELROUTE, _RTM_GETROUTE = 24, 25, 26
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_MASTER, _IFLA_LINKINFO = 1, 3, 4, 10, 18
_IFLA_NET_NS_FD = 28
_IFLA_PROTINFO, _IFLA_BRPORT_MODE = 12, 4
_IFLA_INFO_KIND, _IFLA_INFO_DATA, _VETH_INFO_PEER = 1, 2, 1
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_RTA_DST, _RTA_OIF, _RTA_GATEWAY = 1, 4, 5
_RT_TABLE_MAIN, _RTN_UNICAST = 254, 1
_RT_SCOPE_UNIVERSE, _RT_SCOPE_LINK = 0, 253
_RTNH_F_ONLINK = 4
_IFF_UP = 1
_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBi")
_ROUTE = struct.Struct("=BBBBBBBBI")


@dataclass(frozen=True, slots=True)
class Link:
    """An interface."""

    index: int
    name: str
    mac: str
    mtu: int
    is_up: bool
    master: int = 0
    """The index of the bridge that it is a port of; 0: none."""


@dataclass(frozen=True, slots=True)
class Veth:
    """A pair of interfaces to make: the node's end, and the pod's in another namespace."""

    name: str
    peer_name: str
    peer_namespace: int
    """An open descriptor of the namespace."""
    mtu: int


def find_link(netlink: Netlink, name: str) -> Link | None:
    """The interface of a name."""
    body = _LINK.pack(0, 0, 0, 0, 0) + text(_IFLA_IFNAME, name)
    try:
        replies = netlink.query(f"find {name}", _RTM_GETLINK, 0, body)
    except NetlinkError as error:
        if error.is_missing():
            return None
        raise
    return _link(replies[0].body)


def get_link(netlink: Netlink, name: str) -> Link:
    """The interface of a name; NetlinkError ENODEV where there is none."""
    link = find_link(netlink, name)
    if link is None:
        raise NetlinkError(errno.ENODEV, f"find {name}")
    return link


def list_links(netlink: Netlink) -> tuple[Link, ...]:
    """All interfaces of the namespace."""
    replies = netlink.query("list links", _RTM_GETLINK, NLM_F_DUMP, _LINK.pack(0, 0, 0, 0, 0))
    return tuple(_link(reply.body) for reply in replies)


def make_bridge(netlink: Netlink, name: str, mac: bytes, mtu: int) -> None:
    """Make a bridge, unless it is there."""
    body = (
        _LINK.pack(0, 0, 0, 0, 0)
        + text(_IFLA_IFNAME, name)
        + number(_IFLA_MTU, mtu)
        # A given address stays: otherwise the bridge takes its lowest port's, and changes it.
        + attribute(_IFLA_ADDRESS, mac)
        + nested(_IFLA_LINKINFO, text(_IFLA_INFO_KIND, "bridge"))
    )
    try:
        netlink.request(f"make bridge {name}", _RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, body)
    except NetlinkError as error:
        if not error.is_exists():
            raise


def make_veth(netlink: Netlink, veth: Veth) -> None:
    """Make a pair with its far end in the other namespace."""
    peer = (
        _LINK.pack(0, 0, 0, 0, 0)
        + text(_IFLA_IFNAME, veth.peer_name)
        + number(_IFLA_MTU, veth.mtu)
        + number(_IFLA_NET_NS_FD, veth.peer_namespace)
    )
    body = (
        _LINK.pack(0, 0, 0, 0, 0)
        + text(_IFLA_IFNAME, veth.name)
        + number(_IFLA_MTU, veth.mtu)
        + nested(
            _IFLA_LINKINFO,
            text(_IFLA_INFO_KIND, "veth"),
            nested(_IFLA_INFO_DATA, attribute(_VETH_INFO_PEER, peer)),
        )
    )
    flags = NLM_F_CREATE | NLM_F_EXCL
    netlink.request(f"make veth {veth.name}", _RTM_NEWLINK, flags, body)


def attach_to_bridge(netlink: Netlink, index: int, bridge_index: int) -> None:
    """Make an interface a port of a bridge, and set it up."""
    body = _LINK.pack(0, 0, index, _IFF_UP, _IFF_UP) + number(_IFLA_MASTER, bridge_index)
    netlink.request("attach to bridge", _RTM_SETLINK, 0, body)


def allow_hairpin(netlink: Netlink, index: int) -> None:
    """Let a bridge port send a frame out where it came in."""
    mode = attribute(_IFLA_BRPORT_MODE, b"\x01")
    body = _LINK.pack(socket.AF_BRIDGE, 0, index, 0, 0) + nested(_IFLA_PROTINFO, mode)
    netlink.request("allow hairpin", _RTM_SETLINK, 0, body)


def set_up(netlink: Netlink, index: int) -> None:
    """Set an interface up."""
    body = _LINK.pack(0, 0, index, _IFF_UP, _IFF_UP)
    netlink.request("set link up", _RTM_SETLINK, 0, body)


def delete_link(netlink: Netlink, name: str) -> None:
    """Delete an interface (both ends of a pair); one that isn't there is no error."""
    body = _LINK.pack(0, 0, 0, 0, 0) + text(_IFLA_IFNAME, name)
    try:
        netlink.request(f"delete {name}", _RTM_DELLINK, 0, body)
    except NetlinkError as error:
        if not error.is_missing():
            raise


def add_address(netlink: Netlink, index: int, address: IPAddress, prefix: int) -> None:
    """Give an interface an address, unless it has it."""
    body = (
        _ADDRESS.pack(_family(address), prefix, 0, 0, index)
        + attribute(_IFA_LOCAL, address.packed)
        + attribute(_IFA_ADDRESS, address.packed)
    )
    try:
        netlink.request(f"add address {address}", _RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, body)
    except NetlinkError as error:
        if not error.is_exists():
            raise


def put_route(netlink: Netlink, route: Route) -> None:
    """Add a route, in the place of one to the same network."""
    flags = NLM_F_CREATE | NLM_F_REPLACE
    netlink.request(f"add route {route.destination}", _RTM_NEWROUTE, flags, _route_body(route))


def delete_route(netlink: Netlink, route: Route) -> None:
    """Delete a route; one that isn't there is no error."""
    try:
        netlink.request(f"delete route {route.destination}", _RTM_DELROUTE, 0, _route_body(route))
    except NetlinkError as error:
        if not error.is_missing():
            raise


def list_owned_routes(netlink: Netlink) -> tuple[Route, ...]:
    """The routes that carry our mark."""
    found = []
    for family in (socket.AF_INET, socket.AF_INET6):
        body = _ROUTE.pack(family, 0, 0, 0, 0, 0, 0, 0, 0)
        for reply in netlink.query("list routes", _RTM_GETROUTE, NLM_F_DUMP, body):
            _, prefix, _, _, _, owner, _, _, _ = _ROUTE.unpack_from(reply.body)
            said = attributes(reply.body[_ROUTE.size :])
            if owner != ROUTE_OWNER or _RTA_DST not in said:
                continue
            gateway = said.get(_RTA_GATEWAY)
            found.append(
                Route(
                    ipaddress.ip_network((said[_RTA_DST], prefix)),
                    ipaddress.ip_address(gateway) if gateway else None,
                    int.from_bytes(said.get(_RTA_OIF, b"\0"), sys.byteorder),
                    owner,
                )
            )
    return tuple(found)


def stable_mac(name: str) -> bytes:
    """A locally administered address that stays the same over restarts."""
    return b"\x0e\x58" + hashlib.sha256(name.encode()).digest()[:4]


def _route_body(route: Route) -> bytes:
    is_direct = route.gateway is None
    scope = _RT_SCOPE_LINK if is_direct else _RT_SCOPE_UNIVERSE
    # A gateway outside the interface's own network is taken on trust if an interface is named.
    flags = _RTNH_F_ONLINK if route.index and not is_direct else 0
    body = _ROUTE.pack(
        _family(route.destination.network_address),
        route.destination.prefixlen,
        0,
        0,
        _RT_TABLE_MAIN,
        route.owner,
        scope,
        _RTN_UNICAST,
        flags,
    )
    if route.destination.prefixlen:
        body += attribute(_RTA_DST, route.destination.network_address.packed)
    if route.gateway is not None:
        body += attribute(_RTA_GATEWAY, route.gateway.packed)
    if route.index:
        body += number(_RTA_OIF, route.index)
    return body


def _link(body: bytes) -> Link:
    _, _, index, flags, _ = _LINK.unpack_from(body)
    said = attributes(body[_LINK.size :])
    return Link(
        index=index,
        name=said[_IFLA_IFNAME].rstrip(b"\0").decode(),
        mac=said.get(_IFLA_ADDRESS, b"").hex(":"),
        mtu=int.from_bytes(said.get(_IFLA_MTU, b"\0"), sys.byteorder),
        is_up=bool(flags & _IFF_UP),
        master=int.from_bytes(said.get(_IFLA_MASTER, b""), sys.byteorder),
    )


def _family(address: IPAddress) -> int:
    return int(socket.AF_INET if address.version == 4 else socket.AF_INET6)
