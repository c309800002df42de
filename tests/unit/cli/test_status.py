"""What `status` says of pods."""

from typing import Any

from steersman.api.core import Pod
from steersman.apimachinery.codec.json import from_wire
from steersman.cli.status import pod_lines


def pod(name: str, phase: str, waiting: str = "") -> Pod:
    status: dict[str, Any] = {"phase": phase}
    if waiting:
        status["containerStatuses"] = [{"name": "c", "image": "i", "state": {"waiting": {"reason": waiting}}}]
    return from_wire({"metadata": {"name": name, "namespace": "n"}, "status": status}, Pod)


def test_what_is_done_does_not_count_and_what_fails_is_named() -> None:
    pods = [pod("a", "Running"), pod("b", "Succeeded"), pod("c", "Running", "CrashLoopBackOff")]
    assert pod_lines([*pods, pod("d", "Pending", "ContainerCreating")]) == [
        "2 of 3 pods run",
        "pod n/c: CrashLoopBackOff",
    ]


def test_only_the_first_troubles_are_shown() -> None:
    lines = pod_lines([pod(str(number), "Pending", "ImagePullBackOff") for number in range(8)])
    assert (len(lines), lines[-1]) == (7, "... and 3 more")
