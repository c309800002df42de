"""The records of the Container Runtime Interface that steersman uses, in CRI's own words.

Each field is declared once: its name, its type, and its number in the protobuf messages of
runtime.v1 (the number in Annotated). component.protobuf derives the encoding from that. Only fields that
are used stand here; a runtime's other fields are skipped. Instants are aware datetimes (None:
has not happened), sizes are bytes, `int | None` is CRI's wrapped integer, where None means unset.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Annotated


class Protocol(IntEnum):
    """Transport protocol of a port mapping."""

    TCP = 0
    UDP = 1
    SCTP = 2


class MountPropagation(IntEnum):
    """Which way mounts made later spread."""

    PRIVATE = 0
    HOST_TO_CONTAINER = 1
    BIDIRECTIONAL = 2


class NamespaceMode(IntEnum):
    """Whose namespace a container joins."""

    POD = 0
    CONTAINER = 1
    NODE = 2
    TARGET = 3


class SupplementalGroupsPolicy(IntEnum):
    """Whether the image's groups are added to those the pod names."""

    MERGE = 0
    STRICT = 1


class ProfileType(IntEnum):
    """Where a seccomp or AppArmor profile comes from."""

    RUNTIME_DEFAULT = 0
    UNCONFINED = 1
    LOCALHOST = 2


class PodSandboxState(IntEnum):
    """Whether the sandbox's pause process runs."""

    READY = 0
    NOTREADY = 1


class ContainerState(IntEnum):
    """The state of a container in the runtime."""

    CREATED = 0
    RUNNING = 1
    EXITED = 2
    UNKNOWN = 3


class ContainerEventType(IntEnum):
    """What happened to a container."""

    CREATED = 0
    STARTED = 1
    STOPPED = 2
    DELETED = 3


@dataclass(frozen=True, slots=True)
class DNSConfig:
    """What the pod's /etc/resolv.conf says."""

    servers: Annotated[tuple[str, ...], 1] = ()
    searches: Annotated[tuple[str, ...], 2] = ()
    options: Annotated[tuple[str, ...], 3] = ()


@dataclass(frozen=True, slots=True)
class PortMapping:
    """A port of the node that leads to a port of the pod."""

    protocol: Annotated[Protocol, 1] = Protocol.TCP
    container_port: Annotated[int, 2] = 0
    host_port: Annotated[int, 3] = 0
    host_ip: Annotated[str, 4] = ""


@dataclass(frozen=True, slots=True)
class NamespaceOption:
    """Which namespaces the containers share."""

    network: Annotated[NamespaceMode, 1] = NamespaceMode.POD
    pid: Annotated[NamespaceMode, 2] = NamespaceMode.CONTAINER
    ipc: Annotated[NamespaceMode, 3] = NamespaceMode.POD
    target_id: Annotated[str, 4] = ""


@dataclass(frozen=True, slots=True)
class SecurityProfile:
    """A seccomp or AppArmor profile; `localhost_ref` is a path or a profile's name."""

    profile_type: Annotated[ProfileType, 1] = ProfileType.RUNTIME_DEFAULT
    localhost_ref: Annotated[str, 2] = ""


@dataclass(frozen=True, slots=True)
class SELinuxOption:
    """The SELinux label of the processes."""

    user: Annotated[str, 1] = ""
    role: Annotated[str, 2] = ""
    type: Annotated[str, 3] = ""
    level: Annotated[str, 4] = ""


@dataclass(frozen=True, slots=True)
class LinuxSandboxSecurityContext:
    """How the sandbox's own process is confined."""

    namespace_options: Annotated[NamespaceOption | None, 1] = None
    selinux_options: Annotated[SELinuxOption | None, 2] = None
    run_as_user: Annotated[int | None, 3] = None
    readonly_rootfs: Annotated[bool, 4] = False
    supplemental_groups: Annotated[tuple[int, ...], 5] = ()
    privileged: Annotated[bool, 6] = False
    run_as_group: Annotated[int | None, 8] = None
    seccomp: Annotated[SecurityProfile | None, 9] = None
    apparmor: Annotated[SecurityProfile | None, 10] = None
    supplemental_groups_policy: Annotated[SupplementalGroupsPolicy, 11] = SupplementalGroupsPolicy.MERGE


