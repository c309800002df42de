"""Subresources that hand the connection on: logs, exec, attach, port-forward and proxies."""

from typing import Protocol

from steersman.apimachinery.status import ServiceUnavailable
from steersman.apiserver.context import RequestContext
from steersman.component.http.message import Request, Response

CONNECTED = frozenset({"attach", "exec", "log", "portforward", "proxy"})


class Connector(Protocol):
    """Takes over requests whose answer comes from elsewhere."""

    def handles(self, context: RequestContext) -> bool:
        """The request is one of these."""
        ...

    async def connect(self, context: RequestContext, request: Request) -> Response:
        """Connect the client with whoever answers; the response, or UPGRADED when all is said."""
        ...


class NoConnector:
    """There are no nodes to connect to."""

    def handles(self, context: RequestContext) -> bool:
        """The request would need a node."""
        return context.info.subresource in CONNECTED

    async def connect(self, context: RequestContext, request: Request) -> Response:
        """Refused."""
        raise ServiceUnavailable("this server has no way to reach nodes")
