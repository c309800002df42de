"""How plugins read other objects: from the watch caches, as they are now."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from steersman.api.meta import Kind

K = TypeVar("K", bound=Kind)


class Lookup(Protocol):
    """Objects by name, without awaiting."""

    async def catch_up(self) -> None:
        """Wait until every acknowledged write can be found: for those who would refuse what isn't there."""
        ...

    def find(self, kind: type[K], namespace: str, name: str) -> K | None:
        """The object, or None."""
        ...

    def all(self, kind: type[K], namespace: str = "") -> Iterable[K]:
        """Every object of a kind, or those of one namespace."""
        ...
