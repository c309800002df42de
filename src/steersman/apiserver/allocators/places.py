"""Choosing a free place of numbered ones. Pure.

The upper part is given out first, so that the lower stays free for those who ask for a certain place.
Source: KEP-3070, KEP-3668; pkg/registry/core/service/ipallocator, portallocator.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Band:
    """Places first to last, both included; the `reserved` lowest are given out last."""

    first: int
    last: int
    reserved: int

    def __contains__(self, place: int) -> bool:
        return self.first <= place <= self.last


def free_place(band: Band, is_taken: Callable[[int], bool], random: Random) -> int | None:
    """A place by chance, from the upper part while it has any; None when all are taken."""
    border = band.first + band.reserved
    for low, high in ((border, band.last), (band.first, border - 1)):
        width = high - low + 1
        if width <= 0:
            continue
        start = random.randrange(width)
        for step in range(width):
            place = low + (start + step) % width
            if not is_taken(place):
                return place
    return None


def reserved_of(size: int, least: int, step: int, most: int) -> int:
    """How many places are kept for those who ask for a certain one: a fraction of the size within bounds.

    Source: calculateRangeOffset.
    """
    return 0 if size <= least else min(max(least, size // step), most)
