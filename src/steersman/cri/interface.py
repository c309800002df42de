"""The container runtime as the kubelet sees it: one Protocol, its records in records.py.

Implementations: grpc.GRPCRuntime (containerd, CRI-O) and fake.FakeRuntime. All pass
tests/contract/test_runtime_contract.py. What every one of them keeps to:

- a failed call raises one of errors.py, and nothing else;
- stop and remove are idempotent: what is gone already is no error;
- removing a sandbox removes its containers, stopping one kills them;
- stopping a sandbox takes its network away, removing it forgets it;
- a container is made in a READY sandbox, from an image that is on the node;
- containers' states, exit codes and log paths outlive the sandbox's stop, until they are removed;
- names (PodSandboxMetadata; ContainerMetadata in its sandbox) are unique: AlreadyExists.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

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
    LinuxContainerResources,
    PodSandbox,
    PodSandboxConfig,
    PodSandboxFilter,
    PodSandboxStatus,
    RuntimeStatus,
    Version,
)
from steersman.cri.stats import (
    ContainerStats,
    ContainerStatsFilter,
    FilesystemUsage,
)


class SandboxService(Protocol):
    """Pod sandboxes: the namespaces, cgroup and address that a pod's containers share."""

    async def run_pod_sandbox(self, config: PodSandboxConfig, runtime_handler: str = "") -> str:
        """Make and start a sandbox with its network; its id."""
        ...

    async def stop_pod_sandbox(self, pod_sandbox_id: str) -> None:
        """Kill what runs in the sandbox, give its address back."""
        ...

    async def remove_pod_sandbox(self, pod_sandbox_id: str) -> None:
        """Forget the sandbox and its containers."""
        ...

    async def pod_sandbox_status(self, pod_sandbox_id: str) -> PodSandboxStatus:
        """The sandbox in full, with its addresses; NotFound."""
        ...

    async def list_pod_sandboxes(self, wanted: PodSandboxFilter | None = None) -> tuple[PodSandbox, ...]:
        """All sandboxes that match, in no order."""
        ...

    async def port_forward(self, pod_sandbox_id: str, ports: Sequence[int]) -> str:
        """A URL of the runtime's streaming server to forward ports through."""
        ...


class ContainerService(Protocol):
    """The containers of sandboxes."""

    async def create_container(
        self, pod_sandbox_id: str, config: ContainerConfig, sandbox_config: PodSandboxConfig
    ) -> str:
        """Make a container, not started; its id. NotFound: no such sandbox or image."""
        ...

    async def start_container(self, container_id: str) -> None:
        """Start a created container; one that can't be started fails and becomes EXITED."""
        ...

    async def stop_container(self, container_id: str, timeout_seconds: int) -> None:
        """Send the stop signal, kill after the timeout (0: at once); returns when it is dead."""
        ...

    async def remove_container(self, container_id: str) -> None:
        """Kill if need be, and forget the container; its log file stays."""
        ...

    async def list_containers(self, wanted: ContainerFilter | None = None) -> tuple[Container, ...]:
        """All containers that match, in no order."""
        ...

    async def container_status(self, container_id: str) -> ContainerStatus:
        """The container in full; NotFound."""
        ...

    async def update_container_resources(self, container_id: str, resources: LinuxContainerResources) -> None:
        """Change the limits of a running container."""
        ...

    async def reopen_container_log(self, container_id: str) -> None:
        """Open the log file anew after it was rotated."""
        ...

    async def exec_sync(self, container_id: str, cmd: Sequence[str], timeout_seconds: int) -> ExecSyncResult:
        """Run a command to its end; past the timeout (0: none) it is killed, DeadlineExceeded."""
        ...

    async def exec(self, request: ExecRequest) -> str:
        """A URL of the runtime's streaming server to run a command through."""
        ...

    async def attach(self, request: AttachRequest) -> str:
        """A URL of the runtime's streaming server to attach through."""
        ...

    async def container_stats(self, container_id: str) -> ContainerStats:
        """One container's use of the node; NotFound."""
        ...

    async def list_container_stats(self, wanted: ContainerStatsFilter | None = None) -> tuple[ContainerStats, ...]:
        """The figures of all running containers that match."""
        ...


class ImageService(Protocol):
    """The images on the node."""

    async def list_images(self) -> tuple[Image, ...]:
        """All images."""
        ...

    async def image_status(self, image: str) -> Image | None:
        """The image by reference or id; None where it isn't on the node."""
        ...

    async def pull_image(
        self,
        image: str,
        auth: AuthConfig | None = None,
        sandbox_config: PodSandboxConfig | None = None,
    ) -> str:
        """Fetch an image from its registry; the reference to start containers with."""
        ...

    async def remove_image(self, image: str) -> None:
        """Remove the image with all its names; one that isn't there is no error."""
        ...

    async def image_fs_info(self) -> tuple[FilesystemUsage, ...]:
        """How much room the images take."""
        ...


class Runtime(SandboxService, ContainerService, ImageService, Protocol):
    """A container runtime."""

    async def version(self) -> Version:
        """Which runtime answers."""
        ...

    async def status(self) -> RuntimeStatus:
        """Whether the runtime and its network are ready."""
        ...

    def events(self) -> AsyncGenerator[ContainerEvent, None]:
        """Starts and ends of containers as they happen, until the runtime goes away (Unavailable).

        Events may be lost: relisting is what counts. Unimplemented where the runtime has none.
        """
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...
