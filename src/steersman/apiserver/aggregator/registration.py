"""Keeps an APIService for each group version that this server answers for itself, so that one list names them all.

Source: kube-aggregator/pkg/controllers/autoregister; pkg/controlplane/controller/crdregistration.
"""

from steersman.api.apiregistration import APIService, APIServiceSpec
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import AlreadyExists, NotFound, StatusError
from steersman.apiserver.aggregator.priorities import (
    CUSTOM_GROUP,
    CUSTOM_VERSION,
    GROUPS,
    OWN_GROUP,
    version_priority,
)
from steersman.apiserver.aggregator.services import Services
from steersman.apiserver.resourcetable import ResourceTable
from steersman.client.interface import Client
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.storage.interface import StoreError

_log = get_logger(__name__)

MANAGED = "kube-aggregator.kubernetes.io/automanaged"
ON_START, ALWAYS = "onstart", "true"
RETRY_SECONDS = 5.0


class Registration:
    """`run` follows the table of resources."""

    def __init__(self, table: ResourceTable, services: Services, client: Client, clock: Clock) -> None:
        self._table = table
        self._services = services
        self._client = client
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._sync()
            except (StatusError, StoreError) as error:
                _log.warning("APIServices can't be kept; trying again", error=str(error))
                await self._clock.sleep(RETRY_SECONDS)
                continue
            await self._table.changed()

    async def _sync(self) -> None:
        wanted = {one.metadata.name: one for one in self._wanted()}
        present = {one.metadata.name: one for one in self._services.all}
        for name, one in wanted.items():
            if name not in present:
                await self._create(one)
            elif _is_managed(present[name]) and present[name].spec != one.spec:
                await self._client.update(replace(present[name], spec=one.spec))
        for name, one in present.items():
            if name not in wanted and _is_managed(one):
                await self._delete(name)

    def _wanted(self) -> list[APIService]:
        made: dict[str, APIService] = {}
        for resource in self._table.all:
            group, version = resource.group, resource.version
            if group == OWN_GROUP:
                continue
            if resource.custom:
                spec = APIServiceSpec(
                    group=group, version=version, groupPriorityMinimum=CUSTOM_GROUP, versionPriority=CUSTOM_VERSION
                )
            elif group in GROUPS:
                priority = version_priority(group, version)
                spec = APIServiceSpec(
                    group=group, version=version, groupPriorityMinimum=GROUPS[group], versionPriority=priority
                )
            else:
                continue
            name = f"{version}.{group}"
            labels = {MANAGED: ALWAYS if resource.custom else ON_START}
            made.setdefault(name, APIService(metadata=ObjectMeta(name=name, labels=labels), spec=spec))
        return list(made.values())

    async def _create(self, one: APIService) -> None:
        try:
            await self._client.create(one)
        except AlreadyExists:
            _log.debug("another server has made an APIService", name=one.metadata.name)

    async def _delete(self, name: str) -> None:
        try:
            await self._client.delete(APIService, name)
        except NotFound:
            _log.debug("another server has deleted an APIService", name=name)


def _is_managed(one: APIService) -> bool:
    return MANAGED in one.metadata.labels and one.spec.service is None
