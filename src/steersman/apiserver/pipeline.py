"""The one pipeline every request to a resource goes through, over HTTP or from inside this process.

The caller has found out who asks, asks `authorize`, decodes the body, and encodes what comes back (`http.handler` and
`http.resources`, or `local`). Then: default → own → mutate (admission) → prepare → validate → admit → store. `verbs`
holds the steps, `registry` what differs by kind, `subresources` what isn't CRUD.
"""

import dataclasses
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from steersman.api.meta import DeleteOptions, Kind
from steersman.api.resources import Resource
from steersman.apimachinery.codec.json import encode
from steersman.apimachinery.object import Object
from steersman.apimachinery.status import MethodNotSupported, method_not_supported, unknown_resource
from steersman.apiserver.attributes import Authorizer, Decision
from steersman.apiserver.authz.asking import decision_on
from steersman.apiserver.collection import Collection
from steersman.apiserver.collections import Collections
from steersman.apiserver.context import RequestContext
from steersman.apiserver.denial import denial
from steersman.apiserver.older import Target, target
from steersman.apiserver.request import Query, RequestInfo
from steersman.apiserver.resourcetable import ResourceTable
from steersman.apiserver.reviews import ReviewHandler
from steersman.apiserver.subresources.interface import Subresources
from steersman.apiserver.user import UserInfo
from steersman.apiserver.verbs.apply import Configuration
from steersman.apiserver.verbs.delete import Deleted, Deleter
from steersman.apiserver.verbs.listing import Listed, Lister, check_list_options, revision_of, selection
from steersman.apiserver.verbs.ownership import Ownership
from steersman.apiserver.verbs.patch import Patch
from steersman.apiserver.verbs.watch import Told, Watcher
from steersman.apiserver.verbs.write import Change, Writer, Written
from steersman.component.clock import Clock

# Verbs of a single object, which the URL must name.
OF_ONE = frozenset({"get", "update", "patch", "delete"})


@dataclass(frozen=True, slots=True)
class Verbs:
    """The steps of each verb."""

    lister: Lister
    watcher: Watcher
    writer: Writer
    deleter: Deleter
    ownership: Ownership