@dataclass(frozen=True, slots=True)
class HugepageLimit:
    """A limit of huge pages; the size is written as `2MB`."""

    page_size: Annotated[str, 1] = ""
    limit: Annotated[int, 2] = 0


@dataclass(frozen=True, slots=True)
class LinuxContainerResources:
    """Cgroup settings; zero leaves a setting alone."""

    cpu_period: Annotated[int, 1] = 0
    cpu_quota: Annotated[int, 2] = 0
    cpu_shares: Annotated[int, 3] = 0
    memory_limit_in_bytes: Annotated[int, 4] = 0
    oom_score_adj: Annotated[int, 5] = 0
    cpuset_cpus: Annotated[str, 6] = ""
    cpuset_mems: Annotated[str, 7] = ""
    hugepage_limits: Annotated[tuple[HugepageLimit, ...], 8] = ()
    unified: Annotated[Mapping[str, str], 9] = field(default_factory=dict)
    memory_swap_limit_in_bytes: Annotated[int, 10] = 0


@dataclass(frozen=True, slots=True)
class LinuxPodSandboxConfig:
    """The Linux side of a sandbox; `cgroup_parent` is an absolute path within the hierarchies."""

    cgroup_parent: Annotated[str, 1] = ""
    security_context: Annotated[LinuxSandboxSecurityContext | None, 2] = None
    sysctls: Annotated[Mapping[str, str], 3] = field(default_factory=dict)
    overhead: Annotated[LinuxContainerResources | None, 4] = None
    resources: Annotated[LinuxContainerResources | None, 5] = None


@dataclass(frozen=True, slots=True)
class PodSandboxMetadata:
    """Whose sandbox it is; the four together are its unique name in the runtime."""

    name: Annotated[str, 1] = ""
    uid: Annotated[str, 2] = ""
    namespace: Annotated[str, 3] = ""
    attempt: Annotated[int, 4] = 0


@dataclass(frozen=True, slots=True)
class PodSandboxConfig:
    """All that is needed to make a pod's sandbox."""

    metadata: Annotated[PodSandboxMetadata, 1] = PodSandboxMetadata()
    hostname: Annotated[str, 2] = ""
    log_directory: Annotated[str, 3] = ""
    dns_config: Annotated[DNSConfig | None, 4] = None
    port_mappings: Annotated[tuple[PortMapping, ...], 5] = ()
    labels: Annotated[Mapping[str, str], 6] = field(default_factory=dict)
    annotations: Annotated[Mapping[str, str], 7] = field(default_factory=dict)
    linux: Annotated[LinuxPodSandboxConfig | None, 8] = None


@dataclass(frozen=True, slots=True)
class PodIP:
    """One further address of a pod."""

    ip: Annotated[str, 1] = ""


@dataclass(frozen=True, slots=True)
class PodSandboxNetworkStatus:
    """The pod's addresses; empty for pods in the node's network."""

    ip: Annotated[str, 1] = ""
    additional_ips: Annotated[tuple[PodIP, ...], 2] = ()


@dataclass(frozen=True, slots=True)
class PodSandboxStatus:
    """A sandbox in full."""

    id: Annotated[str, 1] = ""
    metadata: Annotated[PodSandboxMetadata, 2] = PodSandboxMetadata()
    state: Annotated[PodSandboxState, 3] = PodSandboxState.READY
    created_at: Annotated[datetime | None, 4] = None
    network: Annotated[PodSandboxNetworkStatus | None, 5] = None
    labels: Annotated[Mapping[str, str], 7] = field(default_factory=dict)
    annotations: Annotated[Mapping[str, str], 8] = field(default_factory=dict)
    runtime_handler: Annotated[str, 9] = ""

    def ips(self) -> tuple[str, ...]:
        """All addresses of the pod, the primary one first."""
        if self.network is None or not self.network.ip:
            return ()
        return (self.network.ip, *(further.ip for further in self.network.additional_ips))


