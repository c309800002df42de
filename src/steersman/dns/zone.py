"""The cluster's zone: what is answered to a question, by the Services, EndpointSlices and namespaces there are.

Where the specification leaves something open, the answer is CoreDNS's with kubeadm's configuration (`pods insecure`,
`ttl 30`). Each Service is kept for itself, so that a change costs what that Service costs.

Source: Kubernetes DNS-Based Service Discovery 1.1.0; coredns plugin/kubernetes, plugin/backend_lookup.go.
"""

from collections.abc import Iterable
from ipaddress import ip_address

from steersman.api.core import Service
from steersman.api.discovery import EndpointSlice
from steersman.dns.records import (
    Address,
    Answer,
    Name,
    Rcode,
    Record,
    Type,
    address_record,
    name_of,
    name_record,
    soa_record,
    srv_record,
    text_record,
)
from steersman.dns.services import Port, ServiceNames, Target, parse_address, service_names

TTL, VERSION_TTL = 30, 28800
SCHEMA_VERSION = "1.1.0"
MAX_CHAIN = 10
OWN_SERVICE = ("kube-system", "kube-dns")
_ADDRESS_VERSIONS = {Type.A: 4, Type.AAAA: 6}

ServiceKey = tuple[str, str]
"""Namespace and name."""


class Zone:
    """Answers questions. `serial` grows with each change: what was answered under an older one may be wrong."""

    def __init__(self, domain: str, serial: int = 1) -> None:
        self.domain = name_of(domain)
        self.serial = serial
        self._services: dict[ServiceKey, ServiceNames] = {}
        self._namespaces: set[str] = set()
        # Several Services may lead to one pod; cluster addresses go before endpoints.
        self._clusters: dict[Address, dict[Name, None]] = {}
        self._hosts: dict[Address, dict[Name, None]] = {}

    def put_service(self, service: Service, slices: Iterable[EndpointSlice]) -> None:
        """Take a Service as it is now, with all its slices."""
        key = (service.metadata.namespace, service.metadata.name)
        new = service_names(service, slices, self.domain)
        if self._services.get(key) == new:
            return
        self.remove_service(key)
        self._services[key] = new
        for index, target in self._reverse(new):
            index.setdefault(target.address, {})[target.name] = None
        self.serial += 1

    def remove_service(self, key: ServiceKey) -> None:
        """Forget a Service."""
        old = self._services.pop(key, None)
        if old is None:
            return
        for index, target in self._reverse(old):
            names = index.get(target.address, {})
            names.pop(target.name, None)
            if not names:
                index.pop(target.address, None)
        self.serial += 1

    def set_namespaces(self, names: Iterable[str]) -> None:
        """Take the namespaces there are."""
        new = set(names)
        if new != self._namespaces:
            self._namespaces = new
            self.serial += 1

    def answer(self, name: Name, kind: int) -> Answer | None:
        """The answer to a question; None where it isn't this zone's to answer."""
        if name[-len(self.domain) :] == self.domain:
            return self._with_authority(self._chased(name, kind))
        if kind == Type.PTR and name[-1:] == ("arpa",):
            return self._pointer(name)
        return None

    def _reverse(self, service: ServiceNames) -> Iterable[tuple[dict[Address, dict[Name, None]], Target]]:
        if not service.is_headless:
            yield from ((self._clusters, target) for target in service.targets)
        for targets in service.endpoints.values():
            yield from ((self._hosts, target) for target in targets)

    def _with_authority(self, answer: Answer) -> Answer:
        if answer.records or answer.rcode == Rcode.REFUSED:
            return answer
        return Answer(answer.rcode, authority=(soa_record(self.domain, self.serial, TTL),))

    def _chased(self, name: Name, kind: int) -> Answer:
        """The answer, with the records that its CNAME leads to."""
        chain: list[Record] = []
        seen = {name}
        while True:
            found = self._below(name[: -len(self.domain)], name, kind)
            if isinstance(found, Answer):
                if not chain:
                    return found
                return Answer(records=(*chain, *found.records)) if found.records else Answer()
            chain.append(name_record(name, Type.CNAME, found, TTL))
            if kind == Type.CNAME:
                return Answer(records=tuple(chain))
            if found[-len(self.domain) :] != self.domain:
                return Answer(records=tuple(chain), outside=found)
            if found in seen or len(chain) > MAX_CHAIN:
                return Answer()
            seen.add(found)
            name = found

    def _below(self, rest: Name, name: Name, kind: int) -> Answer | Name:
        """What stands at a name below the domain: an answer, or the name a CNAME leads to."""
        match rest:
            case _ if kind in (Type.AXFR, Type.IXFR):
                return Answer(Rcode.REFUSED)
            case ():
                return self._apex(kind)
            case ("dns-version",):
                return Answer(records=(text_record(name, SCHEMA_VERSION, VERSION_TTL),) if kind == Type.TXT else ())
            case ("ns", "dns"):
                own = self._services.get(OWN_SERVICE)
                return _addresses(name, own.targets if own else (), kind)
            case ("svc" | "pod" | "dns",):
                return Answer()
            case (namespace, "svc" | "pod"):
                return Answer(self._exists(namespace))
            case (*below, service, namespace, "svc"):
                return self._service((namespace, service), tuple(below), name, kind)
            case (pod, namespace, "pod"):
                return self._pod(pod, namespace, name, kind)
        return Answer(Rcode.NXDOMAIN)

    def _exists(self, namespace: str) -> Rcode:
        return Rcode.NOERROR if namespace in self._namespaces else Rcode.NXDOMAIN

    def _apex(self, kind: int) -> Answer:
        if kind == Type.SOA:
            return Answer(records=(soa_record(self.domain, self.serial, TTL),))
        own = self._services.get(OWN_SERVICE)
        if kind == Type.NS and own is not None:
            hosts = tuple(address_record(target.name, target.address, TTL) for target in own.targets)
            return Answer(records=(name_record(self.domain, Type.NS, own.name, TTL),), additional=hosts)
        return Answer()

    def _pod(self, pod: str, namespace: str, name: Name, kind: int) -> Answer:
        is_ipv4 = pod.count("-") == 3 and "--" not in pod
        address = parse_address(pod.replace("-", "." if is_ipv4 else ":")) if "." not in pod else None
        if address is None or namespace not in self._namespaces:
            return Answer(Rcode.NXDOMAIN)
        return _addresses(name, (Target(name, address, ()),), kind)

    def _service(self, key: ServiceKey, below: Name, name: Name, kind: int) -> Answer | Name:
        service = self._services.get(key)
        if service is None:
            return Answer(Rcode.NXDOMAIN)
        if service.external is not None and not below:
            return service.external if kind in (Type.A, Type.AAAA, Type.CNAME) else Answer()
        targets, ports = _selected(service, below)
        if not targets:
            return Answer(Rcode.NOERROR if _is_empty_non_terminal(service, below) else Rcode.NXDOMAIN)
        if kind == Type.SRV:
            return _servers(name, targets, ports)
        return _addresses(name, targets, kind)

    def _pointer(self, name: Name) -> Answer | None:
        address = reverse_address(name)
        if address is None:
            return None
        names = self._clusters.get(address) or self._hosts.get(address)
        if not names:
            return None  # the network's own servers may know it
        return Answer(records=tuple(name_record(name, Type.PTR, target, TTL) for target in names))


