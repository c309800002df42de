"""What becomes of one request, stage by stage.

Source: apiserver/pkg/endpoints/filters/audit.go, pkg/audit/request.go, pkg/audit/context.go.
"""

import asyncio
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, Protocol, Self

import msgspec

from steersman.api.meta import Kind
from steersman.apimachinery.codec.json import encode, parse
from steersman.apimachinery.object import Object, replace
from steersman.apimachinery.status import InternalError, StatusError
from steersman.apimachinery.times import MicroTime
from steersman.apiserver.attributes import Decision as Judgement
from steersman.apiserver.audit.event import Event, ObjectReference, ResponseStatus, read_status, wire_user
from steersman.apiserver.audit.policy import Decision, Level, Stage
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import UserInfo
from steersman.component.clock import Clock
from steersman.component.http.duplex import Duplex
from steersman.component.http.message import BodyWriter, Headers, Request, Response, Upgrade

LONGEST_AGENT = 1024
DECISION, REASON = "authorization.k8s.io/decision", "authorization.k8s.io/reason"
# What a webhook has changed is as secret as the object. Source: mutating/dispatcher.go: PatchAuditAnnotationPrefix.
PATCH_PREFIX = "patch.webhook.admission.k8s.io/"
LONG_VERBS = frozenset({"watch", "proxy"})
LONG_SUBRESOURCES = frozenset({"attach", "exec", "proxy", "log", "portforward"})
_STATUS = b'{"kind":"Status"'


class Ledger(Protocol):
    """Where events go."""

    def put(self, event: Event) -> Sequence[asyncio.Future[bool]]:
        """Hand an event on; what to wait for."""
        ...

    def reject(self) -> None:
        """Count a request that fails for want of its event."""
        ...


