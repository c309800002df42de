"""What the pod worker's machine asks its driver to do, and what it is told: all plain values."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from steersman.api.core import Pod, PodStatus
from steersman.kubelet.podworker.actions import Start
from steersman.kubelet.podworker.observed import PodRuntime
from steersman.kubelet.podworker.probed import ProbeKind

# Instructions. Those of a Run are carried out one after the other, while events are still taken.


@dataclass(frozen=True, slots=True)
class Prepare:
    """Make the pod's directories and cgroup, mount its volumes."""


@dataclass(frozen=True, slots=True)
class CreateSandbox:
    """Run a new sandbox."""

    attempt: int


@dataclass(frozen=True, slots=True)
class StartContainer:
    """Pull the image if need be, create and start the container."""

    start: Start


@dataclass(frozen=True, slots=True)
class KillContainer:
    """Run the preStop hook, send the signal, wait, kill."""

    container_id: str
    name: str
    grace: timedelta
    message: str


@dataclass(frozen=True, slots=True)
class KillTogether:
    """Kill several at once."""

    kills: tuple[KillContainer, ...]


@dataclass(frozen=True, slots=True)
class StopSandbox:
    """Give namespaces and address back; containers and logs stay."""

    sandbox_id: str


@dataclass(frozen=True, slots=True)
class RemoveContainer:
    """Forget a dead container, and its log."""

    container_id: str


@dataclass(frozen=True, slots=True)
class RemoveSandbox:
    """Forget the sandbox and its containers."""

    sandbox_id: str


@dataclass(frozen=True, slots=True)
class TearDown:
    """Unmount and remove the volumes, remove the cgroup; `with_logs`: the logs and directories too."""

    with_logs: bool


Work = (
    Prepare | CreateSandbox | StartContainer | KillTogether | StopSandbox | RemoveContainer | RemoveSandbox | TearDown
)


@dataclass(frozen=True, slots=True)
class Run:
    """Do this work in order and answer `Done` with a look at the pod.

    A container that fails to start holds up no other; any other failure ends the Run.
    """

    work: tuple[Work, ...]


@dataclass(frozen=True, slots=True)
class Cancel:
    """Give up what runs: the pod is to end sooner. `Done` follows all the same."""


@dataclass(frozen=True, slots=True)
class Look:
    """Ask the runtime for the pod's state and answer `Relisted`."""


@dataclass(frozen=True, slots=True)
class Publish:
    """Let the API know this status."""

    status: PodStatus


@dataclass(frozen=True, slots=True)
class Report:
    """Record an Event about the pod, or about one of its containers."""

    is_warning: bool
    reason: str
    message: str
    container: str = ""


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Send `Tick` at this moment; replaces what was asked before."""

    moment: datetime


@dataclass(frozen=True, slots=True)
class Finish:
    """All of the pod is gone from this node; delete its object, if it is still there and terminating."""

    delete_object: bool


Instruction = Run | Cancel | Look | Publish | Report | WakeAt | Finish


# Events.


@dataclass(frozen=True, slots=True)
class PodUpdated:
    """The API's newest state of the pod."""

    pod: Pod


@dataclass(frozen=True, slots=True)
class PodGone:
    """The API no longer has the pod."""


@dataclass(frozen=True, slots=True)
class Relisted:
    """The runtime's state of the pod, just read."""

    runtime: PodRuntime


@dataclass(frozen=True, slots=True)
class Failure:
    """A piece of work failed; `container` is empty for the pod as a whole."""

    work: Work
    reason: str
    message: str
    container: str = ""
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """A Run came to its end: what was done, what failed, and the runtime's state after it (None: not to be had)."""

    done: tuple[Work, ...]
    failures: tuple[Failure, ...]
    runtime: PodRuntime | None


@dataclass(frozen=True, slots=True)
class Probed:
    """A probe's settled result changed."""

    container_id: str
    kind: ProbeKind
    is_success: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """The moment asked for has come."""


Event = PodUpdated | PodGone | Relisted | Done | Probed | Tick
