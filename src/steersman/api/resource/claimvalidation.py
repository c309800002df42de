"""What makes a claim on devices, a template of claims or a class of devices wrong, in upstream's words.

Source: pkg/apis/resource/validation/validation.go.
"""

from collections.abc import Iterable, Mapping, Sequence

from steersman.api.meta.fieldrules import immutable
from steersman.api.meta.labelrules import validate_annotations, validate_labels
from steersman.api.resource.claim import (
    DeviceClaim,
    DeviceClaimConfiguration,
    DeviceClass,
    DeviceClassConfiguration,
    DeviceConstraint,
    DeviceRequest,
    DeviceSubRequest,
    ExactDeviceRequest,
    ResourceClaim,
    ResourceClaimTemplate,
)
from steersman.api.resource.configuration import configuration_faults
from steersman.api.resource.expressions import selector_faults
from steersman.api.resource.limits import (
    MAX_CONFIGS,
    MAX_CONSTRAINTS,
    MAX_FIRST_AVAILABLE,
    MAX_REQUESTS,
    each_fault,
    set_faults,
)
from steersman.api.resource.names import extended_resource_faults, full_attribute_name_faults, label_faults
from steersman.api.resource.tolerations import toleration_faults
from steersman.apimachinery.fielderrors import invalid_value, invalid_values, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_subdomain
from steersman.apimachinery.status import Cause

SPEC = Path("spec")
MODES = ("All", "ExactCount")
ONE_OF_THEM = "exactly one of `exactly` or `firstAvailable` is required"
NOT_A_REQUEST = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
# Upstream says this of none, too.
ONE_ATTRIBUTE = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'

# Requests by name, each with the names of its alternatives.
RequestNames = Mapping[str, frozenset[str]]


def validate_claim(claim: ResourceClaim) -> list[Cause]:
    """A new claim."""
    return _claim_faults(claim.spec.devices, SPEC.child("devices"))


def validate_claim_update(claim: ResourceClaim, old: ResourceClaim) -> list[Cause]:
    """A changed claim: its spec stays."""
    return immutable(claim.spec, old.spec, SPEC)


def validate_template(template: ResourceClaimTemplate) -> list[Cause]:
    """A new template of claims."""
    meta, path = template.spec.metadata, SPEC.child("metadata")
    faults = validate_annotations(meta.annotations, path.child("annotations"))
    faults += validate_labels(meta.labels, path.child("labels"))
    return faults + _claim_faults(template.spec.spec.devices, SPEC.child("spec", "devices"))


def validate_template_update(template: ResourceClaimTemplate, old: ResourceClaimTemplate) -> list[Cause]:
    """A changed template: its spec stays."""
    return immutable(template.spec, old.spec, SPEC)


def validate_class(device_class: DeviceClass, old: DeviceClass | None = None) -> list[Cause]:
    """A class of devices, new or changed. Selectors and settings that stay as they were are taken as they are."""
    spec, before = device_class.spec, None if old is None else old.spec
    has_stored_config = before is not None and before.config == spec.config
    is_stored = before is not None and before.selectors == spec.selectors
    faults = selector_faults(spec.selectors, SPEC.child("selectors"), is_stored=is_stored)

    def check(config: DeviceClassConfiguration, where: Path) -> Iterable[Cause]:
        return configuration_faults(config, where, is_stored=has_stored_config)

    faults += each_fault(spec.config, MAX_CONFIGS, check, SPEC.child("config"))
    if spec.extendedResourceName is not None:
        faults += extended_resource_faults(spec.extendedResourceName, SPEC.child("extendedResourceName"))
    return faults


def request_names(claim: DeviceClaim) -> RequestNames:
    """The names that the rest of a claim may refer to."""
    return {one.name: frozenset(sub.name for sub in one.firstAvailable) for one in claim.requests}


def request_ref_faults(name: str, path: Path, names: RequestNames) -> list[Cause]:
    """A request of the claim, or one of its alternatives."""
    request, *alternatives = name.split("/")
    if len(alternatives) > 1:
        return [invalid_value(path, name, NOT_A_REQUEST)]
    faults = [fault for part in (request, *alternatives) for fault in label_faults(part, path)]
    if request not in names or not names[request].issuperset(alternatives):
        faults.append(invalid_value(path, name, NOT_A_REQUEST))
    return faults


def request_refs_faults(refs: Sequence[str], path: Path, names: RequestNames) -> list[Cause]:
    """Requests of the claim, each once."""
    return set_faults(refs, MAX_REQUESTS, lambda ref, where: request_ref_faults(ref, where, names), path, str)


def _claim_faults(claim: DeviceClaim, path: Path) -> list[Cause]:
    names = request_names(claim)

    def check_constraint(constraint: DeviceConstraint, where: Path) -> Iterable[Cause]:
        return _constraint_faults(constraint, where, names)

    def check_config(config: DeviceClaimConfiguration, where: Path) -> Iterable[Cause]:
        refs = request_refs_faults(config.requests, where.child("requests"), names)
        return refs + configuration_faults(config, where)

    faults = set_faults(claim.requests, MAX_REQUESTS, _request_faults, path.child("requests"), lambda one: one.name)
    faults += each_fault(claim.constraints, MAX_CONSTRAINTS, check_constraint, path.child("constraints"))
    return faults + each_fault(claim.config, MAX_CONFIGS, check_config, path.child("config"))


def _request_faults(request: DeviceRequest, path: Path) -> Iterable[Cause]:
    yield from label_faults(request.name, path.child("name"))
    first, exactly = request.firstAvailable, request.exactly
    if exactly is not None and first:
        yield invalid_value(path, None, f"{ONE_OF_THEM}, but multiple fields are set")
    elif exactly is not None:
        yield from _devices_faults(exactly, path.child("exactly"))
    elif first:
        where = path.child("firstAvailable")
        yield from set_faults(first, MAX_FIRST_AVAILABLE, _alternative_faults, where, lambda one: one.name)
    else:
        yield required(path, ONE_OF_THEM)


def _alternative_faults(request: DeviceSubRequest, path: Path) -> Iterable[Cause]:
    yield from label_faults(request.name, path.child("name"))
    yield from _devices_faults(request, path)


def _devices_faults(request: ExactDeviceRequest | DeviceSubRequest, path: Path) -> Iterable[Cause]:
    name, where = request.deviceClassName, path.child("deviceClassName")
    yield from invalid_values(where, name, dns1123_subdomain(name)) if name else [required(where)]
    yield from selector_faults(request.selectors, path.child("selectors"))
    match request.allocationMode:
        case "All":
            if request.count:
                why = "must not be specified when allocationMode is 'All'"
                yield invalid_value(path.child("count"), request.count, why)
        case "ExactCount":
            if request.count <= 0:
                yield invalid_value(path.child("count"), request.count, "must be greater than zero")
        case other:
            yield not_supported(path.child("allocationMode"), other, MODES)
    yield from each_fault(request.tolerations, None, toleration_faults, path.child("tolerations"))


def _constraint_faults(constraint: DeviceConstraint, path: Path, names: RequestNames) -> Iterable[Cause]:
    yield from request_refs_faults(constraint.requests, path.child("requests"), names)
    for field in ("matchAttribute", "distinctAttribute"):
        if (attribute := getattr(constraint, field)) is not None:
            yield from full_attribute_name_faults(attribute, path.child(field))
            return
    yield required(path, ONE_ATTRIBUTE)
