"""Runs the probes of one pod's running containers, each in a task of its own, and tells the worker what changed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from steersman.api.core import Container, Pod, Probe
from steersman.client.recorder import EventRecorder
from steersman.component.clock import Clock
from steersman.kubelet.podevents import about_container
from steersman.kubelet.podworker.actions import all_containers
from steersman.kubelet.podworker.instructions import Probed
from steersman.kubelet.podworker.observed import ObservedContainer, PodRuntime
from steersman.kubelet.podworker.probed import ProbeKind, ProbeResults, probes_of
from steersman.kubelet.probes import check
from steersman.kubelet.probes.result import ProbeHistory, period_seconds

Key = tuple[str, ProbeKind]


@dataclass(frozen=True, slots=True)
class Situation:
    """The pod as its worker knows it."""

    pod: Pod
    runtime: PodRuntime
    results: ProbeResults
    is_ending: bool


class Prober:
    """The probes of one pod. `follow` after every change; `stop` at the end."""

    def __init__(
        self, checker: check.Checker, recorder: EventRecorder, clock: Clock, tell: Callable[[Probed], None]
    ) -> None:
        """`tell` is called with every settled result that differs from the last."""
        self._checker, self._recorder, self._clock, self._tell = checker, recorder, clock, tell
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._situation: Situation | None = None

    def follow(self, situation: Situation, group: asyncio.TaskGroup) -> None:
        """Run the probes that this situation calls for, and no others."""
        self._situation = situation
        wanted = dict(_wanted(situation))
        for key in [key for key in self._tasks if key not in wanted]:
            self._tasks.pop(key).cancel()
        for key, (container, probe, observed) in wanted.items():
            if key not in self._tasks:
                self._tasks[key] = group.create_task(self._run(key, container, probe, observed), name=f"probe {key[1]}")

    def stop(self) -> None:
        """Run no more."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()

    async def _run(self, key: Key, container: Container, probe: Probe, observed: ObservedContainer) -> None:
        container_id, kind = key
        await self._clock.sleep(_initial_delay(probe, observed, self._clock.now()))
        history = ProbeHistory()
        while True:
            outcome = await self._check(container, probe, container_id)
            before, history = history.result, history.after(probe, kind, outcome.is_success)
            if not outcome.is_success:
                self._report(container, kind, outcome)
            if history.result is not None and history.result != before:
                self._tell(Probed(container_id, kind, history.result))
            if history.result is False and kind is not ProbeKind.READINESS:
                return  # the container will be stopped: its successor is probed anew
            await self._clock.sleep(period_seconds(probe))

    async def _check(self, container: Container, probe: Probe, container_id: str) -> check.Outcome:
        situation = self._situation
        assert situation is not None
        ips = situation.runtime.ips or tuple(each.ip for each in situation.pod.status.hostIPs)
        return await self._checker.check(probe, check.Probed(container, container_id, ips[0] if ips else "127.0.0.1"))

    def _report(self, container: Container, kind: ProbeKind, outcome: check.Outcome) -> None:
        if self._situation is None:
            return
        said = "errored" if outcome.is_error else "failed"
        reporter = about_container(self._recorder, self._situation.pod, container.name)
        reporter.warning("Unhealthy", f"{kind.value} probe {said}: {outcome.output.rstrip()}")


def _wanted(situation: Situation) -> "list[tuple[Key, tuple[Container, Probe, ObservedContainer]]]":
    found = []
    for container in all_containers(situation.pod).values():
        observed = situation.runtime.newest(container.name)
        if observed is None or not observed.is_running:
            continue
        is_started = situation.results.is_started(situation.pod, container, observed)
        for kind, probe in probes_of(container):
            if situation.is_ending and kind is not ProbeKind.READINESS:
                continue
            if (kind is ProbeKind.STARTUP) != is_started:
                found.append(((observed.id, kind), (container, probe, observed)))
    return found


def _initial_delay(probe: Probe, observed: ObservedContainer, now: datetime) -> float:
    started_at = observed.status.started_at or now
    return max(0.0, probe.initialDelaySeconds - (now - started_at).total_seconds())
