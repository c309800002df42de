"""Request bodies to objects: media types, what the object says it is, and unknown fields.

Source: apiserver/pkg/endpoints/handlers/create.go, rest.go.
"""

import re
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from steersman.api.meta import ManagedFieldsEntry, ObjectMeta
from steersman.apimachinery.codec import protobuf, yaml
from steersman.apimachinery.codec.json import DecodeError, encode
from steersman.apimachinery.codec.negotiate import JSON, PROTOBUF, YAML, body_type
from steersman.apimachinery.codec.strict import FieldValidation, decode_validated, validate_tree
from steersman.apimachinery.object import Object, replace
from steersman.apimachinery.status import BadRequest, RequestEntityTooLarge
from steersman.component.http.message import BodyTooLarge, Request

T = TypeVar("T", bound=Object)

# Source: server.Config.MaxRequestBodyBytes.
BODY_LIMIT_BYTES = 3 * 1024 * 1024


_NO_OWNERS = re.compile(rb'"managedFields"\s*:\s*\[\s*\]')

READ = (JSON, YAML, PROTOBUF)


class _Named(msgspec.Struct):
    kind: Any = None
    apiVersion: Any = None  # the wire spelling


class _OwnedMeta(msgspec.Struct):
    managedFields: Any = None  # the wire spelling


class _Owned(msgspec.Struct):
    metadata: _OwnedMeta


async def read_body(request: Request) -> bytes:
    """The whole body."""
    try:
        return await request.body(BODY_LIMIT_BYTES)
    except BodyTooLarge as error:
        message = f"Request entity too large: limit is {BODY_LIMIT_BYTES}"
        raise RequestEntityTooLarge(message) from error


async def read_object(
    request: Request, kind: type[T], validation: str, warnings: list[str], also: Sequence[str] = ()
) -> T:
    """The object in a body, which may leave out what it is but not contradict.

    validation is Strict, Warn or Ignore: what to do about fields the kind doesn't have. also: apiVersions that are as
    good as the kind's own.
    """
    media_type = body_type(request.headers.get("content-type", ""), READ)
    data = await read_body(request)
    if media_type == PROTOBUF:
        return _of_protobuf(data, kind, also)
    if media_type == YAML:
        try:
            data = encode(yaml.parse(data))
        except DecodeError as error:
            raise BadRequest(f"error converting YAML to JSON: {error}") from error
    _check_named(data, kind, also)
    decoded = decode_validated(data, kind, FieldValidation(validation))
    warnings.extend(decoded.warnings)
    return with_owners_forgotten(decoded.object) if _forgets_owners(data) else decoded.object


def _forgets_owners(data: bytes) -> bool:
    """Whether metadata.managedFields is sent and empty. The search is there to decode few bodies twice."""
    return _NO_OWNERS.search(data) is not None and msgspec.json.decode(data, type=_Owned).metadata.managedFields == []


def with_owners_forgotten(obj: T) -> T:
    """The object whose client sent an empty list of managedFields, said so that it differs from none sent.

    Source: managedfields/internal: an empty list, or one empty entry, resets.
    """
    meta = getattr(obj, "metadata", None)
    if not isinstance(meta, ObjectMeta) or meta.managedFields:
        return obj
    changes: dict[str, Any] = {"metadata": replace(meta, managedFields=(ManagedFieldsEntry(),))}
    return replace(obj, **changes)


def object_of(tree: Any, kind: type[T], validation: str, warnings: list[str]) -> T:
    """The object of a patched tree."""
    try:
        decoded = validate_tree(tree, kind, FieldValidation(validation))
    except DecodeError as error:
        raise BadRequest(str(error)) from error
    warnings.extend(decoded.warnings)
    return decoded.object


def _of_protobuf(data: bytes, kind: type[T], also: Sequence[str]) -> T:
    try:
        envelope = protobuf.read_envelope(data)
        _check_kind(_Named(envelope.kind, envelope.api_version), kind, also)
        if kind.__facts__.structural is not None:
            raise BadRequest(
                f'{envelope.kind} in version "{envelope.api_version.rpartition("/")[2]}" cannot be handled as a '
                f"{envelope.kind}: object *unstructured.Unstructured does not implement the protobuf marshalling "
                "interface and cannot be encoded to a protobuf message"
            )
        return envelope.decode(kind)
    except DecodeError as error:
        raise BadRequest(f"couldn't get version/kind; {error}") from error


def _check_named(data: bytes, kind: type[Object], also: Sequence[str]) -> None:
    """What the object says it is must be what the URL takes."""
    try:
        named = msgspec.json.decode(data, type=_Named)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return  # decoding says what is wrong
    _check_kind(named, kind, also)


def _check_kind(named: _Named, kind: type[Object], also: Sequence[str]) -> None:
    gvk = kind.__facts__.gvk
    if gvk is None:
        return
    given_kind, version = named.kind or gvk.kind, named.apiVersion or gvk.api_version
    if given_kind != gvk.kind:
        short = str(version).rpartition("/")[2]
        raise BadRequest(f'{given_kind} in version "{short}" cannot be handled as a {gvk.kind}')
    if version != gvk.api_version and version not in also:
        raise BadRequest(
            f"the API version in the data ({version}) does not match the expected API version ({gvk.api_version})"
        )
