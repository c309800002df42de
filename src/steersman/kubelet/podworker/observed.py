"""What the runtime says of one pod, as values that the pod worker decides on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from steersman.cri.records import ContainerState, ContainerStatus, PodSandboxState, PodSandboxStatus
from steersman.kubelet import names

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ObservedContainer:
    """A container and the sandbox it is in."""

    sandbox_id: str
    status: ContainerStatus

    @property
    def id(self) -> str:
        """The runtime's id, without its scheme."""
        return self.status.id

    @property
    def name(self) -> str:
        """The container's name in its pod."""
        return self.status.labels.get(names.CONTAINER_NAME) or self.status.metadata.name

    @property
    def hash(self) -> str:
        """Of the spec it was made from."""
        return self.status.annotations.get(names.HASH, "")

    @property
    def restart_count(self) -> int:
        """How often a container of this name was made before."""
        text = self.status.annotations.get(names.RESTART_COUNT, "")
        return int(text) if text.isdigit() else self.status.metadata.attempt

    @property
    def log_path(self) -> Path:
        """Where its log is on the node."""
        return Path(self.status.log_path)

    @property
    def is_running(self) -> bool:
        """It was started and has not ended."""
        return self.status.state is ContainerState.RUNNING

    @property
    def has_exited(self) -> bool:
        """It ran and has ended, or could not be started."""
        return self.status.state is ContainerState.EXITED

    @property
    def is_alive(self) -> bool:
        """It runs, or may run: its end must be seen to."""
        return self.status.state in (ContainerState.RUNNING, ContainerState.UNKNOWN)

    @property
    def finished_at(self) -> datetime:
        """When it ended; its creation where the runtime doesn't tell."""
        return self.status.finished_at or self.status.created_at or _NEVER


@dataclass(frozen=True, slots=True)
class PodRuntime:
    """A pod in the runtime: its sandboxes and containers, newest first."""

    sandboxes: tuple[PodSandboxStatus, ...] = ()
    containers: tuple[ObservedContainer, ...] = ()

    @classmethod
    def of(cls, sandboxes: Sequence[PodSandboxStatus], containers: Sequence[ObservedContainer]) -> "PodRuntime":
        """In the order that everything else relies on."""
        return cls(
            tuple(sorted(sandboxes, key=lambda each: each.created_at or _NEVER, reverse=True)),
            tuple(
                sorted(
                    containers,
                    key=lambda each: (each.restart_count, each.status.created_at or _NEVER),
                    reverse=True,
                )
            ),
        )

    @property
    def sandbox(self) -> PodSandboxStatus | None:
        """The newest sandbox, whatever its state."""
        return self.sandboxes[0] if self.sandboxes else None

    @property
    def ready_sandboxes(self) -> tuple[PodSandboxStatus, ...]:
        """The sandboxes that still hold namespaces and an address."""
        return tuple(each for each in self.sandboxes if each.state is PodSandboxState.READY)

    @property
    def ips(self) -> tuple[str, ...]:
        """The addresses of the pod, empty in the node's network."""
        return self.ready_sandboxes[0].ips() if self.ready_sandboxes else ()

    @property
    def alive(self) -> tuple[ObservedContainer, ...]:
        """The containers that run."""
        return tuple(each for each in self.containers if each.is_alive)

    def all_of(self, name: str) -> tuple[ObservedContainer, ...]:
        """Every container of this name, newest first."""
        return tuple(each for each in self.containers if each.name == name)

    def newest(self, name: str) -> ObservedContainer | None:
        """The last container of this name."""
        return next((each for each in self.containers if each.name == name), None)

    def active(self, name: str) -> ObservedContainer | None:
        """The last container of this name in the newest sandbox: those of older ones don't count for init."""
        if self.sandbox is None:
            return None
        sandbox_id = self.sandbox.id
        return next((each for each in self.containers if each.name == name and each.sandbox_id == sandbox_id), None)
