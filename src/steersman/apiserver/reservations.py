"""What a write takes from what many objects share (addresses, ports).

It is written in the same transaction as the object, so that no two objects ever have the same, through however many
servers they are written, and nothing is left over when a server dies in between.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from steersman.api.meta import Kind
from steersman.storage.interface import Compare, Write


@dataclass(frozen=True, slots=True)
class Along:
    """What goes into the store together with an object, and what must hold for it."""

    compares: tuple[Compare, ...] = ()
    writes: tuple[Write, ...] = ()


ALONE = Along()


class Reservation(AbstractContextManager["Reservation"]):
    """The object with what was reserved for it written in, and what is to be written along with it."""

    def __init__(self, obj: Any, along: Along = ALONE) -> None:
        self.object = obj
        self.along = along

    async def again(self, lost: str) -> None:
        """Somebody else has taken what stands at this key. Invalid when the client asked for just that."""
        raise NotImplementedError(lost)

    def __exit__(self, *_: object) -> None:
        """The write is done, or was given up."""


class Reserver(Protocol):
    """Reserves for objects on their way into the store."""

    async def reserve(self, obj: Kind, old: Kind | None, dry_run: bool) -> Reservation:
        """Choose what the object needs; Invalid when it asks for what others have. dry_run: nothing is written."""
        ...

    def release(self, obj: Kind) -> Along:
        """What goes when the object goes."""
        ...


class NoReserver:
    """Nothing is shared."""

    async def reserve(self, obj: Kind, old: Kind | None, dry_run: bool) -> Reservation:
        """The object as it is."""
        return Reservation(obj)

    def release(self, obj: Kind) -> Along:
        """Nothing."""
        return ALONE


NO_RESERVER = NoReserver()
