"""What makes a priority level wrong, in upstream's words.

Source: pkg/apis/flowcontrol/validation/validation.go, apiserver/pkg/util/shufflesharding.
"""

import math
from collections.abc import Iterable

from steersman.api.flowcontrol.conditions import condition_faults
from steersman.api.flowcontrol.flowcontrol import (
    ExemptPriorityLevelConfiguration,
    LimitedPriorityLevelConfiguration,
    LimitResponse,
    PriorityLevelConfiguration,
    PriorityLevelConfigurationSpec,
    QueuingConfiguration,
)
from steersman.api.flowcontrol.mandatory import EXEMPT, MANDATORY_PRIORITY_LEVELS
from steersman.apimachinery.fielderrors import forbidden_field, invalid_value, invalid_values, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import in_range
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Cause

SPEC = Path("spec")
TYPES, RESPONSES = ("Exempt", "Limited"), ("Queue", "Reject")
MAX_QUEUES = 10_000_000
# A flow's queues are chosen by the bits of one hash of 64 bits, of which these can be relied on.
MAX_HASH_BITS = 60
POSITIVE, NOT_NEGATIVE = "must be positive", "must be a non-negative integer"


def validate_priority_level(level: PriorityLevelConfiguration) -> list[Cause]:
    """A priority level, new or changed."""
    faults = [*_spec_faults(level.metadata.name, level.spec), *_fixed_faults(level.metadata.name, level.spec)]
    return faults + condition_faults(level.status.conditions)


def validate_priority_level_status(level: PriorityLevelConfiguration) -> list[Cause]:
    """What was found out about it."""
    return condition_faults(level.status.conditions)


def _fixed_faults(name: str, spec: PriorityLevelConfigurationSpec) -> Iterable[Cause]:
    wanted = MANDATORY_PRIORITY_LEVELS.get(name)
    if wanted is None:
        return
    if name == EXEMPT:
        if replace(spec, exempt=None) != replace(wanted, exempt=None):
            why = f"spec of '{name}' except the 'spec.exempt' field must equal the fixed value"
            yield invalid_value(SPEC, spec, why)
    elif spec != wanted:
        yield invalid_value(SPEC, spec, f"spec of '{name}' must equal the fixed value")


def _spec_faults(name: str, spec: PriorityLevelConfigurationSpec) -> Iterable[Cause]:
    if (name == EXEMPT) != (spec.type == "Exempt"):
        why = "type must be 'Exempt' if and only if name is 'exempt'"
        yield invalid_value(SPEC.child("type"), spec.type, why)
    match spec.type:
        case "Exempt":
            if spec.limited is not None:
                yield forbidden_field(SPEC.child("limited"), "must be nil if the type is not Limited")
            if spec.exempt is not None:
                yield from _exempt_faults(spec.exempt, SPEC.child("exempt"))
        case "Limited":
            if spec.exempt is not None:
                yield forbidden_field(SPEC.child("exempt"), "must be nil if the type is Limited")
            if spec.limited is None:
                yield required(SPEC.child("limited"), "must not be empty when type is Limited")
            else:
                yield from _limited_faults(spec.limited, SPEC.child("limited"))
        case other:
            yield not_supported(SPEC.child("type"), other, TYPES)


def _exempt_faults(exempt: ExemptPriorityLevelConfiguration, path: Path) -> Iterable[Cause]:
    shares = exempt.nominalConcurrencyShares
    if shares is not None and shares < 0:
        yield invalid_value(path.child("nominalConcurrencyShares"), shares, NOT_NEGATIVE)
    yield from _percent_faults(exempt.lendablePercent, path.child("lendablePercent"))


def _limited_faults(limited: LimitedPriorityLevelConfiguration, path: Path) -> Iterable[Cause]:
    shares, borrowed = limited.nominalConcurrencyShares, limited.borrowingLimitPercent
    if shares is not None and shares < 0:
        yield invalid_value(path.child("nominalConcurrencyShares"), shares, NOT_NEGATIVE)
    yield from _response_faults(limited.limitResponse, path.child("limitResponse"))
    yield from _percent_faults(limited.lendablePercent, path.child("lendablePercent"))
    if borrowed is not None and borrowed < 0:
        where = path.child("borrowingLimitPercent")
        yield invalid_value(where, borrowed, f"if specified, {NOT_NEGATIVE}")


def _percent_faults(percent: int | None, path: Path) -> Iterable[Cause]:
    return () if percent is None else invalid_values(path, percent, in_range(percent, 0, 100))


def _response_faults(response: LimitResponse, path: Path) -> Iterable[Cause]:
    where, queuing = path.child("queuing"), response.queuing
    match response.type:
        case "Reject":
            if queuing is not None:
                yield forbidden_field(where, "must be nil if limited.limitResponse.type is not Limited")
        case "Queue":
            if queuing is None:
                yield required(where, "must not be empty if limited.limitResponse.type is Limited")
            else:
                yield from _queuing_faults(queuing, where)
        case other:
            yield not_supported(path.child("type"), other, RESPONSES)


def _queuing_faults(queuing: QueuingConfiguration, path: Path) -> Iterable[Cause]:
    queues, hand = queuing.queues, queuing.handSize
    if queuing.queueLengthLimit <= 0:
        yield invalid_value(path.child("queueLengthLimit"), queuing.queueLengthLimit, POSITIVE)
    if queues <= 0:
        yield invalid_value(path.child("queues"), queues, POSITIVE)
    elif queues > MAX_QUEUES:
        yield invalid_value(path.child("queues"), queues, f"must not be greater than {MAX_QUEUES}")
    where = path.child("handSize")
    if hand <= 0:
        yield invalid_value(where, hand, POSITIVE)
    elif hand > queues:
        yield invalid_value(where, hand, f"should not be greater than queues ({queues})")
    elif required_entropy_bits(queues, hand) > MAX_HASH_BITS:
        what = f"required entropy bits of deckSize {queues} and handSize {hand}"
        yield invalid_value(where, hand, f"{what} should not be greater than {MAX_HASH_BITS}")


def required_entropy_bits(queues: int, hand: int) -> int:
    """The bits of a hash that dealing a hand of the queues uses up."""
    return math.ceil(math.log2(queues) * hand)
