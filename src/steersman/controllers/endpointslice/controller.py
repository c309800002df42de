"""The EndpointSlice controller."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from steersman.api.core import Node, Pod, Service
from steersman.api.discovery import EndpointSlice
from steersman.client.cache import ObjectKey
from steersman.controllers.endpointslice.plan import CONTROLLER_NAME, MANAGED_BY, SERVICE_NAME, View, plan
from steersman.controllers.servicekeys import services_of_node, services_of_pod
from steersman.controllers.services import has_endpoints, selected_pods
from steersman.reconcile.controller import Reader, Watch, own_key
from steersman.reconcile.plan import Plan

SERVICE_INDEX = "service"


class EndpointSliceController:
    """Writes the EndpointSlices of Services that select pods."""

    name = "endpointslice-controller"

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """Services, pods, the slices themselves, and nodes for their zones."""
        return (
            Watch(Service, own_key),
            Watch(Pod, services_of_pod),
            Watch(EndpointSlice, _service_of_slice, indexes=((SERVICE_INDEX, _by_service),)),
            Watch(Node, services_of_node),
        )

    async def observe(self, reader: Reader, key: ObjectKey) -> View | None:
        """The Service, its pods and slices; slices of a deleted Service are the garbage collector's."""
        service = reader.get(Service, key)
        if service is None or not has_endpoints(service) or service.metadata.deletionTimestamp is not None:
            return None
        pods = selected_pods(service, reader.cache(Pod).list(key.namespace))
        nodes = {
            name: node for name in {pod.spec.nodeName for pod in pods} if (node := reader.cache(Node).get("", name))
        }
        slices = reader.cache(EndpointSlice).by_index(SERVICE_INDEX, str(key))
        return View(service, pods, tuple(found for found in slices if _is_ours(found)), nodes)

    def plan(self, view: View, now: datetime) -> Plan:
        """See `plan`."""
        return plan(view, now)


def _is_ours(found: EndpointSlice) -> bool:
    is_leaving = found.metadata.deletionTimestamp is not None
    return found.metadata.labels.get(MANAGED_BY) == CONTROLLER_NAME and not is_leaving


def _by_service(found: EndpointSlice) -> tuple[str, ...]:
    return tuple(map(str, _service_of_slice(None, None, found)))


def _service_of_slice(_: Reader | None, old: EndpointSlice | None, new: EndpointSlice | None) -> Iterable[ObjectKey]:
    keys: dict[ObjectKey, None] = {}
    for found in (old, new):
        if found is not None and SERVICE_NAME in found.metadata.labels:
            keys[ObjectKey(found.metadata.namespace, found.metadata.labels[SERVICE_NAME])] = None
    return tuple(keys)
