"""An HTTP request's whole way: who asks, what for, may they, the answer. Every error becomes a Status here."""

from random import Random
from urllib.parse import unquote
from uuid import UUID

from steersman.apimachinery.status import (
    InternalError,
    ServiceUnavailable,
    StatusError,
    Unauthorized,
    internal_error,
)
from steersman.apiserver.attributes import Authenticator
from steersman.apiserver.connect import Connections
from steersman.apiserver.context import RequestContext
from steersman.apiserver.endpoints.plain import PlainEndpoints
from steersman.apiserver.http.answers import error_answer, with_headers
from steersman.apiserver.http.resources import ResourceHandler
from steersman.apiserver.pipeline import Pipeline
from steersman.apiserver.request import Query, read_request
from steersman.apiserver.user import ANONYMOUS, UNAUTHENTICATED_GROUP, UserInfo
from steersman.component.http.message import UPGRADED, ClientGone, Request, Response
from steersman.component.log import get_logger
from steersman.storage.interface import StoreClosed, StoreFull, StoreUnavailable

_log = get_logger(__name__)

NOBODY = UserInfo(ANONYMOUS, groups=(UNAUTHENTICATED_GROUP,))


class RequestHandler:
    """Answers every request of a server."""

    def __init__(
        self,
        authenticator: Authenticator,
        pipeline: Pipeline,
        endpoints: PlainEndpoints,
        connections: Connections,
        random: Random,
    ) -> None:
        self._authenticator = authenticator
        self._pipeline = pipeline
        self._endpoints = endpoints
        self._connections = connections
        self._random = random
        self._resources = ResourceHandler(pipeline)

    async def handle(self, request: Request) -> Response:
        """The response, whatever happens."""
        warnings: list[str] = []
        try:
            response = await self._answer(request, warnings)
        except ClientGone:
            raise
        except Exception as error:  # noqa: BLE001 - the request pipeline is where every error becomes an answer
            response = error_answer(as_status(error, request.path), request.headers.get("accept", ""))
        if response is UPGRADED:
            return response
        return with_headers(response, warnings, UUID(int=self._random.getrandbits(128), version=4))

    async def _answer(self, request: Request, warnings: list[str]) -> Response:
        query = Query(request.query)
        info = read_request(request.method, request.path, query)
        user = await self._user(request)
        self._pipeline.authorize(user, info)
        if not info.is_resource:
            return await self._endpoints.answer(unquote(request.path), request)
        context = self._pipeline.context(user, info, query, request.headers.get("user-agent", ""))
        try:
            return await self._resource_answer(context, request)
        finally:
            warnings.extend(context.warnings)

    async def _resource_answer(self, context: RequestContext, request: Request) -> Response:
        if self._connections.handles(context):
            return await self._connections.connect(context, request)
        return await self._resources.answer(context, request)

    async def _user(self, request: Request) -> UserInfo:
        try:
            return await self._authenticator.authenticate(request) or NOBODY
        except Unauthorized as error:
            raise Unauthorized("Unauthorized") from error


def as_status(error: Exception, path: str) -> StatusError:
    """The API error for what went wrong; what nobody foresaw is logged."""
    match error:
        case StatusError():
            return error
        case StoreFull():
            _log.error("the store takes no more writes", path=path, error=str(error))
            return InternalError("the disk is full: nothing can be written until there is room again")
        case StoreUnavailable():
            # Source: ErrorToAPIStatus: what storage says is passed on, without a reason.
            _log.warning("the store doesn't answer", path=path, error=str(error))
            return StatusError(str(error))
        case StoreClosed():
            return ServiceUnavailable("the server is shutting down")
        case _:
            _log.error("a request failed", exc_info=error, path=path)
            return internal_error(error)
