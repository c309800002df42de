"""What controllers that own objects by selector share: whom an orphan concerns, and whether it may still be adopted."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from steersman.api.meta import Kind
from steersman.apimachinery.status import NotFound
from steersman.client.cache import CONTROLLER, ObjectKey, key_of
from steersman.reconcile.controller import Reader, controllers_of_kind
from steersman.reconcile.owners import Claims, Matches, controller_of

K = TypeVar("K", bound=Kind)
Owner = TypeVar("Owner", bound=Kind)


ORPHANS = "orphans"


def by_orphanage(obj: Kind) -> tuple[str, ...]:
    """Index objects without a controller by namespace."""
    return () if controller_of(obj) is not None else (obj.metadata.namespace,)


ORPHANS_INDEX = ((ORPHANS, by_orphanage),)


def candidates(reader: Reader, kind: type[K], owner: Kind) -> tuple[K, ...]:
    """Objects the owner has or could adopt; those of other controllers are not even looked at. Needs ORPHANS_INDEX."""
    cache, meta = reader.cache(kind), owner.metadata
    return cache.by_index(CONTROLLER, meta.uid) + cache.by_index(ORPHANS, meta.namespace)


async def confirmed(reader: Reader, owner: Kind, claims: Claims[K]) -> Claims[K]:
    """The claims, without adoptions when the owner, read live, is going or gone.

    Otherwise an owner deleted with orphaning would at once take its dependents back.
    """
    if not claims.adopt:
        return claims
    meta = owner.metadata
    try:
        fresh = await reader.live.get(type(owner), meta.name, meta.namespace)
    except NotFound:
        return Claims(claims.owned, (), claims.release)
    may_adopt = fresh.metadata.uid == meta.uid and fresh.metadata.deletionTimestamp is None
    return claims if may_adopt else Claims(claims.owned, (), claims.release)


def owners_concerned(
    reader: Reader, kind: type[Owner], selector: Callable[[Owner], Matches | None], old: Kind | None, new: Kind | None
) -> Iterator[ObjectKey]:
    """The controllers an object had or has; for an orphan everyone who selects it and may want to adopt it."""
    yield from controllers_of_kind(kind, old, new)
    if new is None or controller_of(new) is not None or new.metadata.deletionTimestamp is not None:
        return
    for owner in reader.cache(kind).list(new.metadata.namespace):
        matches = selector(owner)
        if matches is not None and matches(new.metadata.labels):
            yield key_of(owner)
