"""Delete: at once, after a grace period, or when the last finalizer is gone.

Source: apiserver/pkg/registry/rest/delete.go, apiserver/pkg/registry/generic/registry/store.go.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Generic, TypeVar

from steersman.api.meta import DeleteOptions, Kind
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import OBJECT_MODIFIED, Conflict, NotFound
from steersman.apimachinery.times import to_time
from steersman.apiserver.admission.chain import AdmissionChain
from steersman.apiserver.attributes import AdmissionAttributes, Operation
from steersman.apiserver.collection import Collection
from steersman.apiserver.context import RequestContext
from steersman.apiserver.reservations import Reserver
from steersman.apiserver.verbs.metadata import check_preconditions
from steersman.storage.cached import CachedObject

K = TypeVar("K", bound=Kind)

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
CONFLICT_TRIES = 20


class Step(Enum):
    """What a deletion does to the object now."""

    REMOVE = auto()
    MARK = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Deletion(Generic[K]):
    """Decided: the object as it then is, and what to do with it."""

    step: Step
    object: K


@dataclass(frozen=True, slots=True)
class Deleted(Generic[K]):
    """Done: the object's bytes; gone is False while something still holds it."""

    object: K
    data: bytes
    gone: bool


class Deleter:
    """Deletes from any collection under one admission chain."""

    def __init__(self, admission: AdmissionChain, reserver: Reserver) -> None:
        self._admission = admission
        self._reserver = reserver

    async def delete(self, context: RequestContext, collection: Collection[K], options: DeleteOptions) -> Deleted[K]:
        """Delete, or begin to."""
        guard = options.preconditions
        for attempt in range(CONFLICT_TRIES):
            await context.catch_up()
            cached = collection.find(context.namespace, context.info.name)
            old = collection.decoded(cached)
            if guard is not None:
                check_preconditions(collection.resource, old, guard.uid, guard.resourceVersion)
            await self._admitted(context, old, options)
            old = collection.strategy.prepare_for_delete(old, context.now)
            grace = collection.strategy.grace_period_seconds(old, options)
            deletion = decide(
                old, _with_policy(old, options, collection.strategy.orphans_dependents), grace, context.now
            )
            try:
                if context.dry_run or options.dryRun:
                    return Deleted(old, collection.served(cached.data), deletion.step is Step.REMOVE)
                return await self._carry_out(collection, deletion, cached)
            except Conflict as error:
                if OBJECT_MODIFIED not in error.message or attempt == CONFLICT_TRIES - 1:
                    raise
        raise AssertionError("the last attempt returns or raises")

    async def delete_collection(
        self, context: RequestContext, collection: Collection[K], found: Sequence[CachedObject], options: DeleteOptions
    ) -> list[bytes]:
        """Delete each; one that is gone meanwhile is no error."""
        data = []
        for cached in found:
            info = _aimed_at(context, cached)
            try:
                data.append((await self.delete(info, collection, options)).data)
            except NotFound:
                continue
        return data

    async def _admitted(self, context: RequestContext, old: Kind, options: DeleteOptions) -> None:
        attributes = AdmissionAttributes(
            operation=Operation.DELETE,
            resource=context.resource,
            spoken=context.spoken,
            user=context.user,
            namespace=context.info.namespace,
            name=old.metadata.name,
            subresource=context.info.subresource,
            old_object=old,
            dry_run=context.dry_run or bool(options.dryRun),
            delete_options=options,
            warnings=context.warnings,
            annotations=context.annotations,
        )
        await self._admission.admit(attributes)
        await self._admission.validate(attributes)

    async def _carry_out(self, collection: Collection[K], deletion: Deletion[K], cached: CachedObject) -> Deleted[K]:
        obj = deletion.object
        if deletion.step is Step.NOTHING:
            return Deleted(obj, collection.served(cached.data), gone=False)
        if deletion.step is Step.MARK:
            return Deleted(obj, await collection.replace(obj, cached.revision), gone=False)
        data = await collection.remove(obj, cached.revision, self._reserver.release(obj))
        return Deleted(obj, data, gone=True)


