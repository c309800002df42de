"""CRI's calls: the request and response messages of runtime.v1, and how long each may take."""

from dataclasses import dataclass, field
from typing import Annotated, Generic, TypeVar

from steersman.cri.records import (
    AttachRequest,
    AuthConfig,
    Container,
    ContainerConfig,
    ContainerEvent,
    ContainerFilter,
    ContainerStatus,
    ExecRequest,
    ExecSyncResult,
    Image,
    ImageSpec,
    LinuxContainerResources,
    PodSandbox,
    PodSandboxConfig,
    PodSandboxFilter,
    PodSandboxStatus,
    RuntimeStatus,
    Version,
)
from steersman.cri.stats import ContainerStats, ContainerStatsFilter, FilesystemUsage

Request = TypeVar("Request")
Response = TypeVar("Response")

SHORT_SECONDS = 10.0
"""Calls that only look something up."""
NORMAL_SECONDS = 120.0
"""Calls that make or end something (upstream: runtimeRequestTimeout, 2 minutes)."""
RUN_SANDBOX_SECONDS = 240.0
"""Upstream allows a sandbox twice the usual time, as its network may be slow."""
PULL_SECONDS = 3600.0
"""The runtime bounds a pull by its progress; this only keeps it from lasting for ever."""


@dataclass(frozen=True, slots=True)
class Empty:
    """A message without fields that we use."""


@dataclass(frozen=True, slots=True)
class PodSandboxId:
    """A request about one sandbox."""

    pod_sandbox_id: Annotated[str, 1] = ""


@dataclass(frozen=True, slots=True)
class ContainerId:
    """A request about one container."""

    container_id: Annotated[str, 1] = ""


@dataclass(frozen=True, slots=True)
class RunPodSandboxRequest:
    """Asks for a sandbox."""

    config: Annotated[PodSandboxConfig, 1] = field(default_factory=PodSandboxConfig)
    runtime_handler: Annotated[str, 2] = ""


@dataclass(frozen=True, slots=True)
class PodSandboxStatusResponse:
    """Answers with a sandbox in full."""

    status: Annotated[PodSandboxStatus, 1] = field(default_factory=PodSandboxStatus)


@dataclass(frozen=True, slots=True)
class ListPodSandboxRequest:
    """Asks for sandboxes."""

    filter: Annotated[PodSandboxFilter | None, 1] = None


@dataclass(frozen=True, slots=True)
class ListPodSandboxResponse:
    """Answers with sandboxes."""

    items: Annotated[tuple[PodSandbox, ...], 1] = ()


@dataclass(frozen=True, slots=True)
class CreateContainerRequest:
    """Asks for a container."""

    pod_sandbox_id: Annotated[str, 1] = ""
    config: Annotated[ContainerConfig, 2] = field(default_factory=ContainerConfig)
    sandbox_config: Annotated[PodSandboxConfig, 3] = field(default_factory=PodSandboxConfig)


@dataclass(frozen=True, slots=True)
class StopContainerRequest:
    """Asks for a container's end within seconds."""

    container_id: Annotated[str, 1] = ""
    timeout: Annotated[int, 2] = 0


@dataclass(frozen=True, slots=True)
class ListContainersRequest:
    """Asks for containers."""

    filter: Annotated[ContainerFilter | None, 1] = None


@dataclass(frozen=True, slots=True)
class ListContainersResponse:
    """Answers with containers."""

    containers: Annotated[tuple[Container, ...], 1] = ()


@dataclass(frozen=True, slots=True)
class ContainerStatusResponse:
    """Answers with a container in full."""

    status: Annotated[ContainerStatus, 1] = field(default_factory=ContainerStatus)


@dataclass(frozen=True, slots=True)
class UpdateContainerResourcesRequest:
    """Asks for other limits."""

    container_id: Annotated[str, 1] = ""
    linux: Annotated[LinuxContainerResources | None, 2] = None


@dataclass(frozen=True, slots=True)
class ExecSyncRequest:
    """Asks for a command to be run to its end within seconds."""

    container_id: Annotated[str, 1] = ""
    cmd: Annotated[tuple[str, ...], 2] = ()
    timeout: Annotated[int, 3] = 0


@dataclass(frozen=True, slots=True)
class PortForwardRequest:
    """Asks for a stream to ports of a sandbox."""

    pod_sandbox_id: Annotated[str, 1] = ""
    port: Annotated[tuple[int, ...], 2] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """A message with one string that matters: an id, a URL, an image reference."""

    text: Annotated[str, 1] = ""


@dataclass(frozen=True, slots=True)
class ListContainerStatsRequest:
    """Asks for figures."""

    filter: Annotated[ContainerStatsFilter | None, 1] = None


@dataclass(frozen=True, slots=True)
class ListContainerStatsResponse:
    """Answers with figures."""

    stats: Annotated[tuple[ContainerStats, ...], 1] = ()


@dataclass(frozen=True, slots=True)
class ContainerStatsResponse:
    """Answers with one container's figures."""

    stats: Annotated[ContainerStats, 1] = field(default_factory=ContainerStats)


