"""The seats of a server, shared out among its levels: everybody gets the same part of what they want, within bounds.

Source: apiserver/pkg/util/flowcontrol/conc_alloc.go; KEP-1040.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# Nobody wants nothing at all: what is left over has to go somewhere.
LEAST_TARGET = 0.001


@dataclass(frozen=True, slots=True)
class Claim:
    """What one level wants, and the least and most it may get."""

    target: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class Allocation:
    """What each gets, in the order of the claims, and the part of the targets that this is."""

    shares: tuple[float, ...]
    fraction: float


def allocate(total: float, claims: Sequence[Claim]) -> Allocation | None:
    """Shares that sum up to the total; None when no shares within the bounds do."""
    if not sum(one.lowest for one in claims) <= total <= sum(one.highest for one in claims):
        return None
    if not claims or total == 0:
        return Allocation(tuple(0.0 for _ in claims), 0.0)
    fraction = _fraction(total, claims)
    return Allocation(tuple(_share(one, fraction) for one in claims), fraction)


def _share(claim: Claim, fraction: float) -> float:
    return min(max(fraction * max(claim.target, LEAST_TARGET), claim.lowest), claim.highest)


def _fraction(total: float, claims: Sequence[Claim]) -> float:
    """The sum of the shares grows with the fraction, in straight lines between the bounds that it meets."""
    bounds = sorted({bound / max(one.target, LEAST_TARGET) for one in claims for bound in (one.lowest, one.highest)})
    before, sum_before = bounds[0], sum(_share(one, bounds[0]) for one in claims)
    for bound in bounds:
        reached = sum(_share(one, bound) for one in claims)
        if reached >= total:
            steepness = (reached - sum_before) / (bound - before) if bound > before else 0.0
            return before + (total - sum_before) / steepness if steepness else bound
        before, sum_before = bound, reached
    return bounds[-1]
