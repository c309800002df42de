"""Authorizers as a file names them: one that has changed is read anew, and used if nothing is wrong with it.

Source: pkg/kubeapiserver/authorizer/reload.go.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from steersman.apiserver.authz.union import Member, UnionAuthorizer
from steersman.apiserver.authz.webhook import WebhookAuthorizer
from steersman.apiserver.configurationfile import ConfigurationError
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.component.metrics import Registry
from steersman.component.threads import Threads

_log = get_logger(__name__)

POLL_INTERVAL = timedelta(seconds=10)
PREFIX = "apiserver_authorization_config_controller_automatic_reload"
RELOADS = (
    f"{PREFIX}s_total",
    "[BETA] Total number of automatic reloads of authorization configuration split by status.",
    ("status",),
)
LAST = (
    f"{PREFIX}_last_timestamp_seconds",
    "[BETA] Timestamp of the last automatic reload of authorization configuration split by status.",
    ("status",),
)


@dataclass(frozen=True, slots=True)
class Watched:
    """A file, its content as it is used, and how that is read, which may raise ConfigurationError."""

    file: Path
    content: bytes
    read: Callable[[bytes], Sequence[Member]]


class Reloading:
    """Keeps a union to what the file says, while it runs."""

    def __init__(self, union: UnionAuthorizer, watched: Watched, clock: Clock, metrics: Registry) -> None:
        self._union, self._watched, self._clock = union, watched, clock
        self._content = watched.content
        self._reloads, self._last = metrics.counter(*RELOADS), metrics.gauge(*LAST)

    async def run(self) -> None:
        """Look at the file again and again until cancelled."""
        threads = Threads(1, "authorization")
        try:
            while True:
                await self._clock.sleep(POLL_INTERVAL.total_seconds())
                members = await threads.run(self._changed)
                if members is not None:
                    old = self._union.members
                    self._union.replace(members)
                    await close_webhooks(old)
        finally:
            threads.close()

    def _changed(self) -> Sequence[Member] | None:
        """The authorizers of a file that has changed and can be used. Blocks."""
        try:
            content = self._watched.file.read_bytes()
            if content == self._content:
                return None
            self._content = content
            members = self._watched.read(content)
        except (OSError, ConfigurationError) as error:
            self._note("failure")
            _log.error("the authorization configuration can't be used", file=str(self._watched.file), error=str(error))
            return None
        self._note("success")
        _log.info("reloaded authorization config", authorizers=len(members))
        return members

    def _note(self, status: str) -> None:
        self._reloads.inc(status)
        self._last.set(self._clock.now().timestamp(), status)


async def close_webhooks(members: Sequence[Member]) -> None:
    """Close the connections of those that have any."""
    for one in members:
        if isinstance(one.authorizer, WebhookAuthorizer):
            await one.authorizer.close()
