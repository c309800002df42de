"""Responses: the one place where errors become Status objects, and bodies get their headers."""

from collections.abc import Mapping, Sequence
from typing import Any

from isal import igzip

from steersman.api.meta import Status
from steersman.apimachinery.codec import protobuf, yaml
from steersman.apimachinery.codec.json import decode, encode
from steersman.apimachinery.object import Object
from steersman.apimachinery.status import NotAcceptable, StatusError
from steersman.apiserver.http.negotiate import JSON, PROTOBUF, YAML, Endpoint, negotiate
from steersman.component.http.message import BodyStream, Response

# Source: responsewriters.defaultGzipThresholdBytes: below this, compressing costs more than it saves.
GZIP_FROM_BYTES = 128 * 1024
GZIP_LEVEL = 1

Headers = tuple[tuple[str, str], ...]
CACHE_CONTROL = ("Cache-Control", "no-cache, private")
JSON_HEADERS: Headers = (CACHE_CONTROL, ("Content-Type", JSON))


def json_answer(status: int, body: bytes | Sequence[bytes], extra: Headers = ()) -> Response:
    """A JSON body."""
    return Response(status, JSON_HEADERS + extra, body)


def text_answer(status: int, text: str, content_type: str = "text/plain; charset=utf-8") -> Response:
    """A plain text body."""
    return Response(
        status,
        (CACHE_CONTROL, ("Content-Type", content_type), ("X-Content-Type-Options", "nosniff")),
        text.encode(),
    )


def stream_answer(content_type: str, stream: BodyStream) -> Response:
    """A body written as it comes."""
    return Response(200, (CACHE_CONTROL, ("Content-Type", content_type)), stream)


def typed_answer(status: int, body: bytes | Sequence[bytes], media_type: str, extra: Headers = ()) -> Response:
    """A body in any media type."""
    if media_type == JSON:
        return json_answer(status, body, extra)
    return Response(status, (CACHE_CONTROL, ("Content-Type", media_type), *extra), body)


def object_answer(status: int, data: bytes, kind: type[Object], media_type: str, extra: Headers = ()) -> Response:
    """An object that isn't one of a collection: a review, a subresource, a Status. data is its JSON."""
    if media_type == PROTOBUF:
        body = protobuf.encode(decode(data, kind))
    elif media_type == YAML:
        body = yaml.dump(data)
    else:
        body = data + b"\n"
    return typed_answer(status, body, media_type, extra)


def error_answer(error: StatusError, accept: str = "") -> Response:
    """The Status of an error, in JSON when the client accepts nothing of ours."""
    extra: Headers = ()
    if error.details.retry_after_seconds:
        extra = (("Retry-After", str(error.details.retry_after_seconds)),)
    try:
        media_type = negotiate(accept, Endpoint.ERROR).media_type
    except NotAcceptable:
        media_type = JSON
    return object_answer(error.code, encode(error.to_status()), Status, media_type, extra)


def success(details: Mapping[str, Any]) -> bytes:
    """A Status that says all went well."""
    body: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    if details:
        body["details"] = {name: value for name, value in details.items() if value}
    return encode(body)


def compressed(response: Response, accept_encoding: str) -> Response:
    """The response gzipped, when the client takes it and it is worth it."""
    body = response.body
    if callable(body) or "gzip" not in accept_encoding:
        return response
    whole = body if isinstance(body, bytes) else b"".join(body)
    if len(whole) <= GZIP_FROM_BYTES:
        return response
    headers = (*response.headers, ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"))
    return Response(response.status, headers, igzip.compress(whole, GZIP_LEVEL))


def too_many_requests(retry_seconds: int) -> Response:
    """There is no room for a request. Source: server/filters: tooManyRequests: a text, whatever the client accepts."""
    answer = text_answer(429, "Too many requests, please try again later.\n")
    return Response(answer.status, (*answer.headers, ("Retry-After", str(retry_seconds))), answer.body)


def with_headers(response: Response, warnings: Sequence[str], audit_id: str, lines: bytes) -> Response:
    """The response with its warnings, the request's id, and lines that are made already."""
    extra: Headers = (("Audit-Id", audit_id), *(("Warning", _warning(text)) for text in dict.fromkeys(warnings)))
    return Response(response.status, response.headers + extra, response.body, lines)


def _warning(text: str) -> str:
    """Source: RFC 7234 5.5: code 299, no agent, a quoted text without line breaks."""
    plain = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'299 - "{plain}"'.encode("ascii", "backslashreplace").decode()
