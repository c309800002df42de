"""Events about a pod and its containers."""

from dataclasses import dataclass

from steersman.api.core import Pod
from steersman.client.recorder import EventRecorder


@dataclass(frozen=True, slots=True)
class ContainerReporter:
    """Records Events about one container, or about its whole pod when `field_path` is empty."""

    recorder: EventRecorder
    pod: Pod
    field_path: str = ""

    def normal(self, reason: str, message: str) -> None:
        """Something went as it should."""
        self.recorder.event(self.pod, "Normal", reason, message, field_path=self.field_path)

    def warning(self, reason: str, message: str) -> None:
        """Something did not."""
        self.recorder.event(self.pod, "Warning", reason, message, field_path=self.field_path)


def about_pod(recorder: EventRecorder, pod: Pod) -> ContainerReporter:
    """For Events of the pod as a whole."""
    return ContainerReporter(recorder, pod)


def about_container(recorder: EventRecorder, pod: Pod, name: str) -> ContainerReporter:
    """For Events of one of its containers."""
    spec = pod.spec
    lists = (
        ("initContainers", [container.name for container in spec.initContainers]),
        ("containers", [container.name for container in spec.containers]),
        ("ephemeralContainers", [container.name for container in spec.ephemeralContainers]),
    )
    for field, names in lists:
        if name in names:
            return ContainerReporter(recorder, pod, f"spec.{field}{{{name}}}")
    return ContainerReporter(recorder, pod)
