"""What upstream fills in where a volume left something out.

Source: pkg/apis/core/v1/defaults.go: SetDefaults_Volume and those of the sources.
"""

from collections.abc import Callable, Mapping
from typing import Any

from steersman.api.core.imagenames import default_image_pull_policy
from steersman.api.core.persistentvolume import PersistentVolume
from steersman.api.core.persistentvolumeclaim import PersistentVolumeClaim, PersistentVolumeClaimSpec
from steersman.api.core.reference import ObjectFieldSelector, TypedLocalObjectReference, TypedObjectReference
from steersman.api.core.volume import (
    AzureDiskVolumeSource,
    ConfigMapVolumeSource,
    DownwardAPIVolumeFile,
    DownwardAPIVolumeSource,
    EmptyDirVolumeSource,
    EphemeralVolumeSource,
    HostPathVolumeSource,
    ImageVolumeSource,
    ProjectedVolumeSource,
    SecretVolumeSource,
    Volume,
    VolumeProjection,
)
from steersman.apimachinery.object import replace

FILE_MODE = 0o644
TOKEN_SECONDS, CERTIFICATE_SECONDS = 3600, 86400
Files = ConfigMapVolumeSource | SecretVolumeSource


def default_volume(volume: Volume) -> Volume:
    """Modes and versions; a volume without any source is an emptyDir."""
    changes: dict[str, Any] = {}
    found = False
    for name in volume.__struct_fields__:
        if name == "name":
            continue
        source = getattr(volume, name)
        if source is None:
            continue
        found = True
        default = _SOURCES.get(name)
        if default is not None:
            changes[name] = default(source)
    if not found:
        return replace(volume, emptyDir=EmptyDirVolumeSource())
    return replace(volume, **changes) if changes else volume


def default_claim(claim: PersistentVolumeClaim) -> PersistentVolumeClaim:
    """A file system; it waits. So do the templates in a StatefulSet."""
    spec, status = claim.spec, claim.status
    if spec.volumeMode is None:
        spec = replace(spec, volumeMode="Filesystem")
    if not status.phase:
        status = replace(status, phase="Pending")
    return replace(claim, spec=spec, status=status)


def with_both_sources(spec: PersistentVolumeClaimSpec) -> PersistentVolumeClaimSpec:
    """Source: pkg/api/persistentvolumeclaim: NormalizeDataSources."""
    source, ref = spec.dataSource, spec.dataSourceRef
    if source is not None and ref is None:
        return replace(
            spec, dataSourceRef=TypedObjectReference(apiGroup=source.apiGroup, kind=source.kind, name=source.name)
        )
    if ref is not None and source is None and not ref.namespace:
        return replace(spec, dataSource=TypedLocalObjectReference(apiGroup=ref.apiGroup, kind=ref.kind, name=ref.name))
    return spec


def default_persistent_volume(volume: PersistentVolume) -> PersistentVolume:
    """Kept when it is released, a file system."""
    spec = volume.spec
    host_path, disk = spec.hostPath, spec.azureDisk
    return replace(
        volume,
        spec=replace(
            spec,
            persistentVolumeReclaimPolicy=spec.persistentVolumeReclaimPolicy or "Retain",
            volumeMode="Filesystem" if spec.volumeMode is None else spec.volumeMode,
            hostPath=None if host_path is None else _host_path(host_path),
            azureDisk=None if disk is None else _azure_disk(disk),
        ),
    )


def default_field_ref(ref: ObjectFieldSelector) -> ObjectFieldSelector:
    """A field of the pod is one of v1."""
    return ref if ref.apiVersion else replace(ref, apiVersion="v1")


def _host_path(source: HostPathVolumeSource) -> HostPathVolumeSource:
    return replace(source, type="") if source.type is None else source


def _files(source: Files) -> Files:
    return replace(source, defaultMode=FILE_MODE) if source.defaultMode is None else source


def _downward(source: DownwardAPIVolumeSource) -> DownwardAPIVolumeSource:
    mode = FILE_MODE if source.defaultMode is None else source.defaultMode
    return replace(source, defaultMode=mode, items=tuple(map(_downward_file, source.items)))


def _downward_file(item: DownwardAPIVolumeFile) -> DownwardAPIVolumeFile:
    if item.fieldRef is None or item.fieldRef.apiVersion:
        return item
    return replace(item, fieldRef=default_field_ref(item.fieldRef))


def _azure_disk(source: AzureDiskVolumeSource) -> AzureDiskVolumeSource:
    return replace(
        source,
        cachingMode="ReadWrite" if source.cachingMode is None else source.cachingMode,
        kind="Shared" if source.kind is None else source.kind,
        fsType="ext4" if source.fsType is None else source.fsType,
        readOnly=False if source.readOnly is None else source.readOnly,
    )


def _image(source: ImageVolumeSource) -> ImageVolumeSource:
    return source if source.pullPolicy else replace(source, pullPolicy=default_image_pull_policy(source.reference))


def _ephemeral(source: EphemeralVolumeSource) -> EphemeralVolumeSource:
    template = source.volumeClaimTemplate
    if template is None or template.spec.volumeMode is not None:
        return source
    spec = replace(template.spec, volumeMode="Filesystem")
    return replace(source, volumeClaimTemplate=replace(template, spec=spec))


def _projected(projected: ProjectedVolumeSource) -> ProjectedVolumeSource:
    mode = FILE_MODE if projected.defaultMode is None else projected.defaultMode
    return replace(projected, defaultMode=mode, sources=tuple(map(_projection, projected.sources)))


def _projection(source: VolumeProjection) -> VolumeProjection:
    token, certificate, downward = source.serviceAccountToken, source.podCertificate, source.downwardAPI
    if token is not None and token.expirationSeconds is None:
        source = replace(source, serviceAccountToken=replace(token, expirationSeconds=TOKEN_SECONDS))
    if certificate is not None and certificate.maxExpirationSeconds is None:
        source = replace(source, podCertificate=replace(certificate, maxExpirationSeconds=CERTIFICATE_SECONDS))
    if downward is not None:
        items = tuple(map(_downward_file, downward.items))
        source = replace(source, downwardAPI=replace(downward, items=items))
    return source


_SOURCES: Mapping[str, Callable[[Any], Any]] = {
    "hostPath": _host_path,
    "configMap": _files,
    "secret": _files,
    "downwardAPI": _downward,
    "azureDisk": _azure_disk,
    "image": _image,
    "ephemeral": _ephemeral,
    "projected": _projected,
}
