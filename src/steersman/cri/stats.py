"""What containers and images use of the node, in CRI's words, declared as in records.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from steersman.cri.records import ContainerMetadata


@dataclass(frozen=True, slots=True)
class FilesystemIdentifier:
    """A filesystem by its mount point."""

    mountpoint: Annotated[str, 1] = ""


@dataclass(frozen=True, slots=True)
class FilesystemUsage:
    """How full a filesystem, or a part of it, is."""

    timestamp: Annotated[datetime | None, 1] = None
    fs_id: Annotated[FilesystemIdentifier | None, 2] = None
    used_bytes: Annotated[int | None, 3] = None
    inodes_used: Annotated[int | None, 4] = None


@dataclass(frozen=True, slots=True)
class ContainerAttributes:
    """Which container the figures are of."""

    id: Annotated[str, 1] = ""
    metadata: Annotated[ContainerMetadata, 2] = field(default_factory=ContainerMetadata)
    labels: Annotated[Mapping[str, str], 3] = field(default_factory=dict)
    annotations: Annotated[Mapping[str, str], 4] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CpuUsage:
    """CPU time so far, and the rate where the runtime works it out."""

    timestamp: Annotated[datetime | None, 1] = None
    usage_core_nano_seconds: Annotated[int | None, 2] = None
    usage_nano_cores: Annotated[int | None, 3] = None


@dataclass(frozen=True, slots=True)
class MemoryUsage:
    """Memory in use; the working set is what eviction looks at."""

    timestamp: Annotated[datetime | None, 1] = None
    working_set_bytes: Annotated[int | None, 2] = None
    available_bytes: Annotated[int | None, 3] = None
    usage_bytes: Annotated[int | None, 4] = None
    rss_bytes: Annotated[int | None, 5] = None
    page_faults: Annotated[int | None, 6] = None
    major_page_faults: Annotated[int | None, 7] = None


@dataclass(frozen=True, slots=True)
class ContainerStats:
    """One container's use of the node."""

    attributes: Annotated[ContainerAttributes, 1] = field(default_factory=ContainerAttributes)
    cpu: Annotated[CpuUsage | None, 2] = None
    memory: Annotated[MemoryUsage | None, 3] = None
    writable_layer: Annotated[FilesystemUsage | None, 4] = None


@dataclass(frozen=True, slots=True)
class ContainerStatsFilter:
    """Which containers' figures to list."""

    id: Annotated[str, 1] = ""
    pod_sandbox_id: Annotated[str, 2] = ""
    label_selector: Annotated[Mapping[str, str], 3] = field(default_factory=dict)
