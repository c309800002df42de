"""Create and update: the steps every write goes through between its body and the store."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar
from uuid import UUID

from steersman.api.meta import Kind
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import OBJECT_MODIFIED, AlreadyExists, BadRequest, Conflict, already_exists, invalid
from steersman.apimachinery.times import to_time
from steersman.apiserver.admission.chain import AdmissionChain
from steersman.apiserver.attributes import AdmissionAttributes, Operation, attributes_with
from steersman.apiserver.collection import Collection
from steersman.apiserver.context import RequestContext
from steersman.apiserver.verbs.metadata import (
    check_identity,
    checked_metadata,
    group_kind,
    is_finished,
    keep_system_metadata,
)
from steersman.storage.cached import with_resource_version

K = TypeVar("K", bound=Kind)

# Source: names.SimpleNameGenerator: five characters without vowels and look-alikes; retried up to eight times.
NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
NAME_SUFFIX_LENGTH = 5
MAX_GENERATED_NAME_LENGTH = 63
NAME_TRIES = 8
# Source: handlers.patch: a patch without resourceVersion is applied anew when another write came first.
CONFLICT_TRIES = 20


@dataclass(frozen=True, slots=True)
class Change(Generic[K]):
    """A change of a stored object.

    transform makes the new object of the stored one. retries: it isn't tied to one resourceVersion, so it is computed
    anew when another write came first. prepare stands in for the strategy's prepare_for_update in subresources.
    """

    transform: Callable[[K], K]
    retries: bool = False
    prepare: Callable[[K, K], K] | None = None


class Writer:
    """Creates and updates objects of any collection under one admission chain."""

    def __init__(self, admission: AdmissionChain, random: Random) -> None:
        self._admission = admission
        self._random = random

    async def create(self, context: RequestContext, collection: Collection[K], obj: K) -> bytes:
        """The new object's bytes as the client gets them."""
        if context.info.name and context.info.name != obj.metadata.name and obj.metadata.name:
            raise BadRequest(f"the name of the object ({obj.metadata.name}) does not match the name on the URL")
        obj = _in_namespace(context, obj)
        for attempt in range(NAME_TRIES):
            try:
                return await self._create_once(context, collection, self._identified(context, obj))
            except AlreadyExists:
                if obj.metadata.name or not obj.metadata.generateName or attempt == NAME_TRIES - 1:
                    raise
        raise AssertionError("the last attempt returns or raises")

    async def _create_once(self, context: RequestContext, collection: Collection[K], obj: K) -> bytes:
        strategy = collection.strategy
        obj = strategy.default(obj)
        attributes = self._attributes(context, Operation.CREATE, obj, None)
        obj = await self._admission.admit(attributes)
        obj = strategy.prepare_for_create(obj)
        causes = [*checked_metadata(obj, collection.resource), *strategy.validate(obj)]
        if causes:
            raise invalid(group_kind(collection.resource), obj.metadata.name, causes)
        context.warnings.extend(strategy.warnings(obj))
        await self._admission.validate(attributes_with(attributes, obj))
        if context.dry_run:
            if collection.cacher.get(collection.key(obj.metadata.namespace, obj.metadata.name)) is not None:
                raise already_exists(collection.resource.group_resource, obj.metadata.name)
            return collection.encoded(obj)
        return await collection.create(obj)

    async def update(self, context: RequestContext, collection: Collection[K], change: "Change[K]") -> bytes:
        """The changed object's bytes."""
        for _attempt in range(CONFLICT_TRIES if change.retries else 0):
            try:
                return await self._update_once(context, collection, change)
            except Conflict as error:
                if OBJECT_MODIFIED not in error.message:
                    raise
        return await self._update_once(context, collection, change)

    async def _update_once(self, context: RequestContext, collection: Collection[K], change: "Change[K]") -> bytes:
        cached = collection.find(context.namespace, context.info.name)
        old, strategy = collection.decoded(cached), collection.strategy
        new = _in_namespace(context, change.transform(old))
        check_identity(collection.resource, new, old)
        new = strategy.default(keep_system_metadata(new, old))
        attributes = self._attributes(context, Operation.UPDATE, new, old)
        new = await self._admission.admit(attributes)
        new = (change.prepare or strategy.prepare_for_update)(new, old)
        causes = [*checked_metadata(new, collection.resource), *strategy.validate_update(new, old)]
        if causes:
            raise invalid(group_kind(collection.resource), new.metadata.name, causes)
        context.warnings.extend(strategy.warnings(new))
        await self._admission.validate(attributes_with(attributes, new))
        data = collection.encoded(new)
        if context.dry_run or with_resource_version(data, cached.revision) == cached.data:
            return with_resource_version(data, cached.revision)
        if is_finished(new):
            return await collection.remove(new, cached.revision)
        return await collection.replace(new, cached.revision)

    def _attributes(
        self, context: RequestContext, operation: Operation, obj: Kind, old: Kind | None
    ) -> AdmissionAttributes:
        return AdmissionAttributes(
            operation=operation,
            resource=context.resource,
            user=context.user,
            namespace=context.info.namespace,
            name=obj.metadata.name,
            subresource=context.info.subresource,
            object=obj,
            old_object=old,
            dry_run=context.dry_run,
            warnings=context.warnings,
        )

    def _identified(self, context: RequestContext, obj: K) -> K:
        meta = obj.metadata
        name = meta.name
        if not name and meta.generateName:
            stem = meta.generateName[: MAX_GENERATED_NAME_LENGTH - NAME_SUFFIX_LENGTH]
            name = stem + "".join(self._random.choices(NAME_ALPHABET, k=NAME_SUFFIX_LENGTH))
        made = replace(
            meta,
            name=name,
            uid=str(UUID(int=self._random.getrandbits(128), version=4)),
            creationTimestamp=to_time(context.now),
            resourceVersion="",
            deletionTimestamp=None,
            deletionGracePeriodSeconds=None,
            generation=0,
            selfLink="",
        )
        return replace(obj, metadata=made)


def _in_namespace(context: RequestContext, obj: K) -> K:
    """The object with the namespace of the URL, which it may leave out but not contradict."""
    wanted, given = context.namespace, obj.metadata.namespace
    if given == wanted:
        return obj
    if given and wanted:
        raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")
    if given and not context.resource.namespaced:
        return replace(obj, metadata=replace(obj.metadata, namespace=""))
    return replace(obj, metadata=replace(obj.metadata, namespace=wanted))
