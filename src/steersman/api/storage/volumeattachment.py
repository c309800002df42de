"""VolumeAttachment: volumes on their way to nodes."""

from collections.abc import Mapping
from typing import Annotated

from steersman.api.core.persistentvolume import PersistentVolumeSpec
from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Int32, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import Time


class VolumeAttachmentSource(Object, package="k8s.io.api.storage.v1"):
    """The volume that is to be attached."""

    persistentVolumeName: Annotated[str | None, Wire(1)] = None
    inlineVolumeSpec: Annotated[PersistentVolumeSpec | None, Wire(2)] = None


class VolumeAttachmentSpec(Object, package="k8s.io.api.storage.v1"):
    """Which volume, to which node, by which driver."""

    attacher: Annotated[str, Wire(1), Required()] = always("")
    source: Annotated[VolumeAttachmentSource, Wire(2), Required()] = always(VolumeAttachmentSource)
    nodeName: Annotated[str, Wire(3), Required()] = always("")


class VolumeError(Object, package="k8s.io.api.storage.v1"):
    """What went wrong, and when."""

    time: Annotated[Time | None, Wire(1)] = None
    message: Annotated[str, Wire(2)] = ""
    errorCode: Annotated[Int32 | None, Wire(3)] = None


class VolumeAttachmentStatus(Object, package="k8s.io.api.storage.v1"):
    """Whether the volume is attached, and what went wrong."""

    attached: Annotated[bool, Wire(1), Required()] = always(False)
    attachmentMetadata: Annotated[Mapping[str, str], Wire(2)] = {}
    attachError: Annotated[VolumeError | None, Wire(3)] = None
    detachError: Annotated[VolumeError | None, Wire(4)] = None


class VolumeAttachment(Kind, api="storage.k8s.io/v1", package="k8s.io.api.storage.v1"):
    """The wish that a volume be attached to a node."""

    spec: Annotated[VolumeAttachmentSpec, Wire(2), Required()] = always(VolumeAttachmentSpec)
    status: Annotated[VolumeAttachmentStatus, Wire(3)] = always(VolumeAttachmentStatus)
