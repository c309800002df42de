"""The Endpoints controller."""

from datetime import datetime
from typing import Any

from steersman.api.core import Endpoints, Pod, Service
from steersman.client.cache import ObjectKey
from steersman.controllers.endpoints.plan import View, plan
from steersman.controllers.servicekeys import services_of_pod
from steersman.controllers.services import has_endpoints, selected_pods
from steersman.reconcile.controller import Reader, Watch, own_key
from steersman.reconcile.plan import Plan


class EndpointsController:
    """Writes the Endpoints of Services that select pods."""

    name = "endpoint-controller"

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """Services, pods, and the Endpoints, which have their Service's name."""
        return (Watch(Service, own_key), Watch(Pod, services_of_pod), Watch(Endpoints, own_key))

    async def observe(self, reader: Reader, key: ObjectKey) -> View | None:
        """The Service, its pods that are to stay, and its Endpoints."""
        service, endpoints = reader.get(Service, key), reader.get(Endpoints, key)
        if service is None:
            return None if endpoints is None else View(None, (), endpoints)
        if not has_endpoints(service):
            return None
        pods = selected_pods(service, reader.cache(Pod).list(key.namespace))
        return View(service, tuple(pod for pod in pods if pod.metadata.deletionTimestamp is None), endpoints)

    def plan(self, view: View, now: datetime) -> Plan:
        """See `plan`."""
        return plan(view)
