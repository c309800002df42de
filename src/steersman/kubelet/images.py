"""Images for containers: pulled by policy, one at a time, with back-off, reported in upstream's words.

Source: pkg/kubelet/images/image_manager.go.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from steersman.api.core import Container, Pod
from steersman.component.backoff import Backoff, Backoffs
from steersman.component.clock import Clock
from steersman.cri.errors import RuntimeServiceError
from steersman.cri.interface import ImageService
from steersman.cri.records import AuthConfig, Image, PodSandboxConfig
from steersman.cri.reference import full_reference
from steersman.kubelet.podevents import ContainerReporter
from steersman.kubelet.podworker.failures import Reason, WorkFailed

PULL_BACKOFF = Backoff(initial=10, factor=2, limit=300)
PULL_TIMEOUT = timedelta(minutes=30)
INSPECT_TIMEOUT = timedelta(seconds=30)
# After a failed pull the back-off is shown at the next look, as upstream's next sync shows it.
SHOW_BACK_OFF_AFTER = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which image, for whom, and how its registry may be asked: each credential is tried in turn."""

    pod: Pod
    container: Container
    credentials: Sequence[AuthConfig] = ()


class Images:
    """The node's images; pulls are serialised."""

    def __init__(self, runtime: ImageService, clock: Clock) -> None:
        """Nothing is asked before the first `ensure`."""
        self._runtime, self._clock = runtime, clock
        self._pulling = asyncio.Lock()
        self._backoffs: Backoffs[tuple[str, str]] = Backoffs(PULL_BACKOFF)

    async def ensure(self, wanted: Wanted, sandbox: PodSandboxConfig, reporter: ContainerReporter) -> str:
        """The reference to start the container with; WorkFailed with the reason of its waiting state."""
        reference = wanted.container.image
        if not reference.strip() or any(char.isspace() for char in reference):
            message = f'Failed to apply default image tag "{reference}": couldn\'t parse image name "{reference}"'
            reporter.warning("InspectFailed", message)
            raise WorkFailed(Reason.INVALID_IMAGE_NAME, message)
        image = await self._inspect(reference, reporter)
        policy = pull_policy(wanted.container)
        if image is not None and policy != "Always":
            message = f'Container image "{reference}" already present on machine and can be accessed by the pod'
            reporter.normal("Pulled", message)
            return image.id
        if policy == "Never":
            message = f'Container image "{reference}" is not present with pull policy of Never'
            reporter.warning("ErrImageNeverPull", message)
            raise WorkFailed(Reason.ERR_IMAGE_NEVER_PULL, message, timedelta(seconds=10))
        return await self._pull(wanted, sandbox, reporter)

    async def _inspect(self, reference: str, reporter: ContainerReporter) -> Image | None:
        try:
            async with asyncio.timeout(INSPECT_TIMEOUT.total_seconds()):
                return await self._runtime.image_status(reference)
        except (RuntimeServiceError, TimeoutError) as error:
            message = f'Failed to inspect image "{reference}": {error}'
            reporter.warning("InspectFailed", message)
            raise WorkFailed(Reason.IMAGE_INSPECT_ERROR, message) from error

    async def _pull(self, wanted: Wanted, sandbox: PodSandboxConfig, reporter: ContainerReporter) -> str:
        reference = wanted.container.image
        key = (wanted.pod.metadata.uid, reference)
        remaining = self._backoffs.remaining(key, self._clock.monotonic())
        if remaining > 0:
            message = f'Back-off pulling image "{reference}"'
            reporter.normal("BackOff", message)
            raise WorkFailed(Reason.IMAGE_PULL_BACK_OFF, message, timedelta(seconds=remaining))
        asked_at = self._clock.monotonic()
        async with self._pulling:
            reporter.normal("Pulling", f'Pulling image "{reference}"')
            began_at = self._clock.monotonic()
            try:
                pulled = await self._pull_with_any(reference, wanted.credentials, sandbox)
            except (RuntimeServiceError, TimeoutError) as error:
                self._backoffs.failed(key, self._clock.monotonic())
                message = error.message if isinstance(error, RuntimeServiceError) else "pulling took too long"
                reporter.warning("Failed", f'Failed to pull image "{reference}": {message}')
                raise WorkFailed(Reason.ERR_IMAGE_PULL, message, SHOW_BACK_OFF_AFTER) from error
        self._backoffs.succeeded(key)
        now = self._clock.monotonic()
        took, waited = f"{now - began_at:.3f}s", f"{now - asked_at:.3f}s"
        image = await self._inspect(reference, reporter)
        size = f". Image size: {image.size} bytes." if image is not None else "."
        message = f'Successfully pulled image "{reference}" in {took} ({waited} including waiting){size}'
        reporter.normal("Pulled", message)
        return pulled

    async def _pull_with_any(self, reference: str, credentials: Sequence[AuthConfig], sandbox: PodSandboxConfig) -> str:
        attempts: Sequence[AuthConfig | None] = credentials or (None,)
        for auth in attempts[:-1]:
            try:
                return await self._pull_once(reference, auth, sandbox)
            except RuntimeServiceError:
                continue  # the next credential may be the right one
        return await self._pull_once(reference, attempts[-1], sandbox)

    async def _pull_once(self, reference: str, auth: AuthConfig | None, sandbox: PodSandboxConfig) -> str:
        async with asyncio.timeout(PULL_TIMEOUT.total_seconds()):
            return await self._runtime.pull_image(reference, auth, sandbox)


def pull_policy(container: Container) -> str:
    """The policy as written; for want of one (static pods) by the tag, as the API's defaulting has it."""
    if container.imagePullPolicy:
        return container.imagePullPolicy
    reference = full_reference(container.image)
    return "Always" if reference.endswith(":latest") else "IfNotPresent"
