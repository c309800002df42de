"""Volumes whose files come from the API: ConfigMaps, Secrets, facts about the pod, tokens, certificates.

Source: pkg/apis/core/validation: validateProjectionSources and its neighbours; pkg/apis/certificates/validation.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from steersman.api.certificates.signername import validate_signer_name
from steersman.api.core.validation.environment import VOLUME_FIELDS, validate_field_ref, validate_resource_ref
from steersman.api.core.validation.fields import file_mode, local_path, maybe_one_of, within
from steersman.api.core.volume import (
    ClusterTrustBundleProjection,
    ConfigMapProjection,
    ConfigMapVolumeSource,
    DownwardAPIProjection,
    DownwardAPIVolumeFile,
    DownwardAPIVolumeSource,
    KeyToPath,
    PodCertificateProjection,
    ProjectedVolumeSource,
    SecretProjection,
    SecretVolumeSource,
    ServiceAccountTokenProjection,
)
from steersman.api.meta.labelrules import validate_label_selector
from steersman.apimachinery.fielderrors import forbidden_field, invalid_value, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import MAX_ID, dns1123_subdomain
from steersman.apimachinery.status import Cause

KEY_TYPES = ("ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519", "RSA3072", "RSA4096")
MIN_TOKEN_SECONDS, MAX_TOKEN_SECONDS = 600, 2**32
MIN_CERTIFICATE_SECONDS, MAX_CERTIFICATE_SECONDS = 3600, 91 * 86400
KUBERNETES_SIGNER_SECONDS = 86400
TWICE = "conflicting duplicate paths"


def validate_secret_source(source: SecretVolumeSource, path: Path) -> list[Cause]:
    """A Secret's entries as files."""
    faults = [] if source.secretName else [required(path.child("secretName"))]
    return faults + _defaults(source, path) + _items(source.items, path.child("items"))


def validate_config_map_source(source: ConfigMapVolumeSource, path: Path) -> list[Cause]:
    """A ConfigMap's entries as files."""
    faults = [] if source.name else [required(path.child("name"))]
    return faults + _defaults(source, path) + _items(source.items, path.child("items"))


def validate_downward_source(source: DownwardAPIVolumeSource, path: Path) -> list[Cause]:
    """Facts about the pod as files; upstream blames the source for every file."""
    faults = _defaults(source, path)
    for item in source.items:
        faults += _downward_file(item, path)
    return faults


def _defaults(
    source: SecretVolumeSource | ConfigMapVolumeSource | DownwardAPIVolumeSource | ProjectedVolumeSource, path: Path
) -> list[Cause]:
    faults = file_mode(source.defaultMode, path, "defaultMode")
    return faults + _owner(source.defaultUser, path, "defaultUser")


def _owner(user: int | None, path: Path, field: str) -> list[Cause]:
    return [] if user is None else within(user, 0, MAX_ID, path, field)


def _items(items: Sequence[KeyToPath], path: Path) -> list[Cause]:
    faults: list[Cause] = []
    for position, item in enumerate(items):
        where = path.at(position)
        if not item.key:
            faults.append(required(where.child("key")))
        if not item.path:
            faults.append(required(where.child("path")))
        faults += local_path(item.path, where, "path")
        faults += file_mode(item.mode, where, "mode") + _owner(item.user, where, "user")
    return faults


def _downward_file(item: DownwardAPIVolumeFile, path: Path) -> list[Cause]:
    faults = [] if item.path else [required(path.child("path"))]
    faults += local_path(item.path, path, "path")
    if item.fieldRef is not None:
        faults += validate_field_ref(item.fieldRef, VOLUME_FIELDS, path.child("fieldRef"))
        if item.resourceFieldRef is not None:
            why = "fieldRef and resourceFieldRef can not be specified simultaneously"
            faults.append(invalid_value(path, "resource", why))
    elif item.resourceFieldRef is not None:
        faults += validate_resource_ref(item.resourceFieldRef, path.child("resourceFieldRef"), of_volume=True)
    else:
        faults.append(required(path, "one of fieldRef and resourceFieldRef is required"))
    return faults + file_mode(item.mode, path, "mode") + _owner(item.user, path, "user")


def validate_projected_source(source: ProjectedVolumeSource, path: Path) -> list[Cause]:
    """Several sources as files of one directory: no two may write the same file."""
    faults = _defaults(source, path)
    paths: set[str] = set()
    for position, projection in enumerate(source.sources):
        where = path.child("sources").at(position)
        count = 0
        for kind, check in _PROJECTIONS.items():
            part = getattr(projection, kind)
            if part is not None:
                count += 1
                faults += check(part, where.child(kind), _Files(paths, path))
        if count > 1:
            faults.append(forbidden_field(where, "may not specify more than 1 volume type per source"))
    return faults


