"""Completion indexes as text: `1,3-5,7`.

Source: pkg/apis/batch/validation: validateIndexesFormat, parseIndexInterval, validateFailedIndexesNotOverlapCompleted.
"""

import re
from dataclasses import dataclass

from steersman.apimachinery.gotext import quote

_INTEGER = re.compile(r"[+-]?[0-9]+")


class IndexesError(ValueError):
    """The text names no indexes of the job; the message is upstream's."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Indexes from first to last, both included."""

    first: int
    last: int


def count_indexes(text: str, completions: int) -> int:
    """How many indexes a text names; they must rise and be below `completions`."""
    total, before = 0, None
    for part in text.split(",") if text else ():
        interval = _interval(part, completions)
        if before is not None and before >= interval.first:
            raise IndexesError(_order(before, interval.first))
        total += interval.last - interval.first + 1
        before = interval.last
    return total


def overlap(one: str, other: str, completions: int) -> int | None:
    """The first index that both texts name; parts that can't be read are passed over."""
    others = _readable(other, completions)
    for interval in _readable(one, completions):
        for against in others:
            if interval.first <= against.last and against.first <= interval.last:
                return max(interval.first, against.first)
    return None


def _readable(text: str, completions: int) -> list[Interval]:
    found = []
    for part in text.split(",") if text else ():
        try:
            found.append(_interval(part, completions))
        except IndexesError:
            continue
    return found


def _interval(text: str, completions: int) -> Interval:
    limits = text.split("-")
    if len(limits) > 2:
        rule = "violates the requirement that an index interval can have at most two parts separated by '-'"
        raise IndexesError(f"the fragment {quote(text)} {rule}")
    first = _index(limits[0], completions)
    if len(limits) == 1:
        return Interval(first, first)
    last = _index(limits[1], completions)
    if first >= last:
        raise IndexesError(_order(first, last))
    return Interval(first, last)


def _index(text: str, completions: int) -> int:
    if not _INTEGER.fullmatch(text):
        raise IndexesError(f"cannot convert string to integer for index: {quote(text)}")
    if int(text) >= completions:
        raise IndexesError(f"too large index: {quote(text)}")
    return int(text)


def _order(before: int, now: int) -> str:
    return f"non-increasing order, previous: {before}, current: {now}"
