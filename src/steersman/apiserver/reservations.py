"""What a write takes from a pool that many objects share (addresses, ports), given back if nothing comes of it."""

from contextlib import AbstractContextManager
from typing import Any, Protocol

from steersman.api.meta import Kind


class Reservation(AbstractContextManager["Reservation"]):
    """The object with what was reserved for it written in. Left without `keep`, it gives everything back."""

    def __init__(self, obj: Any) -> None:
        self.object = obj

    def keep(self) -> None:
        """The write is done."""

    def __exit__(self, *_: object) -> None:
        """Give back what wasn't kept."""


class Reserver(Protocol):
    """Reserves for objects on their way into the store."""

    def reserve(self, obj: Kind, old: Kind | None, dry_run: bool) -> Reservation:
        """Reserve what the object needs; Invalid when it asks for what others have. dry_run: only look."""
        ...

    def release(self, obj: Kind) -> None:
        """The object is gone."""
        ...


class NoReserver:
    """Nothing is shared."""

    def reserve(self, obj: Kind, old: Kind | None, dry_run: bool) -> Reservation:
        """The object as it is."""
        return Reservation(obj)

    def release(self, obj: Kind) -> None:
        """Nothing."""


NO_RESERVER = NoReserver()
