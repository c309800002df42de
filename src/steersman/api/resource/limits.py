"""How much there may be of anything in resource.k8s.io, and what is said of too much and of repetition.

Source: pkg/apis/resource/validation/validation.go: validateSlice, validateSet; k8s.io/api/resource/v1: the limits.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from steersman.apimachinery.fielderrors import duplicate, too_many
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.status import Cause

MAX_REQUESTS, MAX_FIRST_AVAILABLE, MAX_CONSTRAINTS, MAX_CONFIGS, MAX_SELECTORS = 32, 8, 32, 32, 32
MAX_EXPRESSION_BYTES, MAX_PARAMETER_BYTES, MAX_DATA_BYTES = 10 * 1024, 10 * 1024, 10 * 1024
MAX_RESERVATIONS, MAX_RESULTS, MAX_CONDITIONS = 256, 32, 8
MAX_IPS, MAX_INTERFACE_NAME, MAX_HARDWARE_ADDRESS = 16, 256, 128
MAX_DEVICES, MAX_ADVANCED_DEVICES, MAX_COUNTER_SETS, MAX_COUNTERS = 128, 64, 8, 32
MAX_CONSUMPTIONS, MAX_TAINTS, MAX_BINDING_CONDITIONS = 2, 16, 4
MAX_ATTRIBUTES_AND_CAPACITIES, MAX_ATTRIBUTE_VALUES, MAX_ATTRIBUTE_BYTES = 32, 48, 64
MAX_VALID_VALUES = 10
MAX_POOL_NAME, MAX_ID = 253, 32

T = TypeVar("T")
Check = Callable[[T, Path], Iterable[Cause]]


def each_fault(items: Sequence[T], limit: int | None, check: Check[T], path: Path) -> list[Cause]:
    """Every item's faults; of too many items none is looked at."""
    if limit is not None and len(items) > limit:
        return [too_many(path, len(items), limit)]
    return [fault for position, item in enumerate(items) for fault in check(item, path.at(position))]


def set_faults(
    items: Sequence[T], limit: int | None, check: Check[T], path: Path, key: Callable[[T], Hashable]
) -> list[Cause]:
    """Every item's faults, and those items that are there already."""
    faults = each_fault(items, limit, check, path)
    if limit is not None and len(items) > limit:
        return faults
    seen: set[Hashable] = set()
    for position, item in enumerate(items):
        if key(item) in seen:
            faults.append(duplicate(path.at(position), key(item)))
        seen.add(key(item))
    return faults