def _aimed_at(context: RequestContext, cached: CachedObject) -> RequestContext:
    """The same request, aimed at one object of the collection."""

    info = dataclasses.replace(context.info, namespace=cached.facts.namespace, name=cached.facts.name)
    return dataclasses.replace(context, info=info)


def decide(old: K, options: DeleteOptions, grace: int | None, now: datetime) -> Deletion[K]:
    """What becomes of the object. grace is what the strategy grants it, None when the kind knows no grace."""
    meta, wanted = old.metadata, options.gracePeriodSeconds
    finalizers = finalizers_for(meta.finalizers, options)
    is_held = bool(finalizers) or _is_namespace_in_use(old)
    remaining = meta.deletionGracePeriodSeconds or 0
    if grace is not None and meta.deletionTimestamp is not None and remaining:
        if wanted is None or max(wanted, 0) >= remaining:
            return Deletion(Step.NOTHING, old)
        return _shortened(old, max(wanted, 0), finalizers, now)
    if grace and meta.deletionTimestamp is None:
        changes = {"deletionTimestamp": to_time(now + timedelta(seconds=grace)), "deletionGracePeriodSeconds": grace}
        return Deletion(Step.MARK, _marked(old, finalizers, changes))
    if not is_held:
        return Deletion(Step.REMOVE, old)
    already = meta.deletionTimestamp
    when = already if already is not None and already <= now else to_time(now)
    marked = _marked(old, finalizers, {"deletionTimestamp": when, "deletionGracePeriodSeconds": 0})
    return Deletion(Step.NOTHING, old) if marked == old else Deletion(Step.MARK, marked)


def _with_policy(old: Kind, options: DeleteOptions, orphans: bool) -> DeleteOptions:
    """The options with the kind's own policy, where neither the client nor a finalizer has chosen one."""
    is_chosen = options.orphanDependents is not None or options.propagationPolicy is not None
    if not orphans or is_chosen or {ORPHAN, FOREGROUND} & set(old.metadata.finalizers):
        return options
    return replace(options, propagationPolicy="Orphan")


def finalizers_for(present: tuple[str, ...], options: DeleteOptions) -> tuple[str, ...]:
    """The finalizers that make the garbage collector do what the client wants of the dependents."""
    wants = {True: ORPHAN, False: ""}.get(options.orphanDependents) if options.orphanDependents is not None else None
    if wants is None and options.propagationPolicy is not None:
        wants = {"Orphan": ORPHAN, "Foreground": FOREGROUND}.get(options.propagationPolicy, "")
    if wants is None:
        return present
    others = tuple(name for name in present if name not in (ORPHAN, FOREGROUND))
    return (*others, wants) if wants else others


def _shortened(old: K, seconds: int, finalizers: tuple[str, ...], now: datetime) -> Deletion[K]:
    """An object that is terminating already gets less time."""
    meta = old.metadata
    assert meta.deletionTimestamp is not None
    began = meta.deletionTimestamp - timedelta(seconds=meta.deletionGracePeriodSeconds or 0)
    when = began + timedelta(seconds=seconds)
    if when < now:
        when, seconds = to_time(now), min(seconds, 1)
    marked = _marked(old, finalizers, {"deletionTimestamp": when, "deletionGracePeriodSeconds": seconds})
    return Deletion(Step.MARK if seconds or finalizers else Step.REMOVE, marked)


def _marked(old: K, finalizers: tuple[str, ...], changes: dict[str, object]) -> K:
    meta = old.metadata
    # Whoever reconciles the object must take notice: its deletion counts as a change of what is wanted.
    begins = meta.deletionTimestamp is None and meta.generation > 0
    generation = meta.generation + 1 if begins else meta.generation
    if old.kind == "Namespace":
        # Source: namespace storage: it ends when its own finalizers are gone, and never had a grace period.
        changes = changes | {"deletionGracePeriodSeconds": None}
    marked = replace(old, metadata=replace(meta, finalizers=finalizers, generation=generation, **changes))
    if old.kind == "Namespace":
        marked = replace(marked, status=replace(marked.status, phase="Terminating"))  # type: ignore[attr-defined]
    return marked


def _is_namespace_in_use(old: Kind) -> bool:
    return old.kind == "Namespace" and bool(old.spec.finalizers)  # type: ignore[attr-defined]