class Trail:
    """One request's events. annotations is added to by whoever judges the request."""

    def __init__(self, ledger: Ledger, decision: Decision, clock: Clock, request: Request) -> None:
        self._ledger = ledger
        self._decision = decision
        self._clock = clock
        self._request = request
        self._event = Event()
        self._is_long = False
        self._is_over = False
        self._has_started = False
        self._untold: list[asyncio.Future[bool]] = []
        self.annotations: dict[str, str] = {}

    def of(self, info: RequestInfo, user: UserInfo | None, audit_id: str) -> Self:
        """With what is known of the request when it comes."""
        request = self._request
        self._is_long = info.verb in LONG_VERBS or (info.is_resource and info.subresource in LONG_SUBRESOURCES)
        self._is_long = self._is_long or user is None
        agent = request.headers.get("user-agent", "")
        self._event = Event(
            level=self._decision.level.label,
            auditID=audit_id,
            requestURI=request.target,
            verb=info.verb,
            user=wire_user(user) if user is not None else Event().user,
            sourceIPs=source_ips(request),
            userAgent=agent if len(agent) <= LONGEST_AGENT else f"{agent[:LONGEST_AGENT]}...TRUNCATED",
            objectRef=_reference(info) if info.is_resource else None,
            requestReceivedTimestamp=MicroTime.of(self._clock.now()),
        )
        if request.upgrader is not None:
            request.upgrader = self._upgrader(request.upgrader)
        return self

    async def receive(self) -> None:
        """The request has come. InternalError when its event must be stored first, and can't be."""
        self._tell(Stage.REQUEST_RECEIVED)
        if not await self._told():
            self._ledger.reject()
            raise InternalError("Internal error occurred: failed to store audit event")

    def impersonate(self, user: UserInfo) -> None:
        """Whom the user acts as."""
        self._event = replace(self._event, impersonatedUser=wire_user(user))

    def judge(self, judgement: Judgement) -> None:
        """Whether the request is allowed, and why."""
        self.annotations[DECISION] = "allow" if judgement.allowed else "forbid"
        self.annotations[REASON] = judgement.reason

    def request_object(self, obj: Object) -> None:
        """What the client sent, as it was read."""
        ref = self._event.objectRef
        if isinstance(obj, Kind) and ref is not None:
            meta = obj.metadata
            known = replace(
                ref,
                namespace=ref.namespace or meta.namespace,
                name=ref.name or meta.name,
                uid=ref.uid or meta.uid,
                resourceVersion=ref.resourceVersion or meta.resourceVersion,
            )
            self._event = replace(self._event, objectRef=known)
        if self._decision.level >= Level.REQUEST:
            self._event = replace(self._event, requestObject=msgspec.Raw(self._shown(encode(obj))))

    def request_patch(self, tree: Any) -> None:
        """The patch that the client sent."""
        if self._decision.level >= Level.REQUEST:
            self._event = replace(self._event, requestObject=msgspec.Raw(encode(tree)))

    @property
    def wants_response(self) -> bool:
        """The answer's object is told."""
        return self._decision.level >= Level.REQUEST_RESPONSE

    def response_object(self, data: bytes) -> None:
        """The answer's object in JSON, in whatever form the client gets it; of a Status more is told than of others."""
        if data.startswith(_STATUS):
            self._event = replace(self._event, responseStatus=read_status(parse(data)))
        if self.wants_response:
            self._event = replace(self._event, responseObject=msgspec.Raw(self._shown(data)))

    def fail(self, error: StatusError) -> None:
        """The answer is an error."""
        self.response_object(encode(error.to_status()))

    def panic(self, error: Exception) -> None:
        """Nobody foresaw this."""
        status = ResponseStatus(
            status="Failure", message=f"APIServer panic'd: {error}", reason="InternalError",
            code=int(HTTPStatus.INTERNAL_SERVER_ERROR),
        )  # fmt: skip
        self._event = replace(self._event, responseStatus=status)
        self._tell(Stage.PANIC)
        self._is_over = True

    async def answer(self, response: Response) -> Response:
        """The answer is known. What comes back is to be sent, which is told where it takes its time."""
        if self._is_over:
            await self._told()
            return response
        self._note_body(response)
        self._start(response.status)
        body = response.body
        if callable(body) and self._request.method != "HEAD":

            async def told(writer: BodyWriter) -> None:
                try:
                    await body(writer)
                finally:
                    self.end()

            return Response(response.status, response.headers, told)
        self.end()
        await self._told()
        return response

    def end(self) -> None:
        """Nothing more is sent; the client may be gone."""
        if self._is_over:
            return
        self._is_over = True
        if self._event.responseStatus is None:
            early = ResponseStatus(status="Success", message="Connection closed early", code=int(HTTPStatus.OK))
            self._event = replace(self._event, responseStatus=early)
            if self._is_long:
                self._tell(Stage.RESPONSE_STARTED)
        self._tell(Stage.RESPONSE_COMPLETE)

    def _start(self, code: int) -> None:
        """The head of the answer goes out."""
        if self._has_started:
            return
        self._has_started = True
        status = self._event.responseStatus or ResponseStatus()
        self._event = replace(self._event, responseStatus=replace(status, code=code))
        if self._is_long:
            self._tell(Stage.RESPONSE_STARTED)

    def _note_body(self, response: Response) -> None:
        """An object in JSON is read off the answer; who writes it in another form has told already."""
        headers = {name.lower(): value for name, value in response.headers}
        body = response.body
        is_noted = self._event.responseObject is not None or not self.wants_response or self._event.objectRef is None
        if is_noted or callable(body) or headers.get("content-type") != "application/json":
            return
        data = body if isinstance(body, bytes) else b"".join(body)
        if headers.get("content-encoding") == "gzip":
            data = zlib.decompress(data, wbits=31)
        if data:
            self.response_object(data.rstrip(b"\n"))

    def _upgrader(self, upgrade: Upgrade) -> Upgrade:
        def told(headers: Headers) -> Duplex:
            duplex = upgrade(headers)
            self._start(int(HTTPStatus.SWITCHING_PROTOCOLS))
            return duplex

        return told

    def _shown(self, data: bytes) -> bytes:
        return without_managed_fields(data) if self._decision.omit_managed_fields else data

    async def _told(self) -> bool:
        """Wait for what must be stored before the request goes on; False when it can't be."""
        waiting, self._untold = self._untold, []
        return all([await done for done in waiting])

    def _tell(self, stage: Stage) -> None:
        if stage in self._decision.omit_stages:
            return
        event = self._event
        is_first = stage is Stage.REQUEST_RECEIVED
        moment = event.requestReceivedTimestamp if is_first else MicroTime.of(self._clock.now())
        event = replace(event, stage=stage, stageTimestamp=moment, annotations=self._annotations())
        self._untold.extend(self._ledger.put(event))

    def _annotations(self) -> Mapping[str, str]:
        tells_patches = self._decision.level >= Level.REQUEST
        found = sorted(self.annotations.items())
        return {key: text for key, text in found if tells_patches or not key.startswith(PATCH_PREFIX)}


def source_ips(request: Request) -> tuple[str, ...]:
    """Where a request says it came from, and last where it did. Source: apimachinery/pkg/util/net: SourceIPs."""
    headers = request.headers
    forwarded = headers.get("x-forwarded-for")
    found = [ip for part in forwarded.split(",") if (ip := _ip(part))] if forwarded else []
    real, peer = _ip(headers.get("x-real-ip", "")), _ip(request.peer_address.rpartition(":")[0].strip("[]"))
    if real and real not in found:
        found.append(real)
    if peer and (not found or found[-1] != peer):
        found.append(peer)
    return tuple(found)


@lru_cache(maxsize=1024)
def _ip(text: str) -> str:
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        return ""


def _reference(info: RequestInfo) -> ObjectReference:
    return ObjectReference(
        resource=info.resource,
        namespace=info.namespace,
        name=info.name,
        apiGroup=info.group,
        apiVersion=info.version,
        subresource=info.subresource,
    )


def without_managed_fields(data: bytes) -> bytes:
    """An object, list or table without who owns the fields of its objects."""
    if b'"managedFields"' not in data:
        return data
    tree = parse(data)
    rows = [row.get("object") for row in tree.get("rows") or ()]
    for one in (tree, *(tree.get("items") or ()), *rows):
        meta = one.get("metadata") if isinstance(one, dict) else None
        if isinstance(meta, dict):
            meta.pop("managedFields", None)
    return encode(tree)
