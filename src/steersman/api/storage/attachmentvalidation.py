"""What makes the attachment of a volume wrong, new or changed, in upstream's words.

Source: pkg/apis/storage/validation/validation.go.
"""

from collections.abc import Iterable

from steersman.api.meta.fieldrules import driver_name, immutable
from steersman.api.storage.volumeattachment import (
    VolumeAttachment,
    VolumeAttachmentSource,
    VolumeAttachmentStatus,
    VolumeError,
)
from steersman.apimachinery.fielderrors import forbidden_field, invalid_value, invalid_values, required, too_long
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import MAX_ID, dns1123_subdomain, in_range
from steersman.apimachinery.status import Cause

SPEC, STATUS = Path("spec"), Path("status")
ONE_OF_THEM = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
MAX_METADATA_BYTES, MAX_MESSAGE_BYTES = 256 * 1024, 1024


def validate_attachment(attachment: VolumeAttachment) -> list[Cause]:
    """A new attachment."""
    spec = attachment.spec
    faults = [*driver_name(spec.attacher, SPEC.child("attacher")), *_source_faults(spec.source, SPEC.child("source"))]
    faults += invalid_values(SPEC.child("nodeName"), spec.nodeName, dns1123_subdomain(spec.nodeName))
    return faults + validate_attachment_status(attachment.status)


def validate_attachment_update(attachment: VolumeAttachment, old: VolumeAttachment) -> list[Cause]:
    """A changed attachment: its spec stays."""
    return [*validate_attachment(attachment), *immutable(attachment.spec, old.spec, SPEC)]


def validate_attachment_status(status: VolumeAttachmentStatus) -> list[Cause]:
    """How the attachment went."""
    metadata, faults = status.attachmentMetadata, list[Cause]()
    if sum(len(key.encode()) + len(value.encode()) for key, value in metadata.items()) > MAX_METADATA_BYTES:
        faults.append(too_long(STATUS.child("attachmentMetadata"), MAX_METADATA_BYTES))
    for name in ("attachError", "detachError"):
        faults += _error_faults(getattr(status, name), STATUS.child(name))
    return faults


def _source_faults(source: VolumeAttachmentSource, path: Path) -> Iterable[Cause]:
    name, inline = source.persistentVolumeName, source.inlineVolumeSpec
    if name is None and inline is None:
        yield required(path, ONE_OF_THEM)
    elif name is not None and inline is not None:
        yield forbidden_field(path, ONE_OF_THEM)
    elif name is not None:
        where = path.child("persistentVolumeName")
        if not name:
            yield required(where, "must specify non empty persistentVolumeName")
        else:
            yield from invalid_values(where, name, dns1123_subdomain(name))


def _error_faults(error: VolumeError | None, path: Path) -> Iterable[Cause]:
    if error is None:
        return
    if len(error.message.encode()) > MAX_MESSAGE_BYTES:
        # Upstream tells another limit than the one it applies.
        yield too_long(path.child("message"), MAX_METADATA_BYTES)
    if error.errorCode is not None and error.errorCode < 0:
        yield invalid_value(path.child("errorCode"), error.errorCode, in_range(error.errorCode, 0, MAX_ID)[0])
