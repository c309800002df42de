"""Request bodies to objects: media types, what the object says it is, and unknown fields.

Source: apiserver/pkg/endpoints/handlers/create.go, rest.go: transformDecodeError.
"""

from typing import Any, TypeVar

import yaml

from steersman.apimachinery.codec.json import DecodeError, conform, from_wire, parse
from steersman.apimachinery.object import GroupVersionKind, Object
from steersman.apimachinery.schema import schema_of
from steersman.apimachinery.status import BadRequest, RequestEntityTooLarge, UnsupportedMediaType
from steersman.apiserver.http.negotiate import JSON, PROTOBUF, YAML
from steersman.component.http.message import BodyTooLarge, Request

T = TypeVar("T", bound=Object)

# Source: server.Config.MaxRequestBodyBytes.
BODY_LIMIT_BYTES = 3 * 1024 * 1024


async def read_body(request: Request) -> bytes:
    """The whole body."""
    try:
        return await request.body(BODY_LIMIT_BYTES)
    except BodyTooLarge as error:
        message = f"Request entity too large: limit is {BODY_LIMIT_BYTES}"
        raise RequestEntityTooLarge(message) from error


def media_type(request: Request) -> str:
    """The body's type without its parameters; JSON when none is given."""
    return request.headers.get("content-type", "").partition(";")[0].strip() or JSON


def read_tree(data: bytes, content_type: str) -> Any:
    """The body as a wire tree."""
    if content_type == YAML:
        try:
            return yaml.safe_load(data)
        except yaml.YAMLError as error:
            raise BadRequest(f"error converting YAML to JSON: {error}") from error
    if content_type != JSON:
        accepted = ", ".join((JSON, YAML, PROTOBUF))
        why = f"the body of the request was in an unknown format - accepted media types include: {accepted}"
        raise UnsupportedMediaType(why)
    try:
        return parse(data)
    except DecodeError as error:
        raise BadRequest(f"couldn't get version/kind; json parse error: {error}") from error


def object_of(tree: Any, kind: type[T], validation: str, warnings: list[str]) -> T:
    """The object in a tree, which may leave out what it is but not contradict.

    validation is Strict, Warn or Ignore: what to do about fields the kind doesn't have.
    """
    if not isinstance(tree, dict):
        raise BadRequest(f"couldn't get version/kind; json parse error: a {type(tree).__name__} is not an object")
    gvk = kind.__facts__.gvk
    if gvk is not None:
        tree = _identified(tree, gvk)
    kept, lenient = conform(tree, schema_of(kind))
    unknown = [f'unknown field "{path}"' for path in lenient.unknown]
    if unknown and validation == "Strict":
        raise BadRequest(f"{_unfit(gvk)}: strict decoding error: {', '.join(unknown)}")
    if validation == "Warn":
        warnings.extend(unknown)
    try:
        return from_wire(kept, kind)
    except DecodeError as error:
        raise BadRequest(f"{_unfit(gvk)}: {error}") from error


def _identified(tree: dict[str, Any], gvk: GroupVersionKind) -> dict[str, Any]:
    """The tree with kind and apiVersion, which must be the expected ones when given."""
    version, kind = tree.get("apiVersion") or gvk.api_version, tree.get("kind") or gvk.kind
    if version != gvk.api_version:
        raise BadRequest(
            f"the API version in the data ({version}) does not match the expected API version ({gvk.api_version})"
        )
    if kind != gvk.kind:
        raise BadRequest(f'{kind} in version "{gvk.version}" cannot be handled as a {gvk.kind}')
    return {"kind": kind, "apiVersion": version, **{k: v for k, v in tree.items() if k not in ("kind", "apiVersion")}}


def _unfit(gvk: GroupVersionKind | None) -> str:
    if gvk is None:
        return "the object provided is unrecognized"
    return f'{gvk.kind} in version "{gvk.version}" cannot be handled as a {gvk.kind}'
