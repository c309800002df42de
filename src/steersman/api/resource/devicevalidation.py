"""What makes a device of a slice wrong, in upstream's words.

Source: pkg/apis/resource/validation/validation.go: validateDevice.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from steersman.api.resource.capacityvalidation import capacity_faults
from steersman.api.resource.limits import (
    MAX_ATTRIBUTE_BYTES,
    MAX_ATTRIBUTE_VALUES,
    MAX_ATTRIBUTES_AND_CAPACITIES,
    MAX_BINDING_CONDITIONS,
    MAX_CONSUMPTIONS,
    MAX_COUNTERS,
    MAX_TAINTS,
    each_fault,
    set_faults,
)
from steersman.api.resource.names import attribute_name_faults, label_faults, label_key_faults, needed_label_faults
from steersman.api.resource.slice import Counter, Device, DeviceAttribute, DeviceCounterConsumption
from steersman.api.resource.tolerations import taint_faults
from steersman.apimachinery.fielderrors import (
    duplicate,
    invalid_value,
    invalid_values,
    required,
    too_long,
    too_many,
)
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_subdomain
from steersman.apimachinery.status import Cause

LISTS, SCALARS = ("bools", "ints", "strings", "versions"), ("bool", "int", "string", "version")
ONE_WAY = (
    "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to "
    "true in the ResourceSlice spec"
)
NO_WAY = (
    "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the "
    "ResourceSlice spec"
)
_NUMBER, _PART = r"(0|[1-9]\d*)", r"(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(-{_PART}(\.{_PART})*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?", re.ASCII
)


def device_faults(device: Device, old: Device | None, path: Path, *, chooses_nodes: bool) -> Iterable[Cause]:
    """A device. old: the one of its name that is stored; chooses_nodes: each device says from where it can be used."""
    yield from label_faults(device.name, path.child("name"))
    yield from _size_faults(device, path)
    for name, attribute in device.attributes.items():
        where = path.child("attributes")
        yield from attribute_name_faults(name, where)
        yield from _attribute_faults(attribute, where.key(name))
    if old is None or old.capacity != device.capacity:
        is_shared = bool(device.allowMultipleAllocations)
        for name, capacity in device.capacity.items():
            where = path.child("capacity")
            yield from attribute_name_faults(name, where)
            yield from capacity_faults(capacity, where.key(name), is_shared=is_shared)
    if old is None or old.taints != device.taints:
        yield from each_fault(device.taints, MAX_TAINTS, taint_faults, path.child("taints"))
    where = path.child("consumesCounters")
    consumed = device.consumesCounters
    yield from set_faults(consumed, MAX_CONSUMPTIONS, _consumption_faults, where, lambda one: one.counterSet)
    yield from _node_faults(device, path, chooses_nodes)
    yield from binding_faults(device.bindingConditions, device.bindingFailureConditions, path)


def _size_faults(device: Device, path: Path) -> Iterable[Cause]:
    entries = len(device.attributes) + len(device.capacity)
    if entries > MAX_ATTRIBUTES_AND_CAPACITIES:
        why = f"the total number of attributes and capacities must not exceed {MAX_ATTRIBUTES_AND_CAPACITIES}"
        yield invalid_value(path, entries, why)
    values = sum(sum(len(getattr(one, name)) for name in LISTS) or 1 for one in device.attributes.values())
    if values > MAX_ATTRIBUTE_VALUES:
        why = f"the total number of attribute values must not exceed {MAX_ATTRIBUTE_VALUES}"
        yield invalid_value(path, values, why)


def _attribute_faults(attribute: DeviceAttribute, path: Path) -> Iterable[Cause]:
    fields = [name for name in SCALARS if getattr(attribute, name) is not None]
    fields += [name for name in LISTS if getattr(attribute, name)]
    if attribute.string is not None:
        yield from _text_faults(attribute.string, path.child("string"))
    if attribute.version is not None:
        yield from _version_faults(attribute.version, path.child("version"))
    yield from each_fault(attribute.strings, None, _text_faults, path.child("strings"))
    yield from each_fault(attribute.versions, None, _version_faults, path.child("versions"))
    if len(fields) != 1:
        yield invalid_value(path, attribute if fields else "", "exactly one value must be specified")


def _text_faults(text: str, path: Path) -> list[Cause]:
    return [too_long(path, MAX_ATTRIBUTE_BYTES)] if len(text.encode()) > MAX_ATTRIBUTE_BYTES else []


def _version_faults(text: str, path: Path) -> list[Cause]:
    faults = _text_faults(text, path)
    if _VERSION.fullmatch(text):
        return faults
    return [invalid_value(path, text, "must be a string compatible with semver.org spec 2.0.0"), *faults]


def _consumption_faults(consumption: DeviceCounterConsumption, path: Path) -> list[Cause]:
    faults = needed_label_faults(consumption.counterSet, path.child("counterSet"))
    return faults + counters_faults(consumption.counters, path.child("counters"))


def counters_faults(counters: Mapping[str, Counter], path: Path) -> list[Cause]:
    """Amounts that devices share, or take of what is shared, by name."""
    if not counters:
        return [required(path)]
    if len(counters) > MAX_COUNTERS:
        return [too_many(path, len(counters), MAX_COUNTERS)]
    return [fault for name in counters for fault in label_faults(name, path)]


def _node_faults(device: Device, path: Path, chooses_nodes: bool) -> Iterable[Cause]:
    name, selector, everywhere = device.nodeName, device.nodeSelector, device.allNodes
    if not chooses_nodes:
        if (name, selector, everywhere) != (None, None, None):
            yield invalid_value(path, None, NO_WAY)
        return
    ways: list[str] = []
    if name:
        ways.append("`nodeName`")
        yield from invalid_values(path.child("nodeName"), name, dns1123_subdomain(name))
    elif name is not None:
        yield invalid_value(path.child("nodeName"), name, "must not be empty")
    if selector is not None:
        ways.append("`nodeSelector`")
    if everywhere:
        ways.append("`allNodes`")
    elif everywhere is not None:
        yield invalid_value(path.child("allNodes"), everywhere, "must be either unset or set to true")
    if not ways:
        yield required(path, ONE_WAY)
    elif len(ways) > 1:
        yield invalid_value(path, f"{{{', '.join(ways)}}}", ONE_WAY)


def binding_faults(wanted: Sequence[str], failures: Sequence[str], path: Path) -> Iterable[Cause]:
    """Conditions that a binding waits for, and those that end it: both or none, and none in both."""
    awaited, ended = path.child("bindingConditions"), path.child("bindingFailureConditions")
    yield from each_fault(wanted, MAX_BINDING_CONDITIONS, label_key_faults, awaited)
    yield from each_fault(failures, MAX_BINDING_CONDITIONS, label_key_faults, ended)
    for conditions, where in ((wanted, awaited), (failures, ended)):
        for position, condition in enumerate(conditions):
            if condition in conditions[:position]:
                yield duplicate(where.at(position), condition)
            if where is ended and condition in wanted:
                why = "bindingFailureConditions must not overlap with bindingConditions"
                yield invalid_value(where.at(position), condition, why)
    if failures and not wanted:
        yield invalid_value(awaited, None, "bindingConditions are required to use bindingFailureConditions")
    if wanted and not failures:
        yield invalid_value(ended, None, "bindingFailureConditions are required to use bindingConditions")
