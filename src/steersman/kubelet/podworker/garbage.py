"""Which of a pod's dead containers and sandboxes nobody will ask for any more. Pure.

Source: pkg/kubelet/kuberuntime/kuberuntime_gc.go: one dead container of each name is kept, for its log and last state.
"""

from steersman.cri.records import PodSandboxState
from steersman.kubelet.podworker.observed import ObservedContainer, PodRuntime

KEPT_DEAD = 1


def dead_containers(runtime: PodRuntime) -> tuple[ObservedContainer, ...]:
    """All but the newest container of each name and the dead one before it."""
    names = dict.fromkeys(each.name for each in runtime.containers)
    return tuple(each for name in names for each in runtime.all_of(name)[1 + KEPT_DEAD :] if each.has_exited)


def dead_sandboxes(runtime: PodRuntime) -> tuple[str, ...]:
    """Replaced sandboxes without a container that is kept."""
    gone = {each.id for each in dead_containers(runtime)}
    used = {each.sandbox_id for each in runtime.containers if each.id not in gone}
    return tuple(
        sandbox.id
        for sandbox in runtime.sandboxes[1:]
        if sandbox.state is PodSandboxState.NOTREADY and sandbox.id not in used
    )
