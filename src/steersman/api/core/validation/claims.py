"""What makes a claim of storage wrong, and what may change of one.

Source: pkg/apis/core/validation: ValidatePersistentVolumeClaim, ...Update, ...StatusUpdate.
"""

from collections.abc import Collection, Sequence

from steersman.api.core.persistentvolumeclaim import (
    ClaimResourceStatus,
    PersistentVolumeClaim,
    PersistentVolumeClaimSpec,
    PersistentVolumeMode,
)
from steersman.api.core.reference import TypedLocalObjectReference, TypedObjectReference
from steersman.api.core.resourcenames import is_native
from steersman.api.core.validation.fields import NOT_POSITIVE, checked, immutable, maybe_one_of
from steersman.api.core.validation.resources import validate_amount
from steersman.api.meta.labelrules import validate_label_selector
from steersman.apimachinery.fielderrors import forbidden_field, invalid_value, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_label, dns1123_subdomain, qualified_name
from steersman.apimachinery.object import replace
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.status import Cause

SPEC = Path("spec")
STATUS = Path("status")
ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
VOLUME_MODES = tuple(sorted(PersistentVolumeMode))
RESIZE_STATUSES = tuple(sorted(ClaimResourceStatus))
CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
_STORAGE = "storage"
_IMMUTABLE = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
_CLASS_PATH = SPEC.child("volumeAttributesClassName")


def validate_claim(claim: PersistentVolumeClaim, old: PersistentVolumeClaim | None = None) -> list[Cause]:
    """A new claim, or one as it is after a change."""
    stored = old.spec if old is not None else None
    return validate_claim_spec(claim.spec, SPEC, stored)


def validate_claim_spec(
    spec: PersistentVolumeClaimSpec, path: Path, old: PersistentVolumeClaimSpec | None = None
) -> list[Cause]:
    """How much is wanted and how it will be used. Of what is stored, a wrong selector or group stays."""
    faults = validate_access_modes(spec.accessModes, path, "at least 1 access mode is required")
    if spec.selector is not None and (old is None or spec.selector != old.selector):
        faults += validate_label_selector(spec.selector, path.child("selector"))
    wanted, where = spec.resources.requests.get(_STORAGE), path.child("resources").key(_STORAGE)
    faults += [required(where)] if wanted is None else validate_size(wanted, where)
    if spec.storageClassName:
        faults += checked(spec.storageClassName, dns1123_subdomain, path, "storageClassName")
    faults += maybe_one_of(spec.volumeMode, VOLUME_MODES, path, "volumeMode")
    faults += _sources(spec, path, may_have_any_group=old is not None and _names_group(old))
    if spec.volumeAttributesClassName:
        faults += checked(spec.volumeAttributesClassName, dns1123_subdomain, path, "volumeAttributesClassName")
    return faults


def validate_access_modes(modes: Sequence[str], path: Path, why: str = "") -> list[Cause]:
    """At least one; the one for a single pod stands alone."""
    where = path.child("accessModes")
    faults = [] if modes else [required(where, why)]
    faults += [not_supported(where, mode, ACCESS_MODES) for mode in modes if mode not in ACCESS_MODES]
    if "ReadWriteOncePod" in modes and any(mode in ACCESS_MODES and mode != "ReadWriteOncePod" for mode in modes):
        faults.append(forbidden_field(where, "may not use ReadWriteOncePod with other access modes"))
    return faults


def validate_size(size: Quantity, path: Path) -> list[Cause]:
    """More than nothing, and whole."""
    if size.value <= 0:
        return [invalid_value(path, str(size), NOT_POSITIVE)]
    return validate_amount(_STORAGE, size, path)


def _sources(spec: PersistentVolumeClaimSpec, path: Path, *, may_have_any_group: bool) -> list[Cause]:
    """What a claim's volume begins with; both fields say the same."""
    faults: list[Cause] = []
    source, ref = spec.dataSource, spec.dataSourceRef
    if source is not None:
        faults += _source(source, path.child("dataSource"), may_have_any_group=may_have_any_group)
    if ref is None:
        return faults
    where = path.child("dataSourceRef")
    faults += _source(ref, where, may_have_any_group=may_have_any_group)
    if ref.namespace:
        faults += checked(ref.namespace, dns1123_label, where, "namespace")
    if source is None:
        return faults
    if ref.namespace:
        why = "may not be specified when dataSourceRef.namespace is specified"
        faults.append(invalid_value(path, path.child("dataSource"), why))
    elif (source.apiGroup, source.kind, source.name) != (ref.apiGroup, ref.kind, ref.name):
        faults.append(invalid_value(path, path.child("dataSource"), "must match dataSourceRef"))
    return faults


