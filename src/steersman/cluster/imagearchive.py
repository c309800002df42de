"""Writes small container images as OCI archives: one layer, the same bytes for the same content.

Nothing is downloaded: the files come from this machine. Times, owners and order are fixed, so
that an image built twice has one digest and is stored once.
"""

import gzip
import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_ARCHITECTURES: Mapping[str, str] = {"x86_64": "amd64", "aarch64": "arm64"}
_EPOCH = "1970-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class File:
    """A file of the image: from a file of this machine, or the text given."""

    path: str
    source: Path | None = None
    text: str = ""
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory of the image."""

    path: str
    mode: int = 0o755


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link of the image."""

    path: str
    target: str


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """What an image holds and how it runs."""

    reference: str
    """Its full name, with registry and tag."""
    entries: tuple[File | Directory | Link, ...]
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    user: str = ""
    env: tuple[str, ...] = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Blob:
    data: bytes

    def digest(self) -> str:
        return "sha256:" + hashlib.sha256(self.data).hexdigest()

    def descriptor(self, media_type: str) -> dict[str, Any]:
        return {"mediaType": media_type, "digest": self.digest(), "size": len(self.data)}


def write_archive(plan: ImagePlan, out: BinaryIO) -> str:
    """Write an OCI archive; the manifest's digest."""
    layer_tar = _layer(plan.entries)
    layer = _Blob(gzip.compress(layer_tar, compresslevel=6, mtime=0))
    config = _json(_image_config(plan, _Blob(layer_tar).digest()))
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": config.descriptor(_CONFIG),
            "layers": [layer.descriptor(_LAYER)],
        }
    )
    listed = manifest.descriptor(_MANIFEST) | {
        "annotations": {
            "io.containerd.image.name": plan.reference,
            "org.opencontainers.image.ref.name": plan.reference.rsplit(":", 1)[-1],
        }
    }
    index = _json({"schemaVersion": 2, "mediaType": _INDEX, "manifests": [listed]})
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.USTAR_FORMAT) as archive:
        _add(archive, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}).data)
        _add(archive, "index.json", index.data)
        for blob in (manifest, config, layer):
            _add(archive, "blobs/" + blob.digest().replace(":", "/"), blob.data)
    return manifest.digest()


def _image_config(plan: ImagePlan, diff_id: str) -> dict[str, Any]:
    run: dict[str, Any] = {"Env": list(plan.env)}
    if plan.entrypoint:
        run["Entrypoint"] = list(plan.entrypoint)
    if plan.command:
        run["Cmd"] = list(plan.command)
    if plan.user:
        run["User"] = plan.user
    if plan.labels:
        run["Labels"] = dict(plan.labels)
    machine = platform.machine()
    return {
        "created": _EPOCH,
        "architecture": _ARCHITECTURES.get(machine, machine),
        "os": "linux",
        "config": run,
        "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        "history": [{"created": _EPOCH, "created_by": "steersman"}],
    }


def _layer(entries: Iterable[File | Directory | Link]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for entry in sorted(entries, key=lambda each: each.path):
            member = tarfile.TarInfo(entry.path.strip("/"))
            match entry:
                case File():
                    data = entry.source.read_bytes() if entry.source else entry.text.encode()
                    member.mode, member.size = entry.mode, len(data)
                    archive.addfile(member, io.BytesIO(data))
                case Directory():
                    member.type, member.mode = tarfile.DIRTYPE, entry.mode
                    archive.addfile(member)
                case Link():
                    member.type, member.linkname = tarfile.SYMTYPE, entry.target
                    member.mode = 0o777
                    archive.addfile(member)
    return out.getvalue()


def _json(value: Any) -> _Blob:
    return _Blob(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))
