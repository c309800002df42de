"""What each source of a volume must say. PersistentVolumes share some of them.

Source: pkg/apis/core/validation: validate...VolumeSource.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from steersman.api.core.persistentvolume import (
    FlexPersistentVolumeSource,
    ISCSIPersistentVolumeSource,
    StorageOSPersistentVolumeSource,
)
from steersman.api.core.validation.fields import (
    checked,
    descending_path,
    file_mode,
    maybe_one_of,
    no_backsteps,
    one_of,
    required_strings,
    validate_label,
    within,
)
from steersman.api.core.validation.projected import (
    validate_config_map_source,
    validate_downward_source,
    validate_projected_source,
    validate_secret_source,
)
from steersman.api.core.volume import (
    AzureDiskVolumeSource,
    CinderVolumeSource,
    CSIVolumeSource,
    EmptyDirVolumeSource,
    FCVolumeSource,
    FlexVolumeSource,
    FlockerVolumeSource,
    GitRepoVolumeSource,
    HostPathVolumeSource,
    ImageVolumeSource,
    ISCSIVolumeSource,
    NFSVolumeSource,
    QuobyteVolumeSource,
    StorageOSVolumeSource,
)
from steersman.apimachinery.fielderrors import (
    forbidden_field,
    invalid_value,
    invalid_values,
    not_supported,
    required,
    too_long,
)
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_label, dns1123_subdomain
from steersman.apimachinery.status import Cause

Check = Callable[[Any, Path], list[Cause]]

HOST_PATH_TYPES = (
    "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket",
)  # fmt: skip
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_IQN = re.compile(r"iqn\.\d{4}-\d{2}\.([A-Za-z0-9.\-]+)(:[^,;*&$|\s]+)$", re.ASCII)
_EUI = re.compile(r"eui.[A-Za-z0-9]{16}", re.ASCII)
_NAA = re.compile(r"naa.[A-Za-z0-9]{32}", re.ASCII)
MANAGED_DISK = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
BLOB_DISK = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"
MAX_DRIVER_NAME = 63
MAX_TENANT = 64


def wants(*names: str) -> Check:
    """A source with fields that must not be empty."""

    def check(source: Any, path: Path) -> list[Cause]:
        return required_strings(source, names, path)

    return check


def partitioned(name: str) -> Check:
    """A disk of a cloud, named by a field, with a partition."""

    def check(source: Any, path: Path) -> list[Cause]:
        faults = required_strings(source, (name,), path)
        if not 0 <= source.partition <= 255:
            # 0 is let through although the text says 1.
            why = "must be between 1 and 255, inclusive"
            faults.append(invalid_value(path.child("partition"), source.partition, why))
        return faults

    return check


def _empty_dir(source: EmptyDirVolumeSource, path: Path) -> list[Cause]:
    faults = file_mode(source.mode, path, "mode")
    if source.sizeLimit is not None and source.sizeLimit.value < 0:
        why = "SizeLimit field must be a valid resource quantity"
        faults.append(forbidden_field(path.child("sizeLimit"), why))
    return faults


def validate_host_path(source: HostPathVolumeSource, path: Path) -> list[Cause]:
    """A file or directory of the node."""
    if not source.path:
        return [required(path.child("path"))]
    faults = no_backsteps(source.path, path, "path")
    return faults + maybe_one_of(source.type, HOST_PATH_TYPES, path, "type")


def _git_repo(source: GitRepoVolumeSource, path: Path) -> list[Cause]:
    faults = required_strings(source, ("repository",), path)
    return faults + descending_path(source.directory, path, "directory")


def validate_nfs(source: NFSVolumeSource, path: Path) -> list[Cause]:
    """A directory of an NFS server."""
    faults = required_strings(source, ("server", "path"), path)
    if not source.path.startswith("/"):
        faults.append(invalid_value(path.child("path"), source.path, "must be an absolute path"))
    return faults


def validate_iscsi(source: ISCSIVolumeSource | ISCSIPersistentVolumeSource, path: Path) -> list[Cause]:
    """A disk of an iSCSI target."""
    faults = required_strings(source, ("targetPortal", "iqn"), path)
    if source.iqn:
        faults += validate_initiator(source.iqn, path.child("iqn"))
    faults += within(source.lun, 0, 255, path, "lun")
    if (source.chapAuthDiscovery or source.chapAuthSession) and source.secretRef is None:
        faults.append(required(path.child("secretRef")))
    if source.initiatorName is not None:
        faults += validate_initiator(source.initiatorName, path.child("initiatorname"))
    return faults


def validate_initiator(name: str, path: Path) -> list[Cause]:
    """The name of one side of iSCSI, in one of its three forms."""
    for prefix, pattern in (("iqn", _IQN), ("eui", _EUI), ("naa", _NAA)):
        if name.startswith(prefix):
            is_right = pattern.search(name) if prefix == "iqn" else pattern.fullmatch(name)
            return [] if is_right else [invalid_value(path, name, "must be valid format")]
    return [invalid_value(path, name, "must be valid format starting with iqn, eui, or naa")]


def validate_flocker(source: FlockerVolumeSource, path: Path) -> list[Cause]:
    """A dataset, by name or by its UUID."""
    faults = []
    if not source.datasetName and not source.datasetUUID:
        faults.append(required(path, "one of datasetName and datasetUUID is required"))
    if source.datasetName and source.datasetUUID:
        why = "datasetName and datasetUUID can not be specified simultaneously"
        faults.append(invalid_value(path, "resource", why))
    if "/" in source.datasetName:
        faults.append(invalid_value(path.child("datasetName"), source.datasetName, "must not contain '/'"))
    return faults


def _cinder(source: CinderVolumeSource, path: Path) -> list[Cause]:
    faults = required_strings(source, ("volumeID",), path)
    if source.secretRef is not None and not source.secretRef.name:
        faults.append(required(path.child("secretRef", "name")))
    return faults


def validate_quobyte(source: QuobyteVolumeSource, path: Path) -> list[Cause]:
    """A volume of a registry's."""
    pair = "must be a host:port pair or multiple pairs separated by commas"
    faults = []
    if not source.registry:
        faults.append(required(path.child("registry"), pair))
    elif len(source.tenant) > MAX_TENANT:
        why = "must be a UUID and may not exceed a length of 64 characters"
        faults.append(required(path.child("tenant"), why))
    else:
        wrong = [one for one in source.registry.split(",") if not re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*):[^:]*", one)]
        faults += [invalid_value(path.child("registry"), source.registry, pair) for _ in wrong]
    return faults + required_strings(source, ("volume",), path)


