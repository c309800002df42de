"""Whether and when a container that ended is started again.

Source: pkg/kubelet/container/helpers.go, client-go/util/flowcontrol/backoff.go, KEP-5307 (container restart rules).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from steersman.api.core import Container, Pod
from steersman.api.core.podresources import is_sidecar
from steersman.kubelet.podworker.observed import ObservedContainer

INITIAL = timedelta(seconds=10)
LIMIT = timedelta(seconds=300)
QUIET = 2 * LIMIT


@dataclass(frozen=True, slots=True)
class Crash:
    """The back-off of one container: how long, and since which restart it counts."""

    delay: timedelta
    restarted_at: datetime


def waiting_until(crash: Crash | None, finished_at: datetime, now: datetime) -> datetime | None:
    """When the container may be started again; None when it may now."""
    if crash is None or finished_at - crash.restarted_at > QUIET:
        return None
    until = finished_at + crash.delay
    return until if now < until else None


def after_restart(crash: Crash | None, finished_at: datetime, now: datetime) -> Crash:
    """The back-off that the next crash will meet. The first restart is at once, the second waits for 10 s."""
    if crash is None or finished_at - crash.restarted_at > QUIET:
        return Crash(INITIAL, now)
    return Crash(min(2 * crash.delay, LIMIT), now)


def is_to_restart(pod: Pod, container: Container, ended: ObservedContainer, is_init: bool) -> bool:
    """The pod's restart policy, or the container's own, wants another run after this end."""
    exit_code = ended.status.exit_code
    if is_init and is_sidecar(container):
        return True
    for rule in container.restartPolicyRules:
        codes = rule.exitCodes
        if rule.action == "Restart" and codes is not None and (exit_code in codes.values) == (codes.operator == "In"):
            return True
    policy = container.restartPolicy or pod.spec.restartPolicy or "Always"
    if is_init:
        # An init container that succeeded is done, whatever the policy.
        return exit_code != 0 and policy != "Never"
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)
