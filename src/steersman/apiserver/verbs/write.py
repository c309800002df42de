"""Create and update: the steps every write goes through between its body and the store."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from steersman.api.core import Namespace
from steersman.api.meta import Kind
from steersman.api.resources import Resource
from steersman.apimachinery.defaulting import apply_defaults
from steersman.apimachinery.object import Object, replace
from steersman.apimachinery.status import (
    OBJECT_MODIFIED,
    AlreadyExists,
    BadRequest,
    Cause,
    Conflict,
    NotFound,
    already_exists,
    conflict,
    internal_error,
    invalid,
)
from steersman.apimachinery.times import to_time
from steersman.apiserver.admission.chain import AdmissionChain
from steersman.apiserver.attributes import AdmissionAttributes, Operation, attributes_with
from steersman.apiserver.collection import Collection
from steersman.apiserver.context import RequestContext
from steersman.apiserver.reservations import NO_RESERVER, Along, Reservation, Reserver
from steersman.apiserver.verbs.metadata import (
    check_identity,
    check_name,
    checked_change,
    checked_metadata,
    group_kind,
    is_finished,
    keep_system_metadata,
)
from steersman.apiserver.verbs.ownership import Ownership, keep_times
from steersman.storage.cached import CachedObject, with_resource_version
from steersman.storage.interface import CompareFailed

K = TypeVar("K", bound=Kind)

# Source: names.SimpleNameGenerator: five characters without vowels and look-alikes; retried up to eight times.
NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
NAME_SUFFIX_LENGTH = 5
MAX_GENERATED_NAME_LENGTH = 63
NAME_TRIES = 8
# Source: handlers.patch: a patch without resourceVersion is applied anew when another write came first.
CONFLICT_TRIES = 20
# Each time, the caches have caught up: only writes of that very moment can be in the way.
RESERVATION_TRIES = 20


@dataclass(frozen=True, slots=True)
class Change(Generic[K]):
    """A change of a stored object.

    transform makes the new object of the stored one. retries: it isn't tied to one resourceVersion, so it is computed
    anew when another write came first. prepare and validate stand in for the strategy's, in subresources.
    missing: makes what to create when there is no such object. is_owned: whoever asks for the change becomes the owner
    of what it changes; an apply has seen to that already, and nobody owns what the server changes by itself.
    """

    transform: Callable[[K], K]
    retries: bool = False
    prepare: Callable[[K, K], K] | None = None
    validate: Callable[[K, K], Sequence[Cause]] | None = None
    missing: Callable[[], Awaitable[K]] | None = None
    is_owned: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """The bytes to answer with; created says whether the object is new."""

    data: bytes
    created: bool = False


class Guard(Protocol):
    """A rule about who may write an object of a kind, whatever admission is configured."""

    async def check(self, context: RequestContext, new: Kind, old: Kind | None) -> None:
        """Raises a StatusError to refuse. old: None for a new object."""


class Writer:
    """Creates and updates objects of any collection under one admission chain."""

    def __init__(  # what a writer is put together from
        self,
        admission: AdmissionChain,
        random: Random,
        reserver: Reserver,
        ownership: Ownership,
        guards: Mapping[type[Kind], Guard],
    ) -> None:
        self._admission = admission
        self._guards = guards
        self._random = random
        self._reserver = reserver
        self._ownership = ownership

    async def create(self, context: RequestContext, collection: Collection[K], obj: K) -> Written:
        """Make a new object, under a name of its own or one generated for it; who asks owns its fields."""
        obj = in_namespace(context, obj)
        obj = collection.strategy.default(apply_defaults(obj))
        return await self._create(context, collection, self._owned(context, collection, obj, None))

    async def _create(self, context: RequestContext, collection: Collection[K], obj: K) -> Written:
        for attempt in range(NAME_TRIES):
            try:
                return await self._create_once(context, collection, self._identified(context, obj))
            except AlreadyExists:
                if obj.metadata.name or not obj.metadata.generateName or attempt == NAME_TRIES - 1:
                    raise
        raise AssertionError("the last attempt returns or raises")

    async def _create_once(self, context: RequestContext, collection: Collection[K], obj: K) -> Written:
        strategy = collection.strategy
        attributes = self._attributes(context, Operation.CREATE, obj, None)
        obj = await self._admission.admit(attributes)
        if (guard := self._guards.get(collection.resource.stored_type)) is not None:
            await guard.check(context, obj, None)
        obj = strategy.complete(strategy.prepare_for_create(obj), None, context)
        with await self._reserver.reserve(obj, None, context.dry_run) as reservation:
            obj = reservation.object
            causes = [*checked_metadata(obj, collection.resource), *strategy.validate(obj)]
            if causes:
                raise invalid(group_kind(collection.resource), obj.metadata.name, causes)
            context.warnings.extend(strategy.warnings(obj))
            await self._admission.validate(attributes_with(attributes, obj))
            if context.dry_run:
                if collection.cacher.get(collection.key(obj.metadata.namespace, obj.metadata.name)) is not None:
                    raise already_exists(collection.resource.group_resource, obj.metadata.name)
                return Written(collection.served(collection.stored(obj)), created=True)
            data = await _with_reserved(reservation, collection.create)
        return Written(data, created=True)

    async def admitted(self, context: RequestContext, obj: Object) -> Object:
        """What admission leaves of a body that isn't stored as it is: a binding, an eviction, a token request."""
        attributes = AdmissionAttributes(
            operation=Operation.CREATE,
            resource=context.resource,
            user=context.user,
            namespace=context.info.namespace,
            name=context.info.name,
            subresource=context.info.subresource,
            object=obj,
            dry_run=context.dry_run,
            warnings=context.warnings,
            annotations=context.annotations,
        )
        changed: Object = await self._admission.admit(attributes)
        await self._admission.validate(attributes_with(attributes, changed))
        return changed

    async def update(self, context: RequestContext, collection: Collection[K], change: Change[K]) -> Written:
        """Change an object."""
        lost: Conflict | None = None
        for _attempt in range(CONFLICT_TRIES):
            try:
                return await self._update_once(context, collection, change)
            except NotFound:
                if change.missing is None:
                    raise
                return await self._create_missing(context, collection, await change.missing(), change.is_owned)
            except Conflict as error:
                if not change.retries or OBJECT_MODIFIED not in error.message:
                    raise
                lost = error
        assert lost is not None
        raise lost

    async def _create_missing(
        self, context: RequestContext, collection: Collection[K], obj: K, is_owned: bool
    ) -> Written:
        """An update or an apply of what isn't there."""
        uid, resource = obj.metadata.uid, collection.resource
        if uid:
            why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            raise conflict(resource.group_resource, context.info.name, why)
        check_name(obj, context.info.name)
        obj = collection.strategy.default(apply_defaults(in_namespace(context, obj)))
        return await self._create(context, collection, self._owned(context, collection, obj, None) if is_owned else obj)

    async def _update_once(self, context: RequestContext, collection: Collection[K], change: Change[K]) -> Written:
        await context.catch_up()
        cached = collection.find(context.namespace, context.info.name)
        old, strategy = collection.decoded(cached), collection.strategy
        new = in_namespace(context, change.transform(old))
        check_identity(collection.resource, new, old)
        if not new.metadata.resourceVersion and not (strategy.allows_unconditional_update or change.retries):
            raise _version_missing(collection.resource, new.metadata.name)
        new = strategy.default(apply_defaults(keep_system_metadata(new, old)))
        if change.is_owned:
            new = self._owned(context, collection, new, old)
        attributes = self._attributes(context, Operation.UPDATE, new, old)
        new = await self._admission.admit(attributes)
        if (guard := self._guards.get(collection.resource.stored_type)) is not None:
            await guard.check(context, new, old)
        new = strategy.complete((change.prepare or strategy.prepare_for_update)(new, old), old, context)
        reserver = self._reserver if change.prepare is None else NO_RESERVER
        with await reserver.reserve(new, old, context.dry_run) as reservation:
            new = reservation.object
            causes = [*checked_metadata(new, collection.resource), *checked_change(new, old)]
            causes += (change.validate or strategy.validate_update)(new, old)
            if causes:
                raise invalid(group_kind(collection.resource), new.metadata.name, causes)
            context.warnings.extend(strategy.warnings_of_change(new, old) if change.prepare is None else ())
            await self._admission.validate(attributes_with(attributes, new))

            async def write(obj: K, along: Along) -> bytes:
                return await self._stored(context, collection, keep_times(obj, old), cached, along)

            return Written(await _with_reserved(reservation, write))

    async def _stored(
        self, context: RequestContext, collection: Collection[K], new: K, cached: CachedObject, along: Along
    ) -> bytes:
        """Write what changed; what didn't is no write."""
        same = with_resource_version(collection.stored(new), cached.revision)
        if is_finished(new):
            gone = self._reserver.release(collection.decoded(cached))
            return collection.served(same) if context.dry_run else await collection.remove(new, cached.revision, gone)
        if context.dry_run or (same == cached.data and not await collection.is_stale(new)):
            return collection.served(same)
        return await collection.replace(new, cached.revision, along)

    def _owned(self, context: RequestContext, collection: Collection[K], new: K, old: K | None) -> K:
        reset = collection.strategy.reset_fields(collection.kind, context.info.subresource)
        return self._ownership.tracked(context, new, old, reset)

    def _attributes(
        self, context: RequestContext, operation: Operation, obj: Kind, old: Kind | None
    ) -> AdmissionAttributes:
        # A namespace is within itself; the URL of a new one doesn't say so.
        within = obj.metadata.name if isinstance(obj, Namespace) else context.info.namespace
        return AdmissionAttributes(
            operation=operation,
            resource=context.resource,
            spoken=context.spoken,
            user=context.user,
            namespace=within,
            name=obj.metadata.name,
            subresource=context.info.subresource,
            object=obj,
            old_object=old,
            dry_run=context.dry_run,
            warnings=context.warnings,
            annotations=context.annotations,
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


async def _with_reserved(reservation: Reservation, write: Callable[[Any, Along], Awaitable[bytes]]) -> bytes:
    """Write the object with what is reserved for it, chosen anew as long as others are faster."""
    for _attempt in range(RESERVATION_TRIES):
        try:
            return await write(reservation.object, reservation.along)
        except CompareFailed as lost:
            await reservation.again(lost.key)
    raise internal_error("what it needs was taken by others again and again")


def in_namespace(context: RequestContext, obj: K) -> K:
    """The object with the namespace of the URL, which it may leave out but not contradict."""
    wanted, given = context.namespace, obj.metadata.namespace
    if given == wanted:
        return obj
    if given and wanted:
        raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")
    return replace(obj, metadata=replace(obj.metadata, namespace=wanted))


def _version_missing(resource: Resource, name: str) -> Exception:
    detail = "Invalid value: 0x0: must be specified for an update"
    return invalid(group_kind(resource), name, [Cause("FieldValueInvalid", detail, "metadata.resourceVersion")])
