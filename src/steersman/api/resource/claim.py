"""Claims on devices, and what was allocated for them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from steersman.api.core.reference import NodeSelector
from steersman.api.meta.kind import Kind
from steersman.api.meta.listmeta import Condition
from steersman.api.meta.objectmeta import ObjectMeta
from steersman.apimachinery.markers import (
    Atomic,
    Default,
    Int64,
    ListMap,
    ListSet,
    MergeBy,
    OneOf,
    Required,
    Wire,
    always,
)
from steersman.apimachinery.object import Object
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.times import Time


class AllocationConfigSource(StrEnum):
    """Whether a configuration comes from the class or from the claim."""

    FROM_CLASS = "FromClass"
    FROM_CLAIM = "FromClaim"


class DeviceTaintEffect(StrEnum):
    """What a taint does to claims that don't tolerate it."""

    NONE = "None"
    NO_SCHEDULE = "NoSchedule"
    NO_EXECUTE = "NoExecute"


class DeviceTolerationOperator(StrEnum):
    """How a taint and a toleration are compared."""

    EXISTS = "Exists"
    EQUAL = "Equal"


class NodeAllocatableMapping(Object, package="k8s.io.api.resource.v1"):
    """Which of the node's resources a device stands for."""

    capacityKey: Annotated[str | None, Wire(1)] = None
    capacityMultiplier: Annotated[Quantity | None, Wire(2)] = None
    deviceMultiplier: Annotated[Quantity | None, Wire(3)] = None


class NodeAllocatableOverhead(Object, package="k8s.io.api.resource.v1"):
    """What of the node's resources a device needs besides."""

    perPod: Annotated[Quantity | None, Wire(1)] = None
    perContainer: Annotated[Quantity | None, Wire(2)] = None


class NodeAllocatableResource(Object, package="k8s.io.api.resource.v1"):
    """How a device's use counts among the node's resources."""

    mapping: Annotated[NodeAllocatableMapping | None, Wire(3)] = None
    overhead: Annotated[NodeAllocatableOverhead | None, Wire(4)] = None


class DeviceTaintSelector(Object, package="k8s.io.api.resource.v1"):
    """Which devices a taint rule is about."""

    driver: Annotated[str | None, Wire(2)] = None
    pool: Annotated[str | None, Wire(3)] = None
    device: Annotated[str | None, Wire(4)] = None


class OpaqueDeviceConfiguration(Object, package="k8s.io.api.resource.v1"):
    """Settings that only the driver understands."""

    driver: Annotated[str, Wire(1), Required()] = always("")
    parameters: Annotated[Any, Wire(2), Required()] = None


class DeviceConfiguration(Object, package="k8s.io.api.resource.v1"):
    """Settings for a device; one of its fields is set."""

    opaque: Annotated[OpaqueDeviceConfiguration | None, Wire(1)] = None


class DeviceClaimConfiguration(DeviceConfiguration, inline=2, package="k8s.io.api.resource.v1"):
    """Settings for the devices of some requests."""

    requests: Annotated[tuple[str, ...], Wire(1), Atomic()] = ()


class DeviceConstraint(Object, package="k8s.io.api.resource.v1"):
    """What the devices of several requests must have in common or apart."""

    requests: Annotated[tuple[str, ...], Wire(1), Atomic()] = ()
    matchAttribute: Annotated[str | None, Wire(2)] = None
    distinctAttribute: Annotated[str | None, Wire(3)] = None


class CapacityRequirements(Object, package="k8s.io.api.resource.v1"):
    """How much of a device's capacity is needed."""

    requests: Annotated[Mapping[str, Quantity], Wire(1)] = {}


class CELDeviceSelector(Object, package="k8s.io.api.resource.v1"):
    """An expression that must be true of a device."""

    expression: Annotated[str, Wire(1), Required()] = always("")


class DeviceSelector(Object, package="k8s.io.api.resource.v1"):
    """Chooses devices; one of its fields is set."""

    cel: Annotated[CELDeviceSelector | None, Wire(1)] = None


class DeviceToleration(Object, package="k8s.io.api.resource.v1"):
    """A taint of devices that a request tolerates."""

    key: Annotated[str, Wire(1)] = ""
    operator: Annotated[str, Wire(2), Default("Equal"), OneOf(DeviceTolerationOperator)] = ""
    value: Annotated[str, Wire(3)] = ""
    effect: Annotated[str, Wire(4), OneOf(DeviceTaintEffect)] = ""
    tolerationSeconds: Annotated[Int64 | None, Wire(5)] = None


