"""What makes the status of a claim wrong, and what a status loses with an allocation, in upstream's words.

Source: pkg/apis/resource/validation/validation.go: validateResourceClaimStatusUpdate; pkg/registry/resource.
"""

from collections.abc import Iterable

from steersman.api.meta.conditionrules import validate_conditions
from steersman.api.meta.fieldrules import driver_name, immutable
from steersman.api.resource.claim import (
    AllocatedDeviceStatus,
    AllocationConfigSource,
    AllocationResult,
    DeviceAllocationConfiguration,
    DeviceRequestAllocationResult,
    NetworkDeviceData,
    ResourceClaim,
    ResourceClaimConsumerReference,
    ResourceClaimStatus,
)
from steersman.api.resource.claimvalidation import (
    RequestNames,
    request_names,
    request_ref_faults,
    request_refs_faults,
)
from steersman.api.resource.configuration import configuration_faults, raw_faults
from steersman.api.resource.devicevalidation import binding_faults
from steersman.api.resource.limits import (
    MAX_CONDITIONS,
    MAX_CONFIGS,
    MAX_DATA_BYTES,
    MAX_HARDWARE_ADDRESS,
    MAX_INTERFACE_NAME,
    MAX_IPS,
    MAX_RESERVATIONS,
    MAX_RESULTS,
    each_fault,
    set_faults,
)
from steersman.api.resource.names import label_faults, pool_name_faults, uuid_faults
from steersman.api.resource.tolerations import toleration_faults
from steersman.apimachinery.cidrs import interface_address
from steersman.apimachinery.fielderrors import (
    forbidden_field,
    invalid_value,
    invalid_values,
    not_supported,
    required,
    too_long,
    too_many,
)
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Cause

STATUS = Path("status")
SOURCES = tuple(sorted(AllocationConfigSource))
NO_NEW = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set"

# Driver, pool, name and share of a device.
DeviceID = tuple[str, str, str, str]


def without_deallocated(status: ResourceClaimStatus, before: ResourceClaimStatus) -> ResourceClaimStatus:
    """The status without what was said of devices that the claim no longer has."""
    gone = _devices(before) - _devices(status)
    return replace(status, devices=tuple(one for one in status.devices if _status_id(one) not in gone))


def validate_claim_status(claim: ResourceClaim, old: ResourceClaim) -> list[Cause]:
    """A changed status: who uses the claim, how its devices are doing, what it was given, which stays."""
    status, before = claim.status, old.status
    where = STATUS.child("reservedFor")
    faults = set_faults(status.reservedFor, MAX_RESERVATIONS, _consumer_faults, where, lambda one: one.uid)
    devices = _devices(status)

    def check(device: AllocatedDeviceStatus, path: Path) -> Iterable[Cause]:
        yield from _device_faults(device, path)
        if _status_id(device) not in devices:
            known_as = "/".join(part for part in _status_id(device) if part)
            yield invalid_value(path, known_as, "must be an allocated device in the claim")

    faults += set_faults(status.devices, None, check, STATUS.child("devices"), _status_id)
    if status.reservedFor and status.allocation is None:
        faults.append(forbidden_field(where, "may not be specified when `allocated` is not set"))
    elif claim.metadata.deletionTimestamp is not None and not set(status.reservedFor) <= set(before.reservedFor):
        faults.append(forbidden_field(where, NO_NEW))
    if status.allocation is None:
        return faults
    where = STATUS.child("allocation")
    if before.allocation is not None:
        return faults + immutable(status.allocation, before.allocation, where)
    return [*faults, *_allocation_faults(status.allocation, where, request_names(claim.spec.devices))]


def _devices(status: ResourceClaimStatus) -> set[DeviceID]:
    results = status.allocation.devices.results if status.allocation is not None else ()
    return {(one.driver, one.pool, one.device, one.shareID or "") for one in results}


def _status_id(device: AllocatedDeviceStatus) -> DeviceID:
    return (device.driver, device.pool, device.device, device.shareID or "")


def _consumer_faults(consumer: ResourceClaimConsumerReference, path: Path) -> Iterable[Cause]:
    for field in ("resource", "name", "uid"):
        if not getattr(consumer, field):
            yield required(path.child(field))


def _allocation_faults(allocation: AllocationResult, path: Path, names: RequestNames) -> Iterable[Cause]:
    def check_result(result: DeviceRequestAllocationResult, where: Path) -> Iterable[Cause]:
        return _result_faults(result, where, names)

    def check_config(config: DeviceAllocationConfiguration, where: Path) -> Iterable[Cause]:
        return _config_faults(config, where, names)

    devices = allocation.devices
    yield from each_fault(devices.results, MAX_RESULTS, check_result, path.child("devices", "results"))
    # The class has as many as the claim.
    yield from each_fault(devices.config, 2 * MAX_CONFIGS, check_config, path.child("devices", "config"))


def _result_faults(result: DeviceRequestAllocationResult, path: Path, names: RequestNames) -> Iterable[Cause]:
    yield from request_ref_faults(result.request, path.child("request"), names)
    yield from _identity_faults(result, path)
    yield from binding_faults(result.bindingConditions, result.bindingFailureConditions, path)
    yield from each_fault(result.tolerations, None, toleration_faults, path.child("tolerations"))


def _identity_faults(device: DeviceRequestAllocationResult | AllocatedDeviceStatus, path: Path) -> Iterable[Cause]:
    yield from driver_name(device.driver, path.child("driver"))
    yield from pool_name_faults(device.pool, path.child("pool"))
    yield from label_faults(device.device, path.child("device"))
    if device.shareID is not None:
        yield from uuid_faults(device.shareID, path.child("shareID"))


def _config_faults(config: DeviceAllocationConfiguration, path: Path, names: RequestNames) -> Iterable[Cause]:
    if not config.source:
        yield required(path.child("source"))
    elif config.source not in SOURCES:
        yield not_supported(path.child("source"), config.source, SOURCES)
    yield from request_refs_faults(config.requests, path.child("requests"), names)
    yield from configuration_faults(config, path)


def _device_faults(device: AllocatedDeviceStatus, path: Path) -> Iterable[Cause]:
    yield from _identity_faults(device, path)
    where = path.child("conditions")
    if len(device.conditions) > MAX_CONDITIONS:
        yield too_many(where, len(device.conditions), MAX_CONDITIONS)
    yield from validate_conditions(device.conditions, where)
    if device.data is not None:
        yield from raw_faults(device.data, path.child("data"), MAX_DATA_BYTES)
    if device.networkData is not None:
        yield from _network_faults(device.networkData, path.child("networkData"))


def _network_faults(data: NetworkDeviceData, path: Path) -> Iterable[Cause]:
    for field, limit in (("interfaceName", MAX_INTERFACE_NAME), ("hardwareAddress", MAX_HARDWARE_ADDRESS)):
        if len(getattr(data, field).encode()) > limit:
            yield too_long(path.child(field), limit)

    def check(address: str, where: Path) -> Iterable[Cause]:
        return invalid_values(where, address, interface_address(address))

    yield from set_faults(data.ips, MAX_IPS, check, path.child("ips"), str)
