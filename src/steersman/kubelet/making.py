"""Gathers what a sandbox or a container is made of: environment, mounts, DNS, files, credentials.

The CRI records themselves are put together in podconfig, which is pure.
"""

import base64
import binascii
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steersman.api.core import Container, Pod, Secret
from steersman.apimachinery.codec.json import DecodeError, parse
from steersman.apimachinery.status import StatusError
from steersman.component.threads import Threads
from steersman.cri.errors import RuntimeServiceError
from steersman.cri.interface import ImageService
from steersman.cri.records import AuthConfig, ContainerConfig, Mount, PodSandboxConfig
from steersman.cri.reference import full_reference
from steersman.kubelet import names
from steersman.kubelet.cgroups import Cgroups
from steersman.kubelet.dns import ClusterDNS, pod_dns, read_node_dns
from steersman.kubelet.environment import Environment, PodPlace
from steersman.kubelet.hosts import host_network_hosts_file, hosts_file, uts_hostname_of
from steersman.kubelet.podconfig import ContainerMaking, SandboxPlace, container_config, sandbox_config
from steersman.kubelet.poddirs import PodDirs
from steersman.kubelet.podworker.failures import Reason, WorkFailed
from steersman.kubelet.references import References
from steersman.kubelet.security import ImageRunsAsRootError, verify_non_root
from steersman.kubelet.volumes.containermounts import SubPathError, container_mounts
from steersman.kubelet.volumes.manager import Volumes

ETC_HOSTS = "/etc/hosts"
TERMINATION_LOG_MODE = 0o666


@dataclass(frozen=True, slots=True)
class NodePlaces:
    """The node's settings that sandboxes and containers are made with."""

    kubelet_dir: Path
    log_dir: Path
    dns: ClusterDNS
    memory_capacity: int
    node_hosts: Path = Path(ETC_HOSTS)


@dataclass(frozen=True, slots=True)
class Making:
    """Makes CRI configurations of pods."""

    places: NodePlaces
    cgroups: Cgroups
    volumes: Volumes
    environment: Environment
    references: References
    images: ImageService
    threads: Threads

    async def sandbox(self, pod: Pod, attempt: int) -> PodSandboxConfig:
        """The configuration of the pod's sandbox."""
        node_dns = await self.threads.run(read_node_dns, self.places.dns.node_resolv_conf)
        place = SandboxPlace(
            hostname=uts_hostname_of(pod, self.places.dns.domain),
            log_directory=names.pod_log_directory(self.places.log_dir, pod),
            dns=pod_dns(pod, self.places.dns, node_dns),
            cgroup_parent=self.cgroups.parent_of(pod),
        )
        return sandbox_config(pod, attempt, place)

    async def container(  # noqa: PLR0913  # what a container is made of
        self, pod: Pod, container: Container, image_ref: str, attempt: int, place: PodPlace, target_id: str
    ) -> ContainerConfig:
        """The configuration of a container; WorkFailed when something it needs is missing or forbidden."""
        variables = await self.environment.variables(pod, container, place)
        try:
            image = await self.images.image_status(image_ref)
            verify_non_root(pod, container, image)
            mounts = await self.threads.run(self._mounts, pod, container, attempt, place.ips, variables)
        except (ImageRunsAsRootError, SubPathError, RuntimeServiceError, OSError) as error:
            raise WorkFailed(Reason.CREATE_CONTAINER_CONFIG_ERROR, str(error)) from error
        making = ContainerMaking(attempt, image_ref, image, variables, mounts, self.places.memory_capacity, target_id)
        return container_config(pod, container, making)

    async def credentials(self, pod: Pod, container: Container) -> tuple[AuthConfig, ...]:
        """What the pod's pull secrets say about the image's registry; a secret that is missing counts for nothing."""
        found: list[AuthConfig] = []
        for reference in pod.spec.imagePullSecrets:
            try:
                secret = await self.references.get(Secret, pod.metadata.namespace, reference.name)
            except (StatusError, TimeoutError):
                continue
            found.extend(_matching(secret, container.image))
        return tuple(found)

    def target_of(self, pod: Pod, container: Container) -> str:
        """The container that an ephemeral one shall see the processes of; empty for all others."""
        for ephemeral in pod.spec.ephemeralContainers:
            if ephemeral.name == container.name:
                return ephemeral.targetContainerName
        return ""

    def make_directories(self, pod: Pod) -> None:
        """The pod's directories. Blocks."""
        dirs = PodDirs.of(self.places.kubelet_dir, pod.metadata.uid)
        dirs.root.mkdir(parents=True, exist_ok=True)
        dirs.volumes.mkdir(exist_ok=True)
        names.pod_log_directory(self.places.log_dir, pod).mkdir(parents=True, exist_ok=True)

    def remove_logs(self, pod: Pod) -> None:
        """The pod's logs. Blocks."""
        shutil.rmtree(names.pod_log_directory(self.places.log_dir, pod), ignore_errors=True)

    def _mounts(  # a part of container
        self, pod: Pod, container: Container, attempt: int, ips: tuple[str, ...], variables: dict[str, str]
    ) -> tuple[Mount, ...]:
        dirs = PodDirs.of(self.places.kubelet_dir, pod.metadata.uid)
        paths = {volume.name: self.volumes.path(pod, volume) for volume in pod.spec.volumes}
        found = list(container_mounts(pod, container, paths, dirs, variables))
        if all(mount.container_path != ETC_HOSTS for mount in found):
            self._write_hosts(pod, ips, dirs)
            found.append(Mount(ETC_HOSTS, str(dirs.etc_hosts)))
        if container.terminationMessagePath:
            log = dirs.termination_log(container.name, attempt)
            log.parent.mkdir(parents=True, exist_ok=True)
            log.touch()
            log.chmod(TERMINATION_LOG_MODE)
            found.append(Mount(container.terminationMessagePath, str(log)))
        (names.pod_log_directory(self.places.log_dir, pod) / container.name).mkdir(parents=True, exist_ok=True)
        return tuple(found)

    def _write_hosts(self, pod: Pod, ips: tuple[str, ...], dirs: PodDirs) -> None:
        if pod.spec.hostNetwork:
            text = host_network_hosts_file(pod, self.places.node_hosts.read_text())
        else:
            text = hosts_file(pod, ips, self.places.dns.domain)
        # Written in place: containers that have it mounted keep seeing this very file.
        dirs.etc_hosts.write_text(text)
        dirs.etc_hosts.chmod(0o644)


def _matching(secret: Secret, image: str) -> Iterator[AuthConfig]:
    registry = full_reference(image).partition("/")[0]
    for server, entry in _entries(secret).items():
        host = server.removeprefix("https://").removeprefix("http://").partition("/")[0]
        if host == registry or (registry == "docker.io" and host in ("index.docker.io", "registry-1.docker.io")):
            yield _auth(entry)


def _entries(secret: Secret) -> dict[str, Any]:
    try:
        if ".dockerconfigjson" in secret.data:
            tree = parse(secret.data[".dockerconfigjson"]).get("auths", {})
        else:
            tree = parse(secret.data.get(".dockercfg", b"{}"))
    except (DecodeError, AttributeError):
        return {}
    return tree if isinstance(tree, dict) else {}


def _auth(entry: Any) -> AuthConfig:
    username, password = entry.get("username", ""), entry.get("password", "")
    if not username and entry.get("auth"):
        try:
            username, _, password = base64.b64decode(entry["auth"]).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return AuthConfig(auth=entry["auth"])
    return AuthConfig(username=username, password=password, identity_token=entry.get("identitytoken", ""))
