"""What makes a storage driver, what nodes know of drivers, or a capacity wrong, new or changed, in upstream's words.

Source: pkg/apis/storage/validation/validation.go.
"""

from collections.abc import Iterable, Sequence

from steersman.api.core.nodelabels import selector_warnings
from steersman.api.meta.fieldrules import driver_name, immutable, not_negative
from steersman.api.meta.labelrules import validate_label_selector
from steersman.api.storage.csi import CSIDriver, CSIDriverSpec, CSINode, CSINodeDriver, CSIStorageCapacity, TokenRequest
from steersman.apimachinery.fielderrors import duplicate, invalid_value, invalid_values, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_subdomain, qualified_name
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Cause

SPEC = Path("spec")
GROUP_POLICIES = ("File", "None", "ReadWriteOnceWithFSType")
LIFECYCLE_MODES = ("Persistent", "Ephemeral")
MIN_TOKEN_SECONDS, MAX_TOKEN_SECONDS = 600, 2**32
MIN_UPDATE_SECONDS = 10
MAX_NODE_ID = 256


def validate_csi_driver(driver: CSIDriver) -> list[Cause]:
    """A new driver."""
    return [*_driver_faults(driver.spec)]


def validate_csi_driver_update(driver: CSIDriver, old: CSIDriver) -> list[Cause]:
    """A changed driver: whether it attaches volumes, and which kinds of volumes it has, stays."""
    faults = validate_csi_driver(driver)
    new, before = driver.spec, old.spec
    # Upstream misspells this path.
    faults += immutable(new.attachRequired, before.attachRequired, SPEC.child("attachedRequired"))
    where = SPEC.child("volumeLifecycleModes")
    return faults + immutable(new.volumeLifecycleModes, before.volumeLifecycleModes, where)


def _driver_faults(spec: CSIDriverSpec) -> Iterable[Cause]:
    policy, period = spec.fsGroupPolicy, spec.nodeAllocatableUpdatePeriodSeconds
    if policy is not None and policy not in GROUP_POLICIES:
        yield not_supported(SPEC.child("fsGroupPolicy"), policy, GROUP_POLICIES)
    yield from _token_faults(spec.tokenRequests, SPEC.child("tokenRequests"))
    for mode in spec.volumeLifecycleModes:
        if mode not in LIFECYCLE_MODES:
            yield not_supported(SPEC.child("volumeLifecycleModes"), mode, LIFECYCLE_MODES)
    if period is not None and period < MIN_UPDATE_SECONDS:
        why = f"must be greater than or equal to {MIN_UPDATE_SECONDS} seconds"
        yield invalid_value(SPEC.child("nodeAllocatableUpdatePeriodSeconds"), period, why)
    in_secrets = spec.serviceAccountTokenInSecrets
    if in_secrets is not None and not spec.tokenRequests:
        why = "serviceAccountTokenInSecrets is set but no tokenRequests are specified"
        yield invalid_value(SPEC.child("serviceAccountTokenInSecrets"), in_secrets, why)


def _token_faults(requests: Sequence[TokenRequest], path: Path) -> Iterable[Cause]:
    seen: set[str] = set()
    for position, request in enumerate(requests):
        where, seconds = path.at(position), request.expirationSeconds
        if request.audience in seen:
            yield duplicate(where.child("audience"), request.audience)
            continue
        seen.add(request.audience)
        if seconds is not None and seconds < MIN_TOKEN_SECONDS:
            why = "may not specify a duration less than 10 minutes"
            yield invalid_value(where.child("expirationSeconds"), seconds, why)
        if seconds is not None and seconds > MAX_TOKEN_SECONDS:
            why = "may not specify a duration larger than 2^32 seconds"
            yield invalid_value(where.child("expirationSeconds"), seconds, why)


def validate_csi_node(node: CSINode) -> list[Cause]:
    """What a node knows of its drivers, when it is new."""
    faults: list[Cause] = []
    seen: set[str] = set()
    for position, driver in enumerate(node.spec.drivers):
        where = SPEC.child("drivers").at(position)
        faults += _node_driver_faults(driver, where)
        if driver.name in seen:
            faults.append(duplicate(where.child("name"), driver.name))
        seen.add(driver.name)
    return faults


def validate_csi_node_update(node: CSINode, old: CSINode) -> list[Cause]:
    """Drivers come and go; of one that stays only the number of volumes changes."""
    faults = validate_csi_node(node)
    before = {driver.name: driver for driver in old.spec.drivers}
    for driver in node.spec.drivers:
        if (known := before.get(driver.name)) is not None:
            kept, was = replace(driver, allocatable=None), replace(known, allocatable=None)
            faults += immutable(kept, was, SPEC.child("drivers"))
    return faults


def _node_driver_faults(driver: CSINodeDriver, path: Path) -> Iterable[Cause]:
    yield from driver_name(driver.name, path.child("name"))
    if not driver.nodeID:
        yield required(path.child("nodeID"))
    if len(driver.nodeID.encode()) > MAX_NODE_ID:
        yield invalid_value(path.child("nodeID"), driver.nodeID, f"must be {MAX_NODE_ID} characters or less")
    if driver.allocatable is not None:
        yield from not_negative(driver.allocatable.count, path.child("allocatable", "count"))
    for position, key in enumerate(driver.topologyKeys):
        if not key:
            yield required(path)
        if key in driver.topologyKeys[:position]:
            yield duplicate(path, key)
        yield from invalid_values(path, key, qualified_name(key))


def validate_capacity(capacity: CSIStorageCapacity, *, checks_values: bool = True) -> list[Cause]:
    """A new capacity."""
    faults = validate_label_selector(capacity.nodeTopology, Path("nodeTopology"), checks_values=checks_values)
    name = capacity.storageClassName
    faults += invalid_values(Path("storageClassName"), name, dns1123_subdomain(name))
    if capacity.capacity is not None and capacity.capacity.value < 0:
        why = "must be greater than or equal to 0"
        faults.append(invalid_value(Path("capacity"), str(capacity.capacity), why))
    return faults


def validate_capacity_update(capacity: CSIStorageCapacity, old: CSIStorageCapacity) -> list[Cause]:
    """A changed capacity: what it is of, and where, stays. A selector that was stored wrong may stay."""
    has_wrong_values = bool(validate_label_selector(old.nodeTopology, Path("nodeTopology")))
    faults = validate_capacity(capacity, checks_values=not has_wrong_values)
    for name in ("nodeTopology", "storageClassName"):
        faults += immutable(getattr(capacity, name), getattr(old, name), Path(name))
    return faults


def capacity_warnings(capacity: CSIStorageCapacity) -> list[str]:
    """Old names of nodes' labels."""
    return selector_warnings(capacity.nodeTopology, Path("nodeTopology"))