@dataclass(frozen=True, slots=True)
class ListImagesResponse:
    """Answers with images."""

    images: Annotated[tuple[Image, ...], 1] = ()


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """Asks about, or for the end of, an image."""

    image: Annotated[ImageSpec, 1] = field(default_factory=ImageSpec)


@dataclass(frozen=True, slots=True)
class ImageStatusResponse:
    """Answers with an image, or none."""

    image: Annotated[Image | None, 1] = None


@dataclass(frozen=True, slots=True)
class PullImageRequest:
    """Asks for an image to be fetched."""

    image: Annotated[ImageSpec, 1] = field(default_factory=ImageSpec)
    auth: Annotated[AuthConfig | None, 2] = None
    sandbox_config: Annotated[PodSandboxConfig | None, 3] = None


@dataclass(frozen=True, slots=True)
class ImageFsInfoResponse:
    """Answers with the filesystems that images are on."""

    image_filesystems: Annotated[tuple[FilesystemUsage, ...], 1] = ()


@dataclass(frozen=True, slots=True)
class StatusResponse:
    """Answers with the runtime's conditions."""

    status: Annotated[RuntimeStatus, 1] = field(default_factory=RuntimeStatus)


@dataclass(frozen=True, slots=True)
class Call(Generic[Request, Response]):
    """One call: its service and name, the messages, and its timeout."""

    service: str
    name: str
    request: type[Request]
    response: type[Response]
    seconds: float = NORMAL_SECONDS


_RUNTIME = "RuntimeService"
_IMAGE = "ImageService"

VERSION = Call(_RUNTIME, "Version", Empty, Version, SHORT_SECONDS)
STATUS = Call(_RUNTIME, "Status", Empty, StatusResponse, SHORT_SECONDS)
RUN_POD_SANDBOX = Call(_RUNTIME, "RunPodSandbox", RunPodSandboxRequest, Text, RUN_SANDBOX_SECONDS)
STOP_POD_SANDBOX = Call(_RUNTIME, "StopPodSandbox", PodSandboxId, Empty)
REMOVE_POD_SANDBOX = Call(_RUNTIME, "RemovePodSandbox", PodSandboxId, Empty)
POD_SANDBOX_STATUS = Call(_RUNTIME, "PodSandboxStatus", PodSandboxId, PodSandboxStatusResponse, SHORT_SECONDS)
LIST_POD_SANDBOX = Call(_RUNTIME, "ListPodSandbox", ListPodSandboxRequest, ListPodSandboxResponse, SHORT_SECONDS)
PORT_FORWARD = Call(_RUNTIME, "PortForward", PortForwardRequest, Text, SHORT_SECONDS)
CREATE_CONTAINER = Call(_RUNTIME, "CreateContainer", CreateContainerRequest, Text)
START_CONTAINER = Call(_RUNTIME, "StartContainer", ContainerId, Empty)
STOP_CONTAINER = Call(_RUNTIME, "StopContainer", StopContainerRequest, Empty)
REMOVE_CONTAINER = Call(_RUNTIME, "RemoveContainer", ContainerId, Empty)
LIST_CONTAINERS = Call(_RUNTIME, "ListContainers", ListContainersRequest, ListContainersResponse, SHORT_SECONDS)
CONTAINER_STATUS = Call(_RUNTIME, "ContainerStatus", ContainerId, ContainerStatusResponse, SHORT_SECONDS)
UPDATE_CONTAINER_RESOURCES = Call(_RUNTIME, "UpdateContainerResources", UpdateContainerResourcesRequest, Empty)
REOPEN_CONTAINER_LOG = Call(_RUNTIME, "ReopenContainerLog", ContainerId, Empty)
EXEC_SYNC = Call(_RUNTIME, "ExecSync", ExecSyncRequest, ExecSyncResult)
EXEC = Call(_RUNTIME, "Exec", ExecRequest, Text, SHORT_SECONDS)
ATTACH = Call(_RUNTIME, "Attach", AttachRequest, Text, SHORT_SECONDS)
CONTAINER_STATS = Call(_RUNTIME, "ContainerStats", ContainerId, ContainerStatsResponse, SHORT_SECONDS)
LIST_CONTAINER_STATS = Call(_RUNTIME, "ListContainerStats", ListContainerStatsRequest, ListContainerStatsResponse)
EVENTS = Call(_RUNTIME, "GetContainerEvents", Empty, ContainerEvent)
LIST_IMAGES = Call(_IMAGE, "ListImages", Empty, ListImagesResponse, SHORT_SECONDS)
IMAGE_STATUS = Call(_IMAGE, "ImageStatus", ImageRequest, ImageStatusResponse, SHORT_SECONDS)
PULL_IMAGE = Call(_IMAGE, "PullImage", PullImageRequest, Text, PULL_SECONDS)
REMOVE_IMAGE = Call(_IMAGE, "RemoveImage", ImageRequest, Empty)
IMAGE_FS_INFO = Call(_IMAGE, "ImageFsInfo", Empty, ImageFsInfoResponse, SHORT_SECONDS)


def all_messages() -> tuple[type, ...]:
    """Every request and response above."""
    calls = [value for value in globals().values() if isinstance(value, Call)]
    return tuple(dict.fromkeys(each for call in calls for each in (call.request, call.response)))
