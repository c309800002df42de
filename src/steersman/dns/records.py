"""What the parts of the DNS server hand each other: names, resource records and answers, as values.

A name is the tuple of its labels, in lower case, without the root.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address

Name = tuple[str, ...]
Address = IPv4Address | IPv6Address

CLASS_IN = 1
_SRV = struct.Struct("!HHH")
_SOA = struct.Struct("!IIIII")


class Type(IntEnum):
    """The record types the server knows."""

    A = 1
    NS = 2
    CNAME = 5
    SOA = 6
    PTR = 12
    TXT = 16
    AAAA = 28
    SRV = 33
    OPT = 41
    IXFR = 251
    AXFR = 252


class Rcode(IntEnum):
    """How a question was answered."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    BADVERS = 16


@dataclass(frozen=True, slots=True)
class Record:
    """One record of class IN; data is its content on the wire, without compression."""

    name: Name
    type: int
    ttl: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer by the zone. `outside` is where a CNAME led that the zone doesn't hold: to be asked elsewhere."""

    rcode: Rcode = Rcode.NOERROR
    records: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()
    outside: Name | None = None


def name_of(text: str) -> Name:
    """A dotted name's labels."""
    return tuple(label for label in text.lower().split(".") if label)


def name_wire(name: Name) -> bytes:
    """A name on the wire, without compression. Labels are at most 63 characters."""
    return b"".join(bytes((len(label),)) + label.encode("latin-1") for label in name) + b"\0"


def address_record(name: Name, address: Address, ttl: int) -> Record:
    """An A or AAAA record."""
    return Record(name, Type.A if address.version == 4 else Type.AAAA, ttl, address.packed)


def name_record(name: Name, kind: Type, target: Name, ttl: int) -> Record:
    """A CNAME, NS or PTR record."""
    return Record(name, kind, ttl, name_wire(target))


def text_record(name: Name, text: str, ttl: int) -> Record:
    """A TXT record of one string."""
    data = text.encode()
    return Record(name, Type.TXT, ttl, bytes((len(data),)) + data)


def srv_record(name: Name, weight: int, port: int, target: Name, ttl: int) -> Record:
    """An SRV record of priority 0."""
    return Record(name, Type.SRV, ttl, _SRV.pack(0, weight, port) + name_wire(target))


def soa_record(domain: Name, serial: int, ttl: int) -> Record:
    """The zone's SOA. Source: coredns plugin/backend_lookup.go: SOA."""
    times = _SOA.pack(serial & 0xFFFFFFFF, 7200, 1800, 86400, ttl)
    data = name_wire(("ns", "dns", *domain)) + name_wire(("hostmaster", *domain)) + times
    return Record(domain, Type.SOA, ttl, data)
