"""Who controls what: controller references, and claiming objects by selector. Pure.

Source: pkg/controller/controller_ref_manager.go.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from steersman.api.meta import Kind, OwnerReference
from steersman.apimachinery.codec.json import to_wire
from steersman.reconcile.plan import Patch

K = TypeVar("K", bound=Kind)

Matches = Callable[[Mapping[str, str]], bool]


@dataclass(frozen=True, slots=True)
class Claims(Generic[K]):
    """Objects already ours, those to adopt, and those that left our selector."""

    owned: tuple[K, ...] = ()
    adopt: tuple[K, ...] = ()
    release: tuple[K, ...] = ()


def controller_of(obj: Kind) -> OwnerReference | None:
    """The one owner that manages the object."""
    return next((ref for ref in obj.metadata.ownerReferences if ref.controller), None)


def is_controlled_by(obj: Kind, owner: Kind) -> bool:
    """The object's controller is this very owner, not just one of its name."""
    ref = controller_of(obj)
    return ref is not None and ref.uid == owner.metadata.uid


def controller_ref(owner: Kind) -> OwnerReference:
    """The reference a controlled object carries."""
    return OwnerReference(
        apiVersion=owner.apiVersion,
        kind=owner.kind,
        name=owner.metadata.name,
        uid=owner.metadata.uid,
        controller=True,
        blockOwnerDeletion=True,
    )


def claim(owner: Kind, matches: Matches, candidates: Iterable[K]) -> Claims[K]:
    """Sort candidates of the owner's namespace; other controllers' objects are left alone."""
    owned: list[K] = []
    adopt: list[K] = []
    release: list[K] = []
    is_leaving = owner.metadata.deletionTimestamp is not None
    for obj in candidates:
        ref = controller_of(obj)
        fits = matches(obj.metadata.labels)
        if ref is not None and ref.uid == owner.metadata.uid:
            if fits:
                owned.append(obj)
            elif not is_leaving:
                release.append(obj)
        elif ref is None and fits and not is_leaving and obj.metadata.deletionTimestamp is None:
            adopt.append(obj)
    return Claims(tuple(owned), tuple(adopt), tuple(release))


def adoption(owner: Kind, obj: Kind) -> Patch:
    """Make the owner the object's controller."""
    return _set_references(obj, (*obj.metadata.ownerReferences, controller_ref(owner)))


def release(owner: Kind, obj: Kind) -> Patch:
    """Take the owner's reference off the object."""
    return without_owners(obj, frozenset({owner.metadata.uid}))


def without_owners(obj: Kind, uids: frozenset[str]) -> Patch:
    """Take these owners' references off the object."""
    return _set_references(obj, tuple(ref for ref in obj.metadata.ownerReferences if ref.uid not in uids))


def _set_references(obj: Kind, references: tuple[OwnerReference, ...]) -> Patch:
    return Patch(obj, {"metadata": {"ownerReferences": to_wire(references)}})


def claim_actions(owner: Kind, claims: Claims[K]) -> tuple[Patch, ...]:
    """The patches that make the claims true."""
    return tuple(adoption(owner, obj) for obj in claims.adopt) + tuple(release(owner, obj) for obj in claims.release)
