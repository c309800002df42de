"""Defaults of resource.k8s.io that depend on other fields or on the time.

Source: pkg/apis/resource/v1/defaults.go.
"""

from datetime import datetime
from typing import TypeVar

from steersman.api.resource.claim import DeviceRequest, DeviceSubRequest, ExactDeviceRequest, ResourceClaimSpec
from steersman.api.resource.slice import Device, DeviceTaint, DeviceTaintRule, ResourceSlice
from steersman.apimachinery.object import replace
from steersman.apimachinery.times import to_time

EXACT_COUNT = "ExactCount"
R = TypeVar("R", ExactDeviceRequest, DeviceSubRequest)


def default_claim_spec(spec: ResourceClaimSpec) -> ResourceClaimSpec:
    """Each request is for one device, unless it says otherwise."""
    requests = tuple(map(_request, spec.devices.requests))
    return replace(spec, devices=replace(spec.devices, requests=requests))


def _request(request: DeviceRequest) -> DeviceRequest:
    exactly = None if request.exactly is None else _counted(request.exactly)
    return replace(request, exactly=exactly, firstAvailable=tuple(map(_counted, request.firstAvailable)))


def _counted(request: R) -> R:
    mode = request.allocationMode or EXACT_COUNT
    count = 1 if mode == EXACT_COUNT and not request.count else request.count
    return replace(request, allocationMode=mode, count=count)


def with_taint_times(resource_slice: ResourceSlice, now: datetime) -> ResourceSlice:
    """A taint that doesn't say since when it is there is there since now."""
    devices = resource_slice.spec.devices
    if all(taint.timeAdded is not None for device in devices for taint in device.taints):
        return resource_slice
    spec = replace(resource_slice.spec, devices=tuple(_dated(device, now) for device in devices))
    return replace(resource_slice, spec=spec)


def _dated(device: Device, now: datetime) -> Device:
    return replace(device, taints=tuple(_since(taint, now) for taint in device.taints))


def _since(taint: DeviceTaint, now: datetime) -> DeviceTaint:
    return replace(taint, timeAdded=to_time(now)) if taint.timeAdded is None else taint


def with_rule_time(rule: DeviceTaintRule, old: DeviceTaintRule | None, now: datetime) -> DeviceTaintRule:
    """The taint is there since now where nothing else is said, or where it has another effect since now."""
    taint = rule.spec.taint
    if old is not None and taint.effect != old.spec.taint.effect and taint.timeAdded == old.spec.taint.timeAdded:
        taint = replace(taint, timeAdded=None)
    return replace(rule, spec=replace(rule.spec, taint=_since(taint, now)))
