"""Tolerations of several origins put together, and held against those that are allowed. Pure.

Source: pkg/util/tolerations.
"""

from collections.abc import Sequence

from steersman.api.core import Toleration


def merged(first: Sequence[Toleration], second: Sequence[Toleration]) -> tuple[Toleration, ...]:
    """All of both but for those that another covers; of equal ones the first."""
    every = (*first, *second)
    kept: list[Toleration] = []
    for position, one in enumerate(every):
        is_covered = any(covers(other, one) for other in kept)
        if not is_covered and not any(other != one and covers(other, one) for other in every[position + 1 :]):
            kept.append(one)
    return tuple(kept)


def all_allowed(given: Sequence[Toleration], allowed: Sequence[Toleration]) -> bool:
    """Each is covered by an allowed one; where none is named, all are allowed."""
    return not allowed or all(any(covers(wide, one) for wide in allowed) for one in given)


def covers(wide: Toleration, narrow: Toleration) -> bool:
    """Whatever the narrow one tolerates, the wide one does too."""
    if wide == narrow:
        return True
    is_any_key = not wide.key and wide.operator == "Exists"
    if narrow.key != wide.key and not is_any_key:
        return False
    if wide.effect not in ("", narrow.effect):
        return False
    if wide.effect == "NoExecute" and wide.tolerationSeconds is not None:
        seconds = narrow.tolerationSeconds
        if seconds is None or seconds > wide.tolerationSeconds:
            return False
    match wide.operator:
        case "Equal" | "":
            return narrow.operator == "Equal" and narrow.value == wide.value
        case operator:
            return operator == "Exists"
