"""What the DNS knows of one Service: built of it and its EndpointSlices when one of them changes.

Source: Kubernetes DNS-Based Service Discovery 1.1.0; coredns plugin/kubernetes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from steersman.api.core import Service
from steersman.api.discovery import Endpoint, EndpointSlice
from steersman.dns.records import Address, Name, name_of

HEADLESS = "None"
EXTERNAL_NAME = "ExternalName"
MAX_LABEL, MAX_NAME, MAX_PORT = 63, 253, 65535


@dataclass(frozen=True, slots=True)
class Port:
    """A port by which a target is reached; the protocol in lower case."""

    name: str
    protocol: str
    number: int


@dataclass(frozen=True, slots=True)
class Target:
    """A name with an address and ports."""

    name: Name
    address: Address
    ports: tuple[Port, ...]


@dataclass(frozen=True, slots=True)
class ServiceNames:
    """A Service as the zone answers for it.

    targets is what the Service's own name stands for: its cluster addresses, or all endpoints when it is headless.
    endpoints are those below it, by host name. external is where an ExternalName leads.
    """

    name: Name
    targets: tuple[Target, ...]
    endpoints: Mapping[str, tuple[Target, ...]]
    external: Name | None = None
    is_headless: bool = False


def service_names(service: Service, slices: Iterable[EndpointSlice], domain: Name) -> ServiceNames:
    """The names of a Service."""
    spec = service.spec
    name = (service.metadata.name, service.metadata.namespace, "svc", *domain)
    if spec.type == EXTERNAL_NAME:
        return ServiceNames(name, (), {}, external_target(spec.externalName))
    endpoints = tuple(_endpoint_targets(name, slices, spec.publishNotReadyAddresses))
    by_host: dict[str, tuple[Target, ...]] = {}
    for target in endpoints:
        host = target.name[0]
        by_host[host] = (*by_host.get(host, ()), target)
    if spec.clusterIP == HEADLESS:
        return ServiceNames(name, endpoints, by_host, is_headless=True)
    ports = _ports((port.name, port.protocol, port.port) for port in spec.ports)
    texts = spec.clusterIPs or ((spec.clusterIP,) if spec.clusterIP else ())
    return ServiceNames(name, tuple(Target(name, address, ports) for address in parse_addresses(texts)), by_host)


def external_target(text: str) -> Name | None:
    """Where an ExternalName leads; None when it can't be a CNAME: an address, or no name at all."""
    name = name_of(text)
    is_name = all(map(_is_label, name)) and len(text) <= MAX_NAME
    return name if name and is_name and parse_address(text) is None else None


def generated_hostname(address: Address) -> str:
    """The host name of an endpoint that has none of its own. Source: coredns plugin/kubernetes: endpointHostname."""
    if address.version == 4:
        return str(address).replace(".", "-")
    name = str(address).replace(":", "-")
    return f"{name}0" if name.endswith("-") else name


def parse_address(text: str) -> Address | None:
    """An address, or None where the text is none."""
    try:
        return ip_address(text) if "%" not in text else None
    except ValueError:
        return None


def parse_addresses(texts: Iterable[str]) -> tuple[Address, ...]:
    """Those of the texts that are addresses."""
    return tuple(address for address in map(parse_address, texts) if address is not None)


def _endpoint_targets(name: Name, slices: Iterable[EndpointSlice], takes_unready: bool) -> Iterable[Target]:
    seen: set[Target] = set()
    # By name, so that an answer doesn't depend on the order in which slices were heard of.
    for each in sorted(slices, key=lambda one: one.metadata.name):
        ports = _ports((port.name, port.protocol, port.port) for port in each.ports)
        for endpoint in each.endpoints:
            if not (takes_unready or _is_ready(endpoint)):
                continue
            for address in parse_addresses(endpoint.addresses):
                target = Target((_hostname(endpoint, address), *name), address, ports)
                if target not in seen:
                    seen.add(target)
                    yield target


def _is_ready(endpoint: Endpoint) -> bool:
    return endpoint.conditions.ready is not False  # unknown counts as ready, as the API says


def _hostname(endpoint: Endpoint, address: Address) -> str:
    own = (endpoint.hostname or "").lower()
    return own if _is_label(own) and "." not in own else generated_hostname(address)


def _ports(given: Iterable[tuple[str | None, str | None, int | None]]) -> tuple[Port, ...]:
    """Ports of name, protocol and number. One without a number stands for all of them, and is none to tell."""
    return tuple(
        Port((name or "").lower(), (protocol or "TCP").lower(), number)
        for name, protocol, number in given
        if number is not None and 0 < number <= MAX_PORT
    )


def _is_label(text: str) -> bool:
    """Whether it fits into a message, whoever let it into the API."""
    return 0 < len(text) <= MAX_LABEL and text.isascii()
