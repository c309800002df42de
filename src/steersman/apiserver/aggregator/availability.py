"""Looks whether the servers that answer for other group versions can be reached, and says so in their APIServices.

Source: kube-aggregator/pkg/controllers/status/remote/remote_available_controller.go.
"""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from steersman.api import core, discovery
from steersman.api.apiregistration import APIService, APIServiceCondition
from steersman.api.meta import Kind
from steersman.apimachinery.gotext import quote
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import StatusError
from steersman.apimachinery.times import to_time
from steersman.apiserver.aggregator.backends import DEFAULT_PORT, ITSELF, Backends
from steersman.apiserver.aggregator.services import AVAILABLE, Services
from steersman.apiserver.collections import Collections
from steersman.client.interface import Client
from steersman.component.clock import Clock
from steersman.component.http.client import HTTPClientError
from steersman.component.log import get_logger
from steersman.storage.cached import Facts
from steersman.storage.cacher import CacheWatch, TooOld
from steersman.storage.interface import StoreError

_log = get_logger(__name__)

# Source: the informers' resync: how long one that seems well isn't looked at again.
LOOK_AGAIN_SECONDS = 30.0
CHECK_SECONDS = 5.0
IDLE_SECONDS = 3600.0
SERVICE_LABEL = "kubernetes.io/service-name"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look has found, as the condition Available says it."""

    status: str
    reason: str
    message: str


class Availability:
    """`run` looks whenever an APIService or what it leads to changes, and now and then while any is remote."""

    def __init__(
        self, services: Services, collections: Collections, backends: Backends, client: Client, clock: Clock
    ) -> None:
        self._services = services
        self._collections = collections
        self._backends = backends
        self._client = client
        self._clock = clock
        self._looked_at = 0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            watch = self._collections.of(APIService).cacher.watch(0, _all)
            try:
                while not watch.is_closed:
                    await self._wait(watch)
                    await self._look_at_all()
            finally:
                watch.close()

    async def _wait(self, watch: CacheWatch) -> None:
        """Until something has changed that could make a difference."""
        if not self._services.remotes:
            await watch.next(IDLE_SECONDS)
            return
        try:
            views = [watch, *self._views()]
        except TooOld:
            return
        waits = [asyncio.ensure_future(view.next(LOOK_AGAIN_SECONDS)) for view in views]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
            for view in views[1:]:
                view.close()

    def _views(self) -> list[CacheWatch]:
        """What has happened to Services and endpoints since the last look, where remote ones have theirs."""
        references = (one.service.spec.service for one in self._services.remotes.values())
        namespaces = {one.namespace for one in references if one is not None}
        kinds: tuple[type[Kind], ...] = (core.Service, discovery.EndpointSlice)
        cachers = (self._collections.of(kind).cacher for kind in kinds)
        return [cacher.watch(self._looked_at, lambda facts: facts.namespace in namespaces) for cacher in cachers]

    async def _look_at_all(self) -> None:
        self._looked_at = self._collections.revision
        remotes = [one.service for one in self._services.remotes.values()]
        await self._backends.keep([one.metadata.name for one in remotes])
        await asyncio.gather(*(self._look_at(one) for one in remotes))

    async def _look_at(self, service: APIService) -> None:
        found = await self._found(service)
        now = to_time(self._clock.now())
        old = next((one for one in service.status.conditions if one.type == AVAILABLE), None)
        since = old.lastTransitionTime if old is not None and old.status == found.status else now
        condition = APIServiceCondition(
            type=AVAILABLE, status=found.status, reason=found.reason, message=found.message, lastTransitionTime=since
        )
        if condition == old:
            return
        others = tuple(one for one in service.status.conditions if one.type != AVAILABLE)
        try:
            await self._client.update(
                replace(service, status=replace(service.status, conditions=(*others, condition))), "status"
            )
        except (StatusError, StoreError) as error:
            _log.debug(
                "an APIService isn't written; it is looked at again", name=service.metadata.name, error=str(error)
            )

    async def _found(self, service: APIService) -> Finding:
        return self._lack(service) or await self._asked(service)

    def _lack(self, service: APIService) -> Finding | None:
        """What is missing for it to be asked at all."""
        reference = service.spec.service
        assert reference is not None, "only remote ones are looked at"
        name, namespace, port = reference.name, reference.namespace, reference.port or DEFAULT_PORT
        services = self._collections.of(core.Service)
        cached = services.cacher.get(services.key(namespace, name))
        if cached is None:
            return Finding("False", "ServiceNotFound", f"service/{name} in {quote(namespace)} is not present")
        found = services.decoded(cached)
        if found.spec.type == "ExternalName":
            return None
        wanted = next((one for one in found.spec.ports if one.port == port), None)
        if wanted is None:
            why = f"service/{name} in {quote(namespace)} is not listening on port {port}"
            return Finding("False", "ServicePortError", why)
        slices = self._slices(namespace, name)
        if not slices:
            why = f"cannot find endpointslices for service/{name} in {quote(namespace)}"
            return Finding("False", "EndpointsNotFound", why)
        if not any(_serves(one, wanted.name) for one in slices):
            lack = f"have no addresses with port name {quote(wanted.name)}"
            return Finding(
                "False", "MissingEndpoints", f"endpointslices for service/{name} in {quote(namespace)} {lack}"
            )
        return None

    def _slices(self, namespace: str, name: str) -> Sequence[discovery.EndpointSlice]:
        slices = self._collections.of(discovery.EndpointSlice)
        found = slices.cacher.under(slices.under(namespace))
        return [slices.decoded(one) for one in found if one.facts.labels.get(SERVICE_LABEL) == name]

    async def _asked(self, service: APIService) -> Finding:
        spec = service.spec
        path = f"/apis/{spec.group}/{spec.version}"
        url = path
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                backend = self._backends.backend(service, path, "", ITSELF)
                url = f"https://{backend.place.authority}{path}"
                headers = {**backend.added, "accept": "application/json"}
                response = await backend.pool.request("GET", path, headers)
                await response.read()
        except TimeoutError:
            return _failed(url, "context deadline exceeded")
        except (HTTPClientError, StatusError, ssl.SSLError, OSError) as error:
            return _failed(url, str(error))
        if not HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            return _failed(url, f"bad status from {url}: {response.status}")
        return Finding("True", "Passed", "all checks passed")


def _failed(url: str, why: str) -> Finding:
    return Finding("False", "FailedDiscoveryCheck", f"failing or missing response from {url}: {why}")


def _serves(found: discovery.EndpointSlice, port_name: str) -> bool:
    if not any((one.name or "") == port_name and one.port for one in found.ports):
        return False
    return any(one.conditions.ready is not False and one.addresses for one in found.endpoints)


def _all(_: Facts) -> bool:
    return True
