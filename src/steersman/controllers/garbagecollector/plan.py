"""What becomes of an object whose owners are gone, and of an owner that waits for its dependents. Pure.

Source: pkg/controller/garbagecollector (attemptToDeleteItem, attemptToOrphan).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from steersman.api.meta import Kind, OwnerReference
from steersman.apimachinery.codec.json import to_wire
from steersman.apimachinery.object import replace
from steersman.client.interface import Propagation
from steersman.reconcile.owners import without_owners
from steersman.reconcile.plan import NOTHING, Delete, Patch, Plan

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


class OwnerState(StrEnum):
    """What an owner reference points at."""

    SOLID = "there to stay"
    WAITING = "waiting for its dependents to go"
    ABSENT = "gone"


@dataclass(frozen=True, slots=True)
class Dependent:
    """An object with owners, what these are, and the dependents it has itself."""

    object: Kind
    owners: tuple[tuple[OwnerReference, OwnerState], ...]
    dependents: tuple[Kind, ...] = ()


@dataclass(frozen=True, slots=True)
class Orphaning:
    """An object being deleted whose dependents are to stay."""

    object: Kind
    dependents: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Foreground:
    """An object being deleted that goes only after its blocking dependents."""

    object: Kind
    dependents: tuple[Kind, ...]


View = Dependent | Orphaning | Foreground


def plan(view: View, now: datetime) -> Plan:
    """Decide by what the object is in."""
    match view:
        case Orphaning():
            owner = view.object
            freed = tuple(without_owners(obj, frozenset({owner.metadata.uid})) for obj in view.dependents)
            return Plan((*freed, _without_finalizer(owner, ORPHAN)))
        case Foreground():
            is_blocked = any(blocks(obj, view.object) for obj in view.dependents)
            return NOTHING if is_blocked else Plan((_without_finalizer(view.object, FOREGROUND),))
        case Dependent():
            return _plan_dependent(view)
        case _:
            assert_never(view)


def blocks(dependent: Kind, owner: Kind) -> bool:
    """The dependent holds up its owner's foreground deletion."""
    uid = owner.metadata.uid
    return any(ref.uid == uid and ref.blockOwnerDeletion for ref in dependent.metadata.ownerReferences)


def is_waiting(obj: Kind) -> bool:
    """The object is being deleted in the foreground: it waits for its dependents."""
    return obj.metadata.deletionTimestamp is not None and FOREGROUND in obj.metadata.finalizers


def _plan_dependent(view: Dependent) -> Plan:
    states = {state for _, state in view.owners}
    obj = view.object
    if OwnerState.SOLID in states:
        # It lives on, but the references to what is gone or going must not hold up, or mislead, anyone.
        useless = frozenset(ref.uid for ref, state in view.owners if state is not OwnerState.SOLID)
        return Plan((without_owners(obj, useless),)) if useless else NOTHING
    if OwnerState.WAITING in states and view.dependents:
        unblock = (_unblock(obj),) if any(is_waiting(dependent) for dependent in view.dependents) else ()
        # In a circle of owners each would wait for the next: the one found first no longer blocks.
        return Plan((*unblock, Delete(obj, Propagation.FOREGROUND)))
    finalizers = obj.metadata.finalizers
    policy = Propagation.BACKGROUND
    if ORPHAN in finalizers:
        policy = Propagation.ORPHAN
    elif FOREGROUND in finalizers:
        policy = Propagation.FOREGROUND
    return Plan((Delete(obj, policy, same_version=True),))


def _without_finalizer(obj: Kind, finalizer: str) -> Patch:
    kept = [name for name in obj.metadata.finalizers if name != finalizer]
    return Patch(obj, {"metadata": {"finalizers": kept}})


def _unblock(obj: Kind) -> Patch:
    references = [replace(ref, blockOwnerDeletion=False) for ref in obj.metadata.ownerReferences]
    return Patch(obj, {"metadata": {"ownerReferences": to_wire(references)}})
