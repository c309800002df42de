"""IP addresses and networks. Source: apiserver/pkg/cel/library/ip.go, cidr.go."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import ClassVar

from steersman.apimachinery.cel.signatures import Function
from steersman.apimachinery.cel.values import EvaluationError
from steersman.apimachinery.gotext import quote


@dataclass(frozen=True, slots=True)
class IP:
    """An address."""

    address: IPv4Address | IPv6Address
    type_name: ClassVar[str] = "net.IP"

    def __str__(self) -> str:
        return str(self.address)


@dataclass(frozen=True, slots=True)
class CIDR:
    """An address with the length of its network's prefix."""

    address: IPv4Address | IPv6Address
    length: int
    type_name: ClassVar[str] = "net.CIDR"

    def __str__(self) -> str:
        return f"{self.address}/{self.length}"

    @property
    def network(self) -> IPv4Network | IPv6Network:
        """The network that it is in."""
        return ip_network(f"{self.address}/{self.length}", strict=False)


def parse_ip(text: str) -> IP:
    """EvaluationError for what is no address, has a zone, or is IPv4 dressed as IPv6."""
    problem = f"IP Address {quote(text)} parse error during conversion from string: "
    try:
        address = ip_address(text)
    except ValueError as error:
        raise EvaluationError(f"{problem}ParseAddr({quote(text)}): unable to parse IP") from error
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise EvaluationError(f"IP address {quote(text)} with zone value is not allowed")
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        raise EvaluationError(f"IPv4-mapped IPv6 address {quote(text)} is not allowed")
    return IP(address)


def parse_cidr(text: str) -> CIDR:
    """EvaluationError."""
    before, slash, length = text.partition("/")
    is_number = length.isdecimal() and length.isascii() and (length == "0" or not length.startswith("0"))
    try:
        if not slash or not is_number:
            raise EvaluationError("no prefix")
        address = parse_ip(before).address
    except EvaluationError as error:
        why = f"network address parse error during conversion from string: netip.ParsePrefix({quote(text)}): {error}"
        raise EvaluationError(why) from error
    if int(length) > address.max_prefixlen:
        why = "prefix length out of range"
        raise EvaluationError(
            f"network address parse error during conversion from string: netip.ParsePrefix({quote(text)}): {why}"
        )
    return CIDR(address, int(length))


def _is_ip(text: str) -> bool:
    try:
        parse_ip(text)
    except EvaluationError:
        return False
    return True


def _is_cidr(text: str) -> bool:
    try:
        parse_cidr(text)
    except EvaluationError:
        return False
    return True


def _contains_ip(cidr: CIDR, other: IP | str) -> bool:
    address = parse_ip(other).address if isinstance(other, str) else other.address
    return address.version == cidr.address.version and address in cidr.network


def _contains_cidr(cidr: CIDR, other: CIDR | str) -> bool:
    inner = parse_cidr(other) if isinstance(other, str) else other
    return _contains_ip(cidr, IP(inner.address)) and cidr.length <= inner.length


def _is_link_local_multicast(ip: IP) -> bool:
    if isinstance(ip.address, IPv4Address):
        return ip.address in IPv4Network("224.0.0.0/24")
    return ip.address.packed[0] == 0xFF and ip.address.packed[1] & 0x0F == 0x02


def _is_global(ip: IP) -> bool:
    """Source: netip: IsGlobalUnicast: private networks are."""
    address = ip.address
    if str(address) in ("255.255.255.255",):
        return False
    return not (address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local)


FUNCTIONS = (
    Function("ip(string): net.IP", parse_ip),
    Function("isIP(string): bool", _is_ip),
    Function("ip\\.isCanonical(string): bool", lambda text: str(parse_ip(text)) == text),
    Function("net.IP.family(): int", lambda ip: ip.address.version),
    Function("net.IP.isUnspecified(): bool", lambda ip: ip.address.is_unspecified),
    Function("net.IP.isLoopback(): bool", lambda ip: ip.address.is_loopback),
    Function("net.IP.isLinkLocalMulticast(): bool", _is_link_local_multicast),
    Function("net.IP.isLinkLocalUnicast(): bool", lambda ip: ip.address.is_link_local),
    Function("net.IP.isGlobalUnicast(): bool", _is_global),
    Function("string(net.IP): string", str),
    Function("cidr(string): net.CIDR", parse_cidr),
    Function("isCIDR(string): bool", _is_cidr),
    Function("net.CIDR.containsIP(string): bool", _contains_ip),
    Function("net.CIDR.containsIP(net.IP): bool", _contains_ip),
    Function("net.CIDR.containsCIDR(string): bool", _contains_cidr),
    Function("net.CIDR.containsCIDR(net.CIDR): bool", _contains_cidr),
    Function("net.CIDR.ip(): net.IP", lambda cidr: IP(cidr.address)),
    Function("net.CIDR.prefixLength(): int", lambda cidr: cidr.length),
    Function("net.CIDR.masked(): net.CIDR", lambda cidr: CIDR(cidr.network.network_address, cidr.length)),
    Function("string(net.CIDR): string", str),
)
