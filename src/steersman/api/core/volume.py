"""Volumes: what a pod's containers can mount, and where it comes from."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from steersman.api.core.persistentvolumeclaim import PersistentVolumeClaimSpec
from steersman.api.core.reference import LocalObjectReference, ObjectFieldSelector, PullPolicy, ResourceFieldSelector
from steersman.api.meta.objectmeta import LabelSelector, ObjectMeta
from steersman.apimachinery.markers import Atomic, Default, Int32, Int64, OneOf, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.quantity import Quantity


class AzureDataDiskCachingMode(StrEnum):
    """How the host caches an Azure disk."""

    NONE = "None"
    READ_ONLY = "ReadOnly"
    READ_WRITE = "ReadWrite"


class AzureDataDiskKind(StrEnum):
    """What kind of Azure disk it is."""

    SHARED = "Shared"
    DEDICATED = "Dedicated"
    MANAGED = "Managed"


class HostPathType(StrEnum):
    """What has to be at a path of the node."""

    HOST_PATH_UNSET = ""
    DIRECTORY_OR_CREATE = "DirectoryOrCreate"
    DIRECTORY = "Directory"
    FILE_OR_CREATE = "FileOrCreate"
    FILE = "File"
    SOCKET = "Socket"
    CHAR_DEVICE = "CharDevice"
    BLOCK_DEVICE = "BlockDevice"


class AWSElasticBlockStoreVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A disk of AWS."""

    volumeID: Annotated[str, Wire(1), Required()] = always("")
    fsType: Annotated[str, Wire(2)] = ""
    partition: Annotated[Int32, Wire(3)] = 0
    readOnly: Annotated[bool, Wire(4)] = False


class AzureDiskVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A disk of Azure."""

    diskName: Annotated[str, Wire(1), Required()] = always("")
    diskURI: Annotated[str, Wire(2), Required()] = always("")
    cachingMode: Annotated[str | None, Wire(3), OneOf(AzureDataDiskCachingMode)] = None
    fsType: Annotated[str | None, Wire(4), Default("ext4")] = None
    readOnly: Annotated[bool | None, Wire(5)] = None
    kind: Annotated[str | None, Wire(6), OneOf(AzureDataDiskKind)] = None


class AzureFileVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A share of Azure Files."""

    secretName: Annotated[str, Wire(1), Required()] = always("")
    shareName: Annotated[str, Wire(2), Required()] = always("")
    readOnly: Annotated[bool, Wire(3)] = False


class CSIVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A short-lived volume of a CSI driver."""

    driver: Annotated[str, Wire(1), Required()] = always("")
    readOnly: Annotated[bool | None, Wire(2)] = None
    fsType: Annotated[str | None, Wire(3)] = None
    volumeAttributes: Annotated[Mapping[str, str], Wire(4)] = {}
    nodePublishSecretRef: Annotated[LocalObjectReference | None, Wire(5)] = None


class CephFSVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A CephFS file system."""

    monitors: Annotated[tuple[str, ...], Wire(1), Required(), Atomic()] = always(())
    path: Annotated[str, Wire(2)] = ""
    user: Annotated[str, Wire(3)] = ""
    secretFile: Annotated[str, Wire(4)] = ""
    secretRef: Annotated[LocalObjectReference | None, Wire(5)] = None
    readOnly: Annotated[bool, Wire(6)] = False


class CinderVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A volume of OpenStack's Cinder."""

    volumeID: Annotated[str, Wire(1), Required()] = always("")
    fsType: Annotated[str, Wire(2)] = ""
    readOnly: Annotated[bool, Wire(3)] = False
    secretRef: Annotated[LocalObjectReference | None, Wire(4)] = None


class KeyToPath(Object, package="k8s.io.api.core.v1"):
    """An entry, and the file it becomes."""

    key: Annotated[str, Wire(1), Required()] = always("")
    path: Annotated[str, Wire(2), Required()] = always("")
    mode: Annotated[Int32 | None, Wire(3)] = None
    user: Annotated[Int64 | None, Wire(4)] = None


