"""An HTTP request's whole way: who asks, what for, may they, the answer. Every error becomes a Status here."""

import asyncio
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from random import Random
from urllib.parse import unquote

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
from steersman.apiserver.metrics.access import AccessMetrics
from steersman.apiserver.metrics.requests import RequestMetrics, Series
from steersman.apiserver.pipeline import Pipeline
from steersman.apiserver.request import Query, RequestInfo, read_request
from steersman.apiserver.user import UserInfo
from steersman.component.clock import Clock
from steersman.component.http.message import UPGRADED, BodyStream, BodyWriter, ClientGone, Request, Response
from steersman.component.log import get_logger
from steersman.storage.interface import StoreClosed, StoreFull, StoreUnavailable, TransformFailed

_log = get_logger(__name__)

FORESEEN = (StatusError, StoreFull, StoreUnavailable, StoreClosed, TransformFailed)
# Source: apiserver/pkg/server/healthz: the only paths besides resources that are counted.
INSTRUMENTED = frozenset({"/healthz", "/livez", "/readyz"})
NO_ENTRY = Entry()
# What of a UUID says that it is random.
RESERVED_BITS, VERSION_4 = 0xF000 << 64 | 0xC000 << 48, 0x4000 << 64 | 0x8000 << 48


@dataclass(frozen=True, slots=True)
class Gate:
    """Who comes in, as whom, and who writes it down."""

    authenticator: Authenticator
    impersonation: Impersonation | None = None
    auditor: Auditor | None = None


@dataclass(frozen=True, slots=True)
class Meters:
    """What requests count into."""

    requests: RequestMetrics
    access: AccessMetrics
    clock: Clock


