"""What makes conditions of the common form wrong, in upstream's words.

Source: apimachinery/pkg/apis/meta/v1/validation: ValidateConditions.
"""

import re
from collections.abc import Iterable, Sequence

from steersman.api.meta.listmeta import Condition
from steersman.apimachinery.fielderrors import (
    duplicate,
    invalid_value,
    invalid_values,
    not_supported,
    required,
    too_long,
)
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import pattern_error, qualified_name
from steersman.apimachinery.status import Cause

STATUSES = ("False", "True", "Unknown")
MAX_REASON, MAX_MESSAGE = 1024, 32 * 1024
_REASON = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"
_REASON_RULE = (
    "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric "
    "characters or '_,:', and must end with an alphanumeric character or '_'"
)


def validate_conditions(conditions: Sequence[Condition], path: Path) -> list[Cause]:
    """Conditions, one of each type."""
    faults: list[Cause] = []
    seen: set[str] = set()
    for position, condition in enumerate(conditions):
        if condition.type in seen:
            faults.append(duplicate(path.at(position), condition.type))
        seen.add(condition.type)
        faults += _condition_faults(condition, path.at(position))
    return faults


def _condition_faults(condition: Condition, path: Path) -> Iterable[Cause]:
    if not condition.type:
        yield required(path.child("type"), "is required")
    else:
        yield from invalid_values(path.child("type"), condition.type, qualified_name(condition.type))
    if not condition.status:
        yield required(path.child("status"))
    elif condition.status not in STATUSES:
        yield not_supported(path.child("status"), condition.status, STATUSES)
    if condition.observedGeneration < 0:
        why = "must be greater than or equal to zero"
        yield invalid_value(path.child("observedGeneration"), condition.observedGeneration, why)
    if condition.lastTransitionTime is None:
        yield required(path.child("lastTransitionTime"))
    yield from _reason_faults(condition.reason, path.child("reason"))
    if len(condition.message.encode()) > MAX_MESSAGE:
        yield too_long(path.child("message"), MAX_MESSAGE)


def _reason_faults(reason: str, path: Path) -> Iterable[Cause]:
    if not reason:
        yield required(path)
        return
    if not re.fullmatch(_REASON, reason):
        examples = ("my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB")
        yield invalid_value(path, reason, pattern_error(_REASON_RULE, _REASON, *examples))
    if len(reason.encode()) > MAX_REASON:
        yield too_long(path, MAX_REASON)