class _Files:
    """The files of one directory so far, and the volume that a clash is blamed on."""

    __slots__ = ("paths", "volume")

    def __init__(self, paths: set[str], volume: Path) -> None:
        self.paths = paths
        self.volume = volume

    def add(self, text: str, blamed: str) -> list[Cause]:
        if text in self.paths:
            return [invalid_value(self.volume, blamed, TWICE)]
        self.paths.add(text)
        return []


def _keyed(part: SecretProjection | ConfigMapProjection, path: Path, files: _Files) -> list[Cause]:
    faults = [] if part.name else [required(path.child("name"))]
    faults += _items(part.items, path.child("items"))
    for item in part.items:
        faults += files.add(item.path, part.name) if item.path else []
    return faults


def _downward(part: DownwardAPIProjection, path: Path, files: _Files) -> list[Cause]:
    faults: list[Cause] = []
    for item in part.items:
        faults += _downward_file(item, path)
        faults += files.add(item.path, item.path) if item.path else []
    return faults


def _token(part: ServiceAccountTokenProjection, path: Path, files: _Files) -> list[Cause]:
    faults: list[Cause] = []
    seconds = part.expirationSeconds or 0
    where = path.child("expirationSeconds")
    if seconds < MIN_TOKEN_SECONDS:
        faults.append(invalid_value(where, seconds, "may not specify a duration less than 10 minutes"))
    if seconds > MAX_TOKEN_SECONDS:
        faults.append(invalid_value(where, seconds, "may not specify a duration larger than 2^32 seconds"))
    # Upstream blames the volume's path, not the token's.
    where = files.volume.child("path")
    faults += local_path(part.path, where) if part.path else [required(where)]
    return faults + _owner(part.user, path, "user")


def _trust_bundle(part: ClusterTrustBundleProjection, path: Path, files: _Files) -> list[Cause]:
    faults: list[Cause] = []
    if part.name is not None and part.signerName is not None:
        faults.append(invalid_value(path, part, "only one of name and signerName may be used"))
    elif part.name is not None:
        faults += _bundle_name(part.name, path.child("name"))
        if part.labelSelector is not None:
            why = "labelSelector must be unset if name is specified"
            faults.append(invalid_value(path.child("labelSelector"), part.labelSelector, why))
    elif part.signerName is not None:
        if not part.signerName:
            faults.append(required(path.child("signerName"), "must be a valid signer name"))
        faults += validate_signer_name(part.signerName, path.child("signerName"))
        faults += validate_label_selector(part.labelSelector, path.child("labelSelector"))
    else:
        faults.append(required(path, "either name or signerName must be specified"))
    if not part.path:
        faults.append(required(path.child("path")))
    faults += local_path(part.path, path, "path") + files.add(part.path, part.path)
    return faults + _owner(part.user, path, "user")


def _bundle_name(name: str, path: Path) -> list[Cause]:
    """`domain:path:name` of a signer's bundle, or a plain name."""
    faults = [] if name else [required(path, "must be a valid object name")]
    plain = name.rpartition(":")[2]
    errors = dns1123_subdomain(plain)
    return faults + [invalid_value(path, name, f"not a valid clustertrustbundlename: {error}") for error in errors]


def _certificate(part: PodCertificateProjection, path: Path, files: _Files) -> list[Cause]:
    faults = validate_signer_name(part.signerName, path.child("signerName"))
    faults += maybe_one_of(part.keyType, KEY_TYPES, path, "keyType")
    seconds, where = part.maxExpirationSeconds, path.child("maxExpirationSeconds")
    if seconds is not None:
        is_own = part.signerName.startswith("kubernetes.io/")
        most = KUBERNETES_SIGNER_SECONDS if is_own else MAX_CERTIFICATE_SECONDS
        if seconds < MIN_CERTIFICATE_SECONDS:
            why = f"if provided, maxExpirationSeconds must be >= {MIN_CERTIFICATE_SECONDS}"
            faults.append(invalid_value(where, seconds, why))
        elif seconds > most:
            faults.append(invalid_value(where, seconds, f"if provided, maxExpirationSeconds must be <= {most}"))
    count = 0
    for field in ("credentialBundlePath", "keyPath", "certificateChainPath"):
        text = getattr(part, field)
        if text:
            count += 1
            faults += local_path(text, path, field) + files.add(text, text)
    if not count:
        why = "specify at least one of credentialBundlePath, keyPath, and certificateChainPath"
        faults.append(required(path, why))
    return faults + _owner(part.user, path, "user")


_PROJECTIONS: Mapping[str, Callable[[Any, Path, _Files], list[Cause]]] = {
    "secret": _keyed,
    "configMap": _keyed,
    "downwardAPI": _downward,
    "serviceAccountToken": _token,
    "clusterTrustBundle": _trust_bundle,
    "podCertificate": _certificate,
}
