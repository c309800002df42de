# ruff: noqa: PLR0913  # the parameters are those of the Client protocol
"""`LocalClient`: the Client inside the server's process. The same pipeline, admission and errors, without HTTP."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, TypeVar

from steersman.api.meta import DeleteOptions, Kind, ObjectMeta, Preconditions
from steersman.api.resources import resource_for
from steersman.apimachinery.codec.json import decode, encode, from_wire, parse, to_wire
from steersman.apimachinery.object import Object
from steersman.apiserver.context import RequestContext
from steersman.apiserver.pipeline import Pipeline
from steersman.apiserver.request import Query, RequestInfo
from steersman.apiserver.user import LOOPBACK, UserInfo
from steersman.apiserver.verbs.apply import read_configuration
from steersman.apiserver.verbs.patch import read_patch
from steersman.apiserver.verbs.watch import Bookmark
from steersman.client.interface import EventType, ListResult, PatchBody, PatchType, Propagation, WatchEvent

K = TypeVar("K", bound=Kind)
Body = TypeVar("Body", bound=Object)


class LocalClient:
    """Acts as one user."""

    def __init__(self, pipeline: Pipeline, user: UserInfo = LOOPBACK, user_agent: str = "kube-apiserver") -> None:
        self._pipeline = pipeline
        self._user = user
        self._user_agent = user_agent

    async def get(self, kind: type[K], name: str, namespace: str | None = None) -> K:
        """As Client."""
        context = await self._context("get", kind, namespace, name)
        return decode(await self._pipeline.get(context), kind)

    async def list(
        self,
        kind: type[K],
        namespace: str | None = None,
        *,
        label_selector: str = "",
        field_selector: str = "",
        resource_version: str = "",
        limit: int = 0,
        continue_: str = "",
    ) -> ListResult[K]:
        """As Client."""
        parameters = {
            "labelSelector": label_selector,
            "fieldSelector": field_selector,
            "resourceVersion": resource_version,
            "limit": str(limit or ""),
            "continue": continue_,
        }
        context = await self._context("list", kind, namespace, parameters=parameters)
        listed = await self._pipeline.list(context)
        collection = self._pipeline.collection(context)
        items = tuple(decode(collection.served(one.data), kind) for one in listed.items)
        return ListResult(items, str(listed.revision), listed.continue_, listed.remaining)

    async def create(self, obj: K, *, dry_run: bool = False) -> K:
        """As Client."""
        parameters = {"dryRun": "All" if dry_run else ""}
        context = await self._context("create", type(obj), obj.metadata.namespace, parameters=parameters)
        return decode((await self._pipeline.create(context, self._body(context, obj))).data, type(obj))

    async def update(self, obj: K, subresource: str = "") -> K:
        """As Client."""
        meta = obj.metadata
        context = await self._context("update", type(obj), meta.namespace, meta.name, subresource)
        return decode((await self._pipeline.update(context, self._body(context, obj))).data, type(obj))

    async def patch(
        self,
        kind: type[K],
        name: str,
        namespace: str | None,
        patch: PatchBody,
        patch_type: PatchType = PatchType.MERGE,
        subresource: str = "",
        *,
        field_manager: str = "",
        force: bool = False,
    ) -> K:
        """As Client."""
        parameters = {"fieldValidation": "Ignore", "fieldManager": field_manager, "force": "true" if force else ""}
        context = await self._context("patch", kind, namespace, name, subresource, parameters)
        body = patch if isinstance(patch, bytes) else encode(patch)
        if patch_type is PatchType.APPLY:
            context.check_write_options(is_apply=True)
            written = await self._pipeline.apply(context, read_configuration(body, context))
        else:
            written = await self._pipeline.patch(context, read_patch(body, str(patch_type)))
        return decode(written.data, kind)

    async def delete(
        self,
        kind: type[K],
        name: str,
        namespace: str | None = None,
        *,
        grace_period_seconds: int | None = None,
        propagation: Propagation | None = None,
        uid: str | None = None,
        resource_version: str | None = None,
    ) -> None:
        """As Client."""
        is_guarded = uid is not None or resource_version is not None
        options = DeleteOptions(
            gracePeriodSeconds=grace_period_seconds,
            propagationPolicy=None if propagation is None else str(propagation),
            preconditions=Preconditions(uid=uid, resourceVersion=resource_version) if is_guarded else None,
        )
        await self._pipeline.delete(await self._context("delete", kind, namespace, name), options)

    async def delete_collection(
        self,
        kind: type[K],
        namespace: str | None = None,
        *,
        label_selector: str = "",
        field_selector: str = "",
        grace_period_seconds: int | None = None,
        propagation: Propagation | None = None,
    ) -> None:
        """As Client."""
        parameters = {"labelSelector": label_selector, "fieldSelector": field_selector}
        options = DeleteOptions(
            gracePeriodSeconds=grace_period_seconds,
            propagationPolicy=None if propagation is None else str(propagation),
        )
        context = await self._context("deletecollection", kind, namespace, parameters=parameters)
        await self._pipeline.delete_collection(context, options)

    async def watch(
        self,
        kind: type[K],
        namespace: str | None = None,
        *,
        resource_version: str = "",
        label_selector: str = "",
        field_selector: str = "",
        bookmarks: bool = True,
    ) -> AsyncGenerator[WatchEvent[K], None]:
        """As Client."""
        parameters = {
            "resourceVersion": resource_version,
            "labelSelector": label_selector,
            "fieldSelector": field_selector,
            "allowWatchBookmarks": "true" if bookmarks else "",
        }
        context = await self._context("watch", kind, namespace, parameters=parameters)
        collection = self._pipeline.collection(context)
        async with aclosing(await self._pipeline.watch(context)) as changes:
            async for told in changes:
                if isinstance(told, Bookmark):
                    marked: Any = kind(metadata=ObjectMeta(resourceVersion=str(told.revision)))
                    yield WatchEvent(EventType.BOOKMARK, marked)
                else:
                    change, event = told
                    yield WatchEvent(EventType(change), decode(collection.served(event.subject(change)), kind))

    async def create_subresource(
        self, kind: type[Kind], name: str, namespace: str | None, subresource: str, body: Body
    ) -> Body:
        """As Client."""
        context = await self._context("create", kind, namespace, name, subresource)
        data = (await self._pipeline.create(context, body)).data
        # A binding or an eviction is answered with a Status: success, and nothing more to tell.
        return body if parse(data).get("kind") == "Status" else decode(data, type(body))

    async def close(self) -> None:
        """As Client: there is nothing to give up."""

    def _body(self, context: RequestContext, obj: Object) -> Object:
        """The object as the pipeline's own type: a custom resource may be known here by less than all its fields."""
        kind = self._pipeline.body_kind(context)
        return obj if isinstance(obj, kind) else from_wire(to_wire(obj), kind)

    async def _context(
        self,
        verb: str,
        kind: type[Kind],
        namespace: str | None,
        name: str = "",
        subresource: str = "",
        parameters: Mapping[str, str] | None = None,
    ) -> RequestContext:
        """The request, allowed."""
        resource = resource_for(kind)
        info = RequestInfo(
            verb=verb,
            path="",
            is_resource=True,
            group=resource.group,
            version=resource.version,
            # As in a URL: a namespace is in itself.
            namespace=(namespace or "") if resource.namespaced else name if resource.plural == "namespaces" else "",
            resource=resource.plural,
            subresource=subresource,
            name=name,
        )
        await self._pipeline.authorize(self._user, info)
        given = {key: value for key, value in (parameters or {}).items() if value}
        return self._pipeline.context(self._user, info, Query.of(given), self._user_agent)
