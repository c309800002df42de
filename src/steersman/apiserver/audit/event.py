"""audit.k8s.io/v1 Event: what is written about one stage of a request.

Source: apiserver/pkg/apis/audit/v1/types.go, pkg/audit/format.go.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from steersman.api.authentication import UserInfo as WireUser
from steersman.apimachinery.codec.json import encode
from steersman.apimachinery.gotext import quote
from steersman.apimachinery.markers import always
from steersman.apimachinery.object import Object
from steersman.apiserver.audit.policyfile import PACKAGE
from steersman.apiserver.user import UserInfo

_HEAD = b'{"kind":"Event","apiVersion":"audit.k8s.io/v1",'
_LIST_HEAD = b'{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":['


class ObjectReference(Object, package=PACKAGE):
    """What a request is about."""

    resource: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    apiGroup: str = ""
    apiVersion: str = ""
    resourceVersion: str = ""
    subresource: str = ""


class ResponseStatus(Object, package=PACKAGE):
    """A Status without saying that it is one; of an answer that is none, only the code."""

    metadata: Mapping[str, Any] = always({})
    status: str = ""
    message: str = ""
    reason: str = ""
    details: Mapping[str, Any] | None = None
    code: int = 0


class Event(Object, package=PACKAGE):
    """One event. It doesn't say what it is: that is added where it is written on its own."""

    level: str = always("")
    auditID: str = always("")
    stage: str = always("")
    requestURI: str = always("")
    verb: str = always("")
    user: WireUser = always(WireUser)
    impersonatedUser: WireUser | None = None
    sourceIPs: tuple[str, ...] = ()
    userAgent: str = ""
    objectRef: ObjectReference | None = None
    responseStatus: ResponseStatus | None = None
    requestObject: msgspec.Raw | None = None
    responseObject: msgspec.Raw | None = None
    requestReceivedTimestamp: datetime | None = None
    stageTimestamp: datetime | None = None
    annotations: Mapping[str, str] = {}


def wire_user(user: UserInfo) -> WireUser:
    """A user as events and reviews show him."""
    return WireUser(username=user.name, uid=user.uid, groups=user.groups, extra=user.extra)


def read_status(tree: Mapping[str, Any]) -> ResponseStatus:
    """Of a Status in JSON. Source: AuditContext.LogResponseObject: the fields that can't grow without bounds."""
    return ResponseStatus(
        status=tree.get("status", ""),
        message=tree.get("message", ""),
        reason=tree.get("reason", ""),
        details=tree.get("details"),
        code=tree.get("code", 0),
    )


def line_of(event: Event) -> bytes:
    """The event in JSON, with a line break."""
    return _HEAD + encode(event)[1:] + b"\n"


def list_of(events: Sequence[Event]) -> bytes:
    """An EventList, whose items don't say what they are."""
    return _LIST_HEAD + b",".join(map(encode, events)) + b"]}\n"


def legacy_line_of(event: Event) -> bytes:
    """The event in one line of text."""
    user, as_user, ref = event.user, event.impersonatedUser, event.objectRef
    status = event.responseStatus
    parts = {
        "id": event.auditID,
        "stage": event.stage,
        "ip": event.sourceIPs[0] if event.sourceIPs else "<unknown>",
        "method": event.verb,
        "user": user.username or "<none>",
        "groups": _quoted(user.groups) if user.username and user.groups else "<none>",
        "as": as_user.username if as_user is not None else "<self>",
        "asgroups": _quoted(as_user.groups) if as_user is not None else "<lookup>",
        "user-agent": event.userAgent,
        "namespace": (ref.namespace if ref is not None else "") or "<none>",
        "uri": event.requestURI,
    }
    said = " ".join(f"{name}={quote(text)}" for name, text in parts.items())
    response = status.code if status is not None else "<deferred>"
    return f'{_nano(event.requestReceivedTimestamp)} AUDIT: {said} response="{response}"\n'.encode()


def _quoted(texts: Sequence[str]) -> str:
    return ",".join(map(quote, texts))


def _nano(moment: datetime | None) -> str:
    """RFC 3339 as Go writes it with fractions: without zeros at their end."""
    if moment is None:
        return "0001-01-01T00:00:00Z"
    fraction = f".{moment.microsecond:06}".rstrip("0").rstrip(".")
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"