def reverse_address(name: Name) -> Address | None:
    """The address whose reverse name this is."""
    match name:
        case (*labels, "in-addr", "arpa") if len(labels) == 4:
            return parse_address(".".join(reversed(labels)))
        case (*nibbles, "ip6", "arpa") if len(nibbles) == 32 and all(len(nibble) == 1 for nibble in nibbles):
            try:
                return ip_address(bytes.fromhex("".join(reversed(nibbles))))
            except ValueError:
                return None
    return None


def _selected(service: ServiceNames, below: Name) -> tuple[tuple[Target, ...], tuple[str, str] | None]:
    """The targets a name at or below a Service stands for, and the port it asks for."""
    match below:
        case ():
            return service.targets, None
        case (host,):
            return service.endpoints.get(host, ()), None
        case (port, protocol) if port[:1] == protocol[:1] == "_":
            wanted = (port[1:], protocol[1:])
            return tuple(target for target in service.targets if _has_port(target, wanted)), wanted
    return (), None


def _has_port(target: Target, wanted: tuple[str, str]) -> bool:
    return any(port.name and (port.name, port.protocol) == wanted for port in target.ports)


def _is_empty_non_terminal(service: ServiceNames, below: Name) -> bool:
    """`_tcp` stands between a Service and its named ports, and holds nothing itself."""
    if len(below) != 1:
        return False
    protocols = (port.protocol for target in service.targets for port in target.ports if port.name)
    return below[0] in {f"_{protocol}" for protocol in protocols}


def _addresses(name: Name, targets: Iterable[Target], kind: int) -> Answer:
    version = _ADDRESS_VERSIONS.get(Type(kind)) if kind in (Type.A, Type.AAAA) else None
    found = dict.fromkeys(target.address for target in targets if target.address.version == version)
    return Answer(records=tuple(address_record(name, address, TTL) for address in found))


def _servers(name: Name, targets: tuple[Target, ...], wanted: tuple[str, str] | None) -> Answer:
    pairs = dict.fromkeys(
        (port.number, target.name) for target in targets for port in target.ports if _is_wanted(port, wanted)
    )
    weight = max(100 // len(pairs), 1) if pairs else 0
    records = tuple(srv_record(name, weight, number, target, TTL) for number, target in pairs)
    hosts = dict.fromkeys(address_record(target.name, target.address, TTL) for target in targets) if pairs else {}
    return Answer(records=records, additional=tuple(hosts))


def _is_wanted(port: Port, wanted: tuple[str, str] | None) -> bool:
    return wanted is None or (port.name, port.protocol) == wanted
