"""Addresses and networks as clients write them: what an odd text means, the form it should have, what is said of it.

Older fields take an address or network in more than one form, newer ones in the canonical one only.

Source: apimachinery/pkg/util/validation/ip.go, k8s.io/utils/net: ParseIPSloppy, ParseCIDRSloppy; KEP-4858.
"""

import ipaddress
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import cidr
from steersman.apimachinery.gotext import quote

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def address_of(value: str) -> Address | None:
    """The address that a text means, leading zeros let through; None when it means none."""
    try:
        parsed = ipaddress.ip_address(_without_zeros(value))
    except ValueError:
        return None
    return None if isinstance(parsed, IPv6Address) and parsed.scope_id is not None else parsed


def network_of(value: str) -> Network | None:
    """The network that a text means, leading zeros and bits beyond the prefix let through; None when it means none."""
    text, slash, length = value.partition("/")
    address = address_of(text)
    if address is None or not slash or not re.fullmatch("[0-9]+", length) or int(length) > address.max_prefixlen:
        return None
    return ipaddress.ip_network((address, int(length)), strict=False)


def canonical_cidr(value: str) -> list[str]:
    """A network in its one canonical form, as newer fields ask for."""
    if errors := cidr(value):
        return errors
    canonical = str(ipaddress.ip_network(value))
    return [] if canonical == value else [f"must be in canonical form ({quote(canonical)})"]


def interface_address(value: str) -> list[str]:
    """An address with the length of its network's prefix, in canonical form."""
    network, address = network_of(value), address_of(value.partition("/")[0])
    if network is None or address is None:
        return ["must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)"]
    text = _plain(address)
    # An IPv4 address within IPv6 counts the bits before it, too.
    length = network.prefixlen - 96 if ":" not in text and network.prefixlen > 32 else network.prefixlen
    canonical = f"{text}/{length}"
    return [] if canonical == value else [f"must be in canonical form ({quote(canonical)})"]


def address_warnings(path: Path, value: str) -> list[str]:
    """What is said of an address in an older field; it must mean one."""
    address = address_of(value)
    if address is None:
        return []
    if _is_ambiguous(value, address):
        return [f"{path}: non-standard IP address {quote(value)} is invalid: use {quote(_plain(address))}"]
    if address.version == 6 and str(address) != value:
        canonical = quote(str(address))
        return [f"{path}: IPv6 address {quote(value)} should be in RFC 5952 canonical format ({canonical})"]
    return []


def cidr_warnings(path: Path, value: str) -> list[str]:
    """What is said of a network in an older field; it must mean one."""
    network = network_of(value)
    if network is None:
        return []
    text, _, length = value.partition("/")
    address = address_of(text)
    assert address is not None, "it is part of a network"
    said = []
    if address != network.network_address:
        single = f"{_plain(address)}/{network.max_prefixlen}"
        meant = f"(should be {quote(str(network))} or {quote(single)}?)"
        said.append(f"{path}: CIDR value {quote(value)} is ambiguous in this context {meant}")
    if _is_ambiguous(text, address) or length != str(network.prefixlen):
        said.append(f"{path}: non-standard CIDR value {quote(value)} is invalid: use {quote(str(network))}")
    if not said and network.version == 6 and str(network) != value:
        canonical = quote(str(network))
        said.append(f"{path}: IPv6 CIDR value {quote(value)} should be in RFC 5952 canonical format ({canonical})")
    return said


def _without_zeros(text: str) -> str:
    """Zeros in front of the parts of an IPv4 address mean nothing here, though others read such parts as octal."""
    return text if ":" in text else re.sub(r"(^|\.)0+(?=[0-9])", r"\1", text)


def _is_ambiguous(text: str, address: Address) -> bool:
    """Others may read it as another address: for its zeros, or as it is an IPv4 address within IPv6."""
    return _without_zeros(text) != text or (isinstance(address, IPv6Address) and address.ipv4_mapped is not None)


def _plain(address: Address) -> str:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
