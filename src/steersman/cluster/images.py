"""The images a cluster has without a registry, and how archives get into a node's containerd.

The pause image is Debian's catatonit, the sample image its busybox-static: both programs are
linked statically, so that the file alone makes an image.
"""

import asyncio
import hashlib
import json
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steersman.cluster.containerdconfig import PAUSE_IMAGE
from steersman.cluster.errors import ClusterError
from steersman.cluster.imagearchive import Directory, File, ImagePlan, Link, write_archive
from steersman.component.nodecontext import NodeContext
from steersman.cri.reference import full_reference

SAMPLE_IMAGE = "steersman.local/busybox:1"
"""Not tagged `latest`, which would make a pod's imagePullPolicy Always."""

IMPORT_SECONDS = 600.0
_LISTS = ("manifest.json", "index.json")
_NAME_ANNOTATION = "io.containerd.image.name"
_LIST_SECONDS = 10.0
_PASSWD = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n"
_GROUP = "root:x:0:\nnogroup:x:65534:\n"


class ImageImportFailed(ClusterError):
    """containerd refused an archive; `reason` is ctr's last words."""

    def __init__(self, archive: Path, reason: str) -> None:
        """Keep which archive and why."""
        super().__init__(f"{archive}: {reason}")
        self.archive = archive
        self.reason = reason


class ProgramMissing(Exception):
    """A program that an image is made of isn't installed; `package` is Debian's that has it."""

    def __init__(self, program: Path, package: str) -> None:
        """Keep what is missing and where to get it."""
        super().__init__(f"{program} is missing: install {package}")
        self.program = program
        self.package = package


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs that the images are made of."""

    pause: Path = Path("/usr/bin/catatonit")
    busybox: Path = Path("/bin/busybox")


def pause_plan(programs: Programs) -> ImagePlan:
    """The image of the process that holds a pod's namespaces."""
    _require(programs.pause, "catatonit")
    return ImagePlan(
        reference=PAUSE_IMAGE,
        entries=(File("pause", programs.pause, mode=0o755),),
        entrypoint=("/pause", "-P"),
        # Upstream's pause image runs as this user too.
        user="65535:65535",
    )


def sample_plan(programs: Programs, applets: Sequence[str]) -> ImagePlan:
    """A small image with a shell, a web server and the usual tools."""
    _require(programs.busybox, "busybox-static")
    directories = ("bin", "etc", "home", "root", "usr", "usr/bin", "var", "var/www")
    links = (Link(f"bin/{applet}", "busybox") for applet in applets if applet != "busybox")
    return ImagePlan(
        reference=SAMPLE_IMAGE,
        entries=(
            *(Directory(path) for path in directories),
            Directory("tmp", 0o1777),
            File("bin/busybox", programs.busybox, mode=0o755),
            File("etc/passwd", text=_PASSWD),
            File("etc/group", text=_GROUP),
            File("etc/nsswitch.conf", text="hosts: files dns\n"),
            *links,
            Link("usr/bin/env", "/bin/env"),
        ),
        command=("sh",),
    )


def list_applets(busybox: Path) -> tuple[str, ...]:
    """The commands that this busybox has. Blocks."""
    _require(busybox, "busybox-static")
    listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True, timeout=_LIST_SECONDS)
    return tuple(listed.stdout.split())


def build_images(directory: Path, programs: Programs) -> tuple[Path, ...]:
    """Write the archives that aren't there yet, named by what they are made of. Blocks."""
    directory.mkdir(parents=True, exist_ok=True)
    plans = {
        "pause": pause_plan(programs),
        "busybox": sample_plan(programs, list_applets(programs.busybox)),
    }
    return tuple(_build(directory, name, plan) for name, plan in plans.items())


def archive_references(archive: Path) -> tuple[str, ...]:
    """The names of the images in a docker or OCI archive; ImageImportFailed if it is none. Blocks."""
    found: list[str] = []
    try:
        with tarfile.open(archive) as files:
            for member in files:
                content = files.extractfile(member) if member.name in _LISTS else None
                if content is not None:
                    found.extend(_listed_references(json.load(content)))
    except (tarfile.TarError, json.JSONDecodeError, OSError) as error:
        raise ImageImportFailed(archive, str(error)) from error
    # An archive in both forms names each image twice.
    return tuple(dict.fromkeys(map(full_reference, found)))


async def import_archive(context: NodeContext, archive: Path, snapshotter: str) -> None:
    """Put the images of a docker or OCI archive on the node (`archive_references` says which)."""
    process = await asyncio.create_subprocess_exec(
        "ctr",
        f"--address={context.containerd.socket}",
        "--namespace=k8s.io",
        "images",
        "import",
        f"--snapshotter={snapshotter}",
        str(archive),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, errors = await asyncio.wait_for(process.communicate(), IMPORT_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        lines = errors.decode(errors="replace").strip().splitlines()
        raise ImageImportFailed(archive, lines[-1] if lines else "ctr failed")


def _listed_references(listed: Any) -> Iterator[str]:
    """The names in a docker archive's manifest.json, or in an OCI layout's index.json."""
    if isinstance(listed, list):
        for image in listed:
            yield from image.get("RepoTags") or ()
        return
    for manifest in listed.get("manifests", ()):
        annotations = manifest.get("annotations", {})
        if _NAME_ANNOTATION in annotations:
            yield annotations[_NAME_ANNOTATION]


def _build(directory: Path, name: str, plan: ImagePlan) -> Path:
    path = directory / f"{name}-{_fingerprint(plan)}.tar"
    if not path.exists():
        unfinished = path.with_suffix(".new")
        with unfinished.open("wb") as out:
            write_archive(plan, out)
        unfinished.replace(path)
    return path


def _fingerprint(plan: ImagePlan) -> str:
    content = hashlib.sha256(repr(plan).encode())
    for entry in plan.entries:
        if isinstance(entry, File) and entry.source:
            content.update(entry.source.read_bytes())
    return content.hexdigest()[:16]


def _require(program: Path, package: str) -> None:
    if not program.exists():
        raise ProgramMissing(program, package)
