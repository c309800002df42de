"""A container runtime in memory: thousands of pods cost nothing, and a test decides what they do.

There are no tasks behind it: a container that ends by itself is found ended when one looks, by
the injected clock. Steering (fail_next, end_container, calls) stands beside the interface.
"""

import asyncio
import hashlib
import ipaddress
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from steersman.component.clock import Clock
from steersman.cri.behaviour import Behaviour, FakeSettings
from steersman.cri.errors import (
    AlreadyExists,
    NotFound,
    RuntimeServiceError,
    Unimplemented,
)
from steersman.cri.fakeimages import FakeImages
from steersman.cri.records import (
    AttachRequest,
    AuthConfig,
    Container,
    ContainerConfig,
    ContainerEvent,
    ContainerEventType,
    ContainerFilter,
    ContainerResources,
    ContainerState,
    ContainerStatus,
    ExecRequest,
    ExecSyncResult,
    Image,
    LinuxContainerResources,
    NamespaceMode,
    PodSandbox,
    PodSandboxConfig,
    PodSandboxFilter,
    PodSandboxNetworkStatus,
    PodSandboxState,
    PodSandboxStatus,
    RuntimeCondition,
    RuntimeStatus,
    Version,
)
from steersman.cri.stats import (
    ContainerAttributes,
    ContainerStats,
    ContainerStatsFilter,
    CpuUsage,
    FilesystemUsage,
    MemoryUsage,
)

KILLED = 137
CANNOT_START = 128
EVENT_BACKLOG = 10_000
CALLS_KEPT = 10_000


@dataclass(slots=True)
class _Container:
    """A container and what will become of it."""

    status: ContainerStatus
    pod_sandbox_id: str
    behaviour: Behaviour
    ends_at: datetime | None = None

    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self.status.state is ContainerState.RUNNING


@dataclass(slots=True)
class _Sandbox:
    """A sandbox and what it was made from."""

    status: PodSandboxStatus
    config: PodSandboxConfig
    containers: dict[str, _Container]


