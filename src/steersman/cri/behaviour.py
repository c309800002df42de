"""How the fake runtime's containers and images behave: values that a test chooses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from steersman.cri.records import ContainerConfig, ExecSyncResult


def run_nothing(_cmd: Sequence[str]) -> ExecSyncResult:
    """Answer every command with success and no output."""
    return ExecSyncResult()


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a container does once it is started."""

    start_seconds: float = 0.0
    """How long StartContainer takes."""
    start_error: str = ""
    """StartContainer fails with these words, and the container has exited with 128."""
    run_seconds: float | None = None
    """When it ends by itself; None: never."""
    exit_code: int = 0
    """What it ends with by itself."""
    out_of_memory: bool = False
    """It ends by the kernel's hand."""
    stop_seconds: float = 0.0
    """How long it takes to heed the stop signal; past the grace period it is killed (137)."""
    stop_exit_code: int = 143
    """What it ends with when it heeds the signal."""
    run: Callable[[Sequence[str]], ExecSyncResult] = run_nothing
    """What commands answer (exec_sync)."""


def run_forever(_config: ContainerConfig) -> Behaviour:
    """Start at once and never end."""
    return Behaviour()


@dataclass(frozen=True, slots=True)
class FakeSettings:
    """What a fake runtime is like."""

    behave: Callable[[ContainerConfig], Behaviour] = run_forever
    pod_cidr: str = "10.88.0.0/16"
    sandbox_seconds: float = 0.0
    """How long RunPodSandbox takes."""
    pull_seconds: float = 0.0
    """How long PullImage takes."""
    pull_errors: Mapping[str, str] = field(default_factory=dict)
    """Images that can't be pulled, and the runtime's words; all others can be."""
    images: tuple[str, ...] = ()
    """Images that are there from the start."""
    streaming_url: str = ""
    """Where exec, attach and port-forward are answered; empty: Unimplemented."""
