"""Fields of gates that are alpha, and off, in 1.37: what is sent in them isn't kept.

DRADerivedAttributes, DRAListTypeAttributes, DRANodeAllocatableResources, DRAOptionalNodeOperations,
DRAPartitionableDevicesType.

Source: pkg/registry/resource: dropDisabledFields.
"""

from steersman.api.resource.claim import DeviceRequest, ResourceClaimSpec, ResourceClaimStatus
from steersman.api.resource.slice import Device, ResourceSliceSpec
from steersman.apimachinery.object import replace


def settled_claim_spec(spec: ResourceClaimSpec) -> ResourceClaimSpec:
    """The spec of a claim without attributes that are derived from others."""
    requests = tuple(map(_request, spec.devices.requests))
    return replace(spec, devices=replace(spec.devices, requests=requests))


def _request(request: DeviceRequest) -> DeviceRequest:
    exactly = None if request.exactly is None else replace(request.exactly, derivedAttributes=())
    first = tuple(replace(one, derivedAttributes=()) for one in request.firstAvailable)
    return replace(request, exactly=exactly, firstAvailable=first)


def settled_claim_status(status: ResourceClaimStatus) -> ResourceClaimStatus:
    """The status of a claim without steps of the node that are left out."""
    allocation = status.allocation
    if allocation is None:
        return status
    results = tuple(replace(result, skipNodeOperations=()) for result in allocation.devices.results)
    devices = replace(allocation.devices, results=results)
    return replace(status, allocation=replace(allocation, devices=devices))


def settled_slice_spec(spec: ResourceSliceSpec) -> ResourceSliceSpec:
    """The spec of a slice without lists among the attributes, and what nodes are told of the devices."""
    devices = tuple(map(_device, spec.devices))
    return replace(spec, devices=devices, partitionTypeAttribute=None, skipNodeOperations=())


def _device(device: Device) -> Device:
    attributes = {
        name: replace(attribute, ints=(), bools=(), strings=(), versions=())
        for name, attribute in device.attributes.items()
    }
    return replace(device, attributes=attributes, nodeAllocatableResources={})