def validate_fc(source: FCVolumeSource, path: Path) -> list[Cause]:
    """A disk of a Fibre Channel, by its targets or by its names."""
    faults: list[Cause] = []
    if not source.targetWWNs and not source.wwids:
        why = "must specify either targetWWNs or wwids, but not both"
        faults.append(required(path.child("targetWWNs"), why))
    if source.targetWWNs and source.wwids:
        why = "targetWWNs and wwids can not be specified simultaneously"
        faults.append(invalid_value(path.child("targetWWNs"), source.targetWWNs, why))
    if source.targetWWNs:
        if source.lun is None:
            faults.append(required(path.child("lun"), "lun is required if targetWWNs is specified"))
        else:
            faults += within(source.lun, 0, 255, path, "lun")
    return faults


def validate_flex(source: FlexVolumeSource | FlexPersistentVolumeSource, path: Path) -> list[Cause]:
    """A driver of old, and options that aren't Kubernetes' own."""
    faults = required_strings(source, ("driver",), path)
    for option in source.options:
        domain = f".{option.partition('/')[0].lower()}"
        if domain.endswith((".kubernetes.io", ".k8s.io")):
            why = "kubernetes.io and k8s.io namespaces are reserved"
            faults.append(invalid_value(path.child("options").key(option), option, why))
    return faults


