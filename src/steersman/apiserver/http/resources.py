"""Requests to resources: bodies and options in, bytes in the form the client accepts out."""

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

from steersman.api.meta import Status
from steersman.apimachinery.codec.negotiate import APPLY_PATCH, body_type
from steersman.apimachinery.object import Object
from steersman.apimachinery.status import Expired, MethodNotSupported
from steersman.apiserver.context import RequestContext
from steersman.apiserver.http.answers import (
    compressed,
    json_answer,
    object_answer,
    stream_answer,
    success,
    typed_answer,
)
from steersman.apiserver.http.body import read_body, read_object
from steersman.apiserver.http.deleteoptions import read_delete_options
from steersman.apiserver.http.negotiate import JSON, PLAIN, PROTOBUF, Endpoint, Output, negotiate
from steersman.apiserver.http.noted import NotedRenderer
from steersman.apiserver.http.protorender import ProtobufRenderer
from steersman.apiserver.http.render import JSONRenderer, Renderer
from steersman.apiserver.metrics.requests import RequestMetrics
from steersman.apiserver.pipeline import Pipeline
from steersman.apiserver.verbs.apply import read_configuration
from steersman.apiserver.verbs.delete import Deleted
from steersman.apiserver.verbs.patch import CUSTOM_PATCH_TYPES, PATCH_TYPES, read_patch
from steersman.apiserver.verbs.watch import write_stream
from steersman.apiserver.verbs.write import Written
from steersman.component.http.message import BodyWriter, Request, Response

Answer = Callable[[RequestContext, Request], Awaitable[Response]]

# Source: registry stores with ReturnDeletedObject: a DELETE is answered with the object, not with a Status.
RETURNS_DELETED = frozenset({
    "namespaces", "persistentvolumeclaims", "persistentvolumes", "pods", "podtemplates", "resourcequotas",
    "serviceaccounts", "services",
})  # fmt: skip


