"""A container runtime behind a socket: containerd or CRI-O, spoken to in CRI's gRPC.

The only module that knows gRPC. A call is named with its timeout in calls.py; here it is made,
and what goes wrong becomes one of errors.py.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import grpc
import grpc.aio

from steersman.component.protobuf import Codec
from steersman.cri import calls, containerdevents
from steersman.cri.errors import (
    AlreadyExists,
    DeadlineExceeded,
    InvalidArgument,
    NotFound,
    RuntimeServiceError,
    Unavailable,
    Unimplemented,
)
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

API_VERSIONS = ("runtime.v1", "runtime.v1alpha2")
"""The newest first; their messages agree in all that we use."""

_OPTIONS = (
    # Upstream's limit: lists of many pods pass gRPC's usual 4 MiB.
    ("grpc.max_receive_message_length", 16 << 20),
    ("grpc.max_send_message_length", 16 << 20),
    # The runtime restarts in well under a second; the usual wait of up to 2 minutes is too long.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # Two runtimes in one process must not share connections by the address alone.
    ("grpc.use_local_subchannel_pool", 1),
)
_ERRORS: dict[grpc.StatusCode, type[RuntimeServiceError]] = {
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExists,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.UNIMPLEMENTED: Unimplemented,
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgument,
}
_WORDS: tuple[tuple[str, type[RuntimeServiceError]], ...] = (
    # containerd gives these no code of their own.
    ("is reserved for", AlreadyExists),
    ("server is not initialized yet", Unavailable),
)


async def connect(socket: Path) -> "GRPCRuntime":
    """A runtime at a socket, in the newest API that it speaks; Unavailable while it is away."""
    channel = grpc.aio.insecure_channel(f"unix:{socket}", options=_OPTIONS)
    codec = Codec("runtime.v1", calls.all_messages())
    for api in API_VERSIONS:
        runtime = GRPCRuntime(channel, codec, api)
        try:
            await runtime.version()
        except Unimplemented:
            continue
        except RuntimeServiceError:
            await channel.close(grace=None)
            raise
        return runtime
    await channel.close(grace=None)
    raise Unimplemented("Version", f"{socket} speaks none of {', '.join(API_VERSIONS)}")


class GRPCRuntime:
    """The Runtime protocol over one gRPC channel; it reconnects by itself."""

    def __init__(self, channel: grpc.aio.Channel, codec: Codec, api: str) -> None:
        """Take over an open channel."""
        self._channel = channel
        self._codec = codec
        self._api = api
        self._methods: dict[str, Callable[..., Any]] = {}

    async def run_pod_sandbox(self, config: PodSandboxConfig, runtime_handler: str = "") -> str:
        """Make and start a sandbox with its network."""
        request = calls.RunPodSandboxRequest(config, runtime_handler)
        return (await self._call(calls.RUN_POD_SANDBOX, request)).text

    async def stop_pod_sandbox(self, pod_sandbox_id: str) -> None:
        """Kill what runs in the sandbox, give its address back."""
        await self._end(calls.STOP_POD_SANDBOX, calls.PodSandboxId(pod_sandbox_id))

    async def remove_pod_sandbox(self, pod_sandbox_id: str) -> None:
        """Forget the sandbox and its containers."""
        await self._end(calls.REMOVE_POD_SANDBOX, calls.PodSandboxId(pod_sandbox_id))

    async def pod_sandbox_status(self, pod_sandbox_id: str) -> PodSandboxStatus:
        """The sandbox in full."""
        request = calls.PodSandboxId(pod_sandbox_id)
        return (await self._call(calls.POD_SANDBOX_STATUS, request)).status

    async def list_pod_sandboxes(self, wanted: PodSandboxFilter | None = None) -> tuple[PodSandbox, ...]:
        """All sandboxes that match."""
        request = calls.ListPodSandboxRequest(wanted)
        return (await self._call(calls.LIST_POD_SANDBOX, request)).items

    async def port_forward(self, pod_sandbox_id: str, ports: Sequence[int]) -> str:
        """A URL to forward ports through."""
        request = calls.PortForwardRequest(pod_sandbox_id, tuple(ports))
        return (await self._call(calls.PORT_FORWARD, request)).text

    async def create_container(
        self, pod_sandbox_id: str, config: ContainerConfig, sandbox_config: PodSandboxConfig
    ) -> str:
        """Make a container, not started."""
        request = calls.CreateContainerRequest(pod_sandbox_id, config, sandbox_config)
        return (await self._call(calls.CREATE_CONTAINER, request)).text

    async def start_container(self, container_id: str) -> None:
        """Start a created container."""
        await self._call(calls.START_CONTAINER, calls.ContainerId(container_id))

    async def stop_container(self, container_id: str, timeout_seconds: int) -> None:
        """Signal, wait, kill."""
        request = calls.StopContainerRequest(container_id, timeout_seconds)
        await self._end(calls.STOP_CONTAINER, request, more_seconds=timeout_seconds)

    async def remove_container(self, container_id: str) -> None:
        """Kill if need be, and forget the container."""
        await self._end(calls.REMOVE_CONTAINER, calls.ContainerId(container_id))

    async def list_containers(self, wanted: ContainerFilter | None = None) -> tuple[Container, ...]:
        """All containers that match."""
        request = calls.ListContainersRequest(wanted)
        return (await self._call(calls.LIST_CONTAINERS, request)).containers

    async def container_status(self, container_id: str) -> ContainerStatus:
        """The container in full."""
        request = calls.ContainerId(container_id)
        status = (await self._call(calls.CONTAINER_STATUS, request)).status
        started, finished = status.started_at, status.finished_at
        if started is not None and finished is not None and finished < started:
            # containerd stamps the start after the fact: what ends at once seems to end before.
            return replace(status, finished_at=started)
        return status

    async def update_container_resources(self, container_id: str, resources: LinuxContainerResources) -> None:
        """Change the limits of a running container."""
        request = calls.UpdateContainerResourcesRequest(container_id, resources)
        await self._call(calls.UPDATE_CONTAINER_RESOURCES, request)

    async def reopen_container_log(self, container_id: str) -> None:
        """Open the log file anew."""
        await self._call(calls.REOPEN_CONTAINER_LOG, calls.ContainerId(container_id))

    async def exec_sync(self, container_id: str, cmd: Sequence[str], timeout_seconds: int) -> ExecSyncResult:
        """Run a command to its end."""
        request = calls.ExecSyncRequest(container_id, tuple(cmd), timeout_seconds)
        return await self._call(calls.EXEC_SYNC, request, more_seconds=timeout_seconds)

    async def exec(self, request: ExecRequest) -> str:
        """A URL to run a command through."""
        return (await self._call(calls.EXEC, request)).text

    async def attach(self, request: AttachRequest) -> str:
        """A URL to attach through."""
        return (await self._call(calls.ATTACH, request)).text

    async def container_stats(self, container_id: str) -> ContainerStats:
        """One container's use of the node."""
        request = calls.ContainerId(container_id)
        return (await self._call(calls.CONTAINER_STATS, request)).stats

    async def list_container_stats(self, wanted: ContainerStatsFilter | None = None) -> tuple[ContainerStats, ...]:
        """The figures of the containers that match."""
        request = calls.ListContainerStatsRequest(wanted)
        return (await self._call(calls.LIST_CONTAINER_STATS, request)).stats

    async def list_images(self) -> tuple[Image, ...]:
        """All images."""
        return (await self._call(calls.LIST_IMAGES, calls.Empty())).images

    async def image_status(self, image: str) -> Image | None:
        """The image by reference or id."""
        request = calls.ImageRequest(ImageSpec(image))
        return (await self._call(calls.IMAGE_STATUS, request)).image

    async def pull_image(
        self,
        image: str,
        auth: AuthConfig | None = None,
        sandbox_config: PodSandboxConfig | None = None,
    ) -> str:
        """Fetch an image from its registry."""
        request = calls.PullImageRequest(ImageSpec(image), auth, sandbox_config)
        return (await self._call(calls.PULL_IMAGE, request)).text

    async def remove_image(self, image: str) -> None:
        """Remove the image with all its names."""
        await self._end(calls.REMOVE_IMAGE, calls.ImageRequest(ImageSpec(image)))

    async def image_fs_info(self) -> tuple[FilesystemUsage, ...]:
        """How much room the images take."""
        return (await self._call(calls.IMAGE_FS_INFO, calls.Empty())).image_filesystems

    async def version(self) -> Version:
        """Which runtime answers."""
        return await self._call(calls.VERSION, calls.Empty())

    async def status(self) -> RuntimeStatus:
        """Whether the runtime and its network are ready."""
        return (await self._call(calls.STATUS, calls.Empty())).status

    async def events(self) -> AsyncGenerator[ContainerEvent, None]:
        """Starts and ends of containers; from containerd's own events where CRI has none."""
        method = self._channel.unary_stream(
            f"/{self._api}.{calls.EVENTS.service}/{calls.EVENTS.name}",
            request_serializer=self._codec.encode,
            response_deserializer=self._codec.decoder(ContainerEvent),
        )
        try:
            async for event in method(calls.Empty()):
                yield event
            return
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
                raise _typed(calls.EVENTS.name, error) from error
        async for event in self._containerd_events():
            yield event

    async def close(self) -> None:
        """Let go of the connection."""
        await self._channel.close(grace=None)

    async def _containerd_events(self) -> AsyncGenerator[ContainerEvent, None]:
        codec = containerdevents.codec()
        method = self._channel.unary_stream(
            containerdevents.SUBSCRIBE,
            request_serializer=codec.encode,
            response_deserializer=codec.decoder(containerdevents.Envelope),
        )
        try:
            async for envelope in method(containerdevents.SUBSCRIPTION):
                event = containerdevents.container_event(codec, envelope)
                if event is not None:
                    yield event
        except grpc.aio.AioRpcError as error:
            raise _typed("Subscribe", error) from error

    async def _call(
        self,
        call: calls.Call[Request, Response],
        request: Request,
        more_seconds: float = 0.0,
    ) -> Response:
        method = self._methods.get(call.name)
        if method is None:
            method = self._methods[call.name] = self._channel.unary_unary(
                f"/{self._api}.{call.service}/{call.name}",
                request_serializer=self._codec.encode,
                response_deserializer=self._codec.decoder(call.response),
            )
        try:
            response: Response = await method(request, timeout=call.seconds + more_seconds)
        except grpc.aio.AioRpcError as error:
            raise _typed(call.name, error) from error
        return response

    async def _end(
        self,
        call: calls.Call[Request, calls.Empty],
        request: Request,
        more_seconds: float = 0.0,
    ) -> None:
        """Make a call after which something is gone; that it is gone already is fine."""
        try:
            await self._call(call, request, more_seconds)
        except NotFound:
            return


def _typed(method: str, error: grpc.aio.AioRpcError) -> RuntimeServiceError:
    said = error.details() or error.code().name
    kind = _ERRORS.get(error.code(), RuntimeServiceError)
    if error.code() is grpc.StatusCode.UNKNOWN:
        kind = next((kind for words, kind in _WORDS if words in said), kind)
    return kind(method, said)