class DeviceDerivedAttribute(Object, package="k8s.io.api.resource.v1"):
    """An attribute that isn't told by a driver but computed from others by an expression."""

    name: Annotated[str, Wire(1), Required()] = always("")
    expression: Annotated[str, Wire(2), Required()] = always("")


class DeviceSubRequest(Object, package="k8s.io.api.resource.v1"):
    """One of several ways to fulfil a request, the earlier the better."""

    name: Annotated[str, Wire(1), Required()] = always("")
    deviceClassName: Annotated[str, Wire(2), Required()] = always("")
    selectors: Annotated[tuple[DeviceSelector, ...], Wire(3), Atomic()] = ()
    allocationMode: Annotated[str, Wire(4)] = ""
    count: Annotated[Int64, Wire(5)] = 0
    tolerations: Annotated[tuple[DeviceToleration, ...], Wire(6), Atomic()] = ()
    capacity: Annotated[CapacityRequirements | None, Wire(7)] = None
    derivedAttributes: Annotated[tuple[DeviceDerivedAttribute, ...], Wire(8), Atomic()] = ()


class ExactDeviceRequest(Object, package="k8s.io.api.resource.v1"):
    """Devices of one class, and how many of them."""

    deviceClassName: Annotated[str, Wire(1), Required()] = always("")
    selectors: Annotated[tuple[DeviceSelector, ...], Wire(2), Atomic()] = ()
    allocationMode: Annotated[str, Wire(3)] = ""
    count: Annotated[Int64, Wire(4)] = 0
    adminAccess: Annotated[bool | None, Wire(5)] = None
    tolerations: Annotated[tuple[DeviceToleration, ...], Wire(6), Atomic()] = ()
    capacity: Annotated[CapacityRequirements | None, Wire(7)] = None
    derivedAttributes: Annotated[tuple[DeviceDerivedAttribute, ...], Wire(8), Atomic()] = ()


class DeviceRequest(Object, package="k8s.io.api.resource.v1"):
    """Devices that are wanted: exactly these, or the first of several ways that works."""

    name: Annotated[str, Wire(1), Required()] = always("")
    exactly: Annotated[ExactDeviceRequest | None, Wire(2)] = None
    firstAvailable: Annotated[tuple[DeviceSubRequest, ...], Wire(3), Atomic()] = ()


class DeviceClaim(Object, package="k8s.io.api.resource.v1"):
    """Requests for devices, and what they have to do with each other."""

    requests: Annotated[tuple[DeviceRequest, ...], Wire(1), Atomic()] = always(())
    constraints: Annotated[tuple[DeviceConstraint, ...], Wire(2), Atomic()] = ()
    config: Annotated[tuple[DeviceClaimConfiguration, ...], Wire(3), Atomic()] = ()


class ResourceClaimSpec(Object, package="k8s.io.api.resource.v1"):
    """Which devices are wanted."""

    devices: Annotated[DeviceClaim, Wire(1)] = always(DeviceClaim)


class NetworkDeviceData(Object, package="k8s.io.api.resource.v1"):
    """What is known of a network device that was handed out."""

    interfaceName: Annotated[str, Wire(1)] = ""
    ips: Annotated[tuple[str, ...], Wire(2), Atomic()] = ()
    hardwareAddress: Annotated[str, Wire(3)] = ""


class AllocatedDeviceStatus(Object, package="k8s.io.api.resource.v1"):
    """How a device that was handed out is doing."""

    driver: Annotated[str, Wire(1), Required()] = always("")
    pool: Annotated[str, Wire(2), Required()] = always("")
    device: Annotated[str, Wire(3), Required()] = always("")
    shareID: Annotated[str | None, Wire(7)] = None
    conditions: Annotated[tuple[Condition, ...], Wire(4), ListMap("type")] = always(())
    data: Annotated[Any | None, Wire(5)] = None
    networkData: Annotated[NetworkDeviceData | None, Wire(6)] = None


class DeviceAllocationConfiguration(DeviceConfiguration, inline=3, package="k8s.io.api.resource.v1"):
    """Settings for an allocated device, and where they come from."""

    source: Annotated[str, Wire(1), Required(), OneOf(AllocationConfigSource)] = always("")
    requests: Annotated[tuple[str, ...], Wire(2), Atomic()] = ()


