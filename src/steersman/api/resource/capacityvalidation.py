"""What makes a device's capacity, and the parts in which it is given, wrong, in upstream's words.

Amounts are whole: DRAFractionalCapacityRange is an alpha gate.

Source: pkg/apis/resource/validation/validation.go: validateRequestPolicy.
"""

from collections.abc import Iterable, Sequence

from steersman.api.resource.limits import MAX_VALID_VALUES, set_faults
from steersman.api.resource.slice import CapacityRequestPolicy, CapacityRequestPolicyRange, DeviceCapacity
from steersman.apimachinery.fielderrors import forbidden_field, invalid_value, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.status import Cause

BOTH = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'
MAX_INT64 = 2**63 - 1


def capacity_faults(capacity: DeviceCapacity, path: Path, *, is_shared: bool) -> Iterable[Cause]:
    """A capacity; only devices that may be shared give it in parts."""
    policy, where = capacity.requestPolicy, path.child("requestPolicy")
    if policy is None:
        return
    if not is_shared:
        yield forbidden_field(where, "allowMultipleAllocations must be true")
    elif policy.validValues and policy.validRange is not None:
        yield forbidden_field(where, BOTH)
    else:
        yield from _policy_faults(policy, capacity.value, where)


def _policy_faults(policy: CapacityRequestPolicy, whole: Quantity, path: Path) -> Iterable[Cause]:
    kind = "validValues" if policy.validValues else "validRange" if policy.validRange is not None else ""
    if kind and policy.default is None:
        yield required(path.child("default"), f"required when {kind} is defined")
    elif policy.default is not None and policy.validValues:
        yield from _values_faults(policy.validValues, policy.default, whole, path.child(kind))
    elif policy.default is not None and policy.validRange is not None:
        yield from _range_faults(policy.validRange, policy.default, whole, path.child(kind))


def _values_faults(values: Sequence[Quantity], default: Quantity, whole: Quantity, path: Path) -> Iterable[Cause]:
    for position in range(1, len(values)):
        if values[position - 1] > values[position]:
            why = "values must be sorted in ascending order"
            yield invalid_value(path.at(position), str(values[position]), why)

    def check(option: Quantity, where: Path) -> Iterable[Cause]:
        if option > whole:
            yield invalid_value(where, str(option), f"option is larger than capacity value: {whole}")

    yield from set_faults(values, MAX_VALID_VALUES, check, path, lambda value: str(value.int_value()))
    if len(values) > MAX_VALID_VALUES or default not in values:
        yield invalid_value(path, str(default), "default value is not valid according to the requestPolicy")


def _range_faults(valid: CapacityRequestPolicyRange, default: Quantity, whole: Quantity, path: Path) -> Iterable[Cause]:
    least, most, step = valid.min, valid.max, valid.step
    if least is None:
        yield required(path.child("min"), "required when validRange is defined")
        return
    if least > whole:
        yield invalid_value(path.child("min"), str(least), f"min is larger than capacity value: {whole}")
    if default < least:
        yield invalid_value(path.child("default"), str(default), f"default is less than min: {least}")
    if most is not None:
        if least > most:
            yield invalid_value(path.child("max"), str(least), f"min is larger than max: {most}")
        if most > whole:
            yield invalid_value(path.child("max"), str(most), f"max is larger than capacity value: {whole}")
        if default > most:
            yield invalid_value(path.child("default"), str(default), f"default is more than max: {most}")
    if step is not None:
        yield from _step_faults(valid, step, default, whole, path)


def _step_faults(
    valid: CapacityRequestPolicyRange, step: Quantity, default: Quantity, whole: Quantity, path: Path
) -> Iterable[Cause]:
    assert valid.min is not None, "it has been looked at"
    where, least = path.child("step"), valid.min
    if step.value <= 0:
        yield invalid_value(where, str(step), "must be greater than zero")
        return
    first = least + step
    if first > whole:
        yield invalid_value(where, str(step), f"one step {first} is larger than capacity value: {whole}")
    unsafe = [*_unsafe_faults(valid, step, default, path)]
    yield from unsafe
    for amount in (default, valid.max) if not unsafe else ():
        if amount is not None and (amount.int_value() - least.int_value()) % step.int_value():
            why = f"value is not a multiple of a given step ({step}) from ({least})"
            yield invalid_value(where, str(amount), why)


def _unsafe_faults(valid: CapacityRequestPolicyRange, step: Quantity, default: Quantity, path: Path) -> Iterable[Cause]:
    for name, amount in (("default", default), ("min", valid.min), ("max", valid.max), ("step", step)):
        if amount is None:
            continue
        if amount.value < 0:
            yield invalid_value(path.child(name), str(amount), "must be greater than or equal to 0")
        elif amount.value > MAX_INT64:
            yield invalid_value(path.child(name), str(amount), f"must not be larger than {MAX_INT64}")
