"""The seams of the pipeline: what authentication, authorization and admission are told, and what they answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from steersman.api.meta import DeleteOptions, Kind
from steersman.api.resources import Resource
from steersman.apimachinery.object import Object
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import AUTHENTICATED_GROUP, MASTERS_GROUP, UserInfo


class Operation(StrEnum):
    """What admission judges."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    CONNECT = "CONNECT"


@dataclass(slots=True)
class Reinvocation:
    """Whether the plugins must see a write a second time, as a webhook has changed it.

    asked: the webhooks that want to see changes made after them; again: those to be asked in the second round. Source:
    apiserver/pkg/admission/reinvocation.go.
    """

    is_second: bool = False
    is_requested: bool = False
    asked: set[object] = field(default_factory=set)
    again: set[object] = field(default_factory=set)

    def request(self) -> None:
        """A webhook has changed the object: those asked before it are asked again."""
        self.is_requested = True
        if not self.is_second:
            self.again |= self.asked


@dataclass(frozen=True, slots=True)
class AdmissionAttributes:
    """One write on its way in. object is absent for DELETE, old_object for CREATE.

    spoken: the resource in the version the client speaks, where resource, and the objects, are of the stored one.
    annotations: what plugins want the audit log to say.
    """

    operation: Operation
    resource: Resource
    user: UserInfo
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    object: Object | None = None
    old_object: Kind | None = None
    dry_run: bool = False
    delete_options: DeleteOptions | None = None
    warnings: list[str] = field(default_factory=list)
    reinvocation: Reinvocation = field(default_factory=Reinvocation)
    annotations: dict[str, str] = field(default_factory=dict)
    spoken: Resource | None = None

    @property
    def requested(self) -> Resource:
        """The resource as the URL names it."""
        return self.spoken or self.resource


def attributes_with(attributes: AdmissionAttributes, obj: Object | None) -> AdmissionAttributes:
    """The same write with the object as a plugin left it."""
    return attributes if obj is attributes.object else replace(attributes, object=obj)


class AdmissionPlugin(Protocol):
    """One rule about writes. Raises a StatusError to refuse."""

    name: str

    def handles(self, operation: Operation) -> bool:
        """Whether the plugin has a say in this operation."""
        ...

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """The object, changed or not; called before validation."""
        ...

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """The last word, on the object as it would be stored."""
        ...


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a request is allowed, and why not.

    denied: nobody else is asked any more; otherwise who doesn't allow it has no opinion. error: why somebody who might
    have allowed it couldn't be asked.
    """

    allowed: bool
    reason: str = ""
    denied: bool = False
    error: str = ""


class Authorizer(Protocol):
    """Decides on a request before its body is read."""

    def authorize(self, user: UserInfo, request: RequestInfo) -> Decision:
        """Allowed or not; no opinion counts as not. Undecided (`authz.asking`) when somebody else has to be asked."""
        ...


class Presented(Protocol):
    """What a client shows of itself; `component.http`'s requests do."""

    @property
    def headers(self) -> Mapping[str, str]:
        """By lower-case name."""
        ...

    @property
    def repeated(self) -> Mapping[str, Sequence[str]] | None:
        """The values of headers that came several times, apart."""
        ...

    @property
    def path(self) -> str:
        """As in the URL: escaped, without the query."""
        ...

    @property
    def peer_cert_der(self) -> bytes | None:
        """The client certificate, which nobody has verified yet."""
        ...


def values_of(presented: Presented, name: str) -> tuple[str, ...]:
    """The values of a header, each as it was sent; empty ones count as none."""
    given = (presented.repeated or {}).get(name) or (presented.headers.get(name, ""),)
    return tuple(filter(None, given))


class Authenticator(Protocol):
    """Says who a client is."""

    async def authenticate(self, presented: Presented) -> UserInfo | None:
        """The user; None when nothing it knows was presented. Raises Unauthorized for what is wrong."""
        ...


class Nobody:
    """Nobody may do anything: before there is anyone to ask."""

    def authorize(self, user: UserInfo, request: RequestInfo) -> Decision:
        """Not allowed."""
        return Decision(False)


class AlwaysAllow:
    """Everybody may do everything: for tests of other parts."""

    def authorize(self, user: UserInfo, request: RequestInfo) -> Decision:
        """Allowed."""
        return Decision(True)


class AdmitEverybody:
    """Everybody is the same administrator: for tests of other parts."""

    async def authenticate(self, presented: Presented) -> UserInfo | None:
        """An administrator."""
        return UserInfo("admin", groups=(MASTERS_GROUP, AUTHENTICATED_GROUP))
