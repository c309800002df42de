"""What makes a volume of the cluster wrong, and what may change of one.

Source: pkg/apis/core/validation: ValidatePersistentVolume, ...Update.
"""

import posixpath
from collections.abc import Mapping

from steersman.api.core.persistentvolume import (
    AzureFilePersistentVolumeSource,
    CinderPersistentVolumeSource,
    CSIPersistentVolumeSource,
    GlusterfsPersistentVolumeSource,
    LocalVolumeSource,
    PersistentVolume,
    PersistentVolumeSource,
    PersistentVolumeSpec,
    StorageOSPersistentVolumeSource,
    VolumeNodeAffinity,
)
from steersman.api.core.reference import NodeSelector, SecretReference
from steersman.api.core.validation.claims import VOLUME_MODES, validate_access_modes
from steersman.api.core.validation.fields import NOT_POSITIVE, checked, immutable, maybe_one_of, no_backsteps
from steersman.api.core.validation.scheduling import validate_node_selector
from steersman.api.core.validation.volumesources import (
    Check,
    partitioned,
    validate_azure_disk,
    validate_csi_driver_name,
    validate_fc,
    validate_flex,
    validate_flocker,
    validate_host_path,
    validate_iscsi,
    validate_nfs,
    validate_quobyte,
    validate_storage_os,
    wants,
)
from steersman.apimachinery.fielderrors import forbidden_field, invalid_value, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_label, dns1123_subdomain
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Cause

SPEC = Path("spec")
RECLAIM_POLICIES = ("Delete", "Recycle", "Retain")
ONE_TYPE = "may not specify more than 1 volume type"
MAX_ISCSI_NAME = 64
_CLASS = "volumeAttributesClassName"
_SECRETS = (
    "controllerPublishSecretRef",
    "controllerExpandSecretRef",
    "nodeStageSecretRef",
    "nodePublishSecretRef",
    "nodeExpandSecretRef",
)
# Labels of nodes with newer names, to which a stored affinity may be brought. Source: validatePvNodeAffinity.
_NEWER_LABELS: Mapping[str, str] = {
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
    "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
    "beta.kubernetes.io/os": "kubernetes.io/os",
    "beta.kubernetes.io/arch": "kubernetes.io/arch",
}


def validate_persistent_volume(volume: PersistentVolume) -> list[Cause]:
    """A new volume: how large, how it may be used, and where it comes from."""
    spec = volume.spec
    faults = validate_access_modes(spec.accessModes, SPEC) + _capacity(spec)
    if spec.persistentVolumeReclaimPolicy:
        policy = spec.persistentVolumeReclaimPolicy
        faults += maybe_one_of(policy, RECLAIM_POLICIES, SPEC, "persistentVolumeReclaimPolicy")
    affinity = spec.nodeAffinity
    if affinity is not None:
        faults += _affinity(affinity, SPEC.child("nodeAffinity"))
    faults += _source(spec, volume.metadata.name)
    host_path = spec.hostPath.path if spec.hostPath is not None else ""
    if host_path and posixpath.normpath(host_path) in ("/", "//") and spec.persistentVolumeReclaimPolicy == "Recycle":
        why = "may not be 'recycle' for a hostPath mount of '/'"
        faults.append(forbidden_field(SPEC.child("persistentVolumeReclaimPolicy"), why))
    if spec.storageClassName:
        faults += checked(spec.storageClassName, dns1123_subdomain, SPEC, "storageClassName")
    faults += maybe_one_of(spec.volumeMode, VOLUME_MODES, SPEC, "volumeMode")
    return faults + _attributes(spec)


def _capacity(spec: PersistentVolumeSpec) -> list[Cause]:
    where = SPEC.child("capacity")
    faults = [] if spec.capacity else [required(where)]
    if set(spec.capacity) != {"storage"}:
        faults.append(not_supported(where, {name: str(size) for name, size in spec.capacity.items()}, ("storage",)))
    for name, size in spec.capacity.items():
        if size.value < 0:
            faults.append(invalid_value(where.key(name), size.int_value(), "must be a valid resource quantity"))
        if size.value <= 0:
            faults.append(invalid_value(where.key(name), str(size), NOT_POSITIVE))
    return faults


def _affinity(affinity: VolumeNodeAffinity, path: Path) -> list[Cause]:
    if affinity.required is None:
        return [required(path.child("required"), "must specify required node constraints")]
    return validate_node_selector(affinity.required, path.child("required"))


def _source(spec: PersistentVolumeSpec, name: str) -> list[Cause]:
    faults: list[Cause] = []
    found = [field for field in SOURCES if getattr(spec, field) is not None]
    for position, field in enumerate(found):
        if position and field != "flexVolume":
            faults.append(forbidden_field(SPEC.child("cephFS" if field == "cephfs" else field), ONE_TYPE))
            continue
        where = SPEC.child("persistentDisk" if field == "gcePersistentDisk" else field)
        faults += SOURCES[field](getattr(spec, field), where)
        if field == "local" and spec.nodeAffinity is None:
            faults.append(required(SPEC.child("nodeAffinity"), "Local volume requires node affinity"))
    if not found:
        faults.append(required(SPEC, "must specify a volume type"))
    disk = spec.iscsi
    if disk is not None and disk.initiatorName is not None and len(f"{name}:{disk.targetPortal}") > MAX_ISCSI_NAME:
        why = (
            "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters "
            "if iscsi.initiatorName is specified."
        )
        faults.append(invalid_value(SPEC.child("iscsi", "targetportal"), disk.targetPortal, why))
    return faults


