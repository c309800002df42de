"""Requests to resources: bodies and options in, bytes in the form the client accepts out."""

from collections.abc import Awaitable, Callable
from typing import Any

from steersman.apimachinery.codec.negotiate import APPLY_PATCH, OFFERED, body_type
from steersman.apimachinery.status import Expired, MethodNotSupported, not_acceptable
from steersman.apiserver.context import RequestContext
from steersman.apiserver.http.answers import compressed, json_answer, stream_answer, success
from steersman.apiserver.http.body import read_body, read_object
from steersman.apiserver.http.deleteoptions import read_delete_options
from steersman.apiserver.http.negotiate import JSON, PLAIN, YAML, Form, Output, negotiate
from steersman.apiserver.http.render import Renderer
from steersman.apiserver.pipeline import Pipeline
from steersman.apiserver.verbs.apply import read_configuration
from steersman.apiserver.verbs.delete import Deleted
from steersman.apiserver.verbs.patch import CUSTOM_PATCH_TYPES, PATCH_TYPES, read_patch
from steersman.apiserver.verbs.watch import error_frame, write_stream
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

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
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
        output = _output(request)
        data = await self._pipeline.get(context)
        if output is PLAIN or _has_own_body(context):
            return json_answer(200, data + b"\n")
        return _typed(200, self._renderer(context, output).object(data), output)

    async def _list(self, context: RequestContext, request: Request) -> Response:
        output = _output(request)
        renderer = self._renderer(context, output)
        listed = await self._pipeline.list(context)
        response = _typed(200, renderer.list(listed), output)
        return compressed(response, request.headers.get("accept-encoding", ""))

    async def _watch(self, context: RequestContext, request: Request) -> Response:
        output = negotiate(request.headers.get("accept", ""), streaming=True)
        renderer = self._renderer(context, output)
        try:
            changes = await self._pipeline.watch(context)
        except Expired as error:
            frame = error_frame(error)
            return stream_answer(JSON, lambda writer: _write_once(writer, frame))
        return stream_answer(JSON, lambda writer: write_stream(changes, renderer, writer))

    async def _create(self, context: RequestContext, request: Request) -> Response:
        if not context.resource.stored and _output(request).form is not Form.OBJECT:
            raise not_acceptable(OFFERED)  # a review can't be shown as a table
        context.check_write_options()
        kind = self._pipeline.body_kind(context)
        obj = await read_object(request, kind, context.field_validation, context.warnings)
        return self._written(context, request, await self._pipeline.create(context, obj))

    async def _update(self, context: RequestContext, request: Request) -> Response:
        context.check_write_options()
        kind = self._pipeline.body_kind(context)
        obj = await read_object(request, kind, context.field_validation, context.warnings)
        return self._written(context, request, await self._pipeline.update(context, obj))

    async def _patch(self, context: RequestContext, request: Request) -> Response:
        supported = CUSTOM_PATCH_TYPES if context.resource.custom else PATCH_TYPES
        media_type = body_type(request.headers.get("content-type", ""), (*supported, APPLY_PATCH))
        context.check_write_options(is_apply=media_type == APPLY_PATCH)
        data = await read_body(request)
        if media_type == APPLY_PATCH:
            written = await self._pipeline.apply(context, read_configuration(data, context))
        else:
            written = await self._pipeline.patch(context, read_patch(data, media_type))
        return self._written(context, request, written)

    async def _delete(self, context: RequestContext, request: Request) -> Response:
        options = await read_delete_options(context, request)
        deleted = await self._pipeline.delete(context, options)
        if deleted.gone and context.resource.plural not in RETURNS_DELETED:
            return json_answer(200, success(_details(context, deleted)) + b"\n")
        code = 202 if not deleted.gone and options.orphanDependents is False else 200
        return self._written(context, request, Written(deleted.data), code)

    async def _delete_collection(self, context: RequestContext, request: Request) -> Response:
        options = await read_delete_options(context, request)
        revision, deleted = await self._pipeline.delete_collection(context, options)
        resource = context.resource
        head = b'{"kind":"%b","apiVersion":"%b","metadata":{"resourceVersion":"%d"},"items":[' % (
            resource.list_name.encode(), resource.gvk.api_version.encode(), revision,
        )  # fmt: skip
        return json_answer(200, head + b",".join(deleted) + b"]}\n")

    def _written(self, context: RequestContext, request: Request, written: Written, code: int = 0) -> Response:
        status = code or (201 if written.created else 200)
        output = _output(request)
        if output is PLAIN or _has_own_body(context):
            return json_answer(status, written.data + b"\n")
        return _typed(status, self._renderer(context, output).object(written.data), output)

    def _renderer(self, context: RequestContext, output: Output) -> Renderer:
        collection = self._pipeline.collection(context)
        return Renderer(collection, output, context.now, context.query.get("includeObject"))


def _output(request: Request) -> Output:
    return negotiate(request.headers.get("accept", ""))


def _has_own_body(context: RequestContext) -> bool:
    """What is shown isn't an object of the collection: no table of it."""
    sub = context.resource.subresource(context.info.subresource) if context.info.subresource else None
    return not context.resource.stored or (sub is not None and sub.kind is not context.resource.object_type)


def _typed(status: int, body: Any, output: Output) -> Response:
    if output.media_type == YAML and output.form is Form.OBJECT:
        return Response(status, (("Cache-Control", "no-cache, private"), ("Content-Type", YAML)), body)
    return json_answer(status, body)


async def _write_once(writer: BodyWriter, data: bytes) -> None:
    writer.write(data)


def _details(context: RequestContext, deleted: Deleted[Any]) -> dict[str, str]:
    meta, resource = deleted.object.metadata, context.resource
    return {"name": meta.name, "group": resource.group, "kind": resource.plural, "uid": meta.uid}
