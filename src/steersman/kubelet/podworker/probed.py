"""What the probes of a pod's containers say, as values.

A container without a result for a probe it has is judged as upstream does: alive, not started, not ready, unless
the API's status already called this very container ready: then the kubelet was restarted, not the container.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from steersman.api.core import Container, ContainerStatus, Pod, Probe
from steersman.kubelet.podworker.observed import ObservedContainer


class ProbeKind(StrEnum):
    """The three questions a probe can answer."""

    LIVENESS = "Liveness"
    READINESS = "Readiness"
    STARTUP = "Startup"


@dataclass(frozen=True, slots=True)
class ProbeResults:
    """The newest settled result of each probe, by container id."""

    results: Mapping[tuple[str, ProbeKind], bool] = field(default_factory=dict)

    def with_result(self, container_id: str, kind: ProbeKind, is_success: bool) -> "ProbeResults":
        """These results and one more."""
        return ProbeResults({**self.results, (container_id, kind): is_success})

    def only(self, container_ids: frozenset[str]) -> "ProbeResults":
        """Without those of containers that are gone."""
        if all(container_id in container_ids for container_id, _ in self.results):
            return self
        return ProbeResults({key: value for key, value in self.results.items() if key[0] in container_ids})

    def has_failed(self, container_id: str, kind: ProbeKind) -> bool:
        """The probe has failed as often as its threshold says."""
        return self.results.get((container_id, kind)) is False

    def is_started(self, pod: Pod, container: Container, observed: ObservedContainer) -> bool:
        """The container runs and its startup probe, if it has one, succeeded."""
        if not observed.is_running:
            return False
        if container.startupProbe is None:
            return True
        result = self.results.get((observed.id, ProbeKind.STARTUP))
        if result is not None:
            return result
        known = known_status(pod, observed)
        return known is not None and bool(known.started)

    def is_ready(self, pod: Pod, container: Container, observed: ObservedContainer) -> bool:
        """The container may get traffic."""
        if not self.is_started(pod, container, observed):
            return False
        if container.readinessProbe is None:
            return True
        result = self.results.get((observed.id, ProbeKind.READINESS))
        if result is not None:
            return result
        known = known_status(pod, observed)
        return known is not None and known.ready


def known_status(pod: Pod, observed: ObservedContainer) -> ContainerStatus | None:
    """What the API says of this very container."""
    for status in (*pod.status.containerStatuses, *pod.status.initContainerStatuses):
        if status.containerID.endswith("://" + observed.id):
            return status
    return None


def probes_of(container: Container) -> tuple[tuple[ProbeKind, Probe], ...]:
    """The probes the container has."""
    every = (
        (ProbeKind.STARTUP, container.startupProbe),
        (ProbeKind.LIVENESS, container.livenessProbe),
        (ProbeKind.READINESS, container.readinessProbe),
    )
    return tuple((kind, probe) for kind, probe in every if probe is not None)