def _source(
    source: TypedLocalObjectReference | TypedObjectReference, path: Path, *, may_have_any_group: bool
) -> list[Cause]:
    faults = [required(path.child(field)) for field in ("name", "kind") if not getattr(source, field)]
    if not source.apiGroup and source.kind != "PersistentVolumeClaim":
        why = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
        faults.append(invalid_value(path, source.kind, why))
    if source.apiGroup and not may_have_any_group:
        faults += checked(source.apiGroup, dns1123_subdomain, path, "apiGroup")
    return faults


def _names_group(spec: PersistentVolumeClaimSpec) -> bool:
    return any(one is not None and one.apiGroup is not None for one in (spec.dataSource, spec.dataSourceRef))


def validate_claim_update(claim: PersistentVolumeClaim, old: PersistentVolumeClaim) -> list[Cause]:
    """A claim gets its volume and its class once; bound, it may grow."""
    faults = validate_claim(claim, old)
    new, was = claim.spec, old.spec
    annotations, before = claim.metadata.annotations, old.metadata.annotations
    compared = replace(new, volumeAttributesClassName=was.volumeAttributesClassName)
    if not was.volumeName:
        compared = replace(compared, volumeName="")
    if _class_moves_from_annotation(claim, old) or _class_is_set(claim, old):
        compared = replace(compared, storageClassName=was.storageClassName)
    if not _class_moves_from_annotation(claim, old):
        faults += immutable(
            annotations.get(CLASS_ANNOTATION, ""),
            before.get(CLASS_ANNOTATION, ""),
            Path("metadata").child("annotations").key(CLASS_ANNOTATION),
        )
    if claim.status.phase == "Bound" and compared.resources.requests:
        stored = {_STORAGE: was.resources.requests[_STORAGE]} if _STORAGE in was.resources.requests else {}
        others = {name: amount for name, amount in compared.resources.requests.items() if name != _STORAGE}
        compared = replace(compared, resources=replace(compared.resources, requests={**others, **stored}))
    if compared != was:
        faults.append(forbidden_field(SPEC, _IMMUTABLE))
    faults += _shrinking(claim, old)
    faults += immutable(new.volumeMode, was.volumeMode, Path("volumeMode"))
    if was.volumeAttributesClassName is not None and not new.volumeAttributesClassName:
        to = "nil" if new.volumeAttributesClassName is None else "an empty string"
        faults.append(forbidden_field(_CLASS_PATH, f"update from non-nil value to {to} is forbidden"))
    return faults


def _shrinking(claim: PersistentVolumeClaim, old: PersistentVolumeClaim) -> list[Cause]:
    """A claim that didn't grow as it should may ask for less again, but for more than there is."""
    nothing = Quantity(0)
    new, was = (one.spec.resources.requests.get(_STORAGE, nothing) for one in (claim, old))
    if new.value >= was.value or new.value > old.status.capacity.get(_STORAGE, nothing).value:
        return []
    where = SPEC.child("resources", "requests", "storage")
    return [forbidden_field(where, "field can not be less than status.capacity")]


def _class_moves_from_annotation(claim: PersistentVolumeClaim, old: PersistentVolumeClaim) -> bool:
    before = old.metadata.annotations.get(CLASS_ANNOTATION)
    return (
        before is not None
        and old.spec.storageClassName is None
        and claim.spec.storageClassName == before
        and claim.metadata.annotations.get(CLASS_ANNOTATION, before) == before
    )


def _class_is_set(claim: PersistentVolumeClaim, old: PersistentVolumeClaim) -> bool:
    given = claim.spec.storageClassName
    if given is None or old.spec.storageClassName is not None:
        return False
    return old.metadata.annotations.get(CLASS_ANNOTATION, given) == given


def validate_claim_status(claim: PersistentVolumeClaim) -> list[Cause]:
    """How large the volume is and how far its growing has come."""
    status = claim.status
    faults = [] if claim.spec.accessModes else [required(Path("Spec").child("accessModes"))]
    for name, amount in status.capacity.items():
        faults += _not_negative(amount, STATUS.child("capacity").key(name))
    where = STATUS.child("allocatedResourceStatus")
    for name, progress in status.allocatedResourceStatuses.items():
        faults += _resource(name, where)
        if progress not in RESIZE_STATUSES:
            faults.append(not_supported(where, name, RESIZE_STATUSES))
    where = STATUS.child("allocatedResources")
    for name, amount in status.allocatedResources.items():
        faults += (
            _resource(name, where)
            or _not_negative(amount, where.key(name))
            or validate_amount(_STORAGE, amount, where.key(name))
        )
    return faults


def _not_negative(amount: Quantity, path: Path) -> list[Cause]:
    return [invalid_value(path, amount.int_value(), "must be a valid resource quantity")] if amount.value < 0 else []


def _resource(name: str, path: Path, known: Collection[str] = (_STORAGE,)) -> list[Cause]:
    if faults := checked(name, qualified_name, path):
        return faults
    return [not_supported(path, name, tuple(known))] if is_native(name) and name not in known else []
