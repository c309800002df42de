"""What makes taints of devices, and their tolerations, wrong, in upstream's words.

Source: pkg/apis/resource/validation/validation.go: validateDeviceTaint, validateDeviceToleration.
"""

from collections.abc import Iterable

from steersman.api.resource.claim import DeviceTaintEffect, DeviceToleration
from steersman.api.resource.names import label_key_faults
from steersman.api.resource.slice import DeviceTaint
from steersman.apimachinery.fielderrors import invalid_value, invalid_values, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import label_value
from steersman.apimachinery.status import Cause

EFFECTS = tuple(sorted(DeviceTaintEffect))
OPERATORS = ("Equal", "Exists")


def taint_faults(taint: DeviceTaint, path: Path, old: DeviceTaint | None = None) -> Iterable[Cause]:
    """A taint, which has an effect; the effect of the one it was before is good enough."""
    yield from label_key_faults(taint.key, path.child("key"))
    yield from invalid_values(path.child("value"), taint.value, label_value(taint.value))
    if old is not None and old.effect == taint.effect:
        return
    if not taint.effect:
        yield required(path.child("effect"))
    yield from _effect_faults(taint.effect, path)


def toleration_faults(toleration: DeviceToleration, path: Path) -> Iterable[Cause]:
    """A toleration, of one effect or all."""
    if toleration.key:
        yield from label_key_faults(toleration.key, path.child("key"))
    where, value = path.child("value"), toleration.value
    match toleration.operator:
        case "Exists":
            if value:
                yield invalid_value(where, value, "must be empty for operator `Exists`")
        case "Equal":
            yield from invalid_values(where, value, label_value(value))
        case "":
            yield required(path.child("operator"))
        case other:
            yield not_supported(path.child("operator"), other, OPERATORS)
    yield from _effect_faults(toleration.effect, path)


def _effect_faults(effect: str, path: Path) -> list[Cause]:
    return [not_supported(path.child("effect"), effect, EFFECTS)] if effect and effect not in EFFECTS else []