@dataclass(frozen=True, slots=True)
class PodSandbox:
    """A sandbox as lists show it."""

    id: Annotated[str, 1] = ""
    metadata: Annotated[PodSandboxMetadata, 2] = PodSandboxMetadata()
    state: Annotated[PodSandboxState, 3] = PodSandboxState.READY
    created_at: Annotated[datetime | None, 4] = None
    labels: Annotated[Mapping[str, str], 5] = field(default_factory=dict)
    annotations: Annotated[Mapping[str, str], 6] = field(default_factory=dict)
    runtime_handler: Annotated[str, 7] = ""


@dataclass(frozen=True, slots=True)
class PodSandboxStateValue:
    """A state as a filter holds it, so that READY differs from unset."""

    state: Annotated[PodSandboxState, 1] = PodSandboxState.READY


@dataclass(frozen=True, slots=True)
class PodSandboxFilter:
    """Which sandboxes to list: all given parts must match."""

    id: Annotated[str, 1] = ""
    state: Annotated[PodSandboxStateValue | None, 2] = None
    label_selector: Annotated[Mapping[str, str], 3] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """The image a container runs: a reference as written, or an image id."""

    image: Annotated[str, 1] = ""
    annotations: Annotated[Mapping[str, str], 2] = field(default_factory=dict)
    user_specified_image: Annotated[str, 18] = ""
    runtime_handler: Annotated[str, 19] = ""


@dataclass(frozen=True, slots=True)
class KeyValue:
    """An environment variable; values are UTF-8."""

    key: Annotated[str, 1] = ""
    value: Annotated[str, 2] = ""


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or directory of the node, seen in the container."""

    container_path: Annotated[str, 1] = ""
    host_path: Annotated[str, 2] = ""
    readonly: Annotated[bool, 3] = False
    selinux_relabel: Annotated[bool, 4] = False
    propagation: Annotated[MountPropagation, 5] = MountPropagation.PRIVATE
    recursive_read_only: Annotated[bool, 8] = False


@dataclass(frozen=True, slots=True)
class Device:
    """A device of the node; permissions of `rwm`."""

    container_path: Annotated[str, 1] = ""
    host_path: Annotated[str, 2] = ""
    permissions: Annotated[str, 3] = ""


@dataclass(frozen=True, slots=True)
class Capability:
    """Capabilities by upstream's names (`NET_ADMIN`, `ALL`)."""

    add_capabilities: Annotated[tuple[str, ...], 1] = ()
    drop_capabilities: Annotated[tuple[str, ...], 2] = ()
    add_ambient_capabilities: Annotated[tuple[str, ...], 3] = ()


@dataclass(frozen=True, slots=True)
class LinuxContainerSecurityContext:
    """How a container is confined."""

    capabilities: Annotated[Capability | None, 1] = None
    privileged: Annotated[bool, 2] = False
    namespace_options: Annotated[NamespaceOption | None, 3] = None
    selinux_options: Annotated[SELinuxOption | None, 4] = None
    run_as_user: Annotated[int | None, 5] = None
    run_as_username: Annotated[str, 6] = ""
    readonly_rootfs: Annotated[bool, 7] = False
    supplemental_groups: Annotated[tuple[int, ...], 8] = ()
    no_new_privs: Annotated[bool, 11] = False
    run_as_group: Annotated[int | None, 12] = None
    masked_paths: Annotated[tuple[str, ...], 13] = ()
    readonly_paths: Annotated[tuple[str, ...], 14] = ()
    seccomp: Annotated[SecurityProfile | None, 15] = None
    apparmor: Annotated[SecurityProfile | None, 16] = None
    supplemental_groups_policy: Annotated[SupplementalGroupsPolicy, 17] = SupplementalGroupsPolicy.MERGE


