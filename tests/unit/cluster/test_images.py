"""Images that are built on this machine."""

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from steersman.cluster.imagearchive import Directory, File, ImagePlan, Link, write_archive
from steersman.cluster.images import ProgramMissing, Programs, build_images, sample_plan

PLAN = ImagePlan(
    "example.com/small:1",
    (File("bin/tool", text="tool", mode=0o755), Link("bin/also", "tool"), Directory("tmp", 0o1777)),
    entrypoint=("/bin/tool",),
)


def archive(plan: ImagePlan) -> bytes:
    out = io.BytesIO()
    write_archive(plan, out)
    return out.getvalue()


def read(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {member.name: content.read() for member in tar if (content := tar.extractfile(member))}


def blob(files: dict[str, bytes], descriptor: dict[str, Any]) -> bytes:
    data = files["blobs/" + descriptor["digest"].replace(":", "/")]
    assert descriptor["digest"] == "sha256:" + hashlib.sha256(data).hexdigest()
    assert descriptor["size"] == len(data)
    return data


def test_the_same_content_makes_the_same_bytes() -> None:
    assert archive(PLAN) == archive(PLAN)


def test_an_archive_holds_all_that_its_index_names() -> None:
    files = read(archive(PLAN))
    (manifest_at,) = json.loads(files["index.json"])["manifests"]
    assert manifest_at["annotations"]["io.containerd.image.name"] == "example.com/small:1"
    manifest = json.loads(blob(files, manifest_at))
    config = json.loads(blob(files, manifest["config"]))
    assert config["config"]["Entrypoint"] == ["/bin/tool"]
    (layer_at,) = manifest["layers"]
    with tarfile.open(fileobj=io.BytesIO(blob(files, layer_at))) as layer:
        members = {member.name: member for member in layer}
    assert members["bin/also"].linkname == "tool"
    assert (members["tmp"].mode, members["bin/tool"].mode) == (0o1777, 0o755)
    assert all((each.mtime, each.uid, each.gid) == (0, 0, 0) for each in members.values())


def test_the_sample_image_has_a_link_for_each_applet(tmp_path: Path) -> None:
    busybox = tmp_path / "busybox"
    busybox.write_text("program")
    plan = sample_plan(Programs(busybox=busybox), ("busybox", "sh", "wget"))
    links = {entry.path: entry.target for entry in plan.entries if isinstance(entry, Link)}
    assert links == {"bin/sh": "busybox", "bin/wget": "busybox", "usr/bin/env": "/bin/env"}


def test_a_missing_program_is_named_with_its_package(tmp_path: Path) -> None:
    with pytest.raises(ProgramMissing) as missing:
        build_images(tmp_path, Programs(pause=tmp_path / "nothing"))
    assert missing.value.package == "catatonit"