class ResourceHandler:
    """One method a verb."""

    def __init__(self, pipeline: Pipeline, metrics: RequestMetrics) -> None:
        self._pipeline = pipeline
        self._metrics = metrics
        self._verbs: dict[str, Answer] = {
            "get": self._get,
            "list": self._list,
            "watch": self._watch,
            "create": self._create,
            "update": self._update,
            "patch": self._patch,
            "delete": self._delete,
            "deletecollection": self._delete_collection,
        }

    async def answer(self, context: RequestContext, request: Request) -> Response:
        """The response to a request that is allowed."""
        verb = self._verbs.get(context.info.verb)
        if verb is None:
            raise MethodNotSupported("the server does not allow this method on the requested resource")
        return await verb(context, request)

    async def _get(self, context: RequestContext, request: Request) -> Response:
        output = _output(context, request)
        data = await self._pipeline.get(context)
        if output is PLAIN:
            return json_answer(200, data + b"\n")
        if _has_own_body(context):
            return self._own_answer(context, 200, data, output)
        return typed_answer(200, self._renderer(context, output).object(data), output.media_type)

    async def _list(self, context: RequestContext, request: Request) -> Response:
        output = _output(context, request)
        renderer = self._renderer(context, output)
        body = await renderer.page(await self._pipeline.list(context))
        return compressed(typed_answer(200, body, output.media_type), request.headers.get("accept-encoding", ""))

    async def _watch(self, context: RequestContext, request: Request) -> Response:
        renderer = self._renderer(context, _output(context, request, streaming=True))
        try:
            changes = await self._pipeline.watch(context)
        except Expired as error:
            frame = renderer.failure(error)
            return stream_answer(renderer.stream_type, lambda writer: _write_once(writer, frame))
        tally = self._metrics.tally(context.info)
        return stream_answer(renderer.stream_type, lambda writer: write_stream(changes, renderer, writer, tally))

    async def _create(self, context: RequestContext, request: Request) -> Response:
        output = _output(context, request)
        context.check_write_options()
        obj = await self._sent(context, request)
        return self._written(context, output, await self._pipeline.create(context, obj))

    async def _update(self, context: RequestContext, request: Request) -> Response:
        output = _output(context, request)
        context.check_write_options()
        obj = await self._sent(context, request)
        return self._written(context, output, await self._pipeline.update(context, obj))

    async def _sent(self, context: RequestContext, request: Request) -> Object:
        kind = self._pipeline.body_kind(context)
        sub = context.resource.subresource(context.info.subresource) if context.info.subresource else None
        also = sub.also if sub is not None and context.info.verb == "create" else ()
        obj = await read_object(request, kind, context.field_validation, context.warnings, also)
        if context.trail is not None:
            context.trail.request_object(obj)
        return obj

    async def _patch(self, context: RequestContext, request: Request) -> Response:
        output = _output(context, request)
        supported = CUSTOM_PATCH_TYPES if context.resource.custom else PATCH_TYPES
        media_type = body_type(request.headers.get("content-type", ""), (*supported, APPLY_PATCH))
        context.check_write_options(is_apply=media_type == APPLY_PATCH)
        data = await read_body(request)
        if media_type == APPLY_PATCH:
            config = read_configuration(data, context)
            if context.trail is not None:
                context.trail.request_patch(config.tree)
            written = await self._pipeline.apply(context, config)
        else:
            patch = read_patch(data, media_type)
            if context.trail is not None:
                context.trail.request_patch(patch.body)
            written = await self._pipeline.patch(context, patch)
        return self._written(context, output, written)

    async def _delete(self, context: RequestContext, request: Request) -> Response:
        output = _output(context, request)
        options = await read_delete_options(context, request)
        deleted = await self._pipeline.delete(context, options)
        if deleted.gone and context.resource.plural not in RETURNS_DELETED:
            return self._own_answer(context, 200, success(_details(context, deleted)), output)
        code = 202 if not deleted.gone and options.orphanDependents is False else 200
        return self._written(context, output, Written(deleted.data), code)

    async def _delete_collection(self, context: RequestContext, request: Request) -> Response:
        output = _output(context, request)
        options = await read_delete_options(context, request)
        revision, deleted = await self._pipeline.delete_collection(context, options)
        return typed_answer(200, self._renderer(context, output).gone(revision, deleted), output.media_type)

    def _written(self, context: RequestContext, output: Output, written: Written, code: int = 0) -> Response:
        status = code or (201 if written.created else 200)
        if output is PLAIN:
            return json_answer(status, written.data + b"\n")
        if _has_own_body(context):
            return self._own_answer(context, status, written.data, output)
        return typed_answer(status, self._renderer(context, output).object(written.data), output.media_type)

    def _own_answer(self, context: RequestContext, status: int, data: bytes, output: Output) -> Response:
        """What isn't an object of the collection: of the kind that is sent, or a Status."""
        if context.trail is not None:
            context.trail.response_object(data)
        kind = Status if data.startswith(b'{"kind":"Status"') else self._pipeline.body_kind(context)
        return object_answer(status, data, kind, output.media_type)

    def _renderer(self, context: RequestContext, output: Output) -> Renderer:
        collection = self._pipeline.collection(context)
        include = context.query.get("includeObject")
        shown: Renderer = JSONRenderer(collection, output, context.now, include)
        if output.media_type == PROTOBUF:
            shown = ProtobufRenderer(collection, output)
        if context.trail is None or not context.trail.wants_response or output.media_type == JSON:
            return shown
        as_json = JSONRenderer(collection, dataclasses.replace(output, media_type=JSON), context.now, include)
        return NotedRenderer(shown, as_json, context.trail)


def _output(context: RequestContext, request: Request, streaming: bool = False) -> Output:
    """Before anything is done: what can't be answered isn't done either."""
    resource = context.resource
    endpoint = Endpoint.CUSTOM if resource.custom else Endpoint.STORED if resource.has_objects else Endpoint.REVIEW
    return negotiate(request.headers.get("accept", ""), endpoint, streaming)


def _has_own_body(context: RequestContext) -> bool:
    """What is shown isn't an object of the collection: no table of it."""
    sub = context.resource.subresource(context.info.subresource) if context.info.subresource else None
    return not context.resource.has_objects or (sub is not None and sub.kind is not context.resource.object_type)


async def _write_once(writer: BodyWriter, data: bytes) -> None:
    writer.write(data)


def _details(context: RequestContext, deleted: Deleted[Any]) -> dict[str, str]:
    meta, resource = deleted.object.metadata, context.resource
    return {"name": meta.name, "group": resource.group, "kind": resource.plural, "uid": meta.uid}
