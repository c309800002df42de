"""Carries out one pod's work against runtime, volumes and cgroups; every failure has a reason and was reported."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from steersman.api.core import Container, Pod
from steersman.apimachinery.quantity import Quantity
from steersman.client.recorder import EventRecorder
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.component.threads import Threads
from steersman.cri.errors import NotFound, RuntimeServiceError
from steersman.cri.interface import Runtime
from steersman.kubelet import names
from steersman.kubelet.cgroups import Cgroups
from steersman.kubelet.environment import PodPlace
from steersman.kubelet.hooks import HookFailed, Hooks
from steersman.kubelet.images import Images, Wanted
from steersman.kubelet.logrotation import remove_log
from steersman.kubelet.making import Making
from steersman.kubelet.podevents import about_container, about_pod
from steersman.kubelet.podworker.actions import Start, all_containers
from steersman.kubelet.podworker.failures import Reason, WorkFailed
from steersman.kubelet.podworker.instructions import (
    CreateSandbox,
    KillContainer,
    KillTogether,
    Prepare,
    RemoveContainer,
    RemoveSandbox,
    StartContainer,
    StopSandbox,
    TearDown,
    Work,
)
from steersman.kubelet.podworker.observed import PodRuntime
from steersman.kubelet.volumes.manager import MountFailed, Volumes

_log = get_logger(__name__)

SANDBOX_TIMEOUT = timedelta(minutes=4)
CALL_TIMEOUT = timedelta(minutes=2)
MINIMUM_GRACE = timedelta(seconds=2)
"""Even what may not wait gets its signal. Source: pkg/kubelet/kuberuntime: minimumGracePeriodInSeconds."""


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What containers and statuses say of the node."""

    host_ips: tuple[str, ...]
    memory_capacity: int
    allocatable: Mapping[str, Quantity]


@dataclass(frozen=True, slots=True)
class Tools:
    """What the work of all pods stands on."""

    runtime: Runtime
    images: Images
    volumes: Volumes
    cgroups: Cgroups
    making: Making
    hooks: Hooks
    recorder: EventRecorder
    clock: Clock
    threads: Threads
    facts: NodeFacts