@dataclass(slots=True)
class _Exchange:
    """One request, and what its steps leave for its answer."""

    request: Request
    audit_id: str
    warnings: list[str] = field(default_factory=list)
    trail: Trail | None = None
    began: float = 0.0
    left: float = 0.0
    # Its place among those that are let in, and what it counts into.
    entry: Entry = NO_ENTRY
    series: Series | None = None


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
        meters: Meters,
        random: Random,
    ) -> None:
        self._limiter = limiter
        self._meters = meters
        self._now = meters.clock.monotonic
        self._gate = gate
        self._pipeline = pipeline
        self._endpoints = endpoints
        self._connections = connections
        self._aggregator = aggregator
        self._random = random
        self._resources = ResourceHandler(pipeline, meters.requests)

    async def handle(self, request: Request) -> Response:
        """The response, whatever happens."""
        audit_id = request.headers.get("audit-id") or _new_id(self._random.getrandbits(128))
        exchange = _Exchange(request, audit_id, began=self._now())
        try:
            response = await self._answer(exchange)
        except (ClientGone, asyncio.CancelledError):
            if exchange.series is not None:
                self._meters.requests.aborted(exchange.series)
            if exchange.trail is not None:
                exchange.trail.end()
            raise
        except Exception as error:  # noqa: BLE001 - the request pipeline is where every error becomes an answer
            response = self._failed(exchange, error)
        if exchange.trail is not None:
            response = await exchange.trail.answer(response)
        response = self._counted(exchange, response)
        if response is UPGRADED:
            return response
        return with_headers(response, exchange.warnings, audit_id, exchange.entry.lines)

    def _counted(self, exchange: _Exchange, response: Response) -> Response:
        """The response, which counts when it is sent; one that takes its time, when it is over."""
        series, entry, body = exchange.series, exchange.entry, response.body
        if callable(body) and exchange.request.method != "HEAD":
            return replace(response, body=self._until_its_end(exchange, body, response.status))
        self._limiter.end_watch(entry)
        if series is not None:
            self._meters.requests.answered(
                series, response.status, exchange.left - exchange.began, entry.waited_seconds
            )
            if series.size is not None and not callable(body):
                series.size.observe(len(body) if isinstance(body, bytes) else sum(map(len, body)))
        return response

    def _until_its_end(self, exchange: _Exchange, stream: BodyStream, code: int) -> BodyStream:
        series, entry, requests = exchange.series, exchange.entry, self._meters.requests

        async def counted(writer: BodyWriter) -> None:
            if series is not None:
                requests.long_running(series).inc()
            try:
                await stream(writer)
            finally:
                self._limiter.end_watch(entry)
                if series is not None:
                    requests.long_running(series).dec()
                    requests.answered(series, code, self._now() - exchange.began, entry.waited_seconds)

        return counted

    async def _answer(self, exchange: _Exchange) -> Response:
        request = exchange.request
        query = Query(request.query)
        info = read_request(request.method, request.path, query)
        user = await self._admitted(exchange, info)
        limiter = self._limiter
        entry = exchange.entry = limiter.enter(user, info, query, self._now())
        try:
            if limiter.must_wait(entry):
                await limiter.wait(entry)
            if entry.retry_seconds:
                self._meters.requests.refused(request, info, HTTPStatus.TOO_MANY_REQUESTS)
                return too_many_requests(entry.retry_seconds)
            return await self._let_in(exchange, user, info, query)
        except BaseException:
            limiter.end_watch(entry)
            raise
        finally:
            exchange.left = self._now()
            limiter.leave(entry, exchange.left)

    async def _let_in(self, exchange: _Exchange, user: UserInfo, info: RequestInfo, query: Query) -> Response:
        request = exchange.request
        asked = self._now()
        judgement = await self._pipeline.judge(user, info)
        self._meters.access.authorized(judgement.allowed, self._now() - asked)
        if exchange.trail is not None:
            exchange.trail.judge(judgement)
        if not judgement.allowed:
            raise denial(user, info, judgement)
        if (remote := self._aggregator.remote_at(request.path)) is not None:
            named = replace(request, headers={**request.headers, "audit-id": exchange.audit_id})
            return await self._aggregator.proxied(remote, named, user)
        if not info.is_resource:
            if request.path in INSTRUMENTED:
                exchange.series = self._meters.requests.plain_series(request.path)
            return await self._endpoints.answer(unquote(request.path), request)
        context = self._pipeline.context(user, info, query, request.headers.get("user-agent", ""))
        exchange.series = self._meters.requests.series(request, info, query, context.resource)
        if exchange.trail is not None:
            context = replace(context, trail=exchange.trail, annotations=exchange.trail.annotations)
        try:
            return await self._resource_answer(exchange, context)
        finally:
            exchange.warnings.extend(context.warnings)

    async def _resource_answer(self, exchange: _Exchange, context: RequestContext) -> Response:
        request, series = exchange.request, exchange.series
        if not self._connections.handles(context) or series is None:
            return await self._resources.answer(context, request)
        running = self._meters.requests.long_running(series)
        running.inc()
        try:
            return await self._connections.connect(context, request)
        finally:
            running.dec()

    async def _admitted(self, exchange: _Exchange, info: RequestInfo) -> UserInfo:
        """Who asks, or whom he acts as. Whatever comes of it, it is audited from here on."""
        gate, request = self._gate, exchange.request
        try:
            user = await gate.authenticator.authenticate(request)
        except Unauthorized as error:
            self._meters.access.misled(self._now() - exchange.began)
            raise self._unknown(exchange, info) from error
        self._meters.access.authenticated(user, self._now() - exchange.began)
        if user is None:
            raise self._unknown(exchange, info)
        if gate.auditor is not None:
            exchange.trail = gate.auditor.begin(request, info, user, exchange.audit_id)
            if exchange.trail is not None:
                await exchange.trail.receive()
        if gate.impersonation is None:
            return user
        acting = await gate.impersonation.assumed(user, request)
        if exchange.trail is not None and acting is not user:
            exchange.trail.impersonate(acting)
        return acting

    def _unknown(self, exchange: _Exchange, info: RequestInfo) -> Unauthorized:
        """Nobody knows who asks; that is audited too."""
        auditor = self._gate.auditor
        if auditor is not None:
            exchange.trail = auditor.begin(exchange.request, info, None, exchange.audit_id)
        return Unauthorized("Unauthorized")

    def _failed(self, exchange: _Exchange, error: Exception) -> Response:
        request, trail = exchange.request, exchange.trail
        failure = as_status(error, request.path)
        if trail is not None and isinstance(error, FORESEEN):
            trail.fail(failure)
        elif trail is not None:
            trail.panic(error)
        return error_answer(failure, request.headers.get("accept", ""))


def _new_id(bits: int) -> str:
    """A random UUID, as its class would show it at three times the cost. Source: RFC 9562 5.4."""
    text = f"{bits & ~RESERVED_BITS | VERSION_4:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


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
