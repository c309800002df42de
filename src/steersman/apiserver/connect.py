"""Subresources that hand the connection on: logs, exec, attach, port-forward and proxies.

Options are read off the query, admission has its say about them, and a Connector does the rest.
Source: apiserver/pkg/endpoints/handlers/rest.go: ConnectResource; pkg/registry/core/pod/rest.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from steersman.apimachinery.object import Object
from steersman.apimachinery.status import BadRequest, ServiceUnavailable
from steersman.apiserver.attributes import AdmissionAttributes, Operation, attributes_with
from steersman.apiserver.connectoptions import STREAMED, connect_options
from steersman.apiserver.context import RequestContext
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import UserInfo
from steersman.component.http.message import Request, Response

CONNECTED = frozenset({"attach", "exec", "log", "portforward", "proxy"})


class Connector(Protocol):
    """Takes over requests whose answer comes from elsewhere."""

    async def connect(self, context: RequestContext, options: Object | None, request: Request) -> Response:
        """Connect the client with whoever answers; the response, or UPGRADED when all is said. Logs have no options."""
        ...


class ConnectAdmission(Protocol):
    """Judges what a connection is asked for with."""

    async def admit(self, attributes: AdmissionAttributes) -> Object:
        """The options as the plugins leave them."""
        ...

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Raises what the first plugin that refuses raises."""
        ...


class NoConnector:
    """There are no nodes to connect to."""

    async def connect(self, context: RequestContext, options: Object | None, request: Request) -> Response:
        """Refused."""
        raise ServiceUnavailable("this server has no way to reach nodes")


class Connections:
    """Every connection's way to the connector."""

    def __init__(
        self,
        connector: Connector,
        admission: ConnectAdmission,
        authorize: Callable[[UserInfo, RequestInfo], Awaitable[None]],
    ) -> None:
        self._connector = connector
        self._admission = admission
        self._authorize = authorize

    def handles(self, context: RequestContext) -> bool:
        """The request is one of these."""
        return context.info.subresource in CONNECTED

    async def connect(self, context: RequestContext, request: Request) -> Response:
        """The response, or UPGRADED when all is said."""
        if context.info.subresource == "log":
            # Reading a log is a GET like others: admission isn't asked.
            return await self._connector.connect(context, None, request)
        if context.query.get("dryRun"):
            raise BadRequest("dryRun is not supported")
        options = await self._admitted(context, connect_options(context))
        if isinstance(options, STREAMED) and context.info.verb != "create":
            # A WebSocket begins with a GET, and who may only read must not run commands.
            # Source: AuthorizePodWebsocketUpgradeCreatePermission.
            await self._authorize(context.user, replace(context.info, verb="create"))
        return await self._connector.connect(context, options, request)

    async def _admitted(self, context: RequestContext, options: Object) -> Object:
        attributes = AdmissionAttributes(
            operation=Operation.CONNECT,
            resource=context.resource,
            user=context.user,
            namespace=context.namespace,
            name=context.info.name,
            subresource=context.info.subresource,
            object=options,
            warnings=context.warnings,
            annotations=context.annotations,
        )
        changed = await self._admission.admit(attributes)
        await self._admission.validate(attributes_with(attributes, changed))
        return changed
