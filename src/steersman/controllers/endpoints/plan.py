"""The Endpoints a Service should have: the older form of endpoints, still read by many. Pure.

Source: pkg/controller/endpoint, pkg/api/v1/endpoints (repacking of subsets).
"""

from dataclasses import dataclass

from steersman.api.core import (
    EndpointAddress,
    EndpointPort,
    Endpoints,
    EndpointSubset,
    ObjectReference,
    Pod,
    Service,
)
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.controllers.pods import is_ready
from steersman.controllers.services import (
    HEADLESS_LABEL,
    hostname_of,
    ips_of_family,
    is_headless,
    target_port,
)
from steersman.reconcile.plan import NOTHING, Create, Delete, EventKind, Note, Plan, Told, Update

MANAGED_BY = "endpoints.kubernetes.io/managed-by"
CONTROLLER_NAME = "endpoint-controller"
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
MAX_CAPACITY = 1000

# Addresses of a set of ports: ready ones, and those that are not.
_Sides = tuple[list[EndpointAddress], list[EndpointAddress]]


@dataclass(frozen=True, slots=True)
class View:
    """A Service (None when it is gone), its pods, and its Endpoints."""

    service: Service | None
    pods: tuple[Pod, ...]
    endpoints: Endpoints | None


def plan(view: View) -> Plan:
    """Create, update or (when the Service is gone) delete the Endpoints."""
    current = view.endpoints
    if view.service is None:
        is_ours = current is not None and MANAGED_BY in current.metadata.labels
        return Plan((Delete(current),)) if current is not None and is_ours else NOTHING
    subsets, is_truncated = _capped(_subsets(view.service, view.pods))
    base = current or Endpoints(
        metadata=ObjectMeta(name=view.service.metadata.name, namespace=view.service.metadata.namespace)
    )
    annotations = {key: value for key, value in base.metadata.annotations.items() if key != OVER_CAPACITY}
    if is_truncated:
        annotations[OVER_CAPACITY] = "truncated"
    meta = replace(base.metadata, labels=_labels(view.service), annotations=annotations)
    wanted = replace(base, metadata=meta, subsets=subsets)
    if current is None:
        return Plan((Create(wanted, _told(view.service, "FailedToCreateEndpoint", "create")),))
    return (
        NOTHING
        if wanted == current
        else Plan((Update(wanted, told=_told(current, "FailedToUpdateEndpoint", "update")),))
    )


def _told(about: Service | Endpoints, reason: str, verb: str) -> Told:
    meta = about.metadata
    message = f"Failed to {verb} endpoint {meta.namespace}/{meta.name}: {{error}}"
    return Told(failed=Note(about, EventKind.WARNING, reason, message))


def _labels(service: Service) -> dict[str, str]:
    labels = {key: value for key, value in service.metadata.labels.items() if key != HEADLESS_LABEL}
    labels[MANAGED_BY] = CONTROLLER_NAME
    if is_headless(service):
        labels[HEADLESS_LABEL] = ""
    return labels


def _subsets(service: Service, pods: tuple[Pod, ...]) -> tuple[EndpointSubset, ...]:
    """Subsets in canonical order: addresses that serve the same ports stand together."""
    family = (service.spec.ipFamilies or ("IPv4",))[0]
    groups: dict[tuple[EndpointPort, ...], _Sides] = {}
    for pod in pods:
        addresses = ips_of_family(pod, family)
        ports = _ports(service, pod)
        if not addresses or (service.spec.ports and not ports):
            continue
        ready, not_ready = groups.setdefault(ports, ([], []))
        is_published = service.spec.publishNotReadyAddresses or is_ready(pod)
        (ready if is_published else not_ready).append(_address(service, pod, addresses[0]))
    return tuple(
        EndpointSubset(
            addresses=tuple(sorted(ready, key=_order)),
            notReadyAddresses=tuple(sorted(not_ready, key=_order)),
            ports=ports,
        )
        for ports, (ready, not_ready) in sorted(groups.items(), key=lambda group: str(group[0]))
    )


def _ports(service: Service, pod: Pod) -> tuple[EndpointPort, ...]:
    found = ((port, target_port(pod, port)) for port in service.spec.ports)
    ports = (
        EndpointPort(name=port.name, port=number, protocol=port.protocol or "TCP", appProtocol=port.appProtocol)
        for port, number in found
        if number is not None
    )
    return tuple(sorted(ports, key=lambda port: (port.name, port.protocol, port.port)))


def _address(service: Service, pod: Pod, ip: str) -> EndpointAddress:
    meta = pod.metadata
    return EndpointAddress(
        ip=ip,
        hostname=hostname_of(pod, service),
        nodeName=pod.spec.nodeName or None,
        targetRef=ObjectReference(kind="Pod", namespace=meta.namespace, name=meta.name, uid=meta.uid),
    )


def _order(address: EndpointAddress) -> tuple[str, str]:
    return address.ip, address.targetRef.uid if address.targetRef is not None else ""


def _capped(subsets: tuple[EndpointSubset, ...]) -> tuple[tuple[EndpointSubset, ...], bool]:
    """At most MAX_CAPACITY addresses, ready ones first, and whether any had to be left out."""
    total = sum(len(subset.addresses) + len(subset.notReadyAddresses) for subset in subsets)
    if total <= MAX_CAPACITY:
        return subsets, False
    room = MAX_CAPACITY
    ready: list[tuple[EndpointAddress, ...]] = []
    for subset in subsets:
        ready.append(subset.addresses[:room])
        room -= len(ready[-1])
    kept: list[EndpointSubset] = []
    for subset, addresses in zip(subsets, ready, strict=True):
        not_ready = subset.notReadyAddresses[:room]
        room -= len(not_ready)
        if addresses or not_ready:
            kept.append(replace(subset, addresses=addresses, notReadyAddresses=not_ready))
    return tuple(kept), True