class FakeRuntime:
    """The Runtime protocol over dictionaries."""

    def __init__(self, clock: Clock, settings: FakeSettings | None = None) -> None:
        """Start empty but for the settings' images."""
        self._clock = clock
        self._settings = settings or FakeSettings()
        self._sandboxes: dict[str, _Sandbox] = {}
        self._containers: dict[str, _Container] = {}
        self._ending: dict[str, _Container] = {}
        """The running containers that will end by themselves."""
        self._names: set[object] = set()
        self._images = FakeImages(self._settings.images)
        self._faults: dict[str, list[RuntimeServiceError]] = {}
        self._watchers: set[asyncio.Queue[ContainerEvent]] = set()
        self._made = 0
        self._addresses = _addresses(self._settings.pod_cidr)
        self.calls: deque[str] = deque(maxlen=CALLS_KEPT)
        """The methods called last, each with the id, name or image it was about."""

    # Steering, for tests.

    def fail_next(self, method: str, error: RuntimeServiceError) -> None:
        """Let the next call of a method (by its Python name) fail."""
        self._faults.setdefault(method, []).append(error)

    def add_image(self, image: str) -> None:
        """Put an image on the node."""
        self._images.add(image)

    def end_container(self, container_id: str, exit_code: int, reason: str = "") -> None:
        """Let a running container end now."""
        container = self._container("end_container", container_id)
        self._end(container, self._clock.now(), exit_code, reason)

    # Sandboxes.

    async def run_pod_sandbox(self, config: PodSandboxConfig, runtime_handler: str = "") -> str:
        """Make a sandbox; pods in the node's network get no address."""
        self._enter("run_pod_sandbox", config.metadata.name)
        self._reserve("RunPodSandbox", config.metadata)
        sandbox_id = self._new_id("sandbox")
        await self._take(self._settings.sandbox_seconds)
        network = PodSandboxNetworkStatus()
        if not _in_node_network(config):
            network = PodSandboxNetworkStatus(ip=next(self._addresses))
        status = PodSandboxStatus(
            id=sandbox_id,
            metadata=config.metadata,
            created_at=self._clock.now(),
            network=network,
            labels=config.labels,
            annotations=config.annotations,
            runtime_handler=runtime_handler,
        )
        self._sandboxes[sandbox_id] = _Sandbox(status, config, {})
        self._tell(sandbox_id, ContainerEventType.STARTED)
        return sandbox_id

    async def stop_pod_sandbox(self, pod_sandbox_id: str) -> None:
        """Kill the sandbox's containers and take its address away."""
        self._enter("stop_pod_sandbox", pod_sandbox_id)
        sandbox = self._sandboxes.get(pod_sandbox_id)
        if sandbox is None or sandbox.status.state is PodSandboxState.NOTREADY:
            return
        for container in sandbox.containers.values():
            if container.is_running():
                self._end(container, self._clock.now(), KILLED, "Error")
        sandbox.status = replace(sandbox.status, state=PodSandboxState.NOTREADY, network=PodSandboxNetworkStatus())
        self._tell(pod_sandbox_id, ContainerEventType.STOPPED)

    async def remove_pod_sandbox(self, pod_sandbox_id: str) -> None:
        """Forget the sandbox and its containers."""
        self._enter("remove_pod_sandbox", pod_sandbox_id)
        sandbox = self._sandboxes.get(pod_sandbox_id)
        if sandbox is None:
            return
        for container in tuple(sandbox.containers.values()):
            self._forget(container)
        del self._sandboxes[pod_sandbox_id]
        self._names.discard(sandbox.status.metadata)
        self._tell(pod_sandbox_id, ContainerEventType.DELETED)

    async def pod_sandbox_status(self, pod_sandbox_id: str) -> PodSandboxStatus:
        """The sandbox in full."""
        self._enter("pod_sandbox_status", pod_sandbox_id)
        sandbox = self._sandboxes.get(pod_sandbox_id)
        if sandbox is None:
            raise NotFound("PodSandboxStatus", f"sandbox {pod_sandbox_id} does not exist")
        return sandbox.status

    async def list_pod_sandboxes(self, wanted: PodSandboxFilter | None = None) -> tuple[PodSandbox, ...]:
        """The sandboxes that match."""
        self._enter("list_pod_sandboxes")
        want = wanted or PodSandboxFilter()
        return tuple(
            _listed_sandbox(sandbox.status)
            for sandbox in self._sandboxes.values()
            if want.id in ("", sandbox.status.id)
            and (want.state is None or want.state.state is sandbox.status.state)
            and _matches(want.label_selector, sandbox.status.labels)
        )

    async def port_forward(self, pod_sandbox_id: str, ports: Sequence[int]) -> str:
        """The test's own streaming address."""
        self._enter("port_forward", pod_sandbox_id)
        return self._stream("PortForward", f"portforward/{pod_sandbox_id}")

    # Containers.

    async def create_container(
        self, pod_sandbox_id: str, config: ContainerConfig, sandbox_config: PodSandboxConfig
    ) -> str:
        """Make a container from an image that is on the node."""
        self._enter("create_container", config.metadata.name)
        sandbox = self._sandboxes.get(pod_sandbox_id)
        if sandbox is None:
            raise NotFound("CreateContainer", f"sandbox {pod_sandbox_id} does not exist")
        image = self._images.find(config.image.image)
        if image is None:
            raise NotFound("CreateContainer", f"image {config.image.image} not found")
        self._reserve("CreateContainer", (pod_sandbox_id, config.metadata))
        container_id = self._new_id("container")
        status = ContainerStatus(
            id=container_id,
            metadata=config.metadata,
            created_at=self._clock.now(),
            image=config.image,
            image_ref=image.repo_digests[0],
            image_id=image.id,
            labels=config.labels,
            annotations=config.annotations,
            mounts=config.mounts,
            log_path=f"{sandbox_config.log_directory}/{config.log_path}",
            resources=ContainerResources(config.linux.resources) if config.linux else None,
        )
        container = _Container(status, pod_sandbox_id, self._settings.behave(config))
        self._containers[container_id] = sandbox.containers[container_id] = container
        self._tell(container_id, ContainerEventType.CREATED)
        return container_id

    async def start_container(self, container_id: str) -> None:
        """Start a created container, or fail as its behaviour says."""
        self._enter("start_container", container_id)
        container = self._container("StartContainer", container_id)
        if container.status.state is not ContainerState.CREATED:
            raise RuntimeServiceError("StartContainer", "container is not in created state")
        behaviour = container.behaviour
        await self._take(behaviour.start_seconds)
        now = self._clock.now()
        if behaviour.start_error:
            self._end(container, now, CANNOT_START, "StartError", behaviour.start_error)
            raise RuntimeServiceError("StartContainer", behaviour.start_error)
        container.status = replace(container.status, state=ContainerState.RUNNING, started_at=now)
        if behaviour.run_seconds is not None:
            container.ends_at = now + timedelta(seconds=behaviour.run_seconds)
            self._ending[container_id] = container
        self._tell(container_id, ContainerEventType.STARTED)

    async def stop_container(self, container_id: str, timeout_seconds: int) -> None:
        """Let the container heed the signal, or kill it after the grace period."""
        self._enter("stop_container", container_id)
        container = self._containers.get(container_id)
        if container is None:
            return
        self._settle(container)
        if not container.is_running():
            return
        behaviour = container.behaviour
        await self._take(min(behaviour.stop_seconds, timeout_seconds))
        if not container.is_running():
            return
        heeded = behaviour.stop_seconds <= timeout_seconds
        code = behaviour.stop_exit_code if heeded else KILLED
        self._end(container, self._clock.now(), code)

    async def remove_container(self, container_id: str) -> None:
        """Forget the container, whatever its state."""
        self._enter("remove_container", container_id)
        container = self._containers.get(container_id)
        if container is not None:
            self._forget(container)

    async def list_containers(self, wanted: ContainerFilter | None = None) -> tuple[Container, ...]:
        """The containers that match."""
        self._enter("list_containers")
        want = wanted or ContainerFilter()
        for container in self._containers.values():
            self._settle(container)
        return tuple(
            _listed_container(container)
            for container in self._containers.values()
            if want.id in ("", container.status.id)
            and want.pod_sandbox_id in ("", container.pod_sandbox_id)
            and (want.state is None or want.state.state is container.status.state)
            and _matches(want.label_selector, container.status.labels)
        )

    async def container_status(self, container_id: str) -> ContainerStatus:
        """The container in full."""
        self._enter("container_status", container_id)
        container = self._container("ContainerStatus", container_id)
        self._settle(container)
        return container.status

    async def update_container_resources(self, container_id: str, resources: LinuxContainerResources) -> None:
        """Remember the new limits."""
        self._enter("update_container_resources", container_id)
        container = self._container("UpdateContainerResources", container_id)
        container.status = replace(container.status, resources=ContainerResources(resources))

    async def reopen_container_log(self, container_id: str) -> None:
        """Nothing to do: the fake keeps no log."""
        self._enter("reopen_container_log", container_id)
        self._running("ReopenContainerLog", container_id)

    async def exec_sync(self, container_id: str, cmd: Sequence[str], timeout_seconds: int) -> ExecSyncResult:
        """Answer as the behaviour says."""
        self._enter("exec_sync", container_id)
        return self._running("ExecSync", container_id).behaviour.run(cmd)

    async def exec(self, request: ExecRequest) -> str:
        """The test's own streaming address."""
        self._enter("exec", request.container_id)
        self._running("Exec", request.container_id)
        return self._stream("Exec", f"exec/{request.container_id}")

    async def attach(self, request: AttachRequest) -> str:
        """The test's own streaming address."""
        self._enter("attach", request.container_id)
        self._running("Attach", request.container_id)
        return self._stream("Attach", f"attach/{request.container_id}")

    async def container_stats(self, container_id: str) -> ContainerStats:
        """Figures that don't move."""
        self._enter("container_stats", container_id)
        return self._stats(self._container("ContainerStats", container_id))

    async def list_container_stats(self, wanted: ContainerStatsFilter | None = None) -> tuple[ContainerStats, ...]:
        """The figures of running containers that match."""
        self._enter("list_container_stats")
        want = wanted or ContainerStatsFilter()
        return tuple(
            self._stats(container)
            for container in self._containers.values()
            if container.is_running()
            and want.id in ("", container.status.id)
            and want.pod_sandbox_id in ("", container.pod_sandbox_id)
            and _matches(want.label_selector, container.status.labels)
        )

    # Images.

    async def list_images(self) -> tuple[Image, ...]:
        """All images."""
        self._enter("list_images")
        return self._images.all()

    async def image_status(self, image: str) -> Image | None:
        """The image, if it is there."""
        self._enter("image_status", image)
        return self._images.find(image)

    async def pull_image(
        self,
        image: str,
        auth: AuthConfig | None = None,
        sandbox_config: PodSandboxConfig | None = None,
    ) -> str:
        """Every image can be pulled but those the settings forbid."""
        self._enter("pull_image", image)
        await self._take(self._settings.pull_seconds)
        error = self._settings.pull_errors.get(image)
        if error is not None:
            raise RuntimeServiceError("PullImage", error)
        return self._images.add(image).id

    async def remove_image(self, image: str) -> None:
        """Remove the image."""
        self._enter("remove_image", image)
        self._images.remove(image)

    async def image_fs_info(self) -> tuple[FilesystemUsage, ...]:
        """The sum of the images."""
        self._enter("image_fs_info")
        return (self._images.usage(self._clock.now()),)

    # The runtime itself.

    async def version(self) -> Version:
        """The fake's name."""
        self._enter("version")
        return Version("0.1.0", "fake", "1.0.0", "v1")

    async def status(self) -> RuntimeStatus:
        """Always ready."""
        self._enter("status")
        return RuntimeStatus((RuntimeCondition("RuntimeReady", True), RuntimeCondition("NetworkReady", True)))

    async def events(self) -> AsyncGenerator[ContainerEvent, None]:
        """Everything that happens from now on."""
        queue: asyncio.Queue[ContainerEvent] = asyncio.Queue(EVENT_BACKLOG)
        self._watchers.add(queue)
        try:
            while True:
                yield await self._next_event(queue)
        finally:
            self._watchers.discard(queue)

    async def close(self) -> None:
        """Nothing to let go of."""

    # Inside.

    def _enter(self, method: str, about: str = "") -> None:
        self.calls.append(f"{method} {about}".rstrip())
        faults = self._faults.get(method)
        if faults:
            raise faults.pop(0)

    def _reserve(self, method: str, name: object) -> None:
        if name in self._names:
            raise AlreadyExists(method, f"{name} is reserved")
        self._names.add(name)

    async def _take(self, seconds: float) -> None:
        if seconds > 0:
            await self._clock.sleep(seconds)

    def _new_id(self, kind: str) -> str:
        self._made += 1
        return hashlib.sha256(f"{kind}-{self._made}".encode()).hexdigest()

    def _tell(self, container_id: str, what: ContainerEventType) -> None:
        event = ContainerEvent(container_id, what, self._clock.now())
        for queue in self._watchers:
            # Events are hints and may be lost; a watcher that sleeps must not grow without bound.
            if not queue.full():
                queue.put_nowait(event)

    async def _next_event(self, queue: asyncio.Queue[ContainerEvent]) -> ContainerEvent:
        """The next event; containers whose time comes meanwhile are ended."""
        while True:
            ends = [each.ends_at for each in self._ending.values() if each.ends_at]
            if not ends or not queue.empty():
                return await queue.get()
            left = (min(ends) - self._clock.now()).total_seconds()
            event = asyncio.ensure_future(queue.get())
            end = asyncio.ensure_future(self._clock.sleep(max(left, 0)))
            try:
                await asyncio.wait((event, end), return_when=asyncio.FIRST_COMPLETED)
                if event.done():
                    return event.result()
            finally:
                event.cancel()
                end.cancel()
            for container in tuple(self._ending.values()):
                self._settle(container)

    def _container(self, method: str, container_id: str) -> _Container:
        container = self._containers.get(container_id)
        if container is None:
            raise NotFound(method, f"container {container_id} does not exist")
        return container

    def _running(self, method: str, container_id: str) -> _Container:
        container = self._container(method, container_id)
        self._settle(container)
        if not container.is_running():
            raise RuntimeServiceError(method, "container is not running")
        return container

    def _settle(self, container: _Container) -> None:
        """Let a container whose time has come be ended."""
        ends_at = container.ends_at
        if ends_at is None or not container.is_running():
            return
        if self._clock.now() < ends_at:
            return
        if container.behaviour.out_of_memory:
            self._end(container, ends_at, KILLED, "OOMKilled")
        else:
            self._end(container, ends_at, container.behaviour.exit_code)

    def _end(self, container: _Container, at: datetime, code: int, reason: str = "", message: str = "") -> None:
        container.status = replace(
            container.status,
            state=ContainerState.EXITED,
            finished_at=at,
            exit_code=code,
            reason=reason or ("Completed" if code == 0 else "Error"),
            message=message,
        )
        self._ending.pop(container.status.id, None)
        self._tell(container.status.id, ContainerEventType.STOPPED)

    def _forget(self, container: _Container) -> None:
        self._ending.pop(container.status.id, None)
        del self._containers[container.status.id]
        del self._sandboxes[container.pod_sandbox_id].containers[container.status.id]
        self._names.discard((container.pod_sandbox_id, container.status.metadata))
        self._tell(container.status.id, ContainerEventType.DELETED)

    def _stats(self, container: _Container) -> ContainerStats:
        now = self._clock.now()
        status = container.status
        return ContainerStats(
            ContainerAttributes(status.id, status.metadata, status.labels, status.annotations),
            CpuUsage(now, usage_core_nano_seconds=1_000_000, usage_nano_cores=1_000),
            MemoryUsage(now, working_set_bytes=1 << 20, usage_bytes=1 << 20, rss_bytes=1 << 20),
        )

    def _stream(self, method: str, path: str) -> str:
        if not self._settings.streaming_url:
            raise Unimplemented(method, "the fake runtime has no streaming server")
        return f"{self._settings.streaming_url.rstrip('/')}/{path}"


def _addresses(pod_cidr: str) -> Iterator[str]:
    hosts = ipaddress.ip_network(pod_cidr).hosts()
    next(hosts)  # the bridge's
    return (str(address) for address in hosts)


def _in_node_network(config: PodSandboxConfig) -> bool:
    context = config.linux.security_context if config.linux else None
    options = context.namespace_options if context else None
    return options is not None and options.network is NamespaceMode.NODE


def _matches(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in selector.items())


def _listed_sandbox(status: PodSandboxStatus) -> PodSandbox:
    return PodSandbox(
        id=status.id,
        metadata=status.metadata,
        state=status.state,
        created_at=status.created_at,
        labels=status.labels,
        annotations=status.annotations,
        runtime_handler=status.runtime_handler,
    )


def _listed_container(container: _Container) -> Container:
    status = container.status
    return Container(
        id=status.id,
        pod_sandbox_id=container.pod_sandbox_id,
        metadata=status.metadata,
        image=status.image,
        image_ref=status.image_ref,
        state=status.state,
        created_at=status.created_at,
        labels=status.labels,
        annotations=status.annotations,
        image_id=status.image_id,
    )