@dataclass(frozen=True, slots=True)
class LinuxContainerConfig:
    """The Linux side of a container."""

    resources: Annotated[LinuxContainerResources | None, 1] = None
    security_context: Annotated[LinuxContainerSecurityContext | None, 2] = None


@dataclass(frozen=True, slots=True)
class ContainerMetadata:
    """The container's name in its pod and how often it was made before."""

    name: Annotated[str, 1] = ""
    attempt: Annotated[int, 2] = 0


@dataclass(frozen=True, slots=True)
class ContainerConfig:
    """All that is needed to make a container; `log_path` is relative to the pod's log directory."""

    metadata: Annotated[ContainerMetadata, 1] = ContainerMetadata()
    image: Annotated[ImageSpec, 2] = field(default_factory=ImageSpec)
    command: Annotated[tuple[str, ...], 3] = ()
    args: Annotated[tuple[str, ...], 4] = ()
    working_dir: Annotated[str, 5] = ""
    envs: Annotated[tuple[KeyValue, ...], 6] = ()
    mounts: Annotated[tuple[Mount, ...], 7] = ()
    devices: Annotated[tuple[Device, ...], 8] = ()
    labels: Annotated[Mapping[str, str], 9] = field(default_factory=dict)
    annotations: Annotated[Mapping[str, str], 10] = field(default_factory=dict)
    log_path: Annotated[str, 11] = ""
    stdin: Annotated[bool, 12] = False
    stdin_once: Annotated[bool, 13] = False
    tty: Annotated[bool, 14] = False
    linux: Annotated[LinuxContainerConfig | None, 15] = None
    stop_signal: Annotated[int, 18] = 0
    """CRI's number of the signal, not the kernel's; 0 leaves it to the image."""


@dataclass(frozen=True, slots=True)
class ContainerStateValue:
    """A state as a filter holds it, so that CREATED differs from unset."""

    state: Annotated[ContainerState, 1] = ContainerState.CREATED


@dataclass(frozen=True, slots=True)
class ContainerFilter:
    """Which containers to list: all given parts must match."""

    id: Annotated[str, 1] = ""
    state: Annotated[ContainerStateValue | None, 2] = None
    pod_sandbox_id: Annotated[str, 3] = ""
    label_selector: Annotated[Mapping[str, str], 4] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Container:
    """A container as lists show it."""

    id: Annotated[str, 1] = ""
    pod_sandbox_id: Annotated[str, 2] = ""
    metadata: Annotated[ContainerMetadata, 3] = ContainerMetadata()
    image: Annotated[ImageSpec, 4] = field(default_factory=ImageSpec)
    image_ref: Annotated[str, 5] = ""
    state: Annotated[ContainerState, 6] = ContainerState.CREATED
    created_at: Annotated[datetime | None, 7] = None
    labels: Annotated[Mapping[str, str], 8] = field(default_factory=dict)
    annotations: Annotated[Mapping[str, str], 9] = field(default_factory=dict)
    image_id: Annotated[str, 10] = ""


@dataclass(frozen=True, slots=True)
class ContainerResources:
    """The resources a container really has; None where the runtime doesn't tell."""

    linux: Annotated[LinuxContainerResources | None, 1] = None


@dataclass(frozen=True, slots=True)
class LinuxContainerUser:
    """Who the first process runs as."""

    uid: Annotated[int, 1] = 0
    gid: Annotated[int, 2] = 0
    supplemental_groups: Annotated[tuple[int, ...], 3] = ()


@dataclass(frozen=True, slots=True)
class ContainerUser:
    """Who the first process runs as, by platform."""

    linux: Annotated[LinuxContainerUser | None, 1] = None


