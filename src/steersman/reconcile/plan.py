"""`Plan`: what a controller decided, as data.

A plan is a tuple of actions carried out in order by `execute`. Consecutive creates run in slow-start batches,
consecutive deletes at once; the first failure ends the plan. Nothing here does anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from steersman.api.meta import Kind
from steersman.client.interface import Propagation


class EventKind(StrEnum):
    """The two types of Events."""

    NORMAL = "Normal"
    WARNING = "Warning"


@dataclass(frozen=True, slots=True)
class Note:
    """An Event to record about `about`. The message may name `{name}` (of what was written) and `{error}`."""

    about: Kind
    type: EventKind
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Told:
    """The Events an action gives rise to, by its end."""

    done: Note | None = None
    failed: Note | None = None


SILENT = Told()


@dataclass(frozen=True, slots=True)
class Create:
    """POST an object. With `exists_is_fine`, one of that name that is already there counts as done."""

    object: Kind
    told: Told = SILENT
    exists_is_fine: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """PUT an object; its resourceVersion is the precondition. `subresource` may be `status` or `finalize`."""

    object: Kind
    subresource: str = ""
    told: Told = SILENT


@dataclass(frozen=True, slots=True)
class Patch:
    """Merge-patch an object; uid and resourceVersion of `target` are preconditions unless `any_version`."""

    target: Kind
    patch: Mapping[str, Any]
    subresource: str = ""
    any_version: bool = False
    told: Told = SILENT


@dataclass(frozen=True, slots=True)
class Delete:
    """DELETE an object, if it still has the uid; with `same_version`, also only if nobody changed it since.

    One that is already gone counts as done.
    """

    target: Kind
    propagation: Propagation | None = None
    grace_period_seconds: int | None = None
    same_version: bool = False
    told: Told = SILENT


@dataclass(frozen=True, slots=True)
class DeleteCollection:
    """DELETE every object of a kind in a namespace."""

    kind: type[Kind]
    namespace: str
    propagation: Propagation | None = None


@dataclass(frozen=True, slots=True)
class Emit:
    """Record an Event."""

    note: Note


Action = Create | Update | Patch | Delete | DeleteCollection | Emit


@dataclass(frozen=True, slots=True)
class Failure:
    """How the last pass over a key ended early: the action, and the API's reason and message."""

    action: Action
    reason: str
    message: str


def update_status(obj: Kind) -> Update:
    """PUT the object's status."""
    return Update(obj, "status")


@dataclass(frozen=True, slots=True)
class Plan:
    """Actions in order, and when to look again even if nothing changes."""

    actions: tuple[Action, ...] = ()
    requeue_after: timedelta | None = None

    def __add__(self, other: "Plan") -> "Plan":
        """Both plans, one after the other; the sooner look wins."""
        delays = [plan.requeue_after for plan in (self, other) if plan.requeue_after is not None]
        return Plan(self.actions + other.actions, min(delays, default=None))


NOTHING = Plan()
