"""A pool of numbered places, of which some are taken.

Places are given out from the upper part first, so that the lower stays free for those who ask for a certain one.
Source: KEP-3070, KEP-3668; pkg/registry/core/service/allocator.
"""

from random import Random


class Full(Exception):
    """Nothing is left."""


class Pool:
    """Places 0 to size - 1; those below `reserved` are given out last."""

    def __init__(self, size: int, reserved: int, random: Random) -> None:
        self._size = size
        self._reserved = min(reserved, size)
        self._random = random
        self._taken: set[int] = set()

    def __contains__(self, place: int) -> bool:
        return place in self._taken

    def __len__(self) -> int:
        return len(self._taken)

    def take(self, place: int) -> bool:
        """Take a certain place; False when it is taken."""
        if place in self._taken:
            return False
        self._taken.add(place)
        return True

    def take_any(self) -> int:
        """Take a place by chance, from the upper part while it has any. Full when there is none."""
        if len(self._taken) >= self._size:
            raise Full
        for low, high in ((self._reserved, self._size), (0, self._reserved)):
            place = self._free_between(low, high)
            if place is not None:
                self._taken.add(place)
                return place
        raise Full

    def give_back(self, place: int) -> None:
        """Let go of a place; one that is free stays free."""
        self._taken.discard(place)

    def _free_between(self, low: int, high: int) -> int | None:
        width = high - low
        if width <= 0:
            return None
        start = self._random.randrange(width)
        return next(
            (low + place for step in range(width) if low + (place := (start + step) % width) not in self._taken), None
        )


def reserved_of(size: int, least: int, step: int, most: int) -> int:
    """How many places are kept for those who ask for a certain one: a fraction of the size within bounds.

    Source: min(max(least, size / step), most); none in pools smaller than `least`.
    """
    return 0 if size < least else min(max(least, size // step), most)
