"""Everything about other servers' group versions put together, as the request handler and the server's start use it."""

import asyncio
from random import Random

from steersman.apiserver.aggregator.availability import Availability
from steersman.apiserver.aggregator.backends import ITSELF, Backends
from steersman.apiserver.aggregator.documents import Documents
from steersman.apiserver.aggregator.proxy import Proxy
from steersman.apiserver.aggregator.registration import Registration
from steersman.apiserver.aggregator.services import Remote, Services
from steersman.apiserver.aggregator.specs import Specs
from steersman.apiserver.collections import Collections
from steersman.apiserver.endpoints.openapi import OpenAPI, document_answer, wants_protobuf
from steersman.apiserver.locations import Locator
from steersman.apiserver.resourcetable import ResourceTable
from steersman.apiserver.user import UserInfo
from steersman.client.interface import Client
from steersman.component.clock import Clock
from steersman.component.http.client import Connect
from steersman.component.http.message import Request, Response
from steersman.component.keypair import KeyPair


class Aggregator:
    """`run` keeps APIServices and looks after the remote ones; without any, requests don't notice it."""

    def __init__(  # noqa: PLR0913  # what the aggregator is put together from
        self,
        collections: Collections,
        table: ResourceTable,
        client: Client,
        clock: Clock,
        random: Random,
        connect: Connect,
        client_pair: KeyPair | None,
    ) -> None:
        self._services = Services(collections)
        self._backends = Backends(Locator(collections, random), connect, client_pair)
        self.documents = Documents(self._services, self._backends, clock)
        self._specs = Specs(self.documents)
        self._proxy = Proxy(self._backends)
        self._availability = Availability(self._services, collections, self._backends, client, clock)
        self._registration = Registration(table, self._services, client, clock)

    async def run(self) -> None:
        """Until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._registration.run())
                group.create_task(self._availability.run())
        finally:
            await self._backends.close()

    def remote_at(self, path: str) -> Remote | None:
        """Who answers for a path; None if this server does."""
        return self._services.remote_at(path)

    async def proxied(self, remote: Remote, request: Request, user: UserInfo) -> Response:
        """The answer of whoever answers for the request's path."""
        return await self._proxy.answer(remote, request, user)

    async def openapi(self, path: str, request: Request, own: OpenAPI) -> Response | None:
        """The OpenAPI document at a path, with those of others; own: what this server has there."""
        if not self._services.remotes:
            return own.answer(path, request)
        match path.removeprefix("/openapi/").strip("/").split("/"):
            case ["v3", "apis", group, version] if remote := self._services.remotes.get((group, version)):
                return await self._proxy.answer(remote, request, ITSELF)
            case ["v2"]:
                found = await self._specs.v2(own.v2, is_protobuf=wants_protobuf(request))
                return document_answer(found, request)
            case ["v3"]:
                return document_answer(await self._specs.v3(own.v3_index), request)
            case _:
                return own.answer(path, request)
