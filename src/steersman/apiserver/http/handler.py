"""An HTTP request's whole way: who asks, what for, may they, the answer. Every error becomes a Status here."""

import asyncio
from dataclasses import dataclass, field, replace
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
from steersman.apiserver.aggregator.aggregator import Aggregator
from steersman.apiserver.attributes import Authenticator
from steersman.apiserver.audit.auditor import Auditor
from steersman.apiserver.audit.trail import Trail
from steersman.apiserver.authn.impersonation import Impersonation
from steersman.apiserver.connect import Connections
from steersman.apiserver.context import RequestContext
from steersman.apiserver.denial import denial
from steersman.apiserver.endpoints.plain import PlainEndpoints
from steersman.apiserver.flowcontrol.limiter import Entry, Limiter
from steersman.apiserver.http.answers import error_answer, too_many_requests, with_headers
from steersman.apiserver.http.resources import ResourceHandler
from steersman.apiserver.pipeline import Pipeline
from steersman.apiserver.request import Query, RequestInfo, read_request
from steersman.apiserver.user import UserInfo
from steersman.component.http.message import UPGRADED, BodyWriter, ClientGone, Request, Response
from steersman.component.log import get_logger
from steersman.storage.interface import StoreClosed, StoreFull, StoreUnavailable, TransformFailed

_log = get_logger(__name__)

FORESEEN = (StatusError, StoreFull, StoreUnavailable, StoreClosed, TransformFailed)


@dataclass(frozen=True, slots=True)
class Gate:
    """Who comes in, as whom, and who writes it down."""

    authenticator: Authenticator
    impersonation: Impersonation | None = None
    auditor: Auditor | None = None


@dataclass(slots=True)
class _Exchange:
    """One request, and what its steps leave for its answer."""

    request: Request
    audit_id: str
    warnings: list[str] = field(default_factory=list)
    trail: Trail | None = None
    # Lines of the answer's head that say how the request was treated.
    lines: bytes = b""


class RequestHandler:
    """Answers every request of a server."""

    def __init__(  # noqa: PLR0913  # what it is put together from
        self,
        gate: Gate,
        pipeline: Pipeline,
        endpoints: PlainEndpoints,
        connections: Connections,
        aggregator: Aggregator,
        limiter: Limiter,
        random: Random,
    ) -> None:
        self._limiter = limiter
        self._gate = gate
        self._pipeline = pipeline
        self._endpoints = endpoints
        self._connections = connections
        self._aggregator = aggregator
        self._random = random
        self._resources = ResourceHandler(pipeline)

    async def handle(self, request: Request) -> Response:
        """The response, whatever happens."""
        audit_id = request.headers.get("audit-id") or str(UUID(int=self._random.getrandbits(128), version=4))
        exchange = _Exchange(request, audit_id)
        try:
            response = await self._answer(exchange)
        except (ClientGone, asyncio.CancelledError):
            if exchange.trail is not None:
                exchange.trail.end()
            raise
        except Exception as error:  # noqa: BLE001 - the request pipeline is where every error becomes an answer
            response = self._failed(exchange, error)
        if exchange.trail is not None:
            response = await exchange.trail.answer(response)
        if response is UPGRADED:
            return response
        return with_headers(response, exchange.warnings, audit_id, exchange.lines)

    async def _answer(self, exchange: _Exchange) -> Response:
        request = exchange.request
        query = Query(request.query)
        info = read_request(request.method, request.path, query)
        user = await self._admitted(exchange, info)
        limiter = self._limiter
        entry = limiter.enter(user, info, query)
        exchange.lines = entry.lines
        try:
            if limiter.must_wait(entry):
                await limiter.wait(entry)
            if entry.retry_seconds:
                return too_many_requests(entry.retry_seconds)
            response = await self._let_in(exchange, user, info, query)
            return response if entry.watch is None else _ending(response, entry, limiter)
        except BaseException:
            limiter.end_watch(entry)
            raise
        finally:
            limiter.leave(entry)

    async def _let_in(self, exchange: _Exchange, user: UserInfo, info: RequestInfo, query: Query) -> Response:
        request = exchange.request
        judgement = self._pipeline.judge(user, info)
        if exchange.trail is not None:
            exchange.trail.judge(judgement)
        if not judgement.allowed:
            raise denial(user, info, judgement.reason)
        if (remote := self._aggregator.remote_at(request.path)) is not None:
            named = replace(request, headers={**request.headers, "audit-id": exchange.audit_id})
            return await self._aggregator.proxied(remote, named, user)
        if not info.is_resource:
            return await self._endpoints.answer(unquote(request.path), request)
        context = self._pipeline.context(user, info, query, request.headers.get("user-agent", ""))
        if exchange.trail is not None:
            context = replace(context, trail=exchange.trail, annotations=exchange.trail.annotations)
        try:
            return await self._resource_answer(context, request)
        finally:
            exchange.warnings.extend(context.warnings)

    async def _resource_answer(self, context: RequestContext, request: Request) -> Response:
        if self._connections.handles(context):
            return await self._connections.connect(context, request)
        return await self._resources.answer(context, request)

    async def _admitted(self, exchange: _Exchange, info: RequestInfo) -> UserInfo:
        """Who asks, or whom he acts as. Whatever comes of it, it is audited from here on."""
        gate, request = self._gate, exchange.request
        try:
            user = await gate.authenticator.authenticate(request)
            if user is None:
                raise Unauthorized
        except Unauthorized as error:
            if gate.auditor is not None:
                exchange.trail = gate.auditor.begin(request, info, None, exchange.audit_id)
            raise Unauthorized("Unauthorized") from error
        if gate.auditor is not None:
            exchange.trail = gate.auditor.begin(request, info, user, exchange.audit_id)
            if exchange.trail is not None:
                await exchange.trail.receive()
        if gate.impersonation is None:
            return user
        acting = gate.impersonation.assumed(user, request.headers)
        if exchange.trail is not None and acting is not user:
            exchange.trail.impersonate(acting)
        return acting

    def _failed(self, exchange: _Exchange, error: Exception) -> Response:
        request, trail = exchange.request, exchange.trail
        failure = as_status(error, request.path)
        if trail is not None and isinstance(error, FORESEEN):
            trail.fail(failure)
        elif trail is not None:
            trail.panic(error)
        return error_answer(failure, request.headers.get("accept", ""))


def _ending(response: Response, entry: Entry, limiter: Limiter) -> Response:
    """The answer to a watch, which is over when its stream is."""
    stream = response.body
    if not callable(stream):
        limiter.end_watch(entry)
        return response

    async def counted(writer: BodyWriter) -> None:
        try:
            await stream(writer)
        finally:
            limiter.end_watch(entry)

    return replace(response, body=counted)


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
        case TransformFailed():
            # Source: storage/errors: InterpretGetError. What failed is in the log already.
            return internal_error(error)
        case StoreClosed():
            return ServiceUnavailable("the server is shutting down")
        case _:
            _log.error("a request failed", exc_info=error, path=path)
            return internal_error(error)
