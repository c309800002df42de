"""Services and EndpointSlices to a Ruleset. Pure.

Source: pkg/proxy: ready endpoints serve; when none is ready, those that still serve while they terminate.
"""

from collections.abc import Iterable, Iterator

from steersman.api.core import Service, ServicePort
from steersman.api.discovery import Endpoint, EndpointSlice
from steersman.proxy.model import Backend, Frontend, Ruleset

SERVICE_LABEL = "kubernetes.io/service-name"
NONE = "None"
Slices = dict[tuple[str, str], list[EndpointSlice]]


def build(services: Iterable[Service], slices: Iterable[EndpointSlice]) -> Ruleset:
    """The Ruleset of a cluster's services; the same objects give the same value, whatever their order."""
    by_service: Slices = {}
    for one in slices:
        name = one.metadata.labels.get(SERVICE_LABEL)
        if name is not None and one.addressType == "IPv4":
            by_service.setdefault((one.metadata.namespace, name), []).append(one)
    routes: dict[Frontend, tuple[Backend, ...]] = {}
    for service in services:
        key = (service.metadata.namespace, service.metadata.name)
        for port in service.spec.ports:
            found = backends(by_service.get(key, []), port)
            for frontend in frontends(service, port):
                routes[frontend] = found
    return Ruleset(tuple(sorted(routes.items())))


def frontends(service: Service, port: ServicePort) -> Iterator[Frontend]:
    """Where a service's port is reached."""
    spec = service.spec
    if spec.type == "ExternalName" or spec.clusterIP in ("", NONE) or ":" in spec.clusterIP:
        return
    protocol = port.protocol.lower() or "tcp"
    given = (ingress.ip for ingress in service.status.loadBalancer.ingress)
    for address in (spec.clusterIP, *spec.externalIPs, *(ip for ip in given if ip)):
        yield Frontend(address, protocol, port.port)
    if port.nodePort:
        yield Frontend("", protocol, port.nodePort)


def backends(slices: Iterable[EndpointSlice], port: ServicePort) -> tuple[Backend, ...]:
    """Where a service's port leads; a slice's port belongs to the service's port of the same name."""
    ready: set[Backend] = set()
    serving: set[Backend] = set()
    for one in slices:
        number = next((p.port for p in one.ports if (p.name or "") == port.name and p.port), None)
        if number is None:
            continue
        for endpoint in one.endpoints:
            places = {Backend(address, number) for address in endpoint.addresses}
            if endpoint.conditions.ready is not False:
                ready |= places
            elif _still_serves(endpoint):
                serving |= places
    return tuple(sorted(ready or serving))


def _still_serves(endpoint: Endpoint) -> bool:
    return endpoint.conditions.serving is not False and bool(endpoint.conditions.terminating)
