"""Where objects are found on the wire and how lists, watch frames and options are written there. No I/O."""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from steersman.api.meta import DeleteOptions, Kind, ListMeta, Preconditions
from steersman.api.resources import resource_for
from steersman.apimachinery import status
from steersman.apimachinery.codec.json import DecodeError, decode, encode, parse
from steersman.apimachinery.object import Object, ObjectType
from steersman.client.interface import EventType, ListResult, Propagation, WatchEvent

K = TypeVar("K", bound=Kind)


class _Frame(msgspec.Struct):
    """One line of a watch stream; the object stays bytes until its type is known."""

    type: str
    object: msgspec.Raw


def path_of(kind: type[Kind], namespace: str | None, name: str = "", subresource: str = "") -> str:
    """The path of a collection, an object or a subresource."""
    resource = resource_for(kind)
    parts = ["apis", resource.group, resource.version] if resource.group else ["api", resource.version]
    if resource.namespaced and namespace:
        parts += ["namespaces", namespace]
    parts += [resource.plural, *filter(None, (name, subresource))]
    return "/" + "/".join(quote(part, safe="") for part in parts)


def with_query(path: str, parameters: Mapping[str, str]) -> str:
    """The path with its parameters, the empty ones left out."""
    given = {name: value for name, value in parameters.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def read_list(data: bytes, kind: type[K]) -> ListResult[K]:
    """A page of a collection from its JSON."""
    found: Any = decode(data, _list_type(kind))
    meta: ListMeta = found.metadata
    return ListResult(found.items, meta.resourceVersion, meta.continue_, meta.remainingItemCount)


def read_event(line: bytes, kind: type[K]) -> WatchEvent[K]:
    """An event from a line of a watch stream; an ERROR line raises the error it carries."""
    try:
        frame = msgspec.json.decode(line, type=_Frame)
    except msgspec.MsgspecError as error:
        raise DecodeError(f"not a watch event: {error}") from error
    if frame.type == "ERROR":
        raise status.from_status(parse(bytes(frame.object)))
    return WatchEvent(EventType(frame.type), decode(bytes(frame.object), kind))


def read_error(code: int, data: bytes) -> status.StatusError:
    """The error of an answer, whether its body is a Status or, from a proxy on the way, anything else."""
    try:
        body = parse(data)
    except DecodeError:
        body = None
    if not isinstance(body, dict) or body.get("kind") != "Status":
        text = data.decode(errors="replace").strip() or "the server has answered without saying why"
        body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": text}
    return status.from_status(body)


def delete_options(
    grace_period_seconds: int | None,
    propagation: Propagation | None,
    uid: str | None = None,
    resource_version: str | None = None,
) -> bytes:
    """The body of a DELETE."""
    is_guarded = uid is not None or resource_version is not None
    options = DeleteOptions(
        gracePeriodSeconds=grace_period_seconds,
        propagationPolicy=None if propagation is None else str(propagation),
        preconditions=Preconditions(uid=uid, resourceVersion=resource_version) if is_guarded else None,
    )
    return encode(options)


@cache
def _list_type(kind: type[Kind]) -> type[Object]:
    fields: dict[str, Any] = {"kind": str, "apiVersion": str, "metadata": ListMeta, "items": tuple[kind, ...]}  # type: ignore[valid-type]  # known at run time only
    body = {"__annotations__": fields, "kind": "", "apiVersion": "", "metadata": ListMeta(), "items": ()}
    made: type[Object] = ObjectType(f"{kind.__name__}List", (Object,), body | {"__module__": __name__})
    return made
