"""Devices that drivers offer."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from steersman.api.core.reference import NodeSelector
from steersman.api.meta.kind import Kind
from steersman.api.meta.listmeta import Condition
from steersman.api.resource.claim import DeviceTaintEffect, DeviceTaintSelector, NodeAllocatableResource
from steersman.apimachinery.markers import Atomic, Int64, ListMap, ListSet, MergeBy, OneOf, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.times import Time

# A field of DeviceAttribute has the type's own name.
Boolean = bool


class SkipNodeOperation(StrEnum):
    """A step of the node that a device doesn't need."""

    NODE_PREPARE_RESOURCES = "NodePrepareResources"
    NODE_UNPREPARE_RESOURCES = "NodeUnprepareResources"
    SKIP_NODE_OPERATION_ALL = "*"


class Counter(Object, package="k8s.io.api.resource.v1"):
    """An amount that devices share."""

    value: Annotated[Quantity, Wire(1), Required()] = always(Quantity("0"))


class CounterSet(Object, package="k8s.io.api.resource.v1"):
    """Amounts that devices share, by name."""

    name: Annotated[str, Wire(1), Required()] = always("")
    counters: Annotated[Mapping[str, Counter], Wire(2), Required()] = {}


class DeviceAttribute(Object, package="k8s.io.api.resource.v1"):
    """A fact about a device; one of its fields is set."""

    int: Annotated[Int64 | None, Wire(2)] = None
    bool: Annotated[Boolean | None, Wire(3)] = None
    string: Annotated[str | None, Wire(4)] = None
    version: Annotated[str | None, Wire(5)] = None
    ints: Annotated[tuple[Int64, ...], Wire(6), Atomic()] = ()
    bools: Annotated[tuple[Boolean, ...], Wire(7), Atomic()] = ()
    strings: Annotated[tuple[str, ...], Wire(8), Atomic()] = ()
    versions: Annotated[tuple[str, ...], Wire(9), Atomic()] = ()


class CapacityRequestPolicyRange(Object, package="k8s.io.api.resource.v1"):
    """The amounts that may be asked for."""

    min: Annotated[Quantity | None, Wire(1), Required()] = None
    max: Annotated[Quantity | None, Wire(2)] = None
    step: Annotated[Quantity | None, Wire(3)] = None


class CapacityRequestPolicy(Object, package="k8s.io.api.resource.v1"):
    """How a capacity may be asked for in parts."""

    default: Annotated[Quantity | None, Wire(1)] = None
    validValues: Annotated[tuple[Quantity, ...], Wire(3), Atomic()] = ()
    validRange: Annotated[CapacityRequestPolicyRange | None, Wire(4)] = None


class DeviceCapacity(Object, package="k8s.io.api.resource.v1"):
    """An amount of something that a device has."""

    value: Annotated[Quantity, Wire(1), Required()] = always(Quantity("0"))
    requestPolicy: Annotated[CapacityRequestPolicy | None, Wire(2)] = None


class DeviceCounterConsumption(Object, package="k8s.io.api.resource.v1"):
    """What a device takes of shared amounts."""

    counterSet: Annotated[str, Wire(1), Required()] = always("")
    counters: Annotated[Mapping[str, Counter], Wire(2), Required()] = {}
    compatibilityGroups: Annotated[tuple[str, ...], Wire(3), Atomic()] = ()


class DeviceTaint(Object, package="k8s.io.api.resource.v1"):
    """What keeps claims off a device unless they tolerate it."""

    key: Annotated[str, Wire(1), Required()] = always("")
    value: Annotated[str, Wire(2)] = ""
    effect: Annotated[str, Wire(3), Required(), OneOf(DeviceTaintEffect)] = always("")
    timeAdded: Annotated[Time | None, Wire(4)] = None


class Device(Object, package="k8s.io.api.resource.v1"):
    """A device, with its attributes and capacities."""

    name: Annotated[str, Wire(1), Required()] = always("")
    attributes: Annotated[Mapping[str, DeviceAttribute], Wire(2)] = {}
    capacity: Annotated[Mapping[str, DeviceCapacity], Wire(3)] = {}
    consumesCounters: Annotated[tuple[DeviceCounterConsumption, ...], Wire(4), Atomic()] = ()
    nodeName: Annotated[str | None, Wire(5)] = None
    nodeSelector: Annotated[NodeSelector | None, Wire(6)] = None
    allNodes: Annotated[bool | None, Wire(7)] = None
    taints: Annotated[tuple[DeviceTaint, ...], Wire(8), Atomic()] = ()
    bindsToNode: Annotated[bool | None, Wire(9)] = None
    bindingConditions: Annotated[tuple[str, ...], Wire(10), Atomic()] = ()
    bindingFailureConditions: Annotated[tuple[str, ...], Wire(11), Atomic()] = ()
    allowMultipleAllocations: Annotated[bool | None, Wire(12)] = None
    nodeAllocatableResources: Annotated[Mapping[str, NodeAllocatableResource], Wire(14)] = {}


class ResourcePool(Object, package="k8s.io.api.resource.v1"):
    """The pool of devices that a slice is a part of."""

    name: Annotated[str, Wire(1), Required()] = always("")
    generation: Annotated[Int64, Wire(2), Required()] = always(0)
    resourceSliceCount: Annotated[Int64, Wire(3), Required()] = always(0)


class ResourceSliceSpec(Object, package="k8s.io.api.resource.v1"):
    """Some devices of a pool, and from which nodes they can be used."""

    driver: Annotated[str, Wire(1), Required()] = always("")
    pool: Annotated[ResourcePool, Wire(2), Required()] = always(ResourcePool)
    nodeName: Annotated[str | None, Wire(3)] = None
    nodeSelector: Annotated[NodeSelector | None, Wire(4)] = None
    allNodes: Annotated[bool | None, Wire(5)] = None
    devices: Annotated[tuple[Device, ...], Wire(6), Atomic()] = ()
    perDeviceNodeSelection: Annotated[bool | None, Wire(7)] = None
    sharedCounters: Annotated[tuple[CounterSet, ...], Wire(8), Atomic()] = ()
    partitionTypeAttribute: Annotated[str | None, Wire(9)] = None
    skipNodeOperations: Annotated[tuple[str, ...], Wire(10), ListSet()] = ()


class ResourceSlice(Kind, api="resource.k8s.io/v1", package="k8s.io.api.resource.v1"):
    """Some of the devices that a driver offers."""

    spec: Annotated[ResourceSliceSpec, Wire(2), Required()] = always(ResourceSliceSpec)


class DeviceTaintRuleSpec(Object, package="k8s.io.api.resource.v1"):
    """Which devices get which taint."""

    deviceSelector: Annotated[DeviceTaintSelector | None, Wire(1)] = None
    taint: Annotated[DeviceTaint, Wire(2), Required()] = always(DeviceTaint)


class DeviceTaintRuleStatus(Object, package="k8s.io.api.resource.v1"):
    """What a rule has done so far."""

    conditions: Annotated[tuple[Condition, ...], Wire(1), MergeBy("type"), ListMap("type")] = ()


class DeviceTaintRule(Kind, api="resource.k8s.io/v1", package="k8s.io.api.resource.v1"):
    """Puts a taint on devices."""

    spec: Annotated[DeviceTaintRuleSpec, Wire(2), Required()] = always(DeviceTaintRuleSpec)
    status: Annotated[DeviceTaintRuleStatus, Wire(3)] = always(DeviceTaintRuleStatus)