def _attributes(spec: PersistentVolumeSpec) -> list[Cause]:
    name = spec.volumeAttributesClassName
    if name is None:
        return []
    where = SPEC.child(_CLASS)
    faults = checked(name, dns1123_subdomain, where) if name else [required(where, "an empty string is disallowed")]
    if spec.csi is None:
        faults.append(required(SPEC.child("csi"), f"has to be specified when using {_CLASS}"))
    return faults


def validate_persistent_volume_update(volume: PersistentVolume, old: PersistentVolume) -> list[Cause]:
    """The source stays, but for a secret added to it; so does an affinity, but for newer names of labels."""
    faults = validate_persistent_volume(volume)
    new, was = volume.spec, old.spec
    csi = new.csi
    if csi is not None and was.csi is not None and was.csi.controllerExpandSecretRef is None:
        csi = replace(csi, controllerExpandSecretRef=None)
    changed = any(getattr(new, field) != getattr(was, field) for field in PersistentVolumeSource.__struct_fields__)
    if changed and replace(new, csi=csi) != _with_source_of(new, was):
        why = "spec.persistentvolumesource is immutable after creation"
        faults.append(forbidden_field(SPEC.child("persistentvolumesource"), why))
    faults += immutable(new.volumeMode, was.volumeMode, Path("volumeMode"))
    if was.nodeAffinity is not None and new.nodeAffinity != _with_newer_labels(was.nodeAffinity):
        faults += immutable(new.nodeAffinity, was.nodeAffinity, Path("nodeAffinity"))
    if was.volumeAttributesClassName is not None and new.volumeAttributesClassName is None:
        faults.append(forbidden_field(SPEC.child(_CLASS), "update from non-nil value to nil is forbidden"))
    return faults


def _with_source_of(spec: PersistentVolumeSpec, source: PersistentVolumeSource) -> PersistentVolumeSpec:
    return replace(spec, **{field: getattr(source, field) for field in PersistentVolumeSource.__struct_fields__})


def _with_newer_labels(affinity: VolumeNodeAffinity) -> VolumeNodeAffinity:
    if affinity.required is None:
        return affinity
    terms = tuple(
        replace(
            term,
            matchExpressions=tuple(
                replace(one, key=_NEWER_LABELS.get(one.key, one.key)) for one in term.matchExpressions
            ),
        )
        for term in affinity.required.nodeSelectorTerms
    )
    return replace(affinity, required=NodeSelector(nodeSelectorTerms=terms))


def _local(source: LocalVolumeSource, path: Path) -> list[Cause]:
    return no_backsteps(source.path, path, "path") if source.path else [required(path.child("path"))]


def _glusterfs(source: GlusterfsPersistentVolumeSource, path: Path) -> list[Cause]:
    faults = wants("endpoints", "path")(source, path)
    namespace = source.endpointsNamespace
    if namespace == "":
        why = "if the endpointnamespace is set, it must be a valid namespace name"
        faults.append(invalid_value(path.child("endpointsNamespace"), namespace, why))
    elif namespace is not None:
        faults += checked(namespace, dns1123_label, path, "endpointsNamespace")
    return faults


def _azure_file(source: AzureFilePersistentVolumeSource, path: Path) -> list[Cause]:
    faults = wants("secretName", "shareName")(source, path)
    return [*faults, required(path.child("secretNamespace"))] if source.secretNamespace == "" else faults


def _cinder(source: CinderPersistentVolumeSource, path: Path) -> list[Cause]:
    faults = wants("volumeID")(source, path)
    return faults + (_secret(source.secretRef, path) if source.secretRef is not None else [])


def _storage_os(source: StorageOSPersistentVolumeSource, path: Path) -> list[Cause]:
    faults = validate_storage_os(source, path)
    if source.secretRef is not None and not source.secretRef.namespace:
        faults.append(required(path.child("secretRef", "namespace")))
    return faults


def _secret(secret: SecretReference, path: Path) -> list[Cause]:
    return [required(path.child("secretRef", field)) for field in ("name", "namespace") if not getattr(secret, field)]


def _csi(source: CSIPersistentVolumeSource, path: Path) -> list[Cause]:
    faults = validate_csi_driver_name(source.driver, path.child("driver"))
    if not source.volumeHandle:
        faults.append(required(path.child("volumeHandle")))
    for field in _SECRETS:
        secret = getattr(source, field)
        if secret is None:
            continue
        for part, check in (("name", dns1123_subdomain), ("namespace", dns1123_label)):
            value = getattr(secret, part)
            # A wrong one is upstream's `csi.name`, a missing one `csi.nodePublishSecretRef.name`.
            faults += checked(value, check, path, part) if value else [required(path.child(field, part))]
    return faults


# In the order upstream looks, which decides which of several is the one too many.
SOURCES: Mapping[str, Check] = {
    "hostPath": validate_host_path,
    "gcePersistentDisk": partitioned("pdName"),
    "awsElasticBlockStore": partitioned("volumeID"),
    "glusterfs": _glusterfs,
    "flocker": validate_flocker,
    "nfs": validate_nfs,
    "rbd": wants("monitors", "image"),
    "quobyte": validate_quobyte,
    "cephfs": wants("monitors"),
    "iscsi": validate_iscsi,
    "cinder": _cinder,
    "fc": validate_fc,
    "flexVolume": validate_flex,
    "azureFile": _azure_file,
    "vsphereVolume": wants("volumePath"),
    "photonPersistentDisk": wants("pdID"),
    "portworxVolume": wants("volumeID"),
    "azureDisk": validate_azure_disk,
    "scaleIO": wants("gateway", "system", "volumeName"),
    "local": _local,
    "storageos": _storage_os,
    "csi": _csi,
}