class Pipeline:
    """Answers requests to resources with objects and bytes; knows neither HTTP nor who asks how."""

    def __init__(  # noqa: PLR0913  # what the pipeline is put together from
        self,
        table: ResourceTable,
        collections: Collections,
        verbs: Verbs,
        authorizer: Authorizer,
        subresources: Subresources,
        reviews: Mapping[type[Kind], ReviewHandler],
        clock: Clock,
    ) -> None:
        self.table = table
        self._collections = collections
        self._verbs = verbs
        self._authorizer = authorizer
        self._subresources = subresources
        self._reviews = reviews
        self._clock = clock

    async def judge(self, user: UserInfo, info: RequestInfo) -> Decision:
        """Whether the user may, and why."""
        return await decision_on(self._authorizer, user, info)

    async def authorize(self, user: UserInfo, info: RequestInfo) -> None:
        """Raises Forbidden, in upstream's words, unless the user may."""
        decision = await self.judge(user, info)
        if not decision.allowed:
            raise denial(user, info, decision)

    def context(self, user: UserInfo, info: RequestInfo, query: Query, user_agent: str = "") -> RequestContext:
        """What the steps are told. NotFound for a resource that isn't served, MethodNotSupported for its verbs."""
        resource = self.table.named(info.group, info.version, info.resource)
        if resource is None or (info.namespace and not resource.namespaced and info.resource != "namespaces"):
            raise unknown_resource()
        _check_verb(resource, info)
        now, catch_up = self._clock.now(), partial(self._collections.catch_up, resource.object_type)
        told = [resource.warning] if resource.warning else []
        return RequestContext(info, resource, user, now, query, user_agent, told, catch_up=catch_up)

    def collection(self, context: RequestContext) -> Collection[Any]:
        """The objects a request is about."""
        return self._collections.of(context.resource.object_type)

    def body_kind(self, context: RequestContext) -> type[Object]:
        """The type of what the request sends."""
        name = context.info.subresource
        sub = context.resource.subresource(name) if name else None
        return sub.kind if sub is not None else context.resource.object_type

    async def get(self, context: RequestContext) -> bytes:
        """One object."""
        wanted = context.query.get("resourceVersion")
        if wanted and wanted != "0":
            await self._collections.wait_for(revision_of(wanted))
        elif not wanted:
            await context.catch_up()
        handler = self._subresources.of(context)
        if handler is not None:
            return encode(await handler.get(context))
        collection = self.collection(context)
        return collection.served(collection.find(context.namespace, context.info.name).data)

    async def list(self, context: RequestContext) -> Listed:
        """A page of a collection."""
        if not context.resource.stored:
            return await self._shown(context)
        return await self._verbs.lister.list(context, self.collection(context))

    async def _shown(self, context: RequestContext) -> Listed:
        """A collection that is nowhere stored."""
        handler, collection = self._subresources.of(context), self.collection(context)
        if handler is None:
            raise method_not_supported(context.resource.group_resource, "list")
        check_list_options(context)
        matches = selection(context, collection).matcher()
        found = [collection.unstored(one) for one in await handler.list(context)]
        return Listed([one for one in found if matches(one.facts)], self._collections.revision)

    async def watch(self, context: RequestContext) -> AsyncGenerator[Told, None]:
        """Changes of a collection."""
        return await self._verbs.watcher.watch(context, self.collection(context))

    async def create(self, context: RequestContext, obj: Any) -> Written:
        """A new object, the answer to a review, or what a subresource makes of it."""
        handler = self._subresources.of(context)
        if handler is not None:
            made = await handler.create(context, await self._verbs.writer.admitted(context, obj))
            return Written(encode(made), created=True)
        if not context.resource.stored:
            return Written(encode(await self._reviewed(context, obj)), created=True)
        aim = self._target(context)
        return aim.written(await self._verbs.writer.create(aim.context, aim.collection, aim.entered(obj)))

    async def _reviewed(self, context: RequestContext, obj: Any) -> Kind:
        """The answer to a review, in the version it was asked in."""
        resource = context.resource
        review = self._reviews.get(resource.stored_type)
        if review is None:
            raise method_not_supported(resource.group_resource, "create")
        if resource.older is None:
            return await review.review(context, obj)
        answer = await review.review(context, resource.older.entered(obj))
        return resource.older.shown(answer, resource.object_type)

    async def update(self, context: RequestContext, obj: Any) -> Written:
        """Replace an object, or the part of it a subresource stands for."""
        handler = self._subresources.of(context)
        if handler is not None:
            owned = self._owner(context)
            return Written(encode(await handler.update(context, lambda old: owned(obj, old), retries=False)))
        aim = self._target(context)
        new, is_whole = aim.entered(obj), not context.info.subresource
        missing = (
            self._created(context, lambda: new)
            if is_whole and aim.collection.strategy.allows_create_on_update
            else None
        )
        return await self._changed(aim, Change(lambda _: new, missing=missing, is_owned=True))

    async def patch(self, context: RequestContext, patch: Patch) -> Written:
        """Change an object by a patch."""
        handler = self._subresources.of(context)
        if handler is not None:
            owned = self._owner(context)
            changed = await handler.update(
                context, lambda old: owned(patch.applied(old, context), old), patch.is_unconditional
            )
            return Written(encode(changed))
        aim = self._target(context)

        def patched(old: Any) -> Any:
            return aim.entered(patch.applied(aim.shown(old), context))

        return await self._changed(aim, Change(patched, retries=patch.is_unconditional, is_owned=True))

    async def apply(self, context: RequestContext, config: Configuration) -> Written:
        """Make the fields of a configuration so, for whoever applies it; server-side apply."""
        handler, kind = self._subresources.of(context), self.body_kind(context)
        reset = () if handler else self.collection(context).strategy.reset_fields(kind, context.info.subresource)

        def applied(old: Any) -> Any:
            return self._verbs.ownership.applied(context, config.tree, kind, old, reset)

        if handler is not None:
            return Written(encode(await handler.update(context, applied, config.is_unconditional)))

        aim = self._target(context)

        def entered(old: Any) -> Any:
            return aim.entered(applied(old))

        missing = self._created(context, lambda: entered(None))
        return await self._changed(aim, Change(entered, retries=config.is_unconditional, missing=missing))

    def _owner(self, context: RequestContext) -> Callable[[Any, Any], Any]:
        """What keeps the owners of a body that isn't its parent's: a Scale."""
        return lambda new, old: self._verbs.ownership.tracked(context, new, old, ())

    def _created(self, context: RequestContext, made: Callable[[], Any]) -> Callable[[], Awaitable[Any]]:
        """What an update or apply creates, for who may create it."""

        async def allowed() -> Any:
            await self.authorize(context.user, dataclasses.replace(context.info, verb="create"))
            return made()

        return allowed

    async def delete(self, context: RequestContext, options: DeleteOptions) -> Deleted[Any]:
        """Delete an object, or begin to."""
        aim = self._target(context)
        return aim.deleted(await self._verbs.deleter.delete(aim.context, aim.collection, options))

    async def delete_collection(self, context: RequestContext, options: DeleteOptions) -> tuple[int, Sequence[bytes]]:
        """Delete every object that matches; the revision they were found at, and their bytes."""
        aim = self._target(context)
        await context.catch_up()
        listed = self._verbs.lister.now(aim.collection, selection(context, aim.collection))
        deleted = await self._verbs.deleter.delete_collection(aim.context, aim.collection, listed.items, options)
        return listed.revision, [aim.spoken.served(data) for data in deleted] if aim.is_converted else deleted

    def _target(self, context: RequestContext) -> Target:
        return target(context, self.collection(context))

    async def _changed(self, aim: Target, change: Change[Any]) -> Written:
        """The answer to a change, made through the subresource's own rules when it is one."""
        name, strategy = aim.context.info.subresource, aim.collection.strategy
        if name:
            change = dataclasses.replace(
                change,
                prepare=lambda new, old: strategy.prepare_for_subresource(name, new, old),
                validate=lambda new, old: strategy.validate_subresource(name, new, old),
            )
        return aim.written(await self._verbs.writer.update(aim.context, aim.collection, change))


def _check_verb(resource: Resource, info: RequestInfo) -> None:
    if info.subresource:
        sub = resource.subresource(info.subresource)
        if sub is None:
            raise unknown_resource()
        verbs = sub.verbs
    else:
        verbs = resource.verbs
    is_of_one = info.verb in OF_ONE or (info.verb == "create" and info.subresource)
    is_misplaced = bool(info.name) != bool(is_of_one) and info.verb not in ("list", "watch")
    if info.verb not in verbs or is_misplaced:
        raise MethodNotSupported("the server does not allow this method on the requested resource")