class ConfigMapVolumeSource(LocalObjectReference, inline=1, package="k8s.io.api.core.v1"):
    """The entries of a ConfigMap as files."""

    items: Annotated[tuple[KeyToPath, ...], Wire(2), Atomic()] = ()
    defaultMode: Annotated[Int32 | None, Wire(3)] = None
    optional: Annotated[bool | None, Wire(4)] = None
    defaultUser: Annotated[Int64 | None, Wire(5)] = None


class DownwardAPIVolumeFile(Object, package="k8s.io.api.core.v1"):
    """A file with a fact about the pod or a container."""

    path: Annotated[str, Wire(1), Required()] = always("")
    fieldRef: Annotated[ObjectFieldSelector | None, Wire(2)] = None
    resourceFieldRef: Annotated[ResourceFieldSelector | None, Wire(3)] = None
    mode: Annotated[Int32 | None, Wire(4)] = None
    user: Annotated[Int64 | None, Wire(5)] = None


class DownwardAPIVolumeSource(Object, package="k8s.io.api.core.v1"):
    """Facts about the pod as files."""

    items: Annotated[tuple[DownwardAPIVolumeFile, ...], Wire(1), Atomic()] = ()
    defaultMode: Annotated[Int32 | None, Wire(2)] = None
    defaultUser: Annotated[Int64 | None, Wire(3)] = None


class EmptyDirVolumeSource(Object, package="k8s.io.api.core.v1"):
    """An empty directory that lives as long as the pod, on disk or in memory."""

    medium: Annotated[str, Wire(1)] = ""
    sizeLimit: Annotated[Quantity | None, Wire(2)] = None
    mode: Annotated[Int32 | None, Wire(3)] = None


class PersistentVolumeClaimTemplate(Object, package="k8s.io.api.core.v1"):
    """What the claim of an ephemeral volume is made from."""

    metadata: Annotated[ObjectMeta, Wire(1)] = always(ObjectMeta)
    spec: Annotated[PersistentVolumeClaimSpec, Wire(2), Required()] = always(PersistentVolumeClaimSpec)


class EphemeralVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A volume with a claim of its own, made and deleted with the pod."""

    volumeClaimTemplate: Annotated[PersistentVolumeClaimTemplate | None, Wire(1)] = None


class FCVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A disk of a Fibre Channel network."""

    targetWWNs: Annotated[tuple[str, ...], Wire(1), Atomic()] = ()
    lun: Annotated[Int32 | None, Wire(2)] = None
    fsType: Annotated[str, Wire(3)] = ""
    readOnly: Annotated[bool, Wire(4)] = False
    wwids: Annotated[tuple[str, ...], Wire(5), Atomic()] = ()


class FlexVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A volume of a FlexVolume driver; deprecated for CSI."""

    driver: Annotated[str, Wire(1), Required()] = always("")
    fsType: Annotated[str, Wire(2)] = ""
    secretRef: Annotated[LocalObjectReference | None, Wire(3)] = None
    readOnly: Annotated[bool, Wire(4)] = False
    options: Annotated[Mapping[str, str], Wire(5)] = {}


class FlockerVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A Flocker volume."""

    datasetName: Annotated[str, Wire(1)] = ""
    datasetUUID: Annotated[str, Wire(2)] = ""


class GCEPersistentDiskVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A disk of Google Compute Engine."""

    pdName: Annotated[str, Wire(1), Required()] = always("")
    fsType: Annotated[str, Wire(2)] = ""
    partition: Annotated[Int32, Wire(3)] = 0
    readOnly: Annotated[bool, Wire(4)] = False


class GitRepoVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A clone of a git repository; no longer supported."""

    repository: Annotated[str, Wire(1), Required()] = always("")
    revision: Annotated[str, Wire(2)] = ""
    directory: Annotated[str, Wire(3)] = ""


class GlusterfsVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A Gluster volume."""

    endpoints: Annotated[str, Wire(1), Required()] = always("")
    path: Annotated[str, Wire(2), Required()] = always("")
    readOnly: Annotated[bool, Wire(3)] = False


class HostPathVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A file or directory of the node."""

    path: Annotated[str, Wire(1), Required()] = always("")
    type: Annotated[str | None, Wire(2), OneOf(HostPathType)] = None


class ISCSIVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A disk of an iSCSI target."""

    targetPortal: Annotated[str, Wire(1), Required()] = always("")
    iqn: Annotated[str, Wire(2), Required()] = always("")
    lun: Annotated[Int32, Wire(3), Required()] = always(0)
    iscsiInterface: Annotated[str, Wire(4), Default("default")] = ""
    fsType: Annotated[str, Wire(5)] = ""
    readOnly: Annotated[bool, Wire(6)] = False
    portals: Annotated[tuple[str, ...], Wire(7), Atomic()] = ()
    chapAuthDiscovery: Annotated[bool, Wire(8)] = False
    chapAuthSession: Annotated[bool, Wire(11)] = False
    secretRef: Annotated[LocalObjectReference | None, Wire(10)] = None
    initiatorName: Annotated[str | None, Wire(12)] = None


class ImageVolumeSource(Object, package="k8s.io.api.core.v1"):
    """The files of an image, to be read."""

    reference: Annotated[str, Wire(1)] = ""
    pullPolicy: Annotated[str, Wire(2), OneOf(PullPolicy)] = ""


class NFSVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A directory of an NFS server."""

    server: Annotated[str, Wire(1), Required()] = always("")
    path: Annotated[str, Wire(2), Required()] = always("")
    readOnly: Annotated[bool, Wire(3)] = False


class PersistentVolumeClaimVolumeSource(Object, package="k8s.io.api.core.v1"):
    """The volume that a claim is bound to."""

    claimName: Annotated[str, Wire(1), Required()] = always("")
    readOnly: Annotated[bool, Wire(2)] = False


class PhotonPersistentDiskVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A disk of VMware's Photon Controller."""

    pdID: Annotated[str, Wire(1), Required()] = always("")
    fsType: Annotated[str, Wire(2)] = ""


class PortworxVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A Portworx volume."""

    volumeID: Annotated[str, Wire(1), Required()] = always("")
    fsType: Annotated[str, Wire(2)] = ""
    readOnly: Annotated[bool, Wire(3)] = False


class ClusterTrustBundleProjection(Object, package="k8s.io.api.core.v1"):
    """Certificates of trust bundles as a file."""

    name: Annotated[str | None, Wire(1)] = None
    signerName: Annotated[str | None, Wire(2)] = None
    labelSelector: Annotated[LabelSelector | None, Wire(3)] = None
    optional: Annotated[bool | None, Wire(5)] = None
    path: Annotated[str, Wire(4), Required()] = always("")
    user: Annotated[Int64 | None, Wire(6)] = None


class ConfigMapProjection(LocalObjectReference, inline=1, package="k8s.io.api.core.v1"):
    """Entries of a ConfigMap, among others."""

    items: Annotated[tuple[KeyToPath, ...], Wire(2), Atomic()] = ()
    optional: Annotated[bool | None, Wire(4)] = None


class DownwardAPIProjection(Object, package="k8s.io.api.core.v1"):
    """Facts about the pod, among others."""

    items: Annotated[tuple[DownwardAPIVolumeFile, ...], Wire(1), Atomic()] = ()


class PodCertificateProjection(Object, package="k8s.io.api.core.v1"):
    """A key and a certificate made for the pod, as files."""

    signerName: Annotated[str, Wire(1), Required()] = ""
    keyType: Annotated[str, Wire(2), Required()] = ""
    maxExpirationSeconds: Annotated[Int32 | None, Wire(3)] = None
    credentialBundlePath: Annotated[str, Wire(4)] = ""
    keyPath: Annotated[str, Wire(5)] = ""
    certificateChainPath: Annotated[str, Wire(6)] = ""
    userAnnotations: Annotated[Mapping[str, str], Wire(7)] = {}
    user: Annotated[Int64 | None, Wire(8)] = None


class SecretProjection(LocalObjectReference, inline=1, package="k8s.io.api.core.v1"):
    """Entries of a Secret, among others."""

    items: Annotated[tuple[KeyToPath, ...], Wire(2), Atomic()] = ()
    optional: Annotated[bool | None, Wire(4)] = None


class ServiceAccountTokenProjection(Object, package="k8s.io.api.core.v1"):
    """A token of the pod's service account, renewed in time."""

    audience: Annotated[str, Wire(1)] = ""
    expirationSeconds: Annotated[Int64 | None, Wire(2)] = None
    path: Annotated[str, Wire(3), Required()] = always("")
    user: Annotated[Int64 | None, Wire(4)] = None


