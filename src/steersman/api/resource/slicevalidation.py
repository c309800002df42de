"""What makes a slice of a driver's devices wrong, new or changed, in upstream's words.

Source: pkg/apis/resource/validation/validation.go: validateResourceSliceSpec.
"""

from collections.abc import Iterable

from steersman.api.meta.fieldrules import driver_name, immutable
from steersman.api.resource.devicevalidation import counters_faults, device_faults
from steersman.api.resource.limits import MAX_ADVANCED_DEVICES, MAX_COUNTER_SETS, MAX_DEVICES, set_faults
from steersman.api.resource.names import needed_label_faults, pool_name_faults
from steersman.api.resource.slice import CounterSet, Device, ResourcePool, ResourceSlice, ResourceSliceSpec
from steersman.apimachinery.fielderrors import invalid_value, invalid_values, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_subdomain
from steersman.apimachinery.status import Cause

SPEC = Path("spec")
ONE_WAY = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"
UNSET_OR_TRUE = "must be either unset or set to true"


def validate_slice(resource_slice: ResourceSlice, old: ResourceSlice | None = None) -> list[Cause]:
    """A slice, new or changed. Devices that stay as they were aren't looked at as closely."""
    spec, before = resource_slice.spec, None if old is None else old.spec
    faults = driver_name(spec.driver, SPEC.child("driver"))
    faults += _pool_faults(spec.pool, SPEC.child("pool"))
    if before is not None:
        faults += immutable(spec.pool.name, before.pool.name, SPEC.child("pool", "name"))
        faults += immutable(spec.driver, before.driver, SPEC.child("driver"))
        faults += immutable(spec.nodeName, before.nodeName, SPEC.child("nodeName"))
    faults += _node_faults(spec)
    if spec.sharedCounters and spec.devices:
        faults.append(invalid_value(SPEC, "", "only one of `sharedCounters` or `devices` is allowed"))
    stored = {device.name: device for device in before.devices} if before is not None else {}
    by_device = bool(spec.perDeviceNodeSelection)

    def check(device: Device, where: Path) -> Iterable[Cause]:
        return device_faults(device, stored.get(device.name), where, chooses_nodes=by_device)

    is_advanced = any(device.taints or device.consumesCounters for device in spec.devices)
    limit = MAX_ADVANCED_DEVICES if is_advanced else MAX_DEVICES
    faults += set_faults(spec.devices, limit, check, SPEC.child("devices"), lambda one: one.name)
    where = SPEC.child("sharedCounters")
    return faults + set_faults(spec.sharedCounters, MAX_COUNTER_SETS, _counter_set_faults, where, lambda one: one.name)


def slice_warnings(resource_slice: ResourceSlice) -> list[str]:
    """Drivers whose names aren't in lower case."""
    driver = resource_slice.spec.driver
    if driver == driver.lower():
        return []
    return [f'spec.driver: driver names should be lowercase; "{driver}" contains uppercase characters']


def _pool_faults(pool: ResourcePool, path: Path) -> Iterable[Cause]:
    yield from pool_name_faults(pool.name, path.child("name"))
    if pool.resourceSliceCount <= 0:
        where = path.child("resourceSliceCount")
        yield invalid_value(where, pool.resourceSliceCount, "must be greater than zero")
    if pool.generation < 0:
        yield invalid_value(path.child("generation"), pool.generation, "must be greater than or equal to zero")


def _node_faults(spec: ResourceSliceSpec) -> Iterable[Cause]:
    ways: list[str] = []
    if spec.nodeName:
        ways.append("`nodeName`")
        yield from invalid_values(SPEC.child("nodeName"), spec.nodeName, dns1123_subdomain(spec.nodeName))
    elif spec.nodeName is not None:
        why = "must be either unset or set to a non-empty string"
        yield invalid_value(SPEC.child("nodeName"), spec.nodeName, why)
    if spec.nodeSelector is not None:
        ways.append("`nodeSelector`")
        terms = spec.nodeSelector.nodeSelectorTerms
        if len(terms) != 1:
            where = SPEC.child("nodeSelector", "nodeSelectorTerms")
            yield invalid_value(where, terms, "must have exactly one node selector term")
    for field in ("allNodes", "perDeviceNodeSelection"):
        given = getattr(spec, field)
        if given:
            ways.append(f"`{field}`")
        elif given is not None:
            yield invalid_value(SPEC.child(field), given, UNSET_OR_TRUE)
    if not ways:
        yield required(SPEC, ONE_WAY)
    elif len(ways) > 1:
        yield invalid_value(SPEC, f"{{{', '.join(ways)}}}", f"{ONE_WAY}, but multiple fields are set")


def _counter_set_faults(counters: CounterSet, path: Path) -> list[Cause]:
    faults = needed_label_faults(counters.name, path.child("name"))
    return faults + counters_faults(counters.counters, path.child("counters"))
