"""All issuers of a configuration; a file that has changed is read anew, and used as soon as its issuers answer.

Source: pkg/kubeapiserver/options/authentication.go: authenticationConfigController.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from steersman.apiserver.authn.oidc.authenticator import IssuerTokens
from steersman.apiserver.authn.tokens import Known, TokenUnion
from steersman.apiserver.configurationfile import ConfigurationError
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.component.metrics import Registry
from steersman.component.threads import Threads

_log = get_logger(__name__)

POLL_INTERVAL = timedelta(seconds=10)
# New issuers that don't answer by then aren't used. Source: authenticationConfigController: updateTimeout.
HEALTH_TIMEOUT, HEALTH_INTERVAL = timedelta(minutes=1), timedelta(seconds=1)

# The issuers of a file's content. ConfigurationError.
Read = Callable[[bytes], Sequence[IssuerTokens]]


@dataclass(frozen=True, slots=True)
class Watched:
    """A file, its content as it is used, and how that is read."""

    file: Path
    content: bytes
    read: Read


class Issuers:
    """Knows the tokens of all issuers, while it runs."""

    def __init__(
        self,
        issuers: Sequence[IssuerTokens],
        watched: Watched | None,
        clock: Clock,
        metrics: Registry,
    ) -> None:
        self._issuers = tuple(issuers)
        self._union = TokenUnion(self._issuers)
        self._watched = watched
        self._content = b"" if watched is None else watched.content
        self._clock = clock
        self._reloads = metrics.counter(
            "apiserver_authentication_config_controller_automatic_reloads_total",
            "Total number of automatic reloads of authentication configuration split by status.",
            ("status",),
        )
        self._last = metrics.gauge(
            "apiserver_authentication_config_controller_automatic_reload_last_timestamp_seconds",
            "Timestamp of the last automatic reload of authentication configuration split by status.",
            ("status",),
        )

    async def verify(self, token: str, audiences: tuple[str, ...]) -> Known | None:
        """Source of TokenAuthenticator.verify."""
        return await self._union.verify(token, audiences)

    async def run(self, changed: Callable[[], None]) -> None:
        """Find the keys of issuers, and look at the file. changed: called when the issuers are others."""
        threads = Threads(1, "authentication")
        try:
            async with asyncio.TaskGroup() as group:
                running = [group.create_task(one.run()) for one in self._issuers]
                while self._watched is not None:
                    await self._clock.sleep(POLL_INTERVAL.total_seconds())
                    made = await self._made(self._watched, threads)
                    if made is None:
                        continue
                    started = [group.create_task(one.run()) for one in made]
                    is_used = await self._used(made)
                    if is_used:
                        changed()
                    for task in running if is_used else started:
                        task.cancel()
                    running = started if is_used else running
        finally:
            threads.close()

    async def _made(self, watched: Watched, threads: Threads) -> Sequence[IssuerTokens] | None:
        """The issuers of a file that has changed and can be read."""
        try:
            content = await threads.run(watched.file.read_bytes)
            if content == self._content:
                return None
            self._content = content
            return watched.read(content)
        except (OSError, ConfigurationError) as error:
            self._note("failure")
            _log.error("the authentication configuration can't be used", file=str(watched.file), error=str(error))
            return None

    async def _used(self, made: Sequence[IssuerTokens]) -> bool:
        """Whether the new issuers have answered, and are used from now on."""
        waited = 0.0
        while problems := [one.problem for one in made if one.problem]:
            if waited >= HEALTH_TIMEOUT.total_seconds():
                self._note("failure")
                _log.error("issuers don't answer: the old configuration stays", error=", ".join(problems))
                return False
            await self._clock.sleep(HEALTH_INTERVAL.total_seconds())
            waited += HEALTH_INTERVAL.total_seconds()
        self._issuers = tuple(made)
        self._union = TokenUnion(self._issuers)
        self._note("success")
        _log.info("reloaded authentication config", issuers=len(made))
        return True

    def _note(self, status: str) -> None:
        self._reloads.inc(status)
        self._last.set(self._clock.now().timestamp(), status)