def validate_azure_disk(source: AzureDiskVolumeSource, path: Path) -> list[Cause]:
    """A disk by its URI, which goes with its kind."""
    faults = required_strings(source, ("diskName", "diskURI"), path)
    faults += maybe_one_of(source.cachingMode, ("None", "ReadOnly", "ReadWrite"), path, "cachingMode")
    faults += maybe_one_of(source.kind, ("Dedicated", "Managed", "Shared"), path, "kind")
    if source.kind == "Managed" and not source.diskURI.startswith("/subscriptions/"):
        faults.append(not_supported(path.child("diskURI"), source.diskURI, (MANAGED_DISK,)))
    if source.kind not in (None, "Managed") and not source.diskURI.startswith("https://"):
        faults.append(not_supported(path.child("diskURI"), source.diskURI, (BLOB_DISK,)))
    return faults


def validate_storage_os(source: StorageOSVolumeSource | StorageOSPersistentVolumeSource, path: Path) -> list[Cause]:
    """A volume by its name."""
    faults = validate_label(source.volumeName, path, "volumeName")
    if source.volumeNamespace:
        errors = dns1123_label(source.volumeNamespace)
        faults += invalid_values(path.child("volumeNamespace"), source.volumeNamespace, errors)
    if source.secretRef is not None and not source.secretRef.name:
        faults.append(required(path.child("secretRef", "name")))
    return faults


def validate_csi_driver_name(name: str, path: Path) -> list[Cause]:
    """A driver's name, in whatever case."""
    faults = [] if name else [required(path)]
    if len(name.encode()) > MAX_DRIVER_NAME:
        faults.append(too_long(path, MAX_DRIVER_NAME))
    return faults + invalid_values(path, name, dns1123_subdomain(name.lower()))


def _csi(source: CSIVolumeSource, path: Path) -> list[Cause]:
    faults = validate_csi_driver_name(source.driver, path.child("driver"))
    secret = source.nodePublishSecretRef
    if secret is not None and not secret.name:
        faults.append(required(path.child("nodePublishSecretRef", "name")))
    elif secret is not None:
        faults += checked(secret.name, dns1123_subdomain, path, "name")
    return faults


def _image(source: ImageVolumeSource, path: Path) -> list[Cause]:
    return one_of(source.pullPolicy, PULL_POLICIES, path, "pullPolicy")


# In the order upstream looks, which decides which of several is the one too many.
SOURCES: Mapping[str, Check] = {
    "emptyDir": _empty_dir,
    "hostPath": validate_host_path,
    "gitRepo": _git_repo,
    "gcePersistentDisk": partitioned("pdName"),
    "awsElasticBlockStore": partitioned("volumeID"),
    "secret": validate_secret_source,
    "nfs": validate_nfs,
    "iscsi": validate_iscsi,
    "glusterfs": wants("endpoints", "path"),
    "flocker": validate_flocker,
    "persistentVolumeClaim": wants("claimName"),
    "rbd": wants("monitors", "image"),
    "cinder": _cinder,
    "cephfs": wants("monitors"),
    "quobyte": validate_quobyte,
    "downwardAPI": validate_downward_source,
    "fc": validate_fc,
    "flexVolume": validate_flex,
    "configMap": validate_config_map_source,
    "azureFile": wants("secretName", "shareName"),
    "vsphereVolume": wants("volumePath"),
    "photonPersistentDisk": wants("pdID"),
    "portworxVolume": wants("volumeID"),
    "azureDisk": validate_azure_disk,
    "storageos": validate_storage_os,
    "projected": validate_projected_source,
    "scaleIO": wants("gateway", "system", "volumeName"),
    "csi": _csi,
    "image": _image,
}
