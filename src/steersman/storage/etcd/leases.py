"""Leases, by which entries end. One lease serves all that end at about the same time, since each costs etcd work.

Source: apiserver/pkg/storage/etcd3/lease_manager.go.
"""

import asyncio
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from steersman.component.clock import Clock
from steersman.storage.etcd import messages
from steersman.storage.etcd.connection import Connection

# An entry may outlive its time by this part of it, at most by these seconds.
REUSE_PART = 0.05
REUSE_SECONDS = 60.0
LEASE_ENTRIES = 1000


@dataclass(frozen=True, slots=True)
class _Lease:
    id: int
    ends: float
    """In monotonic seconds."""


class Leases:
    """Grants leases, and knows when those end that it has met."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._lock = asyncio.Lock()
        self._last: _Lease | None = None
        self._entries = 0
        self._ends: dict[int, datetime] = {}

    async def lease_for(self, ttl_seconds: float) -> int:
        """A lease that lasts at least so long, and not much longer."""
        async with self._lock:
            now, spare = self._clock.monotonic(), min(ttl_seconds * REUSE_PART, REUSE_SECONDS)
            self._entries += 1
            if self._last is not None and self._entries <= LEASE_ENTRIES:
                left = self._last.ends - now
                if ttl_seconds < left < ttl_seconds + spare:
                    return self._last.id
            wanted = math.ceil(ttl_seconds + math.floor(spare))
            granted = await self._connection.call(messages.LEASE_GRANT, messages.LeaseGrantRequest(wanted))
            self._last = _Lease(granted.id, now + granted.ttl)
            self._entries = 1
            return granted.id

    def forget(self) -> None:
        """The lease given out last is not to be given again."""
        self._last = None

    async def ends(self, leases: Iterable[int]) -> dict[int, datetime]:
        """When these end; one that has ended already ends now."""
        now = self._clock.now()
        self._ends = {lease: end for lease, end in self._ends.items() if end > now}
        for lease in {*leases} - {0, *self._ends}:
            told = await self._connection.call(messages.LEASE_TIME_TO_LIVE, messages.LeaseTimeToLiveRequest(lease))
            self._ends[lease] = now + timedelta(seconds=max(told.ttl, 0))
        return self._ends
