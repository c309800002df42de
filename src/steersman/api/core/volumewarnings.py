"""What the author of a volume or a claim is warned of.

Source: pkg/api/persistentvolume/util.go, pkg/api/persistentvolumeclaim/util.go.
"""

from collections.abc import Iterator, Mapping

from steersman.api.core.persistentvolume import PersistentVolume
from steersman.api.core.persistentvolumeclaim import PersistentVolumeClaim
from steersman.api.core.podwarnings import DEPRECATED_SOURCES, fraction_warnings, node_term_warnings
from steersman.api.core.validation.claims import CLASS_ANNOTATION
from steersman.apimachinery.fieldpath import Path

SPEC = Path("spec")
_ANNOTATIONS = Path("metadata.annotations")
_CLASS = 'deprecated since v1.8; use "storageClassName" attribute instead'
_OPTIONS_ANNOTATION = "volume.beta.kubernetes.io/mount-options"
_OPTIONS = 'deprecated since v1.31; use "mountOptions" attribute instead'
_RECYCLE = "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning."


def claim_warnings(claim: PersistentVolumeClaim) -> list[str]:
    """An old annotation, and bytes that aren't whole."""
    resources = claim.spec.resources
    return [
        *_old_annotations(claim.metadata.annotations, {CLASS_ANNOTATION: _CLASS}),
        *fraction_warnings(resources.requests, SPEC, "resources.requests", ("storage",)),
        *fraction_warnings(resources.limits, SPEC, "resources.limits", ("storage",)),
    ]


def persistent_volume_warnings(volume: PersistentVolume) -> list[str]:
    """Old annotations, labels and sources."""
    spec = volume.spec
    said = list(
        _old_annotations(volume.metadata.annotations, {CLASS_ANNOTATION: _CLASS, _OPTIONS_ANNOTATION: _OPTIONS})
    )
    must = spec.nodeAffinity.required if spec.nodeAffinity is not None else None
    where = SPEC.child("nodeAffinity", "required", "nodeSelectorTerms")
    for position, term in enumerate(must.nodeSelectorTerms if must is not None else ()):
        said += node_term_warnings(term, where.at(position))
    if spec.persistentVolumeReclaimPolicy == "Recycle":
        said.append(f"{SPEC.child('persistentVolumeReclaimPolicy')}: {_RECYCLE}")
    for field, why in DEPRECATED_SOURCES.items():
        # Only pods clone repositories.
        if field != "gitRepo" and getattr(spec, field) is not None:
            said.append(f"{SPEC.child(field)}: {why}")
    return said


def _old_annotations(annotations: Mapping[str, str], old: Mapping[str, str]) -> Iterator[str]:
    return (f"{_ANNOTATIONS.key(key)}: {why}" for key, why in old.items() if key in annotations)
