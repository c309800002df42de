"""Leader election on a Lease.

A holder that cannot renew in time stops leading before anyone else can begin. Source: client-go tools/leaderelection.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from steersman.api.coordination import Lease, LeaseSpec
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import NotFound, StatusError
from steersman.apimachinery.times import MicroTime
from steersman.client.interface import Client
from steersman.component.clock import Clock
from steersman.component.log import get_logger

CALL_TIMEOUT = timedelta(seconds=5)

log = get_logger(__name__)


class LeadershipLostError(Exception):
    """The lease could not be renewed in time; what the leader ran has been cancelled."""


@dataclass(frozen=True, slots=True)
class Timing:
    """duration: how long others honour the lease; renew_deadline: how long the holder tries before it gives up."""

    duration: timedelta = timedelta(seconds=15)
    renew_deadline: timedelta = timedelta(seconds=10)
    retry: timedelta = timedelta(seconds=2)


UPSTREAM = Timing()


@dataclass(frozen=True, slots=True)
class Candidate:
    """Which lease, and who asks for it."""

    namespace: str
    name: str
    identity: str


class LeaderElector:
    """Waits for the lease, leads while it holds it, gives it up when done."""

    def __init__(self, client: Client, clock: Clock, candidate: Candidate, timing: Timing = UPSTREAM) -> None:
        self._client, self._clock = client, clock
        self._candidate, self._timing = candidate, timing
        self._seen: LeaseSpec | None = None
        self._seen_at = 0.0

    async def run(self, lead: Callable[[], Awaitable[None]]) -> None:
        """Wait, then run `lead` until it returns; LeadershipLostError (and `lead` cancelled) when the lease is lost."""
        while not await self._try():
            await self._clock.sleep(self._timing.retry.total_seconds())
        log.info("became leader", lease=self._candidate.name, identity=self._candidate.identity)
        try:
            await self._lead_and_renew(lead)
        finally:
            await self._release()

    async def _lead_and_renew(self, lead: Callable[[], Awaitable[None]]) -> None:
        async def leading() -> None:
            await lead()

        leader = asyncio.create_task(leading(), name=f"leader {self._candidate.name}")
        renewal = asyncio.create_task(self._renew(), name=f"renew {self._candidate.name}")
        try:
            await asyncio.wait((leader, renewal), return_when=asyncio.FIRST_COMPLETED)
            if not leader.done():
                raise LeadershipLostError(self._candidate.name)
            await leader
        finally:
            for task in (leader, renewal):
                task.cancel()
            await asyncio.gather(leader, renewal, return_exceptions=True)

    async def _renew(self) -> None:
        """Return when the lease could not be renewed within the deadline."""
        renewed_at = self._clock.monotonic()
        while self._clock.monotonic() - renewed_at < self._timing.renew_deadline.total_seconds():
            await self._clock.sleep(self._timing.retry.total_seconds())
            if await self._try():
                renewed_at = self._clock.monotonic()

    async def _try(self) -> bool:
        """Take or renew the lease; False when somebody else holds it or the server can't be asked."""
        try:
            async with asyncio.timeout(CALL_TIMEOUT.total_seconds()):
                return await self._take_or_renew()
        except (StatusError, OSError, TimeoutError) as error:
            log.debug("lease not taken", lease=self._candidate.name, error=str(error))
            return False

    async def _take_or_renew(self) -> bool:
        candidate = self._candidate
        try:
            lease = await self._client.get(Lease, candidate.name, candidate.namespace)
        except NotFound:
            meta = ObjectMeta(name=candidate.name, namespace=candidate.namespace)
            await self._client.create(Lease(metadata=meta, spec=self._spec(None)))
            return True
        if lease.spec != self._seen:
            # Expiry counts from when a change was seen here: the holder's clock may differ from ours.
            self._seen, self._seen_at = lease.spec, self._clock.monotonic()
        holder = lease.spec.holderIdentity
        age = self._clock.monotonic() - self._seen_at
        if holder and holder != candidate.identity and age < float(lease.spec.leaseDurationSeconds or 0):
            return False
        stored = await self._client.update(replace(lease, spec=self._spec(lease.spec)))
        self._seen, self._seen_at = stored.spec, self._clock.monotonic()
        return True

    def _spec(self, before: LeaseSpec | None) -> LeaseSpec:
        now = MicroTime.of(self._clock.now())
        identity = self._candidate.identity
        is_ours = before is not None and before.holderIdentity == identity
        transitions = (before.leaseTransitions or 0) if before is not None else 0
        return LeaseSpec(
            holderIdentity=identity,
            leaseDurationSeconds=int(self._timing.duration.total_seconds()),
            acquireTime=before.acquireTime if before is not None and is_ours else now,
            renewTime=now,
            leaseTransitions=transitions if is_ours or before is None else transitions + 1,
        )

    async def _release(self) -> None:
        """Let the next candidate begin at once instead of after the lease's duration."""
        candidate = self._candidate
        try:
            async with asyncio.timeout(CALL_TIMEOUT.total_seconds()):
                lease = await self._client.get(Lease, candidate.name, candidate.namespace)
                if lease.spec.holderIdentity == candidate.identity:
                    now = MicroTime.of(self._clock.now())
                    spec = replace(lease.spec, holderIdentity="", leaseDurationSeconds=1, renewTime=now)
                    await self._client.update(replace(lease, spec=spec))
        except (StatusError, OSError, TimeoutError) as error:
            log.warning("lease not released", lease=candidate.name, error=str(error))
