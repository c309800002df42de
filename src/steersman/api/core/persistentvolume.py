"""PersistentVolume: storage that outlives pods."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from steersman.api.core.persistentvolumeclaim import PersistentVolumeMode
from steersman.api.core.reference import NodeSelector, ObjectReference, SecretReference
from steersman.api.core.volume import (
    AWSElasticBlockStoreVolumeSource,
    AzureDiskVolumeSource,
    FCVolumeSource,
    FlockerVolumeSource,
    GCEPersistentDiskVolumeSource,
    HostPathVolumeSource,
    NFSVolumeSource,
    PhotonPersistentDiskVolumeSource,
    PortworxVolumeSource,
    QuobyteVolumeSource,
    VsphereVirtualDiskVolumeSource,
)
from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Atomic, Default, Granular, Int32, OneOf, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.times import Time


class PersistentVolumePhase(StrEnum):
    """Whether a volume is free, bound, given back or broken."""

    PENDING = "Pending"
    AVAILABLE = "Available"
    BOUND = "Bound"
    RELEASED = "Released"
    FAILED = "Failed"


class PersistentVolumeReclaimPolicy(StrEnum):
    """What becomes of a volume when its claim is deleted."""

    RECYCLE = "Recycle"
    DELETE = "Delete"
    RETAIN = "Retain"


class AzureFilePersistentVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A share of Azure Files."""

    secretName: Annotated[str, Wire(1), Required()] = always("")
    shareName: Annotated[str, Wire(2), Required()] = always("")
    readOnly: Annotated[bool, Wire(3)] = False
    secretNamespace: Annotated[str | None, Wire(4)] = None


class CSIPersistentVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A volume of a CSI driver."""

    driver: Annotated[str, Wire(1), Required()] = always("")
    volumeHandle: Annotated[str, Wire(2), Required()] = always("")
    readOnly: Annotated[bool, Wire(3)] = False
    fsType: Annotated[str, Wire(4)] = ""
    volumeAttributes: Annotated[Mapping[str, str], Wire(5)] = {}
    controllerPublishSecretRef: Annotated[SecretReference | None, Wire(6)] = None
    nodeStageSecretRef: Annotated[SecretReference | None, Wire(7)] = None
    nodePublishSecretRef: Annotated[SecretReference | None, Wire(8)] = None
    controllerExpandSecretRef: Annotated[SecretReference | None, Wire(9)] = None
    nodeExpandSecretRef: Annotated[SecretReference | None, Wire(10)] = None


class CephFSPersistentVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A CephFS file system."""

    monitors: Annotated[tuple[str, ...], Wire(1), Required(), Atomic()] = always(())
    path: Annotated[str, Wire(2)] = ""
    user: Annotated[str, Wire(3)] = ""
    secretFile: Annotated[str, Wire(4)] = ""
    secretRef: Annotated[SecretReference | None, Wire(5)] = None
    readOnly: Annotated[bool, Wire(6)] = False


class CinderPersistentVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A volume of OpenStack's Cinder."""

    volumeID: Annotated[str, Wire(1), Required()] = always("")
    fsType: Annotated[str, Wire(2)] = ""
    readOnly: Annotated[bool, Wire(3)] = False
    secretRef: Annotated[SecretReference | None, Wire(4)] = None


class FlexPersistentVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A volume of a FlexVolume driver; deprecated for CSI."""

    driver: Annotated[str, Wire(1), Required()] = always("")
    fsType: Annotated[str, Wire(2)] = ""
    secretRef: Annotated[SecretReference | None, Wire(3)] = None
    readOnly: Annotated[bool, Wire(4)] = False
    options: Annotated[Mapping[str, str], Wire(5)] = {}


class GlusterfsPersistentVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A Gluster volume."""

    endpoints: Annotated[str, Wire(1), Required()] = always("")
    path: Annotated[str, Wire(2), Required()] = always("")
    readOnly: Annotated[bool, Wire(3)] = False
    endpointsNamespace: Annotated[str | None, Wire(4)] = None


class ISCSIPersistentVolumeSource(Object, package="k8s.io.api.core.v1"):
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
    secretRef: Annotated[SecretReference | None, Wire(10)] = None
    initiatorName: Annotated[str | None, Wire(12)] = None


class LocalVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A disk or directory of one node."""

    path: Annotated[str, Wire(1), Required()] = always("")
    fsType: Annotated[str | None, Wire(2)] = None


class RBDPersistentVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A RADOS block device."""

    monitors: Annotated[tuple[str, ...], Wire(1), Required(), Atomic()] = always(())
    image: Annotated[str, Wire(2), Required()] = always("")
    fsType: Annotated[str, Wire(3)] = ""
    pool: Annotated[str, Wire(4), Default("rbd")] = ""
    user: Annotated[str, Wire(5), Default("admin")] = ""
    keyring: Annotated[str, Wire(6), Default("/etc/ceph/keyring")] = ""
    secretRef: Annotated[SecretReference | None, Wire(7)] = None
    readOnly: Annotated[bool, Wire(8)] = False


class ScaleIOPersistentVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A ScaleIO volume."""

    gateway: Annotated[str, Wire(1), Required()] = always("")
    system: Annotated[str, Wire(2), Required()] = always("")
    secretRef: Annotated[SecretReference | None, Wire(3), Required()] = None
    sslEnabled: Annotated[bool, Wire(4)] = False
    protectionDomain: Annotated[str, Wire(5)] = ""
    storagePool: Annotated[str, Wire(6)] = ""
    storageMode: Annotated[str, Wire(7), Default("ThinProvisioned")] = ""
    volumeName: Annotated[str, Wire(8)] = ""
    fsType: Annotated[str, Wire(9), Default("xfs")] = ""
    readOnly: Annotated[bool, Wire(10)] = False


class StorageOSPersistentVolumeSource(Object, package="k8s.io.api.core.v1"):
    """A StorageOS volume."""

    volumeName: Annotated[str, Wire(1)] = ""
    volumeNamespace: Annotated[str, Wire(2)] = ""
    fsType: Annotated[str, Wire(3)] = ""
    readOnly: Annotated[bool, Wire(4)] = False
    secretRef: Annotated[ObjectReference | None, Wire(5)] = None


class PersistentVolumeSource(Object, package="k8s.io.api.core.v1"):
    """Where the storage is; one of its fields is set."""

    gcePersistentDisk: Annotated[GCEPersistentDiskVolumeSource | None, Wire(1)] = None
    awsElasticBlockStore: Annotated[AWSElasticBlockStoreVolumeSource | None, Wire(2)] = None
    hostPath: Annotated[HostPathVolumeSource | None, Wire(3)] = None
    glusterfs: Annotated[GlusterfsPersistentVolumeSource | None, Wire(4)] = None
    nfs: Annotated[NFSVolumeSource | None, Wire(5)] = None
    rbd: Annotated[RBDPersistentVolumeSource | None, Wire(6)] = None
    iscsi: Annotated[ISCSIPersistentVolumeSource | None, Wire(7)] = None
    cinder: Annotated[CinderPersistentVolumeSource | None, Wire(8)] = None
    cephfs: Annotated[CephFSPersistentVolumeSource | None, Wire(9)] = None
    fc: Annotated[FCVolumeSource | None, Wire(10)] = None
    flocker: Annotated[FlockerVolumeSource | None, Wire(11)] = None
    flexVolume: Annotated[FlexPersistentVolumeSource | None, Wire(12)] = None
    azureFile: Annotated[AzureFilePersistentVolumeSource | None, Wire(13)] = None
    vsphereVolume: Annotated[VsphereVirtualDiskVolumeSource | None, Wire(14)] = None
    quobyte: Annotated[QuobyteVolumeSource | None, Wire(15)] = None
    azureDisk: Annotated[AzureDiskVolumeSource | None, Wire(16)] = None
    photonPersistentDisk: Annotated[PhotonPersistentDiskVolumeSource | None, Wire(17)] = None
    portworxVolume: Annotated[PortworxVolumeSource | None, Wire(18)] = None
    scaleIO: Annotated[ScaleIOPersistentVolumeSource | None, Wire(19)] = None
    local: Annotated[LocalVolumeSource | None, Wire(20)] = None
    storageos: Annotated[StorageOSPersistentVolumeSource | None, Wire(21)] = None
    csi: Annotated[CSIPersistentVolumeSource | None, Wire(22)] = None


class VolumeNodeAffinity(Object, package="k8s.io.api.core.v1"):
    """From which nodes a volume can be reached."""

    required: Annotated[NodeSelector | None, Wire(1)] = None


class PersistentVolumeSpec(PersistentVolumeSource, inline=2, package="k8s.io.api.core.v1"):
    """What storage it is, how large, how it may be mounted, and who has claimed it."""

    capacity: Annotated[Mapping[str, Quantity], Wire(1)] = {}
    accessModes: Annotated[tuple[str, ...], Wire(3), Atomic()] = ()
    claimRef: Annotated[ObjectReference | None, Wire(4), Granular()] = None
    persistentVolumeReclaimPolicy: Annotated[str, Wire(5), OneOf(PersistentVolumeReclaimPolicy)] = ""
    storageClassName: Annotated[str, Wire(6)] = ""
    mountOptions: Annotated[tuple[str, ...], Wire(7), Atomic()] = ()
    volumeMode: Annotated[str | None, Wire(8), OneOf(PersistentVolumeMode)] = None
    nodeAffinity: Annotated[VolumeNodeAffinity | None, Wire(9)] = None
    volumeAttributesClassName: Annotated[str | None, Wire(10)] = None


class PersistentVolumeStatus(Object, package="k8s.io.api.core.v1"):
    """Whether a volume is free, bound, given back or broken."""

    phase: Annotated[str, Wire(1), OneOf(PersistentVolumePhase)] = ""
    message: Annotated[str, Wire(2)] = ""
    reason: Annotated[str, Wire(3)] = ""
    lastPhaseTransitionTime: Annotated[Time | None, Wire(4)] = None


class PersistentVolume(Kind, api="v1", package="k8s.io.api.core.v1"):
    """A piece of storage of the cluster, bound to one claim at a time."""

    spec: Annotated[PersistentVolumeSpec, Wire(2)] = always(PersistentVolumeSpec)
    status: Annotated[PersistentVolumeStatus, Wire(3)] = always(PersistentVolumeStatus)