class PodWork:
    """Does the work of one pod; all of its CRI calls that change something are made here."""

    def __init__(self, tools: Tools) -> None:
        """`renew_at` is when the pod's volumes have to be brought up to date, though nothing they show has changed."""
        self._tools = tools
        self.renew_at: datetime | None = None

    async def do(self, pod: Pod, runtime: PodRuntime, work: Work) -> None:
        """Carry out one piece of work on the pod, last seen like this; WorkFailed."""
        match work:
            case Prepare():
                await self._prepare(pod, runtime)
            case CreateSandbox(attempt):
                await self._create_sandbox(pod, attempt)
            case StartContainer(start):
                await self._start(pod, runtime, start)
            case KillTogether(kills):
                ends = await asyncio.gather(*(self._kill(pod, runtime, kill) for kill in kills), return_exceptions=True)
                for failure in (end for end in ends if isinstance(end, BaseException)):
                    raise failure
            case StopSandbox(sandbox_id):
                await self._stop_sandbox(pod, sandbox_id)
            case RemoveContainer(container_id):
                await self._remove_container(runtime, container_id)
            case RemoveSandbox(sandbox_id):
                await self._call(Reason.KILL_SANDBOX_ERROR, self._tools.runtime.remove_pod_sandbox(sandbox_id))
            case TearDown(with_logs):
                await self._tear_down(pod, with_logs)
            case _:
                assert_never(work)

    def place(self, runtime: PodRuntime, pod: Pod) -> PodPlace:
        """Where the pod is, for its containers to know."""
        facts = self._tools.facts
        return PodPlace(
            runtime.ips or (facts.host_ips if pod.spec.hostNetwork else ()), facts.host_ips, facts.allocatable
        )

    async def refresh_volumes(self, pod: Pod, runtime: PodRuntime) -> None:
        """Bring the pod's volumes up to date with the objects they show; tried again at the next change."""
        try:
            self.renew_at = await self._tools.volumes.set_up(pod, self.place(runtime, pod))
        except MountFailed as error:
            about_pod(self._tools.recorder, pod).warning("FailedMount", str(error))
            self.renew_at = self._tools.clock.now() + timedelta(minutes=1)

    async def _prepare(self, pod: Pod, runtime: PodRuntime) -> None:
        tools, reporter = self._tools, about_pod(self._tools.recorder, pod)
        try:
            await tools.threads.run(tools.cgroups.create, pod)
        except OSError as error:
            reporter.warning("FailedCreatePodContainer", f"unable to ensure pod container exists: {error}")
            raise WorkFailed(Reason.CGROUP_ERROR, str(error)) from error
        try:
            await tools.threads.run(tools.making.make_directories, pod)
            self.renew_at = await tools.volumes.set_up(pod, self.place(runtime, pod))
        except (MountFailed, OSError) as error:
            reporter.warning("FailedMount", str(error))
            raise WorkFailed(Reason.MOUNT_ERROR, str(error)) from error

    async def _create_sandbox(self, pod: Pod, attempt: int) -> None:
        tools, reporter = self._tools, about_pod(self._tools.recorder, pod)
        if attempt:
            reporter.normal("SandboxChanged", "Pod sandbox changed, it will be killed and re-created.")
        config = await tools.making.sandbox(pod, attempt)
        try:
            async with asyncio.timeout(SANDBOX_TIMEOUT.total_seconds()):
                await tools.runtime.run_pod_sandbox(config)
        except (RuntimeServiceError, TimeoutError) as error:
            message = f"Failed to create pod sandbox: {_words(error)}"
            reporter.warning("FailedCreatePodSandBox", message)
            raise WorkFailed(Reason.CREATE_SANDBOX_ERROR, message) from error

    async def _start(self, pod: Pod, runtime: PodRuntime, start: Start) -> None:
        container = all_containers(pod).get(start.name)
        if container is None or runtime.sandbox is None:
            return  # the spec or the sandbox changed since: the next step knows
        reporter = about_container(self._tools.recorder, pod, container.name)
        try:
            container_id = await self._create(pod, runtime, container, start.attempt)
        except WorkFailed as failure:
            reporter.warning("Failed", f"Error: {self._told(failure)}")
            raise
        reporter.normal("Created", "Container created")
        try:
            async with asyncio.timeout(CALL_TIMEOUT.total_seconds()):
                await self._tools.runtime.start_container(container_id)
        except (RuntimeServiceError, TimeoutError) as error:
            reporter.warning("Failed", f"Error: {_words(error)}")
            raise WorkFailed(Reason.RUN_CONTAINER_ERROR, _words(error)) from error
        reporter.normal("Started", "Container started")
        await self._post_start(pod, runtime, container, container_id)

    @staticmethod
    def _told(failure: WorkFailed) -> str:
        """Image errors are told by reason, as their message had an Event of its own."""
        is_of_image = failure.reason in (
            Reason.ERR_IMAGE_PULL, Reason.IMAGE_PULL_BACK_OFF, Reason.ERR_IMAGE_NEVER_PULL,
            Reason.IMAGE_INSPECT_ERROR, Reason.INVALID_IMAGE_NAME,
        )  # fmt: skip
        return failure.reason.value if is_of_image else failure.message

    async def _create(self, pod: Pod, runtime: PodRuntime, container: Container, attempt: int) -> str:
        tools, sandbox = self._tools, runtime.sandbox
        assert sandbox is not None
        config = await tools.making.sandbox(pod, sandbox.metadata.attempt)
        reporter = about_container(tools.recorder, pod, container.name)
        credentials = await tools.making.credentials(pod, container)
        image_ref = await tools.images.ensure(Wanted(pod, container, credentials), config, reporter)
        place = self.place(runtime, pod)
        target = runtime.newest(tools.making.target_of(pod, container))
        made = await tools.making.container(
            pod, container, image_ref, attempt, place, target.id if target is not None else ""
        )
        for stale in runtime.all_of(container.name):
            if stale.restart_count == attempt:  # a creation that was interrupted
                await self._call(Reason.CREATE_CONTAINER_ERROR, tools.runtime.remove_container(stale.id))
        try:
            async with asyncio.timeout(CALL_TIMEOUT.total_seconds()):
                return await tools.runtime.create_container(sandbox.id, made, config)
        except (RuntimeServiceError, TimeoutError) as error:
            raise WorkFailed(Reason.CREATE_CONTAINER_ERROR, _words(error)) from error

    async def _post_start(self, pod: Pod, runtime: PodRuntime, container: Container, container_id: str) -> None:
        hook = container.lifecycle.postStart if container.lifecycle is not None else None
        if hook is None:
            return
        try:
            ips = self.place(runtime, pod).ips
            await self._tools.hooks.run(hook, container, container_id, ips[0] if ips else "")
        except HookFailed as error:
            message = "PostStartHook failed"
            about_container(self._tools.recorder, pod, container.name).warning("FailedPostStartHook", message)
            kill = KillContainer(container_id, container.name, MINIMUM_GRACE, "FailedPostStartHook")
            await self._kill(pod, runtime, kill)
            raise WorkFailed(Reason.POST_START_HOOK_ERROR, str(error)) from error

    async def _kill(self, pod: Pod, runtime: PodRuntime, kill: KillContainer) -> None:
        reporter = about_container(self._tools.recorder, pod, kill.name)
        reporter.normal("Killing", kill.message)
        begun_at = self._tools.clock.monotonic()
        if kill.grace > timedelta(0):
            await self._pre_stop(pod, runtime, kill)
        spent = timedelta(seconds=self._tools.clock.monotonic() - begun_at)
        grace = int(max(kill.grace - spent, MINIMUM_GRACE if kill.grace else timedelta(0)).total_seconds())
        try:
            async with asyncio.timeout(grace + CALL_TIMEOUT.total_seconds()):
                await self._tools.runtime.stop_container(kill.container_id, grace)
        except (RuntimeServiceError, TimeoutError) as error:
            reporter.warning("FailedKillPod", f"error killing pod: failed to stop container: {_words(error)}")
            raise WorkFailed(Reason.KILL_CONTAINER_ERROR, _words(error)) from error

    async def _pre_stop(self, pod: Pod, runtime: PodRuntime, kill: KillContainer) -> None:
        container = all_containers(pod).get(kill.name) or Container(name=kill.name)
        observed = next((each for each in runtime.containers if each.id == kill.container_id), None)
        hook = container.lifecycle.preStop if container.lifecycle is not None else None
        if hook is None and observed is not None:
            hook = names.pre_stop_of(observed.status.annotations)
        if hook is None:
            return
        reporter = about_container(self._tools.recorder, pod, kill.name)
        ips = self.place(runtime, pod).ips
        hooking = asyncio.ensure_future(
            self._tools.hooks.run(hook, container, kill.container_id, ips[0] if ips else "")
        )
        waiting = asyncio.ensure_future(self._tools.clock.sleep(kill.grace.total_seconds()))
        try:
            await asyncio.wait((hooking, waiting), return_when=asyncio.FIRST_COMPLETED)
            if hooking.done():
                hooking.result()
            else:
                _log.info("preStop hook outlasted the grace period", container=kill.name, pod=names.full_name(pod))
        except HookFailed as error:
            reporter.warning("FailedPreStopHook", "PreStopHook failed")
            _log.info("preStop hook failed", container=kill.name, pod=names.full_name(pod), error=str(error))
        finally:
            hooking.cancel()
            waiting.cancel()

    async def _remove_container(self, runtime: PodRuntime, container_id: str) -> None:
        await self._call(Reason.KILL_CONTAINER_ERROR, self._tools.runtime.remove_container(container_id))
        for observed in runtime.containers:
            if observed.id == container_id:
                await self._tools.threads.run(remove_log, observed.log_path)

    async def _stop_sandbox(self, pod: Pod, sandbox_id: str) -> None:
        await self._call(Reason.KILL_SANDBOX_ERROR, self._tools.runtime.stop_pod_sandbox(sandbox_id))

    async def _tear_down(self, pod: Pod, with_logs: bool) -> None:
        tools, uid = self._tools, pod.metadata.uid
        try:
            await tools.volumes.tear_down(uid, with_directory=with_logs)
            await tools.threads.run(tools.cgroups.remove, uid)
            if with_logs:
                await tools.threads.run(tools.making.remove_logs, pod)
        except OSError as error:
            raise WorkFailed(Reason.MOUNT_ERROR, str(error)) from error

    async def _call(self, reason: Reason, call: Coroutine[object, object, None]) -> None:
        try:
            async with asyncio.timeout(CALL_TIMEOUT.total_seconds()):
                await call
        except NotFound:
            return
        except (RuntimeServiceError, TimeoutError) as error:
            _log.warning("runtime call failed", reason=reason.value, error=str(error))
            raise WorkFailed(reason, _words(error)) from error


def _words(error: Exception) -> str:
    if isinstance(error, RuntimeServiceError):
        return error.rpc_words
    return str(error) or type(error).__name__
