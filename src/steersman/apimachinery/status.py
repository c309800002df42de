"""API errors: one class per reason, each with its HTTP code and upstream's wording.

Code raises them, the request pipeline encodes them once as a `Status`, the HTTP client raises the same class again.
Source of the messages: apimachinery/pkg/api/errors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Cause:
    """One of several causes; field is the path of the offending field."""

    reason: str = ""
    message: str = ""
    field: str = ""

    def to_wire(self) -> dict[str, str]:
        """The entry of `details.causes`."""
        named = {"reason": self.reason, "message": self.message, "field": self.field}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class Details:
    """What the error is about. kind is upstream's misnomer: mostly the resource's plural."""

    name: str = ""
    group: str = ""
    kind: str = ""
    uid: str = ""
    causes: tuple[Cause, ...] = ()
    retry_after_seconds: int = 0

    def to_wire(self) -> dict[str, Any]:
        """The `details` of a Status."""
        wire: dict[str, Any] = {
            name: value
            for name, value in (("name", self.name), ("group", self.group), ("kind", self.kind), ("uid", self.uid))
            if value
        }
        if self.causes:
            wire["causes"] = [cause.to_wire() for cause in self.causes]
        if self.retry_after_seconds:
            wire["retryAfterSeconds"] = self.retry_after_seconds
        return wire


class StatusError(Exception):
    """Base of all API errors; raised itself only for a reason this version doesn't know."""

    reason: ClassVar[str] = ""
    code: int = 500

    def __init__(self, message: str = "", details: Details | None = None, *, code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details or Details()
        if code is not None:
            self.code = code

    def to_status(self) -> dict[str, Any]:
        """The Status object in wire form."""
        status: dict[str, Any] = {
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": self.message,
        }  # fmt: skip
        if self.reason:
            status["reason"] = self.reason
        details = self.details.to_wire()
        if details:
            status["details"] = details
        status["code"] = self.code
        return status


class BadRequest(StatusError):
    """The request makes no sense."""

    reason, code = "BadRequest", 400


class Unauthorized(StatusError):
    """Nobody we know."""

    reason, code = "Unauthorized", 401

    def __init__(
        self, message: str = "Unauthorized", details: Details | None = None, *, code: int | None = None
    ) -> None:
        super().__init__(message, details, code=code)


class Forbidden(StatusError):
    """Known, but not allowed."""

    reason, code = "Forbidden", 403


class NotFound(StatusError):
    """No such object or resource."""

    reason, code = "NotFound", 404


class MethodNotSupported(StatusError):
    """The resource has no such verb."""

    reason, code = "MethodNotAllowed", 405


class NotAcceptable(StatusError):
    """No media type the client accepts can be produced."""

    reason, code = "NotAcceptable", 406


class AlreadyExists(StatusError):
    """The name is taken."""

    reason, code = "AlreadyExists", 409


class Conflict(StatusError):
    """The object changed meanwhile, or a precondition failed."""

    reason, code = "Conflict", 409


class Gone(StatusError):
    """It was there and will not be again."""

    reason, code = "Gone", 410


class Expired(StatusError):
    """The resourceVersion or continue token is too old."""

    reason, code = "Expired", 410


class RequestEntityTooLarge(StatusError):
    """The body passes the limit."""

    reason, code = "RequestEntityTooLarge", 413


class UnsupportedMediaType(StatusError):
    """The body is of a type the server doesn't read."""

    reason, code = "UnsupportedMediaType", 415


class Invalid(StatusError):
    """The object breaks its rules; details.causes name each field."""

    reason, code = "Invalid", 422


class TooManyRequests(StatusError):
    """Come back after details.retry_after_seconds."""

    reason, code = "TooManyRequests", 429


class InternalError(StatusError):
    """The server failed."""

    reason, code = "InternalError", 500


class ServiceUnavailable(StatusError):
    """Not now."""

    reason, code = "ServiceUnavailable", 503


class ServerTimeout(StatusError):
    """The server couldn't do it in time; try again."""

    reason, code = "ServerTimeout", 500


class Timeout(StatusError):
    """The request's own time ran out."""

    reason, code = "Timeout", 504


REASONS: Mapping[str, type[StatusError]] = {
    error.reason: error
    for error in (
        BadRequest, Unauthorized, Forbidden, NotFound, MethodNotSupported, NotAcceptable, AlreadyExists, Conflict, Gone,
        Expired, RequestEntityTooLarge, UnsupportedMediaType, Invalid, TooManyRequests, InternalError,
        ServiceUnavailable, ServerTimeout, Timeout,
    )
}  # fmt: skip


def from_status(status: Mapping[str, Any]) -> StatusError:
    """The error a Status stands for, of the class of its reason."""
    details = status.get("details") or {}
    known = Details(
        name=details.get("name", ""),
        group=details.get("group", ""),
        kind=details.get("kind", ""),
        uid=details.get("uid", ""),
        causes=tuple(
            Cause(cause.get("reason", ""), cause.get("message", ""), cause.get("field", ""))
            for cause in details.get("causes") or ()
        ),
        retry_after_seconds=details.get("retryAfterSeconds", 0),
    )
    found = REASONS.get(status.get("reason", ""), StatusError)
    return found(status.get("message", ""), known, code=status.get("code"))


def _split(group_resource: str) -> Details:
    resource, _, group = group_resource.partition(".")
    return Details(kind=resource, group=group)


def not_found(group_resource: str, name: str) -> NotFound:
    """`pods "x" not found`."""
    return NotFound(f'{group_resource} "{name}" not found', replace(_split(group_resource), name=name))


def already_exists(group_resource: str, name: str) -> AlreadyExists:
    """`pods "x" already exists`."""
    return AlreadyExists(f'{group_resource} "{name}" already exists', replace(_split(group_resource), name=name))


def conflict(group_resource: str, name: str, why: str) -> Conflict:
    """`Operation cannot be fulfilled on pods "x": why`."""
    message = f'Operation cannot be fulfilled on {group_resource} "{name}": {why}'
    return Conflict(message, replace(_split(group_resource), name=name))


OBJECT_MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def modified(group_resource: str, name: str) -> Conflict:
    """The resourceVersion sent isn't the stored one."""
    return conflict(group_resource, name, OBJECT_MODIFIED)


def forbidden(group_resource: str, name: str, why: str) -> Forbidden:
    """`pods "x" is forbidden: why`; without a resource only `forbidden: why`."""
    if not group_resource:
        return Forbidden(f"forbidden: {why}")
    subject = f'{group_resource} "{name}"' if name else group_resource
    return Forbidden(f"{subject} is forbidden: {why}", replace(_split(group_resource), name=name))


def invalid(group_kind: str, name: str, causes: Sequence[Cause]) -> Invalid:
    """`Pod "x" is invalid: spec.containers: Required value`; several causes stand in brackets.

    Each cause's message is without its field, as in `details.causes`; the text puts the field before it.
    """
    texts = list(dict.fromkeys(f"{cause.field}: {cause.message}" if cause.field else cause.message for cause in causes))
    listed = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    kind, _, group = group_kind.partition(".")
    message = f'{group_kind} "{name}" is invalid: {listed}' if texts else f'{group_kind} "{name}" is invalid'
    return Invalid(message, Details(name=name, group=group, kind=kind, causes=tuple(causes)))


def method_not_supported(group_resource: str, verb: str) -> MethodNotSupported:
    """`create is not supported on resources of kind "pods"`."""
    message = f'{verb} is not supported on resources of kind "{group_resource}"'
    return MethodNotSupported(message, _split(group_resource))


def unknown_resource() -> NotFound:
    """The URL names nothing that is served."""
    return NotFound("the server could not find the requested resource", Details())


def too_many_requests(message: str, retry_after_seconds: int) -> TooManyRequests:
    """Come back later."""
    return TooManyRequests(message, Details(retry_after_seconds=retry_after_seconds))


def server_timeout(group_resource: str, verb: str, retry_after_seconds: int = 0) -> ServerTimeout:
    """The server couldn't finish a verb in time."""
    message = f"The {verb} operation against {group_resource} could not be completed at this time, please try again."
    about = replace(_split(group_resource), name=verb, retry_after_seconds=retry_after_seconds)
    return ServerTimeout(message, about)


def timeout(why: str, retry_after_seconds: int = 0) -> Timeout:
    """The request's own time ran out."""
    return Timeout(f"Timeout: {why}", Details(retry_after_seconds=retry_after_seconds))


def request_too_large(why: str) -> RequestEntityTooLarge:
    """`Request entity too large: why`."""
    return RequestEntityTooLarge(f"Request entity too large: {why}")


def name_not_generated(group_resource: str, name: str) -> AlreadyExists:
    """Every generated name tried was taken."""
    message = (
        f'{group_resource} "{name}" already exists, the server was not able to generate a unique name for the object'
    )
    return AlreadyExists(message, replace(_split(group_resource), name=name, retry_after_seconds=1))


def forbidden_to(user: str, verb: str, group_resource: str, *, name: str = "", namespace: str = "") -> Forbidden:
    """`pods is forbidden: User "u" cannot list resource "pods" in API group "" in the namespace "default"`.

    group_resource may name a subresource: `pods/log`, `deployments/scale.apps`.
    """
    about = _split(group_resource)
    scope = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    why = f'User "{user}" cannot {verb} resource "{about.kind}" in API group "{about.group}" {scope}'
    resource = about.kind.partition("/")[0]
    return forbidden(f"{resource}.{about.group}" if about.group else resource, name, why)


def not_acceptable(accepted: Sequence[str]) -> NotAcceptable:
    """None of the media types the client accepts is one we make."""
    return NotAcceptable(f"only the following media types are accepted: {', '.join(accepted)}")


def unsupported_media_type(accepted: Sequence[str]) -> UnsupportedMediaType:
    """The body is in none of the formats we read."""
    listed = ", ".join(accepted)
    return UnsupportedMediaType(
        f"the body of the request was in an unknown format - accepted media types include: {listed}"
    )


def expired(message: str) -> Expired:
    """A resourceVersion or continue token too old to serve."""
    return Expired(message)


def internal_error(why: object) -> InternalError:
    """`Internal error occurred: why`."""
    return InternalError(f"Internal error occurred: {why}", Details(causes=(Cause(message=str(why)),)))
