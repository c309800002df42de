"""Where a pod's files are on the node. Upstream's layout below the kubelet's directory. Pure.

Source: pkg/kubelet/kubelet_getters.go.
"""

from dataclasses import dataclass
from pathlib import Path

from steersman.api.core import Volume


@dataclass(frozen=True, slots=True)
class PodDirs:
    """The directories of one pod."""

    root: Path

    @classmethod
    def of(cls, kubelet_dir: Path, uid: str) -> "PodDirs":
        """Those of the pod with this uid."""
        return cls(kubelet_dir / "pods" / uid)

    @property
    def volumes(self) -> Path:
        """All volumes."""
        return self.root / "volumes"

    @property
    def subpaths(self) -> Path:
        """Bind mounts of parts of volumes."""
        return self.root / "volume-subpaths"

    @property
    def etc_hosts(self) -> Path:
        """The file that containers see as /etc/hosts."""
        return self.root / "etc-hosts"

    def volume(self, volume: Volume) -> Path:
        """One volume."""
        return self.volumes / f"kubernetes.io~{plugin_name(volume)}" / volume.name

    def container(self, name: str) -> Path:
        """What belongs to one container."""
        return self.root / "containers" / name

    def termination_log(self, name: str, attempt: int) -> Path:
        """The file for the last words of a container's attempt."""
        return self.container(name) / f"{attempt:08x}"


def plugin_name(volume: Volume) -> str:
    """The plugin's name as it stands in paths."""
    named = {
        "empty-dir": volume.emptyDir,
        "configmap": volume.configMap,
        "secret": volume.secret,
        "projected": volume.projected,
        "downward-api": volume.downwardAPI,
        "host-path": volume.hostPath,
    }
    return next((name for name, source in named.items() if source is not None), "unknown")
