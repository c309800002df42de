"""Lifecycle hooks: what runs in or against a container right after its start and right before its end.

Source: pkg/kubelet/lifecycle/handlers.go.
"""

import asyncio
from datetime import timedelta

from steersman.api.core import Container, HTTPGetAction, LifecycleHandler
from steersman.component.clock import Clock
from steersman.cri.errors import RuntimeServiceError
from steersman.cri.interface import ContainerService
from steersman.kubelet.dialer import NodeDialer
from steersman.kubelet.probes.httpget import HTTPTarget, http_get, target_of

HTTP_TIMEOUT = timedelta(seconds=30)


class HookFailed(Exception):
    """The hook said no, or could not be run."""


class Hooks:
    """Runs hooks."""

    def __init__(self, runtime: ContainerService, dialer: NodeDialer, clock: Clock) -> None:
        """Nothing runs yet."""
        self._runtime, self._dialer, self._clock = runtime, dialer, clock

    async def run(self, handler: LifecycleHandler, container: Container, container_id: str, pod_ip: str) -> None:
        """Run one hook to its end; the caller bounds the time."""
        if handler.exec is not None:
            await self._exec(handler.exec.command, container_id)
        elif handler.sleep is not None:
            await self._clock.sleep(handler.sleep.seconds)
        elif handler.httpGet is not None:
            await self._get(handler.httpGet, container, pod_ip)

    async def _exec(self, command: tuple[str, ...], container_id: str) -> None:
        try:
            result = await self._runtime.exec_sync(container_id, command, 0)
        except RuntimeServiceError as error:
            raise HookFailed(str(error)) from error
        if result.exit_code != 0:
            output = (result.stdout + result.stderr).decode(errors="replace")
            raise HookFailed(f"command '{' '.join(command)}' exited with {result.exit_code}: {output}")

    async def _get(self, action: HTTPGetAction, container: Container, pod_ip: str) -> None:
        target: HTTPTarget = target_of(action, container, pod_ip)
        try:
            async with asyncio.timeout(HTTP_TIMEOUT.total_seconds()):
                await http_get(self._dialer, target)
        except (OSError, ValueError, TimeoutError) as error:
            raise HookFailed(f'Get "{target.url}": {error}') from error