@dataclass(frozen=True, slots=True)
class ContainerStatus:
    """A container in full; `reason` is `Completed`, `Error` or `OOMKilled` when it has exited."""

    id: Annotated[str, 1] = ""
    metadata: Annotated[ContainerMetadata, 2] = ContainerMetadata()
    state: Annotated[ContainerState, 3] = ContainerState.CREATED
    created_at: Annotated[datetime | None, 4] = None
    started_at: Annotated[datetime | None, 5] = None
    finished_at: Annotated[datetime | None, 6] = None
    exit_code: Annotated[int, 7] = 0
    image: Annotated[ImageSpec, 8] = field(default_factory=ImageSpec)
    image_ref: Annotated[str, 9] = ""
    reason: Annotated[str, 10] = ""
    message: Annotated[str, 11] = ""
    labels: Annotated[Mapping[str, str], 12] = field(default_factory=dict)
    annotations: Annotated[Mapping[str, str], 13] = field(default_factory=dict)
    mounts: Annotated[tuple[Mount, ...], 14] = ()
    log_path: Annotated[str, 15] = ""
    """Absolute, unlike the one in ContainerConfig."""
    resources: Annotated[ContainerResources | None, 16] = None
    image_id: Annotated[str, 17] = ""
    user: Annotated[ContainerUser | None, 18] = None


@dataclass(frozen=True, slots=True)
class ExecSyncResult:
    """What a command in a container answered."""

    stdout: Annotated[bytes, 1] = b""
    stderr: Annotated[bytes, 2] = b""
    exit_code: Annotated[int, 3] = 0


@dataclass(frozen=True, slots=True)
class ExecRequest:
    """A command to run in a container with its streams connected; a tty takes no stderr."""

    container_id: Annotated[str, 1] = ""
    cmd: Annotated[tuple[str, ...], 2] = ()
    tty: Annotated[bool, 3] = False
    stdin: Annotated[bool, 4] = False
    stdout: Annotated[bool, 5] = False
    stderr: Annotated[bool, 6] = False


@dataclass(frozen=True, slots=True)
class AttachRequest:
    """Connect to the streams of a container's first process."""

    container_id: Annotated[str, 1] = ""
    stdin: Annotated[bool, 2] = False
    tty: Annotated[bool, 3] = False
    stdout: Annotated[bool, 4] = False
    stderr: Annotated[bool, 5] = False


@dataclass(frozen=True, slots=True)
class Image:
    """An image on the node; `repo_tags` are references, `repo_digests` name@digest."""

    id: Annotated[str, 1] = ""
    repo_tags: Annotated[tuple[str, ...], 2] = ()
    repo_digests: Annotated[tuple[str, ...], 3] = ()
    size: Annotated[int, 4] = 0
    uid: Annotated[int | None, 5] = None
    username: Annotated[str, 6] = ""
    pinned: Annotated[bool, 8] = False


@dataclass(frozen=True, slots=True)
class AuthConfig:
    """What proves to a registry who pulls."""

    username: Annotated[str, 1] = ""
    password: Annotated[str, 2] = field(default="", repr=False)
    auth: Annotated[str, 3] = field(default="", repr=False)
    server_address: Annotated[str, 4] = ""
    identity_token: Annotated[str, 5] = field(default="", repr=False)
    registry_token: Annotated[str, 6] = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Version:
    """Which runtime answers."""

    version: Annotated[str, 1] = ""
    runtime_name: Annotated[str, 2] = ""
    runtime_version: Annotated[str, 3] = ""
    runtime_api_version: Annotated[str, 4] = ""


@dataclass(frozen=True, slots=True)
class RuntimeCondition:
    """One condition of the runtime: `RuntimeReady` or `NetworkReady`."""

    type: Annotated[str, 1] = ""
    status: Annotated[bool, 2] = False
    reason: Annotated[str, 3] = ""
    message: Annotated[str, 4] = ""


@dataclass(frozen=True, slots=True)
class RuntimeStatus:
    """Whether the runtime and its network can take pods."""

    conditions: Annotated[tuple[RuntimeCondition, ...], 1] = ()


@dataclass(frozen=True, slots=True)
class ContainerEvent:
    """Something happened to a container or sandbox: a hint to look, never a source of state."""

    container_id: Annotated[str, 1] = ""
    """A sandbox's own process is reported with the sandbox's id."""
    container_event_type: Annotated[ContainerEventType, 2] = ContainerEventType.CREATED
    created_at: Annotated[datetime | None, 3] = None
