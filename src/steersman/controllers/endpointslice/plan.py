"""Which EndpointSlices a Service should have. Pure.

Endpoints stay in the slice they are in; room in slices is used before new ones are made. Source: k8s.io/endpointslice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from steersman.api.core import Node, ObjectReference, Pod, Service
from steersman.api.discovery import Endpoint, EndpointConditions, EndpointPort, EndpointSlice
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.controllers import services
from steersman.controllers.pods import is_ready
from steersman.reconcile.owners import controller_ref
from steersman.reconcile.plan import Action, Create, Delete, Plan, Update

SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
CONTROLLER_NAME = "endpointslice-controller.k8s.io"
MAX_ENDPOINTS_PER_SLICE = 100

Ports = tuple[EndpointPort, ...]
Endpoints = dict[tuple[str, ...], Endpoint]


@dataclass(frozen=True, slots=True)
class View:
    """A Service, the pods it selects, the slices of this controller for it, and nodes by name."""

    service: Service
    pods: tuple[Pod, ...]
    slices: tuple[EndpointSlice, ...]
    nodes: Mapping[str, Node]


def plan(view: View, now: datetime) -> Plan:
    """Create, update and delete slices, family by family."""
    families = view.service.spec.ipFamilies or ("IPv4",)
    actions: list[Action] = [Delete(found) for found in view.slices if found.addressType not in families]
    for family in families:
        actions += _plan_family(view, family)
    order = {Create: 0, Update: 1, Delete: 2}
    return Plan(tuple(sorted(actions, key=lambda action: order[type(action)])))


def _plan_family(view: View, family: str) -> list[Action]:
    wanted = _wanted(view, family)
    existing = [found for found in view.slices if found.addressType == family]
    groups: dict[Ports, list[EndpointSlice]] = {}
    for found in existing:
        groups.setdefault(found.ports, []).append(found)
    planned: list[EndpointSlice] = []
    for ports, endpoints in wanted.items():
        planned += _fill(view, family, ports, endpoints, groups.get(ports, []))
    if not planned:
        # One empty slice says that the Service is known to have no endpoints.
        kept = existing[0] if existing else _new_slice(view, family, (), ())
        planned = [replace(kept, ports=(), endpoints=())]
    return _actions(view, existing, planned)


def _wanted(view: View, family: str) -> dict[Ports, Endpoints]:
    """Endpoints by the ports they serve: pods may give one port name different numbers."""
    wanted: dict[Ports, Endpoints] = {}
    for pod in view.pods:
        node = view.nodes.get(pod.spec.nodeName)
        addresses = services.ips_of_family(pod, family)
        if not addresses or (node is None and not view.service.spec.publishNotReadyAddresses):
            continue
        ports = _ports(pod, view.service)
        if ports or not view.service.spec.ports:
            endpoint = _endpoint(pod, view.service, node, addresses)
            wanted.setdefault(ports, {})[_identity(endpoint)] = endpoint
    return wanted


def _ports(pod: Pod, service: Service) -> Ports:
    found = ((port, services.target_port(pod, port)) for port in service.spec.ports)
    return tuple(
        EndpointPort(name=port.name, port=number, protocol=port.protocol or "TCP", appProtocol=port.appProtocol)
        for port, number in found
        if number is not None
    )


def _endpoint(pod: Pod, service: Service, node: Node | None, addresses: tuple[str, ...]) -> Endpoint:
    is_leaving = pod.metadata.deletionTimestamp is not None
    serving = is_ready(pod)
    ready = service.spec.publishNotReadyAddresses or (serving and not is_leaving)
    meta = pod.metadata
    return Endpoint(
        addresses=addresses,
        conditions=EndpointConditions(ready=ready, serving=serving, terminating=is_leaving),
        hostname=services.hostname_of(pod, service) or None,
        targetRef=ObjectReference(kind="Pod", namespace=meta.namespace, name=meta.name, uid=meta.uid),
        nodeName=pod.spec.nodeName or None,
        zone=services.zone_of(node),
    )


def _identity(endpoint: Endpoint) -> tuple[str, ...]:
    return (endpoint.targetRef.uid if endpoint.targetRef is not None else "", *endpoint.addresses)


def _fill(
    view: View, family: str, ports: Ports, endpoints: Endpoints, existing: list[EndpointSlice]
) -> list[EndpointSlice]:
    """Slices of one set of ports: what stays where it is, then the rest where there is room, then new slices."""
    left = dict(endpoints)
    kept: list[list[Endpoint]] = []
    for found in existing:
        entries = [left.pop(key) for key in map(_identity, found.endpoints) if key in left]
        kept.append(entries[:MAX_ENDPOINTS_PER_SLICE])
        left |= {_identity(entry): entry for entry in entries[MAX_ENDPOINTS_PER_SLICE:]}
    rest = list(left.values())
    # Slices that change anyway are filled first, so that as few watchers as possible see as little as possible.
    order = sorted(range(len(existing)), key=lambda i: (tuple(kept[i]) == existing[i].endpoints, -len(kept[i])))
    for i in order:
        if not kept[i] and not rest:
            continue
        room = MAX_ENDPOINTS_PER_SLICE - len(kept[i])
        kept[i] += rest[:room]
        rest = rest[room:]
    filled = [replace(found, endpoints=tuple(kept[i])) for i, found in enumerate(existing) if kept[i]]
    starts = range(0, len(rest), MAX_ENDPOINTS_PER_SLICE)
    return filled + [_new_slice(view, family, ports, rest[i : i + MAX_ENDPOINTS_PER_SLICE]) for i in starts]


def _new_slice(view: View, family: str, ports: Ports, endpoints: Iterable[Endpoint]) -> EndpointSlice:
    meta = view.service.metadata
    return EndpointSlice(
        metadata=ObjectMeta(
            generateName=f"{meta.name}-", namespace=meta.namespace, ownerReferences=(controller_ref(view.service),)
        ),
        addressType=family,
        ports=ports,
        endpoints=tuple(endpoints),
    )


def _actions(view: View, existing: list[EndpointSlice], planned: list[EndpointSlice]) -> list[Action]:
    planned_uids = {wanted.metadata.uid for wanted in planned}
    before = {found.metadata.uid: found for found in existing}
    surplus = [found for found in existing if found.metadata.uid not in planned_uids]
    actions: list[Action] = []
    for wanted in planned:
        base = before.get(wanted.metadata.uid)
        if base is None and surplus:
            # What would be deleted becomes what would be created: one change to see instead of two.
            base = surplus.pop(0)
        meta = base.metadata if base is not None else wanted.metadata
        made = replace(wanted, metadata=replace(meta, labels=_labels(view.service)))
        if base is None:
            actions.append(Create(made))
        elif base != made:
            actions.append(Update(made))
    return actions + [Delete(gone) for gone in surplus]


def _labels(service: Service) -> dict[str, str]:
    """The Service's labels and the controller's own; others that somebody put on the slice don't stay."""
    reserved = (SERVICE_NAME, MANAGED_BY, services.HEADLESS_LABEL)
    labels = {key: value for key, value in service.metadata.labels.items() if key not in reserved}
    labels |= {SERVICE_NAME: service.metadata.name, MANAGED_BY: CONTROLLER_NAME}
    if services.is_headless(service):
        labels[services.HEADLESS_LABEL] = ""
    return labels
