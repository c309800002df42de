"""What an API server sees to in its own API, at its start and as long as it runs.

Source: pkg/controlplane/instance.go: the hooks that run after the start, by whose names health checks know them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from steersman.apimachinery.status import StatusError
from steersman.apiserver.authz.bootstrap.seed import seed_roles
from steersman.apiserver.bootstrap import ensure_namespaces, ensure_priorities, ensure_ranges
from steersman.apiserver.ensure import settled
from steersman.apiserver.identity import CLEAR_SECONDS, ServerIdentity
from steersman.apiserver.serverendpoints import INTERVAL_SECONDS, Advertised, NobodyServesError, ServerEndpoints
from steersman.client.interface import Client
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.component.starthooks import StartHooks
from steersman.storage.interface import StoreError

_log = get_logger(__name__)

ROLES = "rbac/bootstrap-roles"
PRIORITIES = "scheduling/bootstrap-system-priority-classes"
NAMESPACES = "start-system-namespaces-controller"
RANGES = "start-kubernetes-service-cidr-controller"
KUBERNETES = "bootstrap-controller"
IDENTITY = "start-kube-apiserver-identity-lease-controller"
CLEARING = "start-kube-apiserver-identity-lease-garbage-collector"
HOOKS = (NAMESPACES, PRIORITIES, ROLES, RANGES, KUBERNETES, IDENTITY, CLEARING)
# Where there is but one server nobody waits for news of it, and a write every ten seconds isn't worth it.
LONE_RENEWAL_SECONDS = 900.0
NAMESPACES_SECONDS = 60.0
LEAVE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Chore:
    name: str
    work: Callable[[], Awaitable[None]]
    every_seconds: float


class Housekeeping:
    """First objects, the Service `kubernetes`, this server's identity."""

    def __init__(
        self, client: Client, advertised: Advertised, endpoints: ServerEndpoints, identity: ServerIdentity
    ) -> None:
        self._client, self._advertised = client, advertised
        self._endpoints, self._identity = endpoints, identity

    async def begin(self, hooks: StartHooks) -> None:
        """Everything is there; what changed meanwhile, like our address, is put right."""
        await hooks.do(NAMESPACES, ensure_namespaces(self._client))
        await hooks.do(PRIORITIES, ensure_priorities(self._client))
        await hooks.do(ROLES, settled(lambda: seed_roles(self._client)))
        await hooks.do(RANGES, ensure_ranges(self._client, self._advertised.service_cidrs))
        await hooks.do(KUBERNETES, self._endpoints.keep())
        await hooks.do(IDENTITY, self._identity.renew())
        await hooks.do(CLEARING, self._identity.clear())

    async def run(self, clock: Clock) -> None:
        """See to it again and again until cancelled."""
        renewal = INTERVAL_SECONDS if self._endpoints.are_shared else LONE_RENEWAL_SECONDS
        chores = (
            _Chore(KUBERNETES, self._endpoints.keep, INTERVAL_SECONDS),
            _Chore(NAMESPACES, lambda: ensure_namespaces(self._client), NAMESPACES_SECONDS),
            _Chore(IDENTITY, self._identity.renew, renewal),
            _Chore(CLEARING, self._identity.clear, CLEAR_SECONDS),
        )
        async with asyncio.TaskGroup() as group:
            for chore in chores:
                group.create_task(_again_and_again(chore, clock))

    async def leave(self) -> None:
        """Nobody is sent here any more."""
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await self._endpoints.leave()
        except NobodyServesError as error:
            _log.debug("the last server goes", reason=str(error))
        except (StatusError, StoreError, TimeoutError) as error:
            _log.warning("the server's endpoint stays until its lease ends", reason=str(error))


async def _again_and_again(chore: _Chore, clock: Clock) -> None:
    while True:
        await clock.sleep(chore.every_seconds)
        try:
            await chore.work()
        except (StatusError, StoreError, NobodyServesError) as error:
            _log.warning("could not see to it, will try again", what=chore.name, reason=str(error))