class VolumeProjection(Object, package="k8s.io.api.core.v1"):
    """A part of a projected volume; one of its fields is set."""

    secret: Annotated[SecretProjection | None, Wire(1)] = None
    downwardAPI: Annotated[DownwardAPIProjection | None, Wire(2)] = None
    configMap: Annotated[ConfigMapProjection | None, Wire(3)] = None
    serviceAccountToken: Annotated[ServiceAccountTokenProjection | None, Wire(4)] = None
    clusterTrustBundle: Annotated[ClusterTrustBundleProjection | None, Wire(5)] = None
    podCertificate: Annotated[PodCertificateProjection | None, Wire(6)] = None


class ProjectedVolumeSource(Object, package="k8s.io.api.core.v1"):
    """Several sources as files of one directory."""

    sources: Annotated[tuple[VolumeProjection, ...], Wire(1), Atomic()] = always(())
    defaultMode: Annotated[Int32 | None, Wire(2)] = None
    defaultUser: Annotated[Int64 | None, Wire(3)] = None


class QuobyteVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A Quobyte volume."""

    registry: Annotated[str, Wire(1), Required()] = always("")
    volume: Annotated[str, Wire(2), Required()] = always("")
    readOnly: Annotated[bool, Wire(3)] = False
    user: Annotated[str, Wire(4)] = ""
    group: Annotated[str, Wire(5)] = ""
    tenant: Annotated[str, Wire(6)] = ""


class RBDVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A RADOS block device."""

    monitors: Annotated[tuple[str, ...], Wire(1), Required(), Atomic()] = always(())
    image: Annotated[str, Wire(2), Required()] = always("")
    fsType: Annotated[str, Wire(3)] = ""
    pool: Annotated[str, Wire(4), Default("rbd")] = ""
    user: Annotated[str, Wire(5), Default("admin")] = ""
    keyring: Annotated[str, Wire(6), Default("/etc/ceph/keyring")] = ""
    secretRef: Annotated[LocalObjectReference | None, Wire(7)] = None
    readOnly: Annotated[bool, Wire(8)] = False


class ScaleIOVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A ScaleIO volume."""

    gateway: Annotated[str, Wire(1), Required()] = always("")
    system: Annotated[str, Wire(2), Required()] = always("")
    secretRef: Annotated[LocalObjectReference | None, Wire(3), Required()] = None
    sslEnabled: Annotated[bool, Wire(4)] = False
    protectionDomain: Annotated[str, Wire(5)] = ""
    storagePool: Annotated[str, Wire(6)] = ""
    storageMode: Annotated[str, Wire(7), Default("ThinProvisioned")] = ""
    volumeName: Annotated[str, Wire(8)] = ""
    fsType: Annotated[str, Wire(9), Default("xfs")] = ""
    readOnly: Annotated[bool, Wire(10)] = False


class SecretVolumeSource(Object, package="k8s.io.api.core.v1"):
    """The entries of a Secret as files, kept in memory."""

    secretName: Annotated[str, Wire(1)] = ""
    items: Annotated[tuple[KeyToPath, ...], Wire(2), Atomic()] = ()
    defaultMode: Annotated[Int32 | None, Wire(3)] = None
    optional: Annotated[bool | None, Wire(4)] = None
    defaultUser: Annotated[Int64 | None, Wire(5)] = None


class StorageOSVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A StorageOS volume."""

    volumeName: Annotated[str, Wire(1)] = ""
    volumeNamespace: Annotated[str, Wire(2)] = ""
    fsType: Annotated[str, Wire(3)] = ""
    readOnly: Annotated[bool, Wire(4)] = False
    secretRef: Annotated[LocalObjectReference | None, Wire(5)] = None


class VsphereVirtualDiskVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A disk of vSphere."""

    volumePath: Annotated[str, Wire(1), Required()] = always("")
    fsType: Annotated[str, Wire(2)] = ""
    storagePolicyName: Annotated[str, Wire(3)] = ""
    storagePolicyID: Annotated[str, Wire(4)] = ""


class VolumeSource(Object, package="k8s.io.api.core.v1"):
    """Where a volume's content comes from; one of its fields is set."""

    hostPath: Annotated[HostPathVolumeSource | None, Wire(1)] = None
    emptyDir: Annotated[EmptyDirVolumeSource | None, Wire(2)] = None
    gcePersistentDisk: Annotated[GCEPersistentDiskVolumeSource | None, Wire(3)] = None
    awsElasticBlockStore: Annotated[AWSElasticBlockStoreVolumeSource | None, Wire(4)] = None
    gitRepo: Annotated[GitRepoVolumeSource | None, Wire(5)] = None
    secret: Annotated[SecretVolumeSource | None, Wire(6)] = None
    nfs: Annotated[NFSVolumeSource | None, Wire(7)] = None
    iscsi: Annotated[ISCSIVolumeSource | None, Wire(8)] = None
    glusterfs: Annotated[GlusterfsVolumeSource | None, Wire(9)] = None
    persistentVolumeClaim: Annotated[PersistentVolumeClaimVolumeSource | None, Wire(10)] = None
    rbd: Annotated[RBDVolumeSource | None, Wire(11)] = None
    flexVolume: Annotated[FlexVolumeSource | None, Wire(12)] = None
    cinder: Annotated[CinderVolumeSource | None, Wire(13)] = None
    cephfs: Annotated[CephFSVolumeSource | None, Wire(14)] = None
    flocker: Annotated[FlockerVolumeSource | None, Wire(15)] = None
    downwardAPI: Annotated[DownwardAPIVolumeSource | None, Wire(16)] = None
    fc: Annotated[FCVolumeSource | None, Wire(17)] = None
    azureFile: Annotated[AzureFileVolumeSource | None, Wire(18)] = None
    configMap: Annotated[ConfigMapVolumeSource | None, Wire(19)] = None
    vsphereVolume: Annotated[VsphereVirtualDiskVolumeSource | None, Wire(20)] = None
    quobyte: Annotated[QuobyteVolumeSource | None, Wire(21)] = None
    azureDisk: Annotated[AzureDiskVolumeSource | None, Wire(22)] = None
    photonPersistentDisk: Annotated[PhotonPersistentDiskVolumeSource | None, Wire(23)] = None
    projected: Annotated[ProjectedVolumeSource | None, Wire(26)] = None
    portworxVolume: Annotated[PortworxVolumeSource | None, Wire(24)] = None
    scaleIO: Annotated[ScaleIOVolumeSource | None, Wire(25)] = None
    storageos: Annotated[StorageOSVolumeSource | None, Wire(27)] = None
    csi: Annotated[CSIVolumeSource | None, Wire(28)] = None
    ephemeral: Annotated[EphemeralVolumeSource | None, Wire(29)] = None
    image: Annotated[ImageVolumeSource | None, Wire(30)] = None


class Volume(VolumeSource, inline=2, package="k8s.io.api.core.v1"):
    """A directory that a pod's containers can mount, by name."""

    name: Annotated[str, Wire(1), Required()] = always("")
