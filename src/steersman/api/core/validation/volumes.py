"""A pod's volumes: unique names, and one source each.

Source: pkg/apis/core/validation: ValidateVolumes, validateVolumeSource.
"""

from collections.abc import Mapping, Sequence

from steersman.api.core.validation.claims import validate_claim_spec
from steersman.api.core.validation.fields import validate_label
from steersman.api.core.validation.volumesources import SOURCES
from steersman.api.core.volume import EphemeralVolumeSource, Volume
from steersman.api.meta import ObjectMeta
from steersman.api.meta.labelrules import validate_annotations, validate_labels
from steersman.apimachinery.fielderrors import duplicate, forbidden_field, invalid_value, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_subdomain
from steersman.apimachinery.status import Cause

# Where upstream's paths have another name than the field.
_CHECKED_AS: Mapping[str, str] = {"gcePersistentDisk": "persistentDisk"}
_REFUSED_AS: Mapping[str, str] = {"cephfs": "cephFS", "downwardAPI": "downwarAPI"}
_MAX_ISCSI_NAME = 64


def validate_volumes(volumes: Sequence[Volume], pod_name: str, path: Path) -> tuple[Mapping[str, Volume], list[Cause]]:
    """The volumes that are right, by name, and what is wrong with the others. pod_name: empty in templates."""
    faults: list[Cause] = []
    right: dict[str, Volume] = {}
    made = {f"{pod_name}-{volume.name}" for volume in volumes if volume.ephemeral is not None} if pod_name else set()
    for position, volume in enumerate(volumes):
        where = path.at(position)
        own = _source(volume, pod_name, where) + validate_label(volume.name, where, "name")
        if volume.name in right:
            own.append(duplicate(where.child("name"), volume.name))
        if not own:
            right[volume.name] = volume
        faults += own
        claim = volume.persistentVolumeClaim
        if claim is not None and claim.claimName in made:
            why = "must not reference a PVC that gets created for an ephemeral volume"
            faults.append(invalid_value(where.child("persistentVolumeClaim", "claimName"), claim.claimName, why))
    return right, faults


def _source(volume: Volume, pod_name: str, path: Path) -> list[Cause]:
    faults: list[Cause] = []
    found = False
    for name, check in SOURCES.items():
        source = getattr(volume, name)
        if source is None:
            continue
        if found:
            where = path.child(_REFUSED_AS.get(name, name))
            faults.append(forbidden_field(where, "may not specify more than 1 volume type"))
        else:
            faults += check(source, path.child(_CHECKED_AS.get(name, name)))
        found = True
    if volume.ephemeral is not None:
        if found:
            faults.append(forbidden_field(path.child("ephemeral"), "may not specify more than 1 volume type"))
        else:
            faults += _ephemeral(volume.ephemeral, volume.name, pod_name, path)
    elif not found:
        faults.append(required(path, "must specify a volume type"))
    if volume.iscsi is not None and volume.iscsi.initiatorName is not None:
        faults += _iscsi_name(volume.name, volume.iscsi.targetPortal, path.child("name"))
    return faults


def _iscsi_name(name: str, portal: str, path: Path) -> list[Cause]:
    if len(f"{name}:{portal}") <= _MAX_ISCSI_NAME:
        return []
    why = (
        "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters "
        "if iscsi.initiatorName is specified."
    )
    return [invalid_value(path, name, why)]


def _ephemeral(source: EphemeralVolumeSource, name: str, pod_name: str, path: Path) -> list[Cause]:
    """The claim's template; the claim is named after pod and volume, which must make a name."""
    template, where = source.volumeClaimTemplate, path.child("ephemeral", "volumeClaimTemplate")
    if template is None:
        return [required(where)]
    faults = _template_metadata(template.metadata, where.child("metadata"))
    faults += validate_claim_spec(template.spec, where.child("spec"))
    if pod_name and name:
        claim = f"{pod_name}-{name}"
        for error in dns1123_subdomain(claim):
            faults.append(invalid_value(path.child("name"), name, f'PVC name "{claim}": {error}'))
    return faults


def _template_metadata(meta: ObjectMeta, path: Path) -> list[Cause]:
    faults = validate_annotations(meta.annotations, path.child("annotations"))
    faults += validate_labels(meta.labels, path.child("labels"))
    empty = ObjectMeta()
    for field in meta.__struct_fields__:
        if field not in ("annotations", "labels") and getattr(meta, field) != getattr(empty, field):
            faults.append(forbidden_field(path.child(field), "cannot be set"))
    return faults
