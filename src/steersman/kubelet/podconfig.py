"""Pods and containers in CRI's words: what the runtime is asked to make. Pure.

Source: pkg/kubelet/kuberuntime: generatePodSandboxConfig, generateContainerConfig.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from steersman.api.core import Container, Pod
from steersman.api.core.podresources import is_sidecar
from steersman.cri import records
from steersman.kubelet import names
from steersman.kubelet.env import expand
from steersman.kubelet.resources import container_resources
from steersman.kubelet.security import container_security, sandbox_security, sysctls

_PROTOCOLS = {"TCP": records.Protocol.TCP, "UDP": records.Protocol.UDP, "SCTP": records.Protocol.SCTP}


@dataclass(frozen=True, slots=True)
class SandboxPlace:
    """What the node decides about a sandbox."""

    hostname: str
    log_directory: Path
    dns: records.DNSConfig
    cgroup_parent: str


@dataclass(frozen=True, slots=True)
class ContainerMaking:
    """What was gathered for one container before it can be made."""

    attempt: int
    image_ref: str
    image: records.Image | None
    variables: Mapping[str, str]
    mounts: tuple[records.Mount, ...]
    memory_capacity: int
    target_id: str = ""
    """The container whose processes an ephemeral container shall see."""


def sandbox_config(pod: Pod, attempt: int, place: SandboxPlace) -> records.PodSandboxConfig:
    """The sandbox of a pod."""
    meta = pod.metadata
    return records.PodSandboxConfig(
        metadata=records.PodSandboxMetadata(meta.name, meta.uid, meta.namespace, attempt),
        hostname="" if pod.spec.hostNetwork else place.hostname,
        log_directory=str(place.log_directory),
        dns_config=place.dns,
        port_mappings=port_mappings(pod),
        labels=names.sandbox_labels(pod),
        annotations=dict(meta.annotations),
        linux=records.LinuxPodSandboxConfig(
            cgroup_parent=place.cgroup_parent,
            security_context=sandbox_security(pod),
            sysctls=sysctls(pod),
        ),
    )


def port_mappings(pod: Pod) -> tuple[records.PortMapping, ...]:
    """The host ports; in the node's network there is nothing to map."""
    if pod.spec.hostNetwork:
        return ()
    sidecars = (container for container in pod.spec.initContainers if is_sidecar(container))
    return tuple(
        records.PortMapping(_PROTOCOLS[port.protocol or "TCP"], port.containerPort, port.hostPort, port.hostIP)
        for container in (*pod.spec.containers, *sidecars)
        for port in container.ports
        if port.hostPort
    )


def container_config(pod: Pod, container: Container, making: ContainerMaking) -> records.ContainerConfig:
    """One container of a pod."""
    security = container_security(pod, container, making.image)
    if making.target_id:
        options = records.NamespaceOption(
            network=security.namespace_options.network if security.namespace_options else records.NamespaceMode.POD,
            pid=records.NamespaceMode.TARGET,
            target_id=making.target_id,
        )
        security = _with_namespaces(security, options)
    return records.ContainerConfig(
        metadata=records.ContainerMetadata(container.name, making.attempt),
        image=records.ImageSpec(making.image_ref, user_specified_image=container.image),
        command=tuple(expand(word, making.variables) for word in container.command),
        args=tuple(expand(word, making.variables) for word in container.args),
        working_dir=container.workingDir,
        envs=tuple(records.KeyValue(name, value) for name, value in making.variables.items()),
        mounts=making.mounts,
        labels=names.container_labels(pod, container),
        annotations=names.container_annotations(pod, container, making.attempt, kind_of(pod, container)),
        log_path=names.container_log_path(container.name, making.attempt),
        stdin=container.stdin,
        stdin_once=container.stdinOnce,
        tty=container.tty,
        linux=records.LinuxContainerConfig(
            resources=container_resources(pod, container, making.memory_capacity),
            security_context=security,
        ),
    )


def kind_of(pod: Pod, container: Container) -> str:
    """What part a container plays in its pod."""
    if any(init.name == container.name for init in pod.spec.initContainers):
        return "sidecar" if is_sidecar(container) else "init"
    return "app"


def _with_namespaces(
    security: records.LinuxContainerSecurityContext, options: records.NamespaceOption
) -> records.LinuxContainerSecurityContext:
    return replace(security, namespace_options=options)