class DeviceRequestAllocationResult(Object, package="k8s.io.api.resource.v1"):
    """The device that a request was given."""

    request: Annotated[str, Wire(1), Required()] = always("")
    driver: Annotated[str, Wire(2), Required()] = always("")
    pool: Annotated[str, Wire(3), Required()] = always("")
    device: Annotated[str, Wire(4), Required()] = always("")
    adminAccess: Annotated[bool | None, Wire(5)] = None
    tolerations: Annotated[tuple[DeviceToleration, ...], Wire(6), Atomic()] = ()
    bindingConditions: Annotated[tuple[str, ...], Wire(7), Atomic()] = ()
    bindingFailureConditions: Annotated[tuple[str, ...], Wire(8), Atomic()] = ()
    shareID: Annotated[str | None, Wire(9)] = None
    consumedCapacity: Annotated[Mapping[str, Quantity], Wire(10)] = {}
    skipNodeOperations: Annotated[tuple[str, ...], Wire(11), ListSet()] = ()


class DeviceAllocationResult(Object, package="k8s.io.api.resource.v1"):
    """The devices that were given, and their settings."""

    results: Annotated[tuple[DeviceRequestAllocationResult, ...], Wire(1), Atomic()] = ()
    config: Annotated[tuple[DeviceAllocationConfiguration, ...], Wire(2), Atomic()] = ()


class AllocationResult(Object, package="k8s.io.api.resource.v1"):
    """What a claim was given, and from which nodes it can be used."""

    devices: Annotated[DeviceAllocationResult, Wire(1)] = always(DeviceAllocationResult)
    nodeSelector: Annotated[NodeSelector | None, Wire(3)] = None
    allocationTimestamp: Annotated[Time | None, Wire(5)] = None


class ResourceClaimConsumerReference(Object, package="k8s.io.api.resource.v1"):
    """Who may use the claim."""

    apiGroup: Annotated[str, Wire(1)] = ""
    resource: Annotated[str, Wire(3), Required()] = always("")
    name: Annotated[str, Wire(4), Required()] = always("")
    uid: Annotated[str, Wire(5), Required()] = always("")


class ResourceClaimStatus(Object, package="k8s.io.api.resource.v1"):
    """What a claim was given, and who uses it."""

    allocation: Annotated[AllocationResult | None, Wire(1)] = None
    reservedFor: Annotated[tuple[ResourceClaimConsumerReference, ...], Wire(2), MergeBy("uid"), ListMap("uid")] = ()
    devices: Annotated[tuple[AllocatedDeviceStatus, ...], Wire(4), ListMap("driver", "device", "pool", "shareID")] = ()


class ResourceClaim(Kind, api="resource.k8s.io/v1", package="k8s.io.api.resource.v1"):
    """A claim on devices, for pods to use."""

    spec: Annotated[ResourceClaimSpec, Wire(2)] = always(ResourceClaimSpec)
    status: Annotated[ResourceClaimStatus, Wire(3)] = always(ResourceClaimStatus)


class DeviceClassConfiguration(DeviceConfiguration, inline=1, package="k8s.io.api.resource.v1"):
    """Settings for every device of a class."""


class DeviceClassSpec(Object, package="k8s.io.api.resource.v1"):
    """Which devices belong to a class, and their settings."""

    selectors: Annotated[tuple[DeviceSelector, ...], Wire(1), Atomic()] = ()
    config: Annotated[tuple[DeviceClassConfiguration, ...], Wire(2), Atomic()] = ()
    extendedResourceName: Annotated[str | None, Wire(4)] = None


class DeviceClass(Kind, api="resource.k8s.io/v1", package="k8s.io.api.resource.v1"):
    """A class of devices that claims can ask for."""

    spec: Annotated[DeviceClassSpec, Wire(2)] = always(DeviceClassSpec)


class ResourceClaimTemplateSpec(Object, package="k8s.io.api.resource.v1"):
    """What claims are made from."""

    metadata: Annotated[ObjectMeta, Wire(1)] = always(ObjectMeta)
    spec: Annotated[ResourceClaimSpec, Wire(2)] = always(ResourceClaimSpec)


class ResourceClaimTemplate(Kind, api="resource.k8s.io/v1", package="k8s.io.api.resource.v1"):
    """A template for claims, one for each pod."""

    spec: Annotated[ResourceClaimTemplateSpec, Wire(2)] = always(ResourceClaimTemplateSpec)
